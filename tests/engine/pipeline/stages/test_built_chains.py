"""Chains that neither the map nor a template that lies in it shows are not built."""

from pathlib import Path

import numpy as np
import pytest

from critasser.pipeline.stages.built_chains import absent_chains, remarks
from critasser.structure import Sequence, Target, Template, read_chains

DATA = Path(__file__).parents[3] / "data"


@pytest.fixture(scope="module")
def chains():
    return [read_chains(DATA / name)[0] for name in ("1a2p_A.pdb.gz", "1gl2_D.pdb.gz")]


@pytest.fixture(scope="module")
def target(chains):
    """Barnase and a helix, the helix twice."""
    barnase, helix = (Sequence(name, one.letters) for name, one in zip("bh", chains))
    return Target((barnase, helix, helix))


def template(target, *chains):
    """One that lies in some chains of the target."""
    positions = np.full((len(target), 3), np.nan)
    for k in chains:
        positions[target.chain_slices[k]] = 0.0
    return Template(positions, 0.5, "x")


UNTOLD = (0.0, 0.0, 0.0)
"""The map alone tells no sequence."""


def test_what_has_a_place_is_built_whatever_the_map_alone_tells(target, chains):
    against = (-9.0, -9.0, -9.0)
    placed = [template(target, 0), template(target, 1, 2)]
    assert absent_chains(target, against, 100.0, placed, chains) == []


def test_a_structure_without_a_place_speaks_against_its_chain(target, chains):
    placed, crowded, roomy = [template(target, 0)], len(chains[0]) + 10.0, float(len(target))
    assert absent_chains(target, UNTOLD, roomy, placed, chains) == [1, 2]
    # Where the map hints at it, it is a matter of room.
    hinted = (0.0, 1.0, 1.0)
    assert absent_chains(target, hinted, crowded, placed, chains) == [1, 2]
    assert absent_chains(target, hinted, roomy, placed, chains) == []


def test_where_nothing_was_given_the_persons_word_counts_as_far_as_there_is_room(target, chains):
    placed, crowded, roomy = [template(target, 0)], len(chains[0]) + 10.0, float(len(target))
    assert absent_chains(target, UNTOLD, roomy, placed, chains[:1]) == []
    assert absent_chains(target, UNTOLD, crowded, placed, chains[:1]) == [1, 2]


def test_of_copies_those_go_that_no_structure_lies_in(target, chains):
    placed, crowded = [template(target, 0, 2)], len(chains[0]) + len(chains[1]) + 5.0
    assert absent_chains(target, UNTOLD, crowded, placed, chains) == [1]


def test_what_is_not_built_is_told_in_a_line_for_each_sequence(target):
    assert remarks(target, []) == []
    (line,) = remarks(target, [1, 2])
    assert line.startswith(f"nothing is built of h ({len(target.sequences[1])} residues)")
    (line,) = remarks(target, [2])
    assert line.startswith("1 of the 2 copies of h")
