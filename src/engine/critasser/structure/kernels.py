"""Numba kernels of the structure package, on plain arrays."""

from __future__ import annotations

import numpy as np
from numba import njit

from critasser.structure.compilation import within_kernels

__all__ = ["best_tm_sum", "kabsch_kernel"]

LAST_LEVEL = 5
"""Halvings of the fragments that TM-score starts from; after these only the shortest is left."""

STARTS = 150


@njit(cache=True)
def kabsch_kernel(moving, fixed, chosen, count):
    """Superpose the first `count` points that `chosen` names; see `superposition.kabsch`.

    Returns
    -------
    rotation (3, 3), translation (3,)
    """
    centre_moving = np.zeros(3)
    centre_fixed = np.zeros(3)
    for c in range(count):
        i = chosen[c]
        for k in range(3):
            centre_moving[k] += moving[i, k]
            centre_fixed[k] += fixed[i, k]
    centre_moving /= count
    centre_fixed /= count
    s = np.zeros((3, 3))
    for c in range(count):
        i = chosen[c]
        for k in range(3):
            for m in range(3):
                s[k, m] += (moving[i, k] - centre_moving[k]) * (fixed[i, m] - centre_fixed[m])
    # Horn's quaternion matrix: its largest eigenvector is the best proper rotation.
    q = np.empty((4, 4))
    q[0, 0] = s[0, 0] + s[1, 1] + s[2, 2]
    q[1, 1] = s[0, 0] - s[1, 1] - s[2, 2]
    q[2, 2] = -s[0, 0] + s[1, 1] - s[2, 2]
    q[3, 3] = -s[0, 0] - s[1, 1] + s[2, 2]
    q[0, 1] = q[1, 0] = s[1, 2] - s[2, 1]
    q[0, 2] = q[2, 0] = s[2, 0] - s[0, 2]
    q[0, 3] = q[3, 0] = s[0, 1] - s[1, 0]
    q[1, 2] = q[2, 1] = s[0, 1] + s[1, 0]
    q[1, 3] = q[3, 1] = s[2, 0] + s[0, 2]
    q[2, 3] = q[3, 2] = s[1, 2] + s[2, 1]
    _, vectors = np.linalg.eigh(q)
    w, x, y, z = vectors[0, 3], vectors[1, 3], vectors[2, 3], vectors[3, 3]
    rotation = np.empty((3, 3))
    rotation[0, 0] = w * w + x * x - y * y - z * z
    rotation[0, 1] = 2 * (x * y - w * z)
    rotation[0, 2] = 2 * (x * z + w * y)
    rotation[1, 0] = 2 * (x * y + w * z)
    rotation[1, 1] = w * w - x * x + y * y - z * z
    rotation[1, 2] = 2 * (y * z - w * x)
    rotation[2, 0] = 2 * (x * z - w * y)
    rotation[2, 1] = 2 * (y * z + w * x)
    rotation[2, 2] = w * w - x * x - y * y + z * z
    translation = np.empty(3)
    for k in range(3):
        translation[k] = centre_fixed[k]
        for m in range(3):
            translation[k] -= rotation[k, m] * centre_moving[m]
    return rotation, translation


@within_kernels
def squared_distances(moving, fixed, rotation, translation, result):
    """Squared distance of every pair after moving, into `result` (n,)."""
    for i in range(moving.shape[0]):
        total = 0.0
        for k in range(3):
            at = translation[k] - fixed[i, k]
            for m in range(3):
                at += rotation[k, m] * moving[i, m]
            total += at * at
        result[i] = total


@njit(cache=True)
def best_tm_sum(model, native, scale):
    """Largest ``sum 1/(1 + (d/d0)²)`` over superpositions, searched as TM-score does.

    Parameters
    ----------
    model, native : (n, 3) float64
        Paired, without NaN.
    scale : float
        d0 in Å.
    """
    n = model.shape[0]
    inverse = 1.0 / (scale * scale)
    search = min(8.0, max(4.5, scale))
    distance = np.empty(n)
    chosen = np.empty(n, dtype=np.int64)
    kept = np.empty(n, dtype=np.int64)
    best = 0.0
    size = n
    level = 0
    # Neighbouring fragments grow into the same superposition; long chains need not try them all.
    stride = max(1, n // STARTS)
    while True:
        for start in range(0, n - size + 1, stride):
            count = size
            for i in range(size):
                chosen[i] = start + i
            radius = search - 1.0
            for _ in range(21):
                rotation, translation = kabsch_kernel(model, native, chosen, count)
                squared_distances(model, native, rotation, translation, distance)
                total = 0.0
                for i in range(n):
                    total += 1.0 / (1.0 + distance[i] * inverse)
                best = max(best, total)
                # At least three pairs, or the next superposition is not determined.
                reach = radius
                found = 0
                while True:
                    found = 0
                    for i in range(n):
                        if distance[i] < reach * reach:
                            kept[found] = i
                            found += 1
                    if found >= min(3, n):
                        break
                    reach += 0.5
                radius = search + 1.0
                same = found == count
                if same:
                    for i in range(found):
                        if kept[i] != chosen[i]:
                            same = False
                            break
                if same:
                    break
                count = found
                # One by one: a whole array at once takes seconds to compile.
                for k in range(count):
                    chosen[k] = kept[k]
        if size <= 4:
            break
        level += 1
        size = 4 if level == LAST_LEVEL else max(4, size // 2)
    return best
