"""Other states of a chain are as far off as asked, and chains still."""

from pathlib import Path

import numpy as np

from benchmark.flexible_fit import other_state, table
from critasser.structure import read_chains

SOURCE = Path(__file__).parents[1] / "data" / "1a2p_A.pdb.gz"


def test_another_state_is_off_by_so_much_and_moves_where_chains_are_soft():
    native = read_chains(SOURCE)[0].calpha
    native[50] = np.nan
    there = other_state(native, 2.0, np.random.default_rng(1))
    assert np.array_equal(np.isnan(there), np.isnan(native))
    # What superposing takes away was no change of state.
    assert 1.0 < np.sqrt(np.nanmean(np.sum((there - native) ** 2, axis=1))) <= 2.0
    bonds, own = (np.linalg.norm(np.diff(one, axis=0), axis=1) for one in (there, native))
    assert np.nanmedian(np.abs(bonds - own)) < 0.2


def test_the_table_tells_the_worst_change_of_each_kind():
    records = [
        {"set": "coarse", "method": "own", "resolution": at, "before": 1.0, "after": after,
         "gain": 1.0 - after, "program": "x"}
        for at, after in ((9.0, 1.0), (12.0, 0.98))
    ] + [{"set": "coarse", "method": "bent", "before": None, "program": "x"}]  # fmt: skip
    row = table(records).splitlines()[2]
    assert row == "| coarse | 9–12 | own | 2 | 1 | 1.000 | 0.990 | -0.020 |"
