"""Slid helices lie further along their axes, and chains hold together."""

from pathlib import Path

import numpy as np

from benchmark.registers import elements, slid, table
from critasser.structure import read_chains

SOURCE = Path(__file__).parents[1] / "data" / "1a2p_A.pdb.gz"


def test_a_helix_slides_by_whole_residues_and_its_loops_follow():
    native = read_chains(SOURCE)[0].calpha
    first, last = elements(native)[1]
    inside = slice(first + 2, last - 2)
    made = [
        (shift, slid(native, 1, shift, np.random.default_rng(1), tail=False))
        for shift in (-2, -1, 1, 2)
    ]
    made = [(shift, moved) for shift, moved in made if moved is not None]
    assert made
    for shift, moved in made:
        ahead = native[inside.start + shift : inside.stop + shift]
        assert np.linalg.norm(moved[inside] - ahead, axis=1).mean() < 1.0
        assert np.abs(np.linalg.norm(np.diff(moved, axis=0), axis=1) - 3.8).max() < 0.6
        assert (np.linalg.norm(moved - native, axis=1) < 1e-9).mean() > 0.6


def test_the_table_counts_residues_by_kind_and_resolution():
    records = [
        {"kind": kind, "resolution": at, "off": 10, "found": found, "wrongly": 1 - found // 8,
         "seconds": 0.5, "program": "x"}
        for kind, at, found in (("own", 4.0, 0), ("slid", 6.0, 8), ("slid", 8.0, 0))
    ]  # fmt: skip
    lines = table(records).splitlines()
    assert lines[3] == "| slid | 2 | 20 | 8 | 1 | 2 | 0.5 |"
    assert lines[4] == "| all, 3–5 Å | 1 | 10 | 0 | 1 | 1 | 0.5 |"
