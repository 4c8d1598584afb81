"""What of a template takes no part in its fit, or fits elsewhere too, is told."""

import numpy as np
import pytest

from critasser.fitting import Placement, Poses, RigidFit
from critasser.pipeline.stages.templates import _remarks


def fit(*z_scores):
    """A fit whose poses have these z-scores."""
    count = len(z_scores)
    poses = Poses(np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3)), np.zeros(count))
    return RigidFit(poses, np.array(z_scores), z_scores[0] - z_scores[1])


def placement(fits, placed):
    domain = np.repeat(np.arange(len(fits)), 50)
    return Placement(np.zeros((len(domain), 3)), domain, tuple(fits), tuple(placed))


def test_a_clear_fit_needs_no_remark():
    assert _remarks(np.ones(50, bool), placement([fit(30.0, 1.0)], [True]), 1) == []


def test_residues_that_the_prediction_is_unsure_of_are_counted():
    trusted = np.arange(50) >= 7
    (line,) = _remarks(trusted, placement([fit(30.0, 1.0)], [True]), 1)
    assert line.startswith("7 of 50 residues")


def test_a_domain_without_a_place_is_told():
    two = placement([fit(30.0, 1.0), fit(3.2, 1.0)], [True, False])
    (line,) = _remarks(np.ones(100, bool), two, 1)
    assert line.startswith("1 of 2 domains (50 residues)")


@pytest.mark.parametrize(("copies", "told"), [(1, 1), (2, 0)])
def test_equal_places_are_told_unless_as_many_copies_are_built(copies, told):
    lines = _remarks(np.ones(50, bool), placement([fit(30.0, 29.5, 1.0)], [True]), copies)
    assert len(lines) == told
