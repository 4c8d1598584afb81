"""Positions are linked into chains, whose geometry gives secondary structure."""

from pathlib import Path

import numpy as np
import pytest

from critasser.network.residue.fitted import StructureWeights
from critasser.network.residue.secondary_structure import (
    follow_chains,
    structure_from_links,
    with_chain_geometry,
)
from critasser.structure import (
    CalphaSet,
    CalphaTriples,
    assign_secondary_structure,
    read_chains,
)

DATA = Path(__file__).parents[3] / "data"


def triples_along(order, odds=5.0):
    """Triples through indices in order, and the wrong ones back again."""
    order = np.asarray(order)
    there = np.stack([order[:-2], order[1:-1], order[2:]], axis=1)
    log_odds = np.repeat([float(odds), -5.0], len(there))
    return CalphaTriples(np.concatenate([there, there[:, ::-1]]), log_odds)


@pytest.fixture
def native():
    calpha = read_chains(DATA / "3wmi_A.pdb.gz")[0].calpha
    return calpha[np.isfinite(calpha).all(axis=1)]


def positions_of(native, odds=5.0, seed=0):
    """The native chain as positions in random order, to which networks assign nothing."""
    place = np.random.default_rng(seed).permutation(len(native))
    order = np.argsort(place)
    n = len(native)
    return (
        CalphaSet(
            native[place],
            np.full(n, 0.9),
            np.full((n, 20), 0.05),
            np.full((n, 3), 1 / 3),
            triples_along(order, odds),
        ),
        place,
    )


def test_chains_are_followed_from_end_to_end_and_hold_every_position_once():
    order = [3, 1, 4, 0, 5]
    chains, odds = follow_chains(triples_along(order), 7)
    assert [chain.tolist() for chain in chains] == [[2], [3, 1, 4, 0, 5], [6]]
    assert odds[1].tolist() == [2.0, 10.0, 10.0, 2.0]
    assert len(odds[0]) == 0


def test_the_likelier_of_two_links_is_taken():
    triples = CalphaTriples([[0, 1, 2], [0, 1, 3], [1, 2, 4], [1, 3, 4]], [5.0, 4.0, 5.0, 4.0])
    chains, _ = follow_chains(triples, 5)
    assert [chain.tolist() for chain in chains] == [[0, 1, 2, 4], [3]]


def test_a_ring_is_opened():
    triples = CalphaTriples([[0, 1, 2], [1, 2, 0], [2, 0, 1]], [4.0, 5.0, 3.0])
    chains, _ = follow_chains(triples, 3)
    assert len(chains) == 1 and sorted(chains[0]) == [0, 1, 2]


def test_where_links_are_sure_geometry_assigns_the_structure(native):
    calpha, place = positions_of(native)
    truth = assign_secondary_structure(native)[place]
    assigned, link_odds = structure_from_links(calpha)
    inside = (place >= 2) & (place < len(native) - 2)
    assert np.array_equal(assigned[inside], truth[inside])
    assert (assigned[~inside] == -1).all()
    assert link_odds[place == 30] == pytest.approx(10.0)
    read = with_chain_geometry(calpha)
    assert np.array_equal(read.secondary_structure.argmax(axis=1)[inside], truth[inside])
    assert read.secondary_structure[~inside] == pytest.approx(1 / 3)
    assert read.secondary_structure.sum(axis=1) == pytest.approx(1.0)


def test_where_links_are_not_sure_networks_are_believed(native):
    calpha, _ = positions_of(native, odds=1.0)
    assert with_chain_geometry(calpha).secondary_structure == pytest.approx(1 / 3, abs=0.02)


def test_without_links_or_positions_nothing_changes(native):
    calpha, _ = positions_of(native)
    bare = CalphaSet(
        calpha.positions, calpha.probability, calpha.amino_acid, calpha.secondary_structure
    )
    assert with_chain_geometry(bare).secondary_structure == pytest.approx(1 / 3)
    none = with_chain_geometry(calpha.select(np.zeros(0, int)))
    assert len(none) == 0
    one = with_chain_geometry(calpha.select([0]))
    assert one.secondary_structure == pytest.approx(1 / 3)


def test_the_weight_of_geometry_is_how_far_it_is_believed(native):
    calpha, place = positions_of(native)
    inside = (place >= 2) & (place < len(native) - 2)
    by_weight = [
        with_chain_geometry(calpha, StructureWeights(1.0, constant, 0.0)).secondary_structure
        for constant in (-20.0, 0.0, 20.0)
    ]
    sureness = [structure[inside].max(axis=1).mean() for structure in by_weight]
    assert sureness[0] == pytest.approx(1 / 3, abs=1e-6)
    assert 0.4 < sureness[1] < 0.6 < 0.99 < sureness[2]
