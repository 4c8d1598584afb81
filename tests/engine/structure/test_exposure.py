"""Half-sphere exposure tells buried side chains from Cα alone."""

from pathlib import Path

import numpy as np

from critasser.structure import AMINO_ACIDS
from critasser.structure.exposure import (
    EXPOSURE_RADIUS,
    chain_exposure,
    half_sphere_exposure,
)

DATA = Path(__file__).parents[2] / "data"


def counted(calpha, i):
    """Hamelryck's definition, residue by residue."""
    outward = 2 * calpha[i] - calpha[i - 1] - calpha[i + 1]
    apart = np.delete(calpha, i, axis=0) - calpha[i]
    near = apart[np.linalg.norm(apart, axis=1) <= EXPOSURE_RADIUS]
    up = int((near @ outward > 0).sum())
    return up, len(near) - up


def test_counts_are_those_of_the_definition(barnase):
    exposure = chain_exposure(barnase.calpha)
    for i in (1, 20, 57, 106):
        assert tuple(exposure[i]) == counted(barnase.calpha, i)


def test_ends_and_breaks_have_none(barnase):
    calpha = barnase.calpha.copy()
    calpha[50] = np.nan
    assert np.flatnonzero(np.isnan(chain_exposure(calpha)[:, 0])).tolist() == [
        0, 49, 50, 51, len(calpha) - 1
    ]  # fmt: skip


def test_a_chain_read_backwards_is_as_buried(barnase):
    forward = chain_exposure(barnase.calpha)
    backward = chain_exposure(barnase.calpha[::-1])
    np.testing.assert_array_equal(forward, backward[::-1])


def test_a_position_counts_by_its_weight(barnase):
    triples = np.array([[19, 20, 21]])
    whole = half_sphere_exposure(barnase.calpha, np.ones(len(barnase)), triples)
    half = half_sphere_exposure(barnase.calpha, np.full(len(barnase), 0.5), triples)
    np.testing.assert_allclose(half, whole / 2)


def test_side_chains_that_shun_water_lie_where_many_residues_are(barnase):
    side = chain_exposure(barnase.calpha)[:, 0]
    of = [side[np.isin(barnase.codes, [AMINO_ACIDS.index(x) for x in kinds])]
          for kinds in ("ILVF", "DEKN")]  # fmt: skip
    assert np.nanmean(of[0]) > np.nanmean(of[1]) + 8
