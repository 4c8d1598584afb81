"""Density is told from solvent by statistics, wherever the map has its zero."""

import numpy as np
import pytest

from critasser.density import background, crop_to_molecule, looks_inverted, normalise
from critasser.density.normalise import masked_level


@pytest.fixture
def noisy(piece):
    noise = np.random.default_rng(3).normal(0, 0.1 * piece.values.max(), piece.shape)
    return piece.with_values(piece.values + noise)


@pytest.fixture
def masked(piece):
    return piece.with_values(np.where(piece.values > 0.2 * piece.values.max(), piece.values, 0))


@pytest.mark.parametrize("kind", ["piece", "noisy", "masked"])
@pytest.mark.parametrize("offset", [0.0, -7.5, 300.0])
def test_the_sign_of_the_contrast_is_known_whatever_was_added(request, kind, offset):
    grid = request.getfixturevalue(kind)
    assert not looks_inverted(grid.with_values(grid.values + offset))
    assert looks_inverted(grid.with_values(offset - grid.values))


def test_noise_has_no_contrast(piece):
    noise = np.random.default_rng(4).normal(0, 1, piece.shape)
    assert not looks_inverted(piece.with_values(noise))
    assert not looks_inverted(piece.with_values(-noise))


def test_only_what_a_mask_leaves_counts(piece):
    """Something dark beside the molecule, such as a gold bead, is no inverted contrast."""
    values = piece.values.copy()
    values[:6] = -20 * values.max()
    weight = np.ones(piece.shape, dtype=np.float32)
    weight[:8] = 0
    assert looks_inverted(piece.with_values(values))
    assert not looks_inverted(piece.with_values(values), weight)


@pytest.mark.parametrize("offset", [0.0, -7.5, 300.0])
def test_a_masked_map_with_an_offset_is_the_same_density(masked, offset):
    moved = masked.with_values(masked.values + np.float32(offset))
    assert masked_level(moved) == offset
    assert background(moved) == offset
    np.testing.assert_allclose(
        normalise(moved).values, normalise(masked).values, atol=1e-3 * max(abs(offset), 0.01)
    )
    assert crop_to_molecule(moved).same_frame(crop_to_molecule(masked))


def test_a_map_that_is_not_masked_has_no_level_around_it(noisy):
    assert masked_level(noisy) is None
