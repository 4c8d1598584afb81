"""Training crops show what they say they show."""

import numpy as np
import pytest
import torch

from critasser.density import Grid, normalise, simulate
from critasser.network.experimental import PairOnDevice, experimental_crop, signed_permutations
from critasser.network.packing import Atoms, Pair
from critasser.network.simulation import (
    SimulationRange,
    gaussian_density,
    make_labels,
    normalise_tensor,
    place,
    random_rotation,
    simulate_crop,
)

CPU = torch.device("cpu")


@pytest.fixture
def helix() -> Atoms:
    """Twenty residues of N, CA, C, O on a helix; types 0…19 in turn."""
    turn, rise = np.radians(100), 1.5
    angle = np.arange(20) * turn
    calpha = np.stack([2.3 * np.cos(angle), 2.3 * np.sin(angle), rise * np.arange(20)], 1)
    offsets = np.array([[-1.2, 0.5, -0.6], [0, 0, 0], [1.1, 0.4, 0.9], [1.4, -0.7, 1.3]])
    positions = (calpha[:, None] + offsets).reshape(-1, 3)
    return Atoms(
        positions.astype(np.float32),
        np.tile([7, 6, 6, 8], 20).astype(np.float32),
        np.tile([0, 1, 2, 3], 20).astype(np.uint8),
        np.repeat(np.arange(20), 4).astype(np.int32),
        np.zeros(80, bool),
        np.arange(20, dtype=np.uint8),
        np.zeros(20, np.uint8),
        (np.arange(20) * 4 + 1).astype(np.int32),
    )


def test_the_matrix_product_is_the_sum_of_gaussians_that_a_simulated_map_is(helix):
    side, resolution = 40, 4.0
    centre = helix.positions.mean(0).astype(float)
    molecule = place(helix, np.eye(3), centre, 1.0, side, CPU)
    width = resolution / (np.sqrt(2) * np.pi)
    sigma = torch.full((len(molecule.positions), 3), width)
    ours = gaussian_density(molecule.positions, molecule.amplitude, sigma, side).numpy()
    like = Grid(np.zeros((side,) * 3, np.float32), centre - (side - 1) / 2, 1.0)
    exact = simulate(helix.positions, helix.amplitude, resolution, like=like).values
    exact = exact * np.sqrt(2 * np.pi * width**2)
    assert np.abs(ours - exact).max() < 0.01 * exact.max()


def test_a_crop_is_normalised_as_a_whole_map_is(helix):
    grid = simulate(helix.positions, helix.amplitude, 3.0, voxel_size=1.0, padding=12.0)
    ours = normalise_tensor(torch.from_numpy(grid.values)).numpy()
    assert np.allclose(ours, normalise(grid).values, atol=0.05)


def test_labels_peak_at_each_calpha_and_name_its_residue(helix):
    molecule = place(helix, np.eye(3), helix.positions.mean(0).astype(float), 1.0, 48, CPU)
    target, backbone, structure, kind = make_labels(molecule, 48)
    for k, position in enumerate(molecule.positions[molecule.kind == 1]):
        voxel = tuple(int(i) for i in position.round())
        assert target[voxel] > 0.6
        assert backbone[voxel] == 1
        assert structure[voxel] == 0
        assert kind[voxel] == k
    assert float(target[0, 0, 0]) == 0 and int(kind[0, 0, 0]) == -1


def test_density_is_high_where_the_labels_say_calpha(helix):
    rng = np.random.default_rng(0)
    clean = SimulationRange(corruption=0.0)
    crop = simulate_crop(helix, None, 48, clean, rng, CPU, resolution=3.0)
    at_calpha = crop.calpha > 0.8
    assert crop.density[at_calpha].mean() > 8 * crop.density.mean()
    assert torch.all(crop.weight == 1)


def test_corrupted_crops_are_finite_whatever_is_drawn(helix):
    rng = np.random.default_rng(1)
    for _ in range(25):
        crop = simulate_crop(helix, helix, 32, SimulationRange(), rng, CPU)
        assert torch.isfinite(crop.density).all()
        assert crop.calpha.min() >= 0 and crop.calpha.max() <= 1


def test_map_and_labels_of_an_experimental_crop_turn_together(helix):
    grid = normalise(simulate(helix.positions, helix.amplitude, 3.0, voxel_size=1.0, padding=20.0))
    source = PairOnDevice(Pair("x", grid.values, grid.origin, helix, 3.0), CPU)
    rng = np.random.default_rng(2)
    for _ in range(12):
        crop = experimental_crop(source, 40, rng)
        at_calpha = crop.calpha > 0.8
        assert crop.density[at_calpha].mean() > 6 * crop.density.mean()


def test_an_unmodelled_neighbour_has_no_weight(helix):
    both = np.concatenate([helix.positions, helix.positions + [14.0, 0, 0]])
    amplitude = np.tile(helix.amplitude, 2)
    grid = normalise(simulate(both, amplitude, 3.0, voxel_size=1.0, padding=16.0))
    source = PairOnDevice(Pair("x", grid.values, grid.origin, helix, 3.0), CPU)
    crop = experimental_crop(source, 48, np.random.default_rng(0))
    assert 0.002 < float((crop.weight == 0).float().mean()) < 0.5


def test_the_cube_has_24_rotations_and_random_ones_are_proper():
    cube = signed_permutations()
    assert len({m.tobytes() for m in cube}) == 24
    for matrix in (*cube, random_rotation(np.random.default_rng(0))):
        assert np.allclose(matrix @ matrix.T, np.eye(3))
        assert np.linalg.det(matrix) == pytest.approx(1)
