"""What holds the best positions for a protein is no place for anything else."""

import numpy as np
import pytest

from critasser.calpha import leaves_room
from critasser.density import FeatureMaps

SHAPE = (20, 20, 80)
SPACING = 4
"""Voxels of 1 Å from one position to the next."""


def features(*heights):
    """One position after the other along x, as likely as is said."""
    calpha = np.zeros(SHAPE, np.float32)
    calpha[10, 10, SPACING : SPACING * (len(heights) + 1) : SPACING] = heights
    nothing = np.zeros((24, *SHAPE), np.float32)
    return FeatureMaps(
        np.zeros(3), np.ones(3), calpha, nothing[0], nothing[1:4], nothing[4:]
    )


def first(positions):
    region = np.zeros(SHAPE, bool)
    region[:, :, : SPACING * positions + SPACING // 2] = True
    return region


@pytest.mark.parametrize(
    ("taken", "length", "room"),
    [
        (5, 10, True),  # ten others are left
        (5, 15, False),  # a third of what fifteen residues need is gone
        (15, 10, False),
        (0, 15, True),
        (5, 30, False),  # more residues than positions: what there is counts
    ],
)
def test_as_many_good_positions_are_left_as_there_are_residues(taken, length, room):
    assert leaves_room(features(*[0.9] * 15), first(taken), length) == room


def test_weak_positions_do_not_stand_in_for_good_ones():
    both = features(*[0.9] * 6, *[0.4] * 6)
    assert not leaves_room(both, first(6), 6)


def test_where_nothing_is_seen_nothing_is_lost():
    assert leaves_room(features(0.0), first(3), 5)
