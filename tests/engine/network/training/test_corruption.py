"""Each corruption does to a map what its name says."""

import numpy as np
import pytest
import torch

from critasser.network.training.corruption import (
    ATOM_CORRUPTIONS,
    CORRUPTIONS,
    MAP_CORRUPTIONS,
    NORMALISED_CORRUPTIONS,
    MapScene,
    RandomNumbers,
)
from critasser.network.training.crops import SimulationRange, simulate_crops
from critasser.network.training.simulation import gather_atoms, make_labels, place
from critasser.network.training.surroundings import MISSING, SURROUNDINGS, Scene

CPU = torch.device("cpu")
SIDE = 40


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def own(helix):
    return place(helix, np.eye(3), helix.positions.mean(0), 1.0, SIDE)


@pytest.fixture
def density(helix):
    clean = SimulationRange(corruption=0.0)
    return simulate_crops(
        [helix], SIDE, clean, np.random.default_rng(0), CPU, resolution=4.0
    ).density


def around(name, helix, own, rng):
    """What a corruption puts beside the helix, whose axis is along z."""
    scene = Scene([own], [helix], SIDE, 1.0, np.array([0.0, 0.0, 1.0]))
    SURROUNDINGS[name](scene, rng)
    return scene.parts[1:]


def spoilt(table, name, density, own, rng, *, pieces=(), resolution=4.0):
    scene = MapScene(np.array([resolution]), np.array([0]), gather_atoms([[own]], CPU), pieces)
    return table[name](density, scene, RandomNumbers(rng, CPU))


def power(density, low, high):
    """Mean power of a cube between two frequencies, 1/Å."""
    f = torch.fft.fftfreq(density.shape[-1])
    radius = (f[:, None, None] ** 2 + f[None, :, None] ** 2 + f[None, None, :] ** 2).sqrt()
    shell = (radius >= low) & (radius < high)
    return float(torch.fft.fftn(density[0]).abs()[shell].square().mean())


def test_the_table_names_all_that_is_done_and_nothing_else():
    done = [
        *(MISSING | SURROUNDINGS | ATOM_CORRUPTIONS | MAP_CORRUPTIONS | NORMALISED_CORRUPTIONS),
        *("voxel_size", "solvent", "band_limit", "transfer", "visibility"),
    ]
    assert sorted(done) == sorted(CORRUPTIONS)
    assert all(0 < probability <= 1 for probability in CORRUPTIONS.values())


@pytest.mark.parametrize("name", ["noise", "neighbours"])
def test_one_corruption_can_be_left_out_and_the_others_stay_as_they_were(name):
    def drawn(**more):
        rng = np.random.default_rng(7)
        return [SimulationRange(**more).draw_corruptions(rng) for _ in range(200)]

    everything = drawn()
    assert any(name in names for names in everything)
    assert drawn(without=(name,)) == [names - {name} for names in everything]
    assert not any(drawn(corruption=0.0))


@pytest.mark.parametrize("name", ["termini", "loops"])
def test_residues_that_were_not_seen_have_neither_density_nor_labels(name, helix, rng):
    structure = np.r_[np.zeros(8), np.full(4, 2), np.zeros(8)]
    missing = np.zeros(20, bool)
    MISSING[name](missing, structure, rng)
    assert 0 < missing.sum() < 20
    assert (missing[0] or missing[-1]) if name == "termini" else missing[8:12].any()
    part = place(helix, np.eye(3), helix.positions.mean(0), 1.0, SIDE, missing=missing)
    assert not missing[part.residue].any()
    kinds = make_labels(gather_atoms([[part]], CPU), SIDE)[3].unique().tolist()
    assert not set(kinds) & set(np.flatnonzero(missing).tolist())


def gap(one, other):
    return np.linalg.norm(one.positions[:, None] - other.positions[None], axis=2).min()


def test_neighbours_touch_the_chain_and_do_not_run_through_it(helix, own, rng):
    gaps = []
    for _ in range(10):
        (other,) = around("neighbours", helix, own, rng)
        assert not other.own
        if len(other.positions):
            gaps.append(gap(own, other))
    assert len(gaps) > 4
    assert min(gaps) > 2.5 and max(gaps) < 9.0


def test_a_crowd_is_of_several_chains_none_through_another(helix, own, rng):
    for _ in range(6):
        crowd = [part for part in around("crowding", helix, own, rng) if len(part.positions)]
        assert crowd
        assert all(gap(one, other) > 2.5
                   for k, one in enumerate(crowd) for other in [own, *crowd[:k]])  # fmt: skip


def test_a_detergent_belt_lies_across_the_helices_around_the_chain(helix, own, rng):
    (belt,) = around("detergent", helix, own, rng)
    near = np.linalg.norm(belt.positions[:, None] - own.positions[None], axis=2).min(axis=1)
    assert len(belt.positions) > 50
    assert near.min() > 4.0 and near.max() < 22.0
    assert np.ptp(belt.positions[:, 0]) < 37
    assert (belt.kind > 4).all()


def test_nucleic_acid_is_a_right_handed_double_helix_of_phosphates(helix, own, rng):
    for _ in range(80):
        phosphate = around("nucleic_acid", helix, own, rng)[0]
        xyz = phosphate.positions[:, ::-1]
        if len(xyz) < 12:
            continue
        step = np.linalg.norm(np.diff(xyz, axis=0), axis=1)
        strand = np.flatnonzero(step < 9)
        assert np.all((step[strand] > 5.3) & (step[strand] < 7.3))
        a, b, c = (np.diff(xyz, axis=0)[k:][: len(step) - 2] for k in range(3))
        inside = (step[:-2] < 9) & (step[1:-1] < 9) & (step[2:] < 9)
        assert (np.einsum("ij,ij->i", np.cross(a, b), c)[inside] > 0).all()
        return
    pytest.fail("no double helix reached into the crop")


def test_side_chains_go_and_the_backbone_stays(helix, rng):
    m = gather_atoms([[place(helix, np.eye(3), helix.positions.mean(0), 1.0, SIDE)]] * 2, CPU)
    m.kind[m.kind == 3] = 4
    for name, happen in ATOM_CORRUPTIONS.items():
        on = np.array([True, False])
        after = happen(m, on, RandomNumbers(rng, CPU))
        spared = m.crop == 1
        assert torch.equal(after.amplitude[spared], m.amplitude[spared]), name
        assert torch.equal(after.bfactor[spared], m.bfactor[spared]), name
        assert (after.bfactor >= 0).all() and (after.amplitude >= 0).all()
    both, remove = np.array([True, True]), ATOM_CORRUPTIONS["side_chains"]
    lost = [remove(m, both, RandomNumbers(rng, CPU)) for _ in range(20)]
    gone = torch.stack([after.amplitude == 0 for after in lost])
    assert gone[:, m.kind == 4].any() and not gone[:, m.kind < 4].any()


def test_noise_goes_down_to_a_signal_to_noise_ratio_of_one_half(density, own, rng):
    inside = density > 0.3 * density.max()
    ratios = []
    for _ in range(60):
        noise = spoilt(MAP_CORRUPTIONS, "noise", density, own, rng) - density
        ratios.append(float(density[inside].var() / noise.var()))
    assert 0.45 < min(ratios) < 1.0
    assert np.median(ratios) > 4


def test_a_background_has_the_texture_of_the_piece_it_comes_from(density, own, rng):
    smooth = torch.from_numpy(rng.normal(size=(16, 16, 16)).astype(np.float32))
    smooth = torch.nn.functional.avg_pool3d(smooth[None, None], 5, 1, 2)[0, 0]
    for piece, smoother in ((smooth - smooth.mean(), True), (torch.randn(16, 16, 16), False)):
        noise = spoilt(MAP_CORRUPTIONS, "background", density, own, rng, pieces=[piece]) - density
        ratio = power(noise, 0.02, 0.1) / power(noise, 0.3, 0.5)
        assert (ratio > 20) is smoother


def test_lost_contrast_takes_from_what_is_wide_and_leaves_the_rest(density, own, rng):
    changed = spoilt(MAP_CORRUPTIONS, "contrast", density, own, rng)
    assert power(changed, 0.0, 0.04) < 0.95 * power(density, 0.0, 0.04)
    assert power(changed, 0.2, 0.3) == pytest.approx(power(density, 0.2, 0.3), rel=0.05)


def test_sharpening_raises_what_is_fine_and_blurring_lowers_it(density, own, rng):
    before = power(density, 0.15, 0.25) / power(density, 0.02, 0.05)
    after = []
    for _ in range(40):
        sharp = spoilt(MAP_CORRUPTIONS, "sharpening", density, own, rng)
        after.append(power(sharp, 0.15, 0.25) / power(sharp, 0.02, 0.05) / before)
    assert max(after) > 4 and min(after) < 0.7


def test_local_resolution_blurs_one_part_of_a_map_more_than_another(density, own, rng):
    changes = []
    for _ in range(20):
        blurred = spoilt(MAP_CORRUPTIONS, "local_resolution", density, own, rng)
        peaks = density[0] > 0.5 * density.max()
        kept = (blurred[0] / density[0])[peaks]
        changes.append(float(kept.quantile(0.95) - kept.quantile(0.05)))
    assert np.median(changes) > 0.1


def test_a_zone_leaves_the_chain_and_nothing_far_from_it(own, rng):
    density = torch.ones(1, SIDE, SIDE, SIDE)
    masked = spoilt(NORMALISED_CORRUPTIONS, "zone", density, own, rng)[0]
    for position in own.positions[own.kind == 1]:
        assert masked[tuple(int(i) for i in position.round())] > 0.9
    assert masked[0, 0, 0] == pytest.approx(0, abs=1e-3)


def test_contour_and_capping_cut_a_map_from_below_and_above(density, own, rng):
    cut = spoilt(NORMALISED_CORRUPTIONS, "contour", density, own, rng)
    assert float(cut[cut != 0].min()) > 0.1
    assert float(spoilt(NORMALISED_CORRUPTIONS, "capping", density * 3, own, rng).max()) < 2.5
