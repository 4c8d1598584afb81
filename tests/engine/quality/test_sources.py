"""Each residue of a model is marked by where it comes from."""

import numpy as np

from critasser.quality import SOURCES, residue_sources
from critasser.structure import CalphaSet, Template


def found(positions):
    n = len(positions)
    return CalphaSet(positions, np.ones(n), np.full((n, 20), 0.05), np.full((n, 3), 1 / 3))


def chain(length):
    return np.stack([3.8 * np.arange(length), np.zeros(length), np.zeros(length)], axis=1)


def marks(trace, calpha, templates):
    return [SOURCES[k] for k in residue_sources(trace, calpha, templates)]


def test_a_residue_comes_from_what_has_one_within_two_angstrom():
    trace = chain(4)
    seen = trace[[1, 3]] + [0.0, 1.5, 0.0]
    known = trace + [0.0, 0.0, 1.5]
    known[:2] = np.nan
    assert marks(trace, found(seen), [Template(known, 0.8, "known")]) == [
        "neither", "map", "template", "both",
    ]  # fmt: skip


def test_a_template_counts_for_its_own_residue_only():
    trace = chain(6)
    one_off = np.roll(trace, 1, axis=0)
    assert marks(trace, found(trace), [Template(one_off, 0.8, "out of register")]) == ["map"] * 6


def test_without_templates_and_positions_there_is_nothing_to_come_from():
    trace = chain(3)
    trace[1] = np.nan
    assert marks(trace, found(np.zeros((0, 3))), []) == ["neither"] * 3
    assert marks(trace, found(chain(3)), []) == ["map", "neither", "map"]
