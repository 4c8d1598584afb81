"""An experiment's transfer is measured where it is known, and put on as it was measured."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from critasser.density import Grid, normalise
from critasser.network.gaussians import gaussian_density
from critasser.network.training.corruption import CORRUPTIONS
from critasser.network.training.crops import Degradation, SimulationRange, simulate_crops
from critasser.network.training.packing import Pair
from critasser.network.training.transfer import (
    ATOM_VARIANCE,
    LEAST_SHARE,
    SHELL,
    SHELLS,
    Transfer,
    apply_transfer,
    coarsened,
    compare_with_atoms,
    draw_transfer,
    measure_transfer,
    molecule_share,
    uneven_sharpening,
)

FREQUENCIES = (np.arange(SHELLS) + 0.5) * SHELL
SEEN = slice(2, 24)


def sharp_atoms(helix, side=48):
    """The helix's atoms in a cube, and the cube's corner in Å."""
    origin = helix.positions.mean(0).astype(float) - side / 2
    index = torch.as_tensor((helix.positions - origin)[:, ::-1].astype(np.float32).copy())
    count = len(index)
    spread = torch.full((count, 3), ATOM_VARIANCE**0.5)
    amplitude = torch.as_tensor(helix.amplitude.astype(np.float32))
    return gaussian_density(index, amplitude, spread, (count,), side)[0], origin


def known(bfactor=80.0, correlation=0.98, resolution=3.0):
    gain = np.exp(-bfactor * FREQUENCIES**2 / 4)
    return Transfer(gain / gain[8], np.full(SHELLS, correlation), resolution)


def pair_of(helix, transfer, noise=0.0):
    atoms, origin = sharp_atoms(helix)
    generator = torch.Generator().manual_seed(0)
    density = apply_transfer(atoms, transfer, noise, generator).numpy()
    grid = normalise(Grid(density, origin, np.ones(3)))
    atoms = replace(helix, amplitude=helix.amplitude.astype(np.float32))
    return Pair("known", grid.values, origin, atoms, 3.0)


def measured(pair: Pair) -> Transfer:
    return measure_transfer(pair, compare_with_atoms(pair))


def test_a_transfer_that_was_put_on_is_measured_again(helix):
    put_on = known()
    found = measured(pair_of(helix, put_on))
    assert np.allclose(found.gain[SEEN], put_on.gain[SEEN], rtol=0.25)
    assert (found.correlation[SEEN] > 0.9).all()
    assert found.resolution == 3.0


def test_noise_is_seen_as_less_correlation(helix):
    clean = measured(pair_of(helix, known()))
    noisy = measured(pair_of(helix, known(correlation=0.5), noise=1.0))
    assert noisy.correlation[SEEN].mean() < clean.correlation[SEEN].mean() - 0.05


def test_a_resolution_far_from_all_maps_gets_no_transfer():
    rng = np.random.default_rng(0)
    assert draw_transfer([known(resolution=3.0)], 6.0, rng) is None
    assert draw_transfer([], 3.0, rng) is None


def test_a_coarsened_transfer_is_cut_at_its_resolution_and_stays_below():
    fine = Transfer(np.ones(SHELLS), np.linspace(0.98, 0.3, SHELLS), 3.0)
    coarse = coarsened(fine, 6.0)
    low, high = FREQUENCIES < 0.5 / 6.0, FREQUENCIES > 1.5 / 6.0
    assert np.allclose(coarse.gain[low], 1.0, atol=0.1) and (coarse.gain[high] < 0.1).all()
    assert (coarse.correlation <= fine.correlation + 1e-9).all()
    at = [np.interp(0.85 / t.resolution, FREQUENCIES, t.correlation) for t in (fine, coarse)]
    assert at[1] == pytest.approx(at[0], abs=0.03)
    assert coarse.resolution == 6.0


def test_coarser_maps_take_the_transfers_of_finer_ones_when_asked(helix):
    rng = np.random.default_rng(0)
    assert draw_transfer([known(resolution=3.0)], 8.0, rng, coarser=True).resolution == 8.0
    assert draw_transfer([known(resolution=3.0)], 1.5, rng, coarser=True) is None

    def crop(coarse):
        ranges = SimulationRange(without=tuple(set(CORRUPTIONS) - {"transfer"}),
                                 coarse_transfers=coarse)  # fmt: skip
        return simulate_crops(
            [helix] * 4, 32, ranges, np.random.default_rng(3), torch.device("cpu"),
            resolution=8.0, degradation=Degradation(transfers=[known()]),
        ).density  # fmt: skip

    assert not torch.allclose(crop(True), crop(False), atol=0.05)


def test_a_coarser_map_has_the_gain_of_a_finer_one_at_lower_frequencies():
    """Of 64 draws the changes at random cancel."""
    rng = np.random.default_rng(0)
    fine = known(resolution=3.0)

    def gains(resolution):
        drawn = [draw_transfer([fine], resolution, rng) for _ in range(64)]
        assert all(one.resolution == resolution for one in drawn)
        return np.log([one.gain for one in drawn]).mean(axis=0)

    coarse, same = gains(3.6), gains(3.0)
    assert coarse[20] < same[20] - 0.2
    assert abs(np.interp(FREQUENCIES[20], FREQUENCIES * 1.2, coarse) - coarse[16]) < 0.5


def test_crops_with_a_transfer_are_not_those_without(helix):
    def crop(degradation):
        rng = np.random.default_rng(3)
        ranges = SimulationRange(without=("noise", "background", "sharpening", "contrast"))
        return simulate_crops([helix] * 6, 32, ranges, rng, torch.device("cpu"), resolution=3.0,
                              degradation=degradation).density  # fmt: skip

    measured = Degradation(transfers=[known()])
    assert not torch.allclose(crop(Degradation()), crop(measured), atol=0.05)


@pytest.mark.parametrize("side", [32, 40])
def test_uneven_sharpening_keeps_the_molecule(helix, side):
    atoms = torch.stack([sharp_atoms(helix, side)[0]] * 2)
    changed = uneven_sharpening(atoms, np.random.default_rng(1))
    assert changed.shape == atoms.shape
    for one in changed:
        assert 0.8 < np.corrcoef(one.flatten(), atoms[0].flatten())[0, 1] < 0.9999
    assert not torch.allclose(changed[0], changed[1])


def test_a_cube_knows_how_much_of_it_a_molecule_fills():
    side = 48
    full = torch.cartesian_prod(*[torch.arange(0.0, side, 4.0)] * 3)
    assert molecule_share(full, side) == 1.0
    half = full[full[:, 0] < side / 2 - 6]
    assert molecule_share(half, side) == pytest.approx(0.5, abs=0.08)
    assert molecule_share(full + 2 * side, side) == LEAST_SHARE


def test_noise_is_as_strong_within_the_molecule_as_measured_however_large_the_cube(helix):
    """In a cube twice as wide the same map is measured with the same correlation."""
    transfer = known(correlation=0.5)

    def correlation(side):
        atoms, origin = sharp_atoms(helix, side)
        index = torch.as_tensor((helix.positions - origin)[:, ::-1].astype(np.float32).copy())
        density = apply_transfer(
            atoms, transfer, 1.0, torch.Generator().manual_seed(0),
            share=molecule_share(index, side),
        ).numpy()  # fmt: skip
        grid = Grid(density, origin, np.ones(3))
        pair = Pair("known", grid.values, origin, replace(helix), 3.0)
        return measured(pair).correlation[SEEN].mean()

    assert correlation(48) == pytest.approx(0.5, abs=0.12)
    assert correlation(96) == pytest.approx(correlation(48), abs=0.08)
