"""Half maps tell where a map is noise, and the map is better without it."""

import numpy as np
import pytest
from scipy import ndimage

from critasser.density import Grid, normalise, pcc, simulate, write_map
from critasser.density.half_maps import BANDS, _bands, local_detail, read_half_maps
from critasser.errors import InputError
from critasser.structure import read_chains
from tests.engine.data.conftest import FILES


@pytest.fixture(scope="module")
def truth():
    (chain,) = read_chains(FILES / "1a2p_A.pdb.gz")
    return simulate(chain.positions, chain.amplitudes, 3.0, padding=12)


def halves_of(truth, level):
    """Two maps with independent noise of a standard deviation `level` (broadcast), and their mean.

    The noise is as white as the truth's Gaussian atoms allow.
    """
    rng = np.random.default_rng(0)
    maps = [truth.with_values(truth.values + level * rng.normal(size=truth.shape)) for _ in "12"]
    return normalise(truth.with_values((maps[0].values + maps[1].values) / 2)), *maps


@pytest.fixture(scope="module")
def uneven(truth):
    """Noise in the upper half of the map only, along z."""
    level = np.zeros(truth.shape)
    level[truth.shape[0] // 2 :] = 6 * truth.values.std()
    level = ndimage.gaussian_filter1d(level, 2, axis=0) + 0.02 * truth.values.std()
    whole, first, second = halves_of(truth, level)
    return whole, local_detail(whole, first, second)


def test_bands_add_up_to_the_map(truth):
    total = sum(part for (part,) in _bands(truth))
    assert total == pytest.approx(truth.values, abs=1e-3 * float(truth.values.max()))


def test_noise_is_told_where_it_is(truth, uneven):
    whole, found = uneven
    inside = whole.values > 0.5
    middle = truth.shape[0] // 2
    clean = found.resolution.values[: middle - 5][inside[: middle - 5]]
    noisy = found.resolution.values[middle + 5 :][inside[middle + 5 :]]
    assert np.median(clean) < 2.5 < 3.5 < np.median(noisy)


def test_the_filtered_map_is_nearer_the_truth(truth, uneven):
    whole, found = uneven
    assert pcc(found.filtered, truth) > pcc(whole, truth) + 0.03
    # Where the molecule begins, a window and a half away from the noise.
    after, right = (
        Grid(one.values[14:22], one.origin, one.voxel_size) for one in (found.filtered, truth)
    )
    assert pcc(after, right) > 0.98


def test_maps_without_noise_stay_as_they_are(truth):
    whole, first, second = halves_of(truth, 1e-4 * truth.values.max())
    found = local_detail(whole, first, second)
    assert pcc(found.filtered, whole) > 0.999
    assert found.correlation[:8].min() > 0.99


def test_the_scale_and_sharpness_of_halves_do_not_matter(truth):
    whole, first, second = halves_of(truth, 0.5 * truth.values.std())
    blurred = [
        one.with_values(7 * ndimage.gaussian_filter(one.values, 0.8, mode="wrap"))
        for one in (first, second)
    ]
    plain, changed = local_detail(whole, first, second), local_detail(whole, *blurred)
    assert changed.correlation[:12] == pytest.approx(plain.correlation[:12], abs=0.03)


def test_noise_alone_has_no_detail(truth):
    rng = np.random.default_rng(1)
    whole, first, second = (
        truth.with_values(rng.normal(size=truth.shape).astype(np.float32)) for _ in range(3)
    )
    found = local_detail(normalise(whole), first, second)
    assert np.abs(found.correlation[3:]).max() < 0.1
    assert found.overall > 8
    assert found.filtered.values.std() < 0.3 * normalise(whole).values.std()


def test_nothing_is_finer_than_two_voxels_of_the_maps(truth):
    whole, first, second = halves_of(truth, 1e-3 * truth.values.max())
    found = local_detail(whole, first, second, finest=3.0)
    assert 2.9 < found.overall < 3.2
    assert found.resolution.values.min() > 2.9
    assert not found.correlation[BANDS > 1 / 3].any()


def test_resolutions_lie_between_the_first_band_and_the_last(uneven):
    _, found = uneven
    assert found.resolution.values.min() >= 1 / BANDS[-1] - 1e-4
    assert found.resolution.values.max() <= 1 / BANDS[0] + 1e-4


def test_halves_of_another_contrast_are_refused(truth, tmp_path):
    whole, *halves = halves_of(truth, 2 * truth.values.std())
    paths = tuple(tmp_path / f"half_{number}.mrc" for number in (1, 2))
    for path, half in zip(paths, halves):
        write_map(path, half)
    assert pcc(read_half_maps(paths, whole, tmp_path / "map.mrc")[0], halves[0]) > 0.999
    write_map(paths[1], halves[1].with_values(-halves[1].values))
    with pytest.raises(InputError, match=r"half_2.mrc does not correlate with the map .*contrast"):
        read_half_maps(paths, whole, tmp_path / "map.mrc")
