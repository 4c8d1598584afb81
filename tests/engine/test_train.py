"""Tables are learnt again by the command that names them."""

from pathlib import Path

import numpy as np
import pytest

from critasser.cli import main
from critasser.shipped import shipped

CHAIN = Path(__file__).parents[1] / "data" / "1gl2_D.pdb.gz"


@pytest.mark.parametrize("table", ["trace", "assembly", "backbone", "rotamers"])
def test_a_table_learnt_again_has_the_arrays_of_the_one_that_ships(table, tmp_path):
    (tmp_path / "index.tsv").write_text("file\tsplit\n" + f"{CHAIN}\ttrain\n" * 3)
    out = tmp_path / "weights"
    assert main(["train", "statistics", str(tmp_path), "-o", str(out), "--only", table]) == 0
    with np.load(out / f"{table}.npz") as learnt, np.load(shipped(f"{table}.npz")) as present:
        assert set(learnt.files) == set(present.files)
        assert all(learnt[name].ndim == present[name].ndim for name in present.files)
