"""The density alone tells which symmetry a map has, and where its axes lie."""

from pathlib import Path

import numpy as np
import pytest
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from critasser.density import crop, normalise, simulate
from critasser.structure import (
    Sequence,
    Symmetry,
    Target,
    group_rotations,
    read_chains,
    screw_powers,
    symmetry_name,
)
from critasser.symmetry_text import Helix, PointGroup, read_symmetry
from critasser.trace.axis_fitting import MOST_STEPS, fit_helix
from critasser.trace.density_symmetry import GIVEN, fine_field, fit_symmetry, search_symmetry
from critasser.trace.self_correlation import Turn

PIECE = Path(__file__).parents[2] / "data" / "emd_6555_piece.pdb"
RESOLUTION = 7.0
"""Å; Cα positions tell nothing at such."""
CENTRE = np.array([7.0, -12.0, 21.0])
"""Of the assembly; nowhere near the middle of a box."""
OUT = np.array([19.0, 6.0, 5.0])
"""From there to the middle of a unit."""
RISE, TWIST = 24.0, -140.0


@pytest.fixture(scope="module")
def piece():
    (chain,) = read_chains(PIECE)
    return chain.positions - chain.positions.mean(axis=0) + OUT


@pytest.fixture(scope="module")
def target():
    return Target((Sequence("piece", read_chains(PIECE)[0].letters),))


def assembly(positions, name):
    """Units of a tilted point group, as a map, and its operations."""
    tilt = Rotation.from_rotvec([0.3, -0.8, 0.5]).as_matrix()
    rotation = tilt @ group_rotations(PointGroup(name)) @ tilt.T
    symmetry = Symmetry(rotation, CENTRE - rotation @ CENTRE)
    every = symmetry.images(positions @ tilt.T + CENTRE).reshape(-1, 3)
    return normalise(simulate(every, 6.0, RESOLUTION, padding=8.0)), symmetry


@pytest.fixture(scope="module")
def filament(piece):
    """A filament that the box cuts at both ends."""
    turn = Rotation.from_rotvec([0, 0, np.radians(TWIST)]).as_matrix()
    symmetry = screw_powers(turn, np.array([0, 0, RISE]), 4)
    grid = simulate(symmetry.images(piece).reshape(-1, 3), 6.0, RESOLUTION, padding=8.0)
    low, high = grid.origin.copy(), grid.upper.copy()
    low[2], high[2] = -50.0, 62.0
    return normalise(crop(grid, low, high)), symmetry


def same_operations(found, true, point):
    """How far the images of a point by operations lie from those by the true ones, at most."""
    (images,), (wanted,) = (np.swapaxes(one.images(point[None]), 0, 1) for one in (found, true))
    return cKDTree(wanted).query(images)[0].max()


@pytest.fixture(scope="module")
def ring(piece):
    return assembly(piece, "C3")


def test_a_group_that_is_given_is_found_where_it_is(piece):
    grid, symmetry = assembly(piece, "D2")
    found = fit_symmetry(grid, RESOLUTION, read_symmetry("D2"))
    assert (str(found.kind), len(found.symmetry)) == ("D2", 4)
    assert found.correlation > 0.9
    assert same_operations(found.symmetry, symmetry, CENTRE + 2 * OUT) < 1.5


def test_a_ring_is_told_from_all_other_groups(ring, target):
    grid, symmetry = ring
    found = search_symmetry(grid, RESOLUTION, target)
    assert str(found.kind) == "C3"
    assert found.correlation > 0.9
    assert same_operations(found.symmetry, symmetry, CENTRE + 2 * OUT) < 1.5


def test_a_wrong_group_agrees_with_the_map_nowhere(ring):
    assert fit_symmetry(ring[0], RESOLUTION, read_symmetry("C4")).correlation < GIVEN


def test_a_filament_that_the_box_cuts_is_found(filament, target):
    grid, symmetry = filament
    found = search_symmetry(grid, RESOLUTION, target)
    assert found.correlation > 0.9
    assert found.kind.rise == pytest.approx(RISE, abs=0.3)
    assert found.kind.twist == pytest.approx(TWIST, abs=0.7)
    some = Symmetry(found.symmetry.rotation[:5], found.symmetry.shift[:5])
    assert same_operations(some, symmetry, OUT) < 1.5


def test_the_other_hand_of_a_filament_is_not_the_maps(filament):
    assert fit_symmetry(filament[0], RESOLUTION, Helix(RISE, -TWIST)).correlation < GIVEN


def test_one_molecule_has_no_symmetry(piece, target):
    grid = normalise(simulate(piece, 6.0, RESOLUTION, padding=8.0))
    assert search_symmetry(grid, RESOLUTION, target) is None
    # Nor has its density one that a sequence of half its length would let it have.
    half = Target((Sequence("half", target.letters[:30]),))
    assert search_symmetry(grid, RESOLUTION, half) is None


def test_a_ring_has_no_more_units_than_the_map_has_room_for(ring, target):
    long = Target((Sequence("long", target.letters * 3),))
    assert search_symmetry(ring[0], RESOLUTION, long) is None


def test_a_filament_has_no_more_units_than_the_map_has_room_for(filament, target):
    """There is room for two of these, but not for the four and a half steps that the box shows."""
    long = Target((Sequence("long", target.letters * 2),))
    assert search_symmetry(filament[0], RESOLUTION, long) is None


def test_a_filament_of_many_units_has_thirty_steps_on_and_back():
    """Further off, what a step is wrong by adds up."""
    turn = Turn(np.array([0.0, 0.0, 1.0]), np.zeros(3), 40.0, 3.0)
    steps = screw_powers(*turn.operation, 25)
    piece = np.array([[22.0, 0, 0], [25.0, 3.0, 1.0], [28.0, 1.0, -2.0], [24.0, -4.0, 2.0]])
    grid = normalise(simulate(steps.images(piece).reshape(-1, 3), 6.0, 6.0, padding=8.0))
    fine = fine_field(grid, 6.0)
    assert np.ptp(fine.positions[:, 2]) > 1.5 * MOST_STEPS * turn.rise
    found = fit_helix(fine, turn)
    assert len(found.symmetry) == 2 * MOST_STEPS + 1
    assert found.kind.rise == pytest.approx(turn.rise, abs=0.1)
    assert same_operations(found.symmetry, screw_powers(*turn.operation, MOST_STEPS), OUT) < 2.5
    short = fit_helix(fine_field(crop(grid, grid.origin, [*grid.upper[:2], 0.0]), 6.0), turn)
    assert 1 < len(short.symmetry) < 2 * MOST_STEPS + 1


def test_a_symmetry_is_called_by_its_name(filament):
    _, symmetry = filament
    assert symmetry_name(symmetry, OUT) == "helical, rise 24 Å, twist −140.0°"
