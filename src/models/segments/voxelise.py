"""Find the voxels that a surface encloses, along the lines of a grid."""

from __future__ import annotations

import numpy as np

__all__ = ["enclosed_voxels"]

_CHUNK = 2_000_000
"""Pairs of triangle and grid line that are looked at in one go."""

_ASIDE = np.array([1.3e-6, 2.9e-6])
"""Voxels by which lines are shifted, since surfaces made from grids have vertices on the lines."""


def enclosed_voxels(
    vertices: np.ndarray, triangles: np.ndarray, shape: tuple[int, int, int]
) -> tuple[np.ndarray, float]:
    """Voxels whose centres are inside a surface, hollow parts excluded.

    A line that enters the surface leaves it again. Lines along x decide; where some of them do not
    fit, since the surface has holes, lines along all three axes vote.

    Parameters
    ----------
    vertices : ndarray (n, 3)
        x, y, z, in units of voxels from the centre of voxel 0.
    triangles : ndarray (m, 3) of int
    shape : three ints
        nz, ny, nx.

    Returns
    -------
    inside : ndarray (nz, ny, nx) of bool
    leaking : float
        Fraction of the lines that meet the surface which enter it without leaving; 0 for a closed
        surface.
    """
    zyx = np.asarray(vertices, dtype=np.float64)[:, ::-1]
    corners = zyx[np.asarray(triangles, dtype=np.int64)]
    inside, leaking = _along_last_axis(corners, shape)
    if not leaking:
        return inside, 0.0
    votes = inside.astype(np.uint8)
    for order in ((2, 0, 1), (1, 2, 0)):
        turned, more = _along_last_axis(corners[:, :, order], tuple(shape[axis] for axis in order))
        votes += np.transpose(turned, np.argsort(order))
        leaking = max(leaking, more)
    return votes >= 2, leaking


def _along_last_axis(corners: np.ndarray, shape) -> tuple[np.ndarray, float]:
    """Inside by crossings along the last axis; a line's voxels are wrong where it leaks."""
    n0, n1, n2 = shape
    crossed = np.zeros((n0, n1, n2 + 1), dtype=bool)
    low = np.ceil(corners[:, :, :2].min(axis=1) - _ASIDE)
    high = np.floor(corners[:, :, :2].max(axis=1) - _ASIDE)
    low = np.clip(low, 0, [n0, n1]).astype(np.int64)
    high = np.clip(high, -1, [n0 - 1, n1 - 1]).astype(np.int64)
    lines = np.prod(np.maximum(high - low + 1, 0), axis=1)
    some = np.flatnonzero(lines)
    ends = np.cumsum(lines[some])
    begin = 0
    while begin < some.size:
        done = ends[begin - 1] if begin else 0
        end = max(int(np.searchsorted(ends, done + _CHUNK, side="right")), begin + 1)
        chosen = some[begin:end]
        _cross(crossed, corners[chosen], low[chosen], high[chosen], lines[chosen])
        begin = end
    inside = np.logical_xor.accumulate(crossed, axis=2)
    met = crossed.any(axis=2)
    leaking = float((inside[:, :, -1] & met).sum()) / max(int(met.sum()), 1)
    return inside[:, :, :-1], leaking


def _cross(crossed, corners, low, high, lines) -> None:
    """Toggle, for each line through each triangle, the first voxel behind the crossing."""
    triangle = np.repeat(np.arange(len(lines)), lines)
    within = np.arange(triangle.size) - np.repeat(np.cumsum(lines) - lines, lines)
    wide = (high - low + 1)[:, 1][triangle]
    index = low[triangle] + np.stack([within // wide, within % wide], axis=1)
    point = index + _ASIDE
    a, b, c = (corners[triangle, corner] for corner in range(3))
    sides = [_left_of(p, q, point) for p, q in ((a, b), (b, c), (c, a))]
    hit = (sides[0] == sides[1]) & (sides[1] == sides[2])
    a, b, c, point, index = a[hit], b[hit], c[hit], point[hit], index[hit]
    u, v, w = b - a, c - a, point - a[:, :2]
    area = u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0]
    along_u = (w[:, 0] * v[:, 1] - w[:, 1] * v[:, 0]) / area
    along_v = (u[:, 0] * w[:, 1] - u[:, 1] * w[:, 0]) / area
    depth = a[:, 2] + along_u * u[:, 2] + along_v * v[:, 2]
    behind = np.clip(np.ceil(depth), 0, crossed.shape[2] - 1).astype(np.int64)
    np.logical_xor.at(crossed, (index[:, 0], index[:, 1], behind), True)


def _left_of(p: np.ndarray, q: np.ndarray, point: np.ndarray) -> np.ndarray:
    """Whether points are left of edges p to q; each edge is judged the same way from both of its
    triangles, so that no line slips between them."""
    swap = (q[:, 0] < p[:, 0]) | ((q[:, 0] == p[:, 0]) & (q[:, 1] < p[:, 1]))
    first = np.where(swap[:, None], q[:, :2], p[:, :2])
    second = np.where(swap[:, None], p[:, :2], q[:, :2])
    along, to = second - first, point - first
    return (along[:, 0] * to[:, 1] - along[:, 1] * to[:, 0] >= 0) != swap
