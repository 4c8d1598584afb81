"""JSON of the job folder."""

import json

import numpy as np

from critasser.job.records import write_json


def test_numbers_of_arrays_become_plain_json(tmp_path):
    write_json(tmp_path / "x.json", {"a": np.float32(1.5), "b": np.arange(2), "c": np.nan})
    assert json.loads((tmp_path / "x.json").read_text()) == {"a": 1.5, "b": [0, 1], "c": None}
