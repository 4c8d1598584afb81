"""A structure that has its place in one unit of a symmetric molecule has copies in the others."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from critasser.density import Grid
from critasser.fitting import distinct_places, overlap_of_units, units_in_map
from critasser.structure import Symmetry, group_rotations, screw_powers
from critasser.symmetry_text import PointGroup

CENTRE = np.array([50.0, 40.0, 30.0])


@pytest.fixture
def unit(barnase):
    """Barnase 25 Å from the axis."""
    return barnase - np.nanmean(barnase, axis=0) + CENTRE + [25.0, 0.0, 0.0]


@pytest.fixture
def ring():
    rotation = group_rotations(PointGroup("C4"))
    return Symmetry(rotation, CENTRE - rotation @ CENTRE)


def box(low, high):
    """An empty map from one corner to another."""
    return Grid(np.zeros(np.subtract(high, low)[::-1] + 1), np.array(low, float), 1.0)


WIDE = (-10, -20, -20), (110, 100, 80)


def test_each_unit_has_a_copy(unit, ring):
    units = units_in_map(unit, ring, box(*WIDE))
    assert len(units) == 4
    np.testing.assert_array_equal(units.rotation[0], np.eye(3))
    assert overlap_of_units(unit, units) < 0.05


def test_residues_without_a_position_do_not_count(unit, ring):
    unit[:10] = np.nan
    assert len(units_in_map(unit, ring, box(*WIDE))) == 4


def test_a_structure_that_is_the_whole_molecule_has_no_copies(unit, ring):
    assert len(units_in_map(np.concatenate(ring.images(unit)), ring, box(*WIDE))) == 1
    half = np.concatenate(ring.images(unit)[[0, 2]])
    assert len(units_in_map(half, ring, box(*WIDE))) == 2


def test_copies_out_of_the_map_are_none(unit):
    steps = screw_powers(Rotation.from_rotvec([0, 0, 2.0]).as_matrix(), np.array([0, 0, 25.0]), 5)
    units = units_in_map(unit - CENTRE, steps, box((-60, -60, -40), (60, 60, 40)))
    assert sorted(units.shift[:, 2]) == [-25.0, 0.0, 25.0]


def test_places_that_are_images_of_a_better_one_are_no_further_ones(unit, ring):
    images = ring.images(unit)
    aside = unit + [0.0, 0.0, 40.0]
    assert distinct_places([images[1], aside, images[3] + 0.5, images[0]], ring) == [0, 1]
    alone = Symmetry(ring.rotation[:1], ring.shift[:1])
    assert distinct_places([images[1], images[3]], alone) == [0, 1]


def test_copies_that_lie_in_each_other_are_seen(unit, ring):
    near = unit - [20.0, 0.0, 0.0]
    assert 0.1 < overlap_of_units(near, ring) < 0.5
