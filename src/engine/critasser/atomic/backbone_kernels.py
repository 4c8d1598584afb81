"""Numba kernel that finds the best turns of successive peptide planes, by dynamic programming."""

from __future__ import annotations

import numpy as np
from numba import njit

from critasser.structure.compilation import within_kernels

__all__ = ["best_turns"]

HARD_ANGLE = 4.0
"""Standard deviations off the usual angle N–CA–C from which its cost rises linearly."""

# Rows of a peptide's atoms.
C, O, N = range(3)  # noqa: E741


@within_kernels
def _torsion(a, b, c, d):
    """Torsion of four points (3,) in radians."""
    ux, uy, uz = b[0] - a[0], b[1] - a[1], b[2] - a[2]
    vx, vy, vz = c[0] - b[0], c[1] - b[1], c[2] - b[2]
    wx, wy, wz = d[0] - c[0], d[1] - c[1], d[2] - c[2]
    mx, my, mz = uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx
    nx, ny, nz = vy * wz - vz * wy, vz * wx - vx * wz, vx * wy - vy * wx
    length = np.sqrt(vx * vx + vy * vy + vz * vz)
    return np.arctan2(length * (ux * nx + uy * ny + uz * nz), mx * nx + my * ny + mz * nz)


@njit(cache=True, nogil=True)
def best_turns(unary, atoms, calpha, phi_psi_cost, kind, angle_mean, angle_sd, limit):
    """State of each peptide that minimises the sum of costs along the chain (Viterbi).

    Parameters
    ----------
    unary : (n + 1, T) cost of each state of peptides 0 … n; peptide i lies before residue i.
    atoms : (n + 1, T, 3, 3) C, O, N of each peptide in each state.
    calpha : (n, 3).
    phi_psi_cost : (classes, B, B) cost of phi, psi by bins over [-pi, pi).
    kind : (n,) class of each residue; -1 where phi, psi do not count.
    angle_mean, angle_sd : of the angle N-CA-C in radians.
    limit : float, states that cost this much more than the peptide's best are left out.

    Returns
    -------
    states (n + 1,) int64, cost of the best path.
    """
    count, states = unary.shape
    bins = phi_psi_cost.shape[1]
    total = np.full((count, states), np.inf)
    back = np.zeros((count, states), np.int64)
    lowest = np.empty(count)
    for i in range(count):
        lowest[i] = unary[i].min()
    for t in range(states):
        total[0, t] = unary[0, t]
    for i in range(1, count):
        here = calpha[i - 1]
        x, y, z = here
        for t in range(states):
            if unary[i, t] > lowest[i] + limit:
                continue
            c = atoms[i, t, C]
            after = atoms[i, t, N]
            for s in range(states):
                if unary[i - 1, s] > lowest[i - 1] + limit:
                    continue
                before = atoms[i - 1, s, C]
                n = atoms[i - 1, s, N]
                ax, ay, az = n[0] - x, n[1] - y, n[2] - z
                bx, by, bz = c[0] - x, c[1] - y, c[2] - z
                cosine = (ax * bx + ay * by + az * bz) / np.sqrt(
                    (ax * ax + ay * ay + az * az) * (bx * bx + by * by + bz * bz)
                )
                bent = (np.arccos(min(1.0, max(-1.0, cosine))) - angle_mean) / angle_sd
                cost = total[i - 1, s] + 0.5 * min(bent * bent, HARD_ANGLE * abs(bent))
                if cost >= total[i, t]:
                    continue
                if kind[i - 1] >= 0:
                    phi = _torsion(before, n, here, c)
                    psi = _torsion(n, here, c, after)
                    p = int((phi + np.pi) / (2 * np.pi) * bins) % bins
                    q = int((psi + np.pi) / (2 * np.pi) * bins) % bins
                    cost += phi_psi_cost[kind[i - 1], p, q]
                if cost < total[i, t]:
                    total[i, t] = cost
                    back[i, t] = s
            total[i, t] += unary[i, t]
    path = np.empty(count, np.int64)
    path[count - 1] = np.argmin(total[count - 1])
    best = total[count - 1, path[count - 1]]
    for i in range(count - 1, 0, -1):
        path[i - 1] = back[i, path[i]]
    return path, best
