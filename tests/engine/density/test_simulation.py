"""Simulated density is equation 2 of the paper."""

import numpy as np
import pytest

from critasser.density import Grid, kernel_width, model_mask, pcc, simulate
from critasser.errors import InputError


def by_definition(positions, amplitudes, resolution, grid):
    """Every atom at every grid point, without a cutoff."""
    s = resolution / (np.sqrt(2) * np.pi)
    points = grid.to_position(np.argwhere(np.ones(grid.shape)))
    square = np.sum((points[:, None] - positions[None]) ** 2, axis=2)
    density = np.exp(-square / (2 * s**2)) @ amplitudes / np.sqrt(2 * np.pi * s**2)
    return density.reshape(grid.shape)


@pytest.mark.parametrize("resolution", [1.5, 4.0, 12.0])
def test_the_sum_is_exact_on_any_grid(resolution):
    rng = np.random.default_rng(0)
    grid = Grid(np.zeros((17, 22, 13)), (-3.2, 40.1, 7.0), (1.0, 0.8, 1.7))
    positions = rng.uniform(grid.origin - 3, grid.upper + 3, (30, 3))
    amplitudes = rng.choice([6.0, 7.0, 8.0, 16.0], 30)
    expected = by_definition(positions, amplitudes, resolution, grid)
    found = simulate(positions, amplitudes, resolution, like=grid)
    assert found.same_frame(grid)
    np.testing.assert_allclose(found.values, expected, atol=2e-4 * expected.max())


def test_the_width_is_that_of_molmap():
    assert kernel_width(4.0) == pytest.approx(0.2251 * 4.0, rel=1e-3)


def test_without_a_frame_the_box_holds_all_density():
    grid = simulate([[10.0, -5.0, 3.0]], [6.0], 3.0, voxel_size=0.5)
    s = kernel_width(3.0)
    assert grid.values.sum() * 0.5**3 == pytest.approx(6.0 * 2 * np.pi * s**2, rel=1e-4)
    np.testing.assert_allclose(grid.origin / 0.5, np.round(grid.origin / 0.5))


def test_atoms_outside_or_nowhere_add_what_reaches_in():
    grid = Grid(np.zeros((8, 8, 8)), (0, 0, 0), 1.0)
    far = [[1e6, 0, 0], [np.nan, 0, 0], [-1e12, 4, 4]]
    assert not simulate(far, [6.0, 6.0, 6.0], 4.0, like=grid).values.any()
    assert simulate([[-1.0, 4, 4]], [6.0], 4.0, like=grid).values.any()


def test_a_model_correlates_with_its_experimental_map(piece, chain):
    simulated = simulate(chain.positions, chain.amplitudes, 3.0, like=piece)
    # Other residues have density in this piece too, so only what is near the atoms counts.
    inside = model_mask(piece, chain.positions, 2.0)
    assert pcc(piece, simulated, inside) > 0.7
    shifted = simulate(chain.positions + 2.0, chain.amplitudes, 3.0, like=piece)
    assert pcc(piece, shifted, inside) < 0.4


def test_a_mask_is_all_voxels_within_the_radius():
    grid = Grid(np.zeros((12, 15, 18)), (1, 2, 3), (1.0, 1.3, 0.7))
    atoms = np.array([[5.0, 9.0, 8.0], [1.0, 2.0, 3.0], [np.nan, 0, 0], [99.0, 0, 0]])
    points = grid.to_position(np.argwhere(np.ones(grid.shape)))
    near = np.linalg.norm(points[:, None] - atoms[None], axis=2) <= 3.1
    np.testing.assert_array_equal(
        model_mask(grid, atoms, 3.1), near.any(axis=1).reshape(grid.shape)
    )


def test_correlation_is_pearsons():
    rng = np.random.default_rng(2)
    a = Grid(rng.normal(size=(5, 6, 7)), (0, 0, 0), 1.0)
    b = a.with_values(a.values + rng.normal(size=a.shape))
    mask = rng.random(a.shape) < 0.5
    assert pcc(a, b) == pytest.approx(np.corrcoef(a.values.ravel(), b.values.ravel())[0, 1])
    assert pcc(a, b, mask) == pytest.approx(np.corrcoef(a.values[mask], b.values[mask])[0, 1])
    assert pcc(a, a.with_values(-2 * a.values + 5)) == pytest.approx(-1)
    assert pcc(a, a.with_values(np.ones(a.shape))) == 0
    with pytest.raises(ValueError, match="one frame"):
        pcc(a, Grid(b.values, (1, 0, 0), 1.0))


def test_atoms_too_far_apart_for_a_box_are_told():
    with pytest.raises(InputError, match="lie within 9000 × 9000 × 9000 Å, too much"):
        simulate([[0, 0, 0], [9000, 9000, 9000]], [6, 6], 4.0)
