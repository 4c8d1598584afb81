"""Tables are learnt again by the command that names them."""

from pathlib import Path

import numpy as np
import pytest

from critasser.cli import main
from critasser.shipped import shipped

CHAIN = Path(__file__).parents[2] / "data" / "1gl2_D.pdb.gz"


def learn(folder: Path, out: Path, table: str) -> int:
    (folder / "index.tsv").write_text("file\tsplit\n" + f"{CHAIN}\ttrain\n" * 3)
    return main(["train", "statistics", str(folder), "-o", str(out), "--only", table])


@pytest.mark.parametrize("table", ["trace", "assembly", "rotamers"])
def test_a_table_learnt_again_has_the_arrays_of_the_one_that_ships(table, tmp_path):
    out = tmp_path / "weights"
    assert learn(tmp_path, out, table) == 0
    with np.load(out / f"{table}.npz") as learnt, np.load(shipped(f"{table}.npz")) as present:
        assert set(learnt.files) == set(present.files)
        assert all(learnt[name].ndim == present[name].ndim for name in present.files)


def test_chains_that_are_too_few_for_a_table_are_told(tmp_path, capsys):
    assert learn(tmp_path, tmp_path / "weights", "backbone") == 2
    assert "learn from more" in capsys.readouterr().err
    assert not (tmp_path / "weights/backbone.npz").exists()
