"""What is learnt of chains says the plain things about them."""

import numpy as np
from scipy.spatial import cKDTree

from critasser.trace.graph import LINK_REACH, link_features
from critasser.trace.statistics import statistics


def test_shipped_frequencies_are_of_all_amino_acids():
    background = statistics().background
    assert np.isclose(background.sum(), 1) and (background > 0.005).all()


def test_shipped_links_prefer_a_bond_along_the_backbone(barnase, seen):
    view = seen(barnase, knowledge=1.0, seed=3)
    pairs = cKDTree(view.calpha.positions).query_pairs(LINK_REACH, output_type="ndarray")
    odds = link_features(view.calpha, view.features, pairs) @ statistics().link.weights
    first, second = view.residue[pairs].T
    true = (first >= 0) & (second >= 0) & (np.abs(first - second) == 1)
    assert np.mean(odds[true] > 0) > 0.85
    assert np.mean(odds[~true] > 0) < 0.1


def test_shipped_spans_know_how_far_a_stretch_reaches():
    span = statistics().span
    assert np.all(span[:2] == 0)
    # Seven residues on: at hand, stretched out, out of reach (7 · 3.8 Å).
    assert span[7, 10] > 0 > span[7, 24] > span[7, 30] == -10
    # Forty residues on a chain has mostly come back.
    assert span[40, 15] > span[40, 30] > span[40, 60] > -10
