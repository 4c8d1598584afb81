"""One scale for every map."""

import numpy as np
import pytest

from critasser.density import Grid, background, crop_to_molecule, normalise, sample, simulate


@pytest.fixture
def noisy(chain):
    grid = simulate(chain.positions, chain.amplitudes, 4.0, padding=15.0)
    rng = np.random.default_rng(0)
    return grid.with_values(grid.values + rng.normal(0, 0.02 * grid.values.max(), grid.shape))


def test_the_rule_to_the_letter(noisy):
    x = noisy.values.astype(float)
    low, high = np.percentile(x, (0.5, 99.5))
    counts, edges = np.histogram(x, 256, (low, high))
    b = edges[counts.argmax() : counts.argmax() + 2].mean()
    v = np.maximum(x - b, 0)
    expected = np.clip((x - b) / ((v**3).sum() / (v**2).sum()), -3, 6)
    np.testing.assert_allclose(normalise(noisy).values, expected, rtol=1e-5, atol=1e-6)


def test_scale_and_offset_of_the_map_do_not_matter(noisy):
    expected = normalise(noisy).values
    for scale, offset in ((1e-4, 0.0), (50.0, -3.0)):
        changed = noisy.with_values(noisy.values * scale + offset)
        np.testing.assert_allclose(normalise(changed).values, expected, atol=0.03)


def test_the_size_of_the_box_hardly_matters(noisy, chain):
    whole, cut = normalise(noisy), normalise(crop_to_molecule(noisy, margin=4.0))
    ratio = sample(whole, chain.calpha).mean() / sample(cut, chain.calpha).mean()
    assert ratio == pytest.approx(1.0, abs=0.1)


def test_masked_maps_have_their_background_at_zero(piece, chain):
    assert background(piece) == 0.0
    found = normalise(piece)
    assert found.values[piece.values == 0].max() == 0
    assert 0.5 < sample(found, chain.calpha).mean() < 1.6


def test_outliers_are_clipped(noisy):
    values = noisy.values.copy()
    values[0, 0, 0], values[1, 1, 1] = 8 * values.max(), -8 * values.max()
    found = normalise(noisy.with_values(values)).values
    assert found.max() == 6
    assert found.min() == -3


def test_nothing_above_the_background_is_an_error():
    with pytest.raises(ValueError, match="above the background"):
        normalise(Grid(np.zeros((4, 4, 4)), (0, 0, 0), 1.0))
