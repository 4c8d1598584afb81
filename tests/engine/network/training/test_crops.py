"""Training crops show what they say they show."""

import numpy as np
import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode

from critasser.density import normalise, simulate
from critasser.network.training.batches import CropRecipe, CropSource
from critasser.network.training.corruption import CORRUPTIONS, RandomNumbers
from critasser.network.training.crops import Degradation, SimulationRange, simulate_crops
from critasser.network.training.experimental import (
    PairOnDevice,
    backgrounds,
    experimental_crops,
    with_noise,
)
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.simulation import (
    calpha_distance,
    gather_atoms,
    make_labels,
    normalise_tensor,
    place,
    random_rotation,
)

CPU = torch.device("cpu")


def middle_of(chain: Atoms):
    return chain.positions.mean(0).astype(float)


def test_a_crop_is_normalised_as_a_whole_map_is(helix):
    grid = simulate(helix.positions, helix.amplitude, 3.0, voxel_size=1.0, padding=12.0)
    ours = normalise_tensor(torch.from_numpy(grid.values)).numpy()
    assert np.allclose(ours, normalise(grid).values, atol=0.05)


def test_labels_peak_at_each_calpha_and_name_its_residue_in_every_crop_of_a_batch(helix):
    turns = (np.eye(3), random_rotation(np.random.default_rng(3)))
    m = gather_atoms([[place(helix, turn, middle_of(helix), 1.0, 48)] for turn in turns], CPU)
    target, backbone, structure, kind = make_labels(m, 48)
    for k, atom in enumerate(m.calpha.tolist()):
        voxel = (int(m.crop[atom]), *(int(i) for i in m.positions[atom].round()))
        assert target[voxel] > 0.6
        assert backbone[voxel] == 1
        assert structure[voxel] == 0
        assert kind[voxel] == k % 20
    assert float(target[0, 0, 0, 0]) == 0 and int(kind[0, 0, 0, 0]) == -1


def test_the_distance_to_calpha_is_that_to_the_nearest(helix):
    m = gather_atoms([[place(helix, np.eye(3), middle_of(helix), 1.0, 40)]], CPU)
    voxels = torch.stack(torch.meshgrid(*[torch.arange(40.0)] * 3, indexing="ij"), -1)
    calpha = m.positions[m.calpha]
    exact = (voxels[..., None, :] - calpha).norm(dim=-1).amin(-1)
    ours = calpha_distance(m, 40, 6)[0]
    assert torch.allclose(ours[exact < 6], exact[exact < 6], atol=1e-4)
    assert (ours[exact > 6.02] == 99).all()


def test_density_is_high_where_the_labels_say_calpha(helix):
    rng = np.random.default_rng(0)
    clean = SimulationRange(corruption=0.0)
    crop = simulate_crops([helix], 48, clean, rng, CPU, resolution=3.0)
    at_calpha = crop.calpha > 0.8
    assert crop.density[at_calpha].mean() > 8 * crop.density.mean()
    assert torch.all(crop.weight == 1)


def test_corrupted_crops_are_finite_whatever_is_drawn(helix):
    rng = np.random.default_rng(1)
    pieces = [torch.randn(16, 16, 16)]
    for _ in range(12):
        crops = simulate_crops(
            [helix] * 3, 24, SimulationRange(), rng, CPU, pool=[helix],
            degradation=Degradation(pieces),
        )  # fmt: skip
        assert torch.isfinite(crops.density).all()
        assert crops.calpha.min() >= 0 and crops.calpha.max() <= 1


def test_map_and_labels_of_an_experimental_crop_turn_together(helix):
    grid = normalise(simulate(helix.positions, helix.amplitude, 3.0, voxel_size=1.0, padding=20.0))
    source = PairOnDevice(Pair("x", grid.values, grid.origin, helix, 3.0), CPU)
    rng = np.random.default_rng(2)
    crops = experimental_crops([source] * 12, 40, rng)
    for density, calpha in zip(crops.density, crops.calpha):
        assert density[calpha > 0.8].mean() > 6 * density.mean()


def test_some_experimental_crops_get_more_noise_and_the_others_none(helix):
    grid = normalise(simulate(helix.positions, helix.amplitude, 3.0, voxel_size=1.0, padding=20.0))
    source = PairOnDevice(Pair("x", grid.values, grid.origin, helix, 3.0), CPU)
    clean = torch.from_numpy(grid.values[:40, :40, :40]).expand(40, -1, -1, -1)
    numbers = RandomNumbers(np.random.default_rng(0), CPU)
    added = with_noise(clean, [source] * 40, numbers) - clean
    noisy = added.flatten(1).std(1) > 0
    assert 0.05 < noisy.float().mean() < 0.5
    assert (added[~noisy] == 0).all()


def test_crops_of_solvent_hold_less_of_the_molecule(helix):
    def filled(without):
        ranges = SimulationRange(without=tuple(set(CORRUPTIONS) - {"solvent", "zone"} | {without}))
        rng = np.random.default_rng(0)
        crops = simulate_crops([helix] * 200, 24, ranges, rng, CPU, resolution=4.0)
        return float((crops.calpha > 0.8).sum())

    assert filled("solvent") > 1.05 * filled("zone")


def test_an_unmodelled_neighbour_has_no_weight(helix):
    both = np.concatenate([helix.positions, helix.positions + [14.0, 0, 0]])
    amplitude = np.tile(helix.amplitude, 2)
    grid = normalise(simulate(both, amplitude, 3.0, voxel_size=1.0, padding=16.0))
    source = PairOnDevice(Pair("x", grid.values, grid.origin, helix, 3.0), CPU)
    crop = experimental_crops([source], 48, np.random.default_rng(0))
    assert 0.002 < float((crop.weight == 0).float().mean()) < 0.5


def test_backgrounds_are_cut_where_a_map_is_open_and_far_from_the_model(helix):
    rng = np.random.default_rng(0)
    lower = helix.positions.min(0) - 30
    noise = rng.normal(scale=0.2, size=(90, 60, 60)).astype(np.float32)
    pieces = backgrounds(Pair("open", noise, lower.astype(float), helix, 3.0))
    assert pieces and all(piece.shape == (16, 16, 16) for piece in pieces)
    assert all(abs(piece.std() - 1) < 0.01 for piece in pieces)
    # Signal as far as 7 Å from the model would be in no piece.
    z, y, x = np.indices(noise.shape)
    grid = np.stack([x, y, z], -1).reshape(-1, 3) + lower
    distance = np.linalg.norm(grid[:, None] - helix.positions[None, ::8], axis=2).min(1)
    signal = np.where(distance.reshape(noise.shape) < 6, 50.0, noise).astype(np.float32)
    pieces = backgrounds(Pair("open", signal, lower.astype(float), helix, 3.0))
    assert pieces and all(np.abs(piece).max() < 8 for piece in pieces)
    masked = np.where(distance.reshape(noise.shape) < 8, noise, 0).astype(np.float32)
    assert backgrounds(Pair("masked", masked, lower.astype(float), helix, 3.0)) == []


def test_a_batch_is_the_same_whoever_makes_it_and_wherever_training_goes_on(helix):
    def batches(first: int, workers: int, count: int, processes: bool = False):
        source = CropSource(
            [helix], [], CropRecipe(SimulationRange(), 2, 16, 0.0, (5, 0)), device=CPU,
            first=first, workers=workers, processes=processes,
        )  # fmt: skip
        try:
            return [source.next().density for _ in range(count)]
        finally:
            source.close()

    alone = batches(0, 1, 6)
    for number, (a, b) in enumerate(zip(alone[2:], batches(2, 3, 4))):
        assert torch.equal(a, b), number
    assert not torch.equal(alone[0], alone[1])
    for number, (a, b) in enumerate(zip(alone[1:], batches(1, 2, 2, processes=True))):
        assert torch.allclose(a, b, atol=2e-3), number


def test_making_crops_never_waits_for_the_device(helix):
    """Tensors without values raise an error where the host would have to read one."""
    rng = np.random.default_rng(0)
    grid = normalise(simulate(helix.positions, helix.amplitude, 3.0, voxel_size=1.0, padding=20.0))
    with FakeTensorMode(allow_non_fake_inputs=True):
        source = PairOnDevice(Pair("x", grid.values, grid.origin, helix, 3.0), CPU)
        for _ in range(8):
            experimental_crops([source] * 3, 24, rng)
            crops = simulate_crops(
                [helix] * 3, 24, SimulationRange(), rng, CPU, pool=[helix],
                degradation=Degradation([torch.randn(16, 16, 16)]),
            )  # fmt: skip
    assert crops.density.shape == (3, 24, 24, 24)


def test_random_rotations_are_proper():
    matrix = random_rotation(np.random.default_rng(0))
    assert np.allclose(matrix @ matrix.T, np.eye(3))
    assert np.linalg.det(matrix) == pytest.approx(1)
