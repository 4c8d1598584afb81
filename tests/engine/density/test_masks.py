"""A mask is divided at half its height, whatever its scale and however it was made."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from critasser.density import Grid, read_mask, read_soft_mask, simulate, write_map
from critasser.errors import InputError
from critasser.structure import read_chains

DATA = Path(__file__).parents[2] / "data"

SHAPE = (40, 44, 48)


@pytest.fixture
def like():
    return Grid(np.zeros(SHAPE), (10.5, -3.0, 4.0), (1.06, 1.06, 1.06))


@pytest.fixture
def ball():
    """Within 11 voxels of the middle."""
    z, y, x = np.indices(SHAPE)
    return (z - 20) ** 2 + (y - 22) ** 2 + (x - 24) ** 2 <= 121


@pytest.fixture
def saved(tmp_path, like):
    def saved(values):
        write_map(tmp_path / "mask.mrc", like.with_values(values))
        return tmp_path / "mask.mrc"

    return saved


def soft(ball):
    """An edge six voxels wide, as RELION draws it."""
    outside = ndimage.distance_transform_edt(~ball)
    return np.where(outside < 6, 0.5 + 0.5 * np.cos(np.pi * np.minimum(outside, 6) / 6), 0.0)


def low_passed(values):
    """Cut in Fourier space at a third of Nyquist: it rings."""
    spectrum = np.fft.fftn(values)
    frequency = np.sqrt(sum(f**2 for f in np.meshgrid(*map(np.fft.fftfreq, SHAPE), indexing="ij")))
    return np.fft.ifftn(np.where(frequency < 1 / 6, spectrum, 0)).real


KINDS = {
    "binary": lambda ball: ball.astype(float),
    "bytes": lambda ball: 127.0 * ball,
    "soft": soft,
    "rescaled": lambda ball: 0.13 * soft(ball),
    "ringing": lambda ball: low_passed(ball),
    "ringing, rescaled": lambda ball: 0.13 * low_passed(ball),
    "noise of a resampling": lambda ball: soft(ball)
    + np.random.default_rng(1).normal(0, 0.01, SHAPE),
    "hardly reaching 1": lambda ball: 0.95 * ndimage.gaussian_filter(ball.astype(float), 2),
    "above a floor": lambda ball: 3.0 + 2.0 * soft(ball),
}


SOFT = {"soft", "rescaled", "noise of a resampling", "above a floor"}
"""Those with the edge of `soft`."""


@pytest.mark.parametrize("kind", KINDS)
def test_the_volume_of_a_mask_does_not_depend_on_how_it_was_made(like, ball, saved, kind):
    values = KINDS[kind](ball)
    inside = read_mask(saved(values), like)
    expected = soft(ball) > 0.5 if kind in SOFT else ball
    assert inside.sum() == pytest.approx(expected.sum(), rel=0.1)
    assert (inside & expected).sum() > 0.9 * expected.sum()


def test_a_soft_edge_is_kept_and_ringing_is_not(like, ball, saved):
    edge = soft(ball)
    weight = read_soft_mask(saved(0.13 * edge), like).weight
    shown = edge > 0.15
    np.testing.assert_allclose(weight[shown], edge[shown], atol=0.02)
    far = ndimage.distance_transform_edt(~ball) > 8
    assert not read_soft_mask(saved(low_passed(ball)), like).weight[far].any()


def test_a_density_that_was_cut_out_is_inside_where_it_is_above_zero(tmp_path, piece):
    cut = piece.with_values(np.maximum(piece.values, 0) * 0.1)
    write_map(tmp_path / "cut.mrc", cut)
    np.testing.assert_array_equal(read_mask(tmp_path / "cut.mrc", piece), cut.values > 0)


@pytest.mark.parametrize("width", [4.0, 5.0])
@pytest.mark.parametrize("truncate", [2.5, 9.0])
def test_a_mask_blurred_until_no_plateau_is_left_is_about_as_large(
    width, truncate, like, ball, saved
):
    # Cut off, or down to the last bit as in Fourier space.
    small = ndimage.binary_erosion(ball, iterations=4)
    values = ndimage.gaussian_filter(small.astype(np.float32), width, truncate=truncate)
    assert values.max() < 0.75
    inside = read_mask(saved(values), like)
    assert 0.8 * small.sum() < inside.sum() < 4.0 * small.sum()
    assert (inside & small).sum() > 0.97 * small.sum()
    assert (values > 0).sum() > 10 * small.sum()


def test_a_simulated_density_is_inside_where_it_is_above_zero(tmp_path, piece):
    # It fades too, but it is no mask: its values are as uneven as its atoms lie.
    chain = read_chains(DATA / "emd_6555_piece.pdb")[0]
    density = simulate(chain.positions, chain.amplitudes, 6.0, padding=12.0)
    cut = density.with_values(np.where(density.values > 0.01, density.values, 0))
    write_map(tmp_path / "cut.mrc", cut)
    np.testing.assert_array_equal(read_mask(tmp_path / "cut.mrc", cut), cut.values > 0)


def test_labels_of_segments_are_all_inside(like, saved):
    labels = np.zeros(SHAPE)
    labels[5:10], labels[10:15], labels[20:30] = 1, 2, 7
    np.testing.assert_array_equal(read_mask(saved(labels), like), labels > 0)


def test_a_mask_of_ones_is_everything(like, saved):
    assert read_mask(saved(np.ones(SHAPE)), like).all()


def test_a_whole_map_is_no_mask(like, saved):
    noise = ndimage.gaussian_filter(np.random.default_rng(2).normal(0, 1, SHAPE), 1.5)
    with pytest.raises(InputError, match="does not tell inside from outside"):
        read_mask(saved(noise), like)


def test_an_inverted_mask_below_zero_is_empty(like, ball, saved):
    with pytest.raises(InputError, match="empty"):
        read_mask(saved(-1.0 * ball), like)


def test_a_mask_that_differs_by_its_origin_is_told_what_to_do(tmp_path, like, ball):
    write_map(tmp_path / "m.mrc", Grid(ball, (0, 0, 0), like.voxel_size))
    with pytest.raises(InputError, match=r"by its origin only.*volume #mask origin 10\.5,-3,4,"):
        read_mask(tmp_path / "m.mrc", like)


def test_a_mask_that_differs_by_its_voxel_size_is_told_what_to_do(tmp_path, like, ball):
    write_map(tmp_path / "m.mrc", Grid(ball, like.origin, (1.0, 1.0, 1.0)))
    with pytest.raises(InputError, match=r"by its voxel size only.*voxelSize 1\.06,1\.06"):
        read_mask(tmp_path / "m.mrc", like)


def test_a_rounded_voxel_size_is_the_same_grid(tmp_path, like, ball):
    write_map(tmp_path / "m.mrc", Grid(ball, like.origin, (1.0604, 1.0604, 1.0604)))
    np.testing.assert_array_equal(read_mask(tmp_path / "m.mrc", like), ball)


def test_values_that_differ_by_less_than_they_can_be_told_apart_are_one_plateau(like, ball, saved):
    values = np.where(ball, 1.0, 0.0).astype(np.float32)
    values[0, 0, :2] = np.float32(1e-44), np.float32(2e-44)
    values[20, 22, 24] = np.nextafter(np.float32(1), np.float32(2))
    assert np.array_equal(read_mask(saved(values), like), ball)
