"""What the residue network has read of three positions in order tells the chain's direction."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.structure import CalphaTriples
from critasser.trace.graph import TRIPLE_WEIGHT, UNREAD_TRIPLE, candidate_graph
from critasser.trace.statistics import statistics


@pytest.fixture(scope="module")
def view(barnase, seen):
    return seen(barnase, knowledge=1.0)


def turns(graph):
    """Log-odds of every turn before → at → after that the graph has."""
    found = {}
    for e, (at, after) in enumerate(zip(graph.source, graph.target)):
        for j, before in enumerate(graph.source[graph.start[at] : graph.start[at + 1]]):
            found[int(before), int(at), int(after)] = float(graph.turn[graph.turn_start[e] + j])
    return found


def test_read_triples_add_their_bounded_odds_and_unread_ones_lose(view):
    link_model = statistics().link
    plain = turns(candidate_graph(view.calpha, view.features, link_model))
    at = next(iter(plain))[1]
    around = [triple for triple in plain if triple[1] == at]
    read = {around[0]: 2.0, around[1]: -50.0}
    triples = CalphaTriples(np.array(list(read)), np.array(list(read.values())))
    told = turns(candidate_graph(replace(view.calpha, triples=triples), view.features, link_model))
    for triple, worth in plain.items():
        added = 0.0
        if triple[1] == at:
            added = {around[0]: 2.0, around[1]: -6.0}.get(triple, UNREAD_TRIPLE)
        assert told[triple] - worth == pytest.approx(TRIPLE_WEIGHT * added, abs=1e-4)


def test_triples_keep_their_positions_when_some_are_selected(view):
    triples = CalphaTriples(np.array([[0, 1, 2], [2, 1, 0], [1, 2, 3]]), np.array([1.0, -1.0, 0.5]))
    chosen = replace(view.calpha, triples=triples).select([3, 2, 1])
    assert chosen.triples.triple.tolist() == [[2, 1, 0]]
    assert chosen.triples.log_odds.tolist() == [0.5]
    mask = np.isin(np.arange(len(view.calpha)), [0, 1, 2])
    assert len(replace(view.calpha, triples=triples).select(mask).triples.triple) == 2
