"""Search all places and orientations of a rigid body in the map by Fourier transform.

For each of an even set of rotations the body's residues are laid on a coarse grid; their
correlation with the fields at every translation is one product in Fourier space.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.fft

from critasser.fitting.body import Body, Poses
from critasser.fitting.fields import Fields
from critasser.fitting.kernels import deposit
from critasser.fitting.rotations import even_rotations, rotations_for

__all__ = ["search_poses"]

COARSE_STEP = 4.0
"""Å between voxels of the search."""

BEST_A_ROTATION = 4
"""Translations kept of each rotation."""

KEPT = 400
"""Poses kept of all rotations."""


def search_poses(
    body: Body,
    fields: Fields,
    *,
    kept: int = KEPT,
    orientations: int | None = None,
    progress: Callable[[float], None] | None = None,
) -> Poses:
    """Poses of a body by its score on a coarse grid, best first, none near another.

    Parameters
    ----------
    body : Body
    fields : Fields
        Coarse, see `Fields.sampled`.
    kept : int
        Most poses.
    orientations : int, optional
        How many are tried; without it as many as leave neighbours a voxel apart.
    progress : callable, optional
        Told the fraction done; may raise.

    Returns
    -------
    Poses
        With their scores by these fields.
    """
    step = fields.step
    coarse = fields.padded(2.0 * body.extent + step)
    shape = tuple(scipy.fft.next_fast_len(n, real=True) for n in coarse.values.shape[1:])
    target = np.empty((len(coarse.values), *shape), dtype=np.float32)
    target[:] = coarse.outside[:, None, None, None]
    nz, ny, nx = coarse.values.shape[1:]
    target[:, :nz, :ny, :nx] = coarse.values
    used = np.unique(body.kind)
    transformed = scipy.fft.rfftn(target[used], axes=(1, 2, 3), workers=-1)
    kinds = np.searchsorted(used, body.kind)
    rotations = even_rotations(orientations or rotations_for(body.radius, step))
    grids = np.empty((len(used), *shape), dtype=np.float32)
    best = min(BEST_A_ROTATION, int(np.prod(shape)))
    scores = np.empty((len(rotations), best))
    places = np.empty((len(rotations), best), dtype=np.int64)
    for r, rotation in enumerate(rotations):
        deposit(body.centred @ rotation.T, kinds, body.weight, shape, coarse.step, grids)
        product = (np.conj(scipy.fft.rfftn(grids, axes=(1, 2, 3))) * transformed).sum(axis=0)
        correlation = scipy.fft.irfftn(product, s=shape).ravel()
        top = np.argpartition(correlation, -best)[-best:]
        scores[r], places[r] = correlation[top], top
        if progress is not None and r % PROGRESS_EVERY == 0:
            progress(r / len(rotations))
    # The best of all, and the best of each rotation: what chance does must be among them.
    everything = np.argsort(-scores.ravel(), kind="stable")[: CANDIDATES_A_POSE * kept]
    of_each = np.arange(len(rotations)) * best + scores.argmax(axis=1)
    chosen = np.union1d(everything, of_each)
    index = np.stack(np.unravel_index(places.ravel()[chosen], shape), axis=1)
    # A centre on the far side of the box has wrapped: it lies before the first voxel.
    wrapped = index > (np.array(shape) + np.array([nz, ny, nx])) // 2 - 1
    index = np.where(wrapped, index - np.array(shape), index)
    poses = Poses(
        rotations[chosen // best],
        coarse.origin + coarse.step * index[:, ::-1],
        scores.ravel()[chosen],
    )
    return poses.distinct(body, step, kept)


PROGRESS_EVERY = 100
"""Rotations between two reports."""

CANDIDATES_A_POSE = 20
"""Candidates looked at for each pose that is kept: neighbours of one place crowd the list."""
