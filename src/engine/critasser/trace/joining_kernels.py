"""Links between Cα by distance, and random joining of the fragments they make (paper, Methods)."""

from __future__ import annotations

# ruff: noqa: NPY002 — compiled code knows only this generator; its seed comes from the caller's.
import math

import numpy as np
from numba import njit

__all__ = ["join_fragments", "links_at_cutoff", "thread_gapless"]


@njit(cache=True)
def links_at_cutoff(first, second, distance, cutoff, n, kept):
    """Links that one bond length leaves.

    All pairs nearer than the cutoff are links. Those of atoms with at most two are true; other
    links of an atom that has more than two in all, but two true ones, contradict these and go;
    atoms that still have more than two lose all.

    Parameters
    ----------
    first, second, distance : ndarray (k,)
        Pairs of atoms, each once, and how far apart they are in Å.
    cutoff : float
        Å.
    n : int
        Atoms.
    kept : ndarray (k,) bool
        Filled.
    """
    degree = np.zeros(n, np.int64)
    for k in range(len(first)):
        kept[k] = distance[k] < cutoff
        if kept[k]:
            degree[first[k]] += 1
            degree[second[k]] += 1
    true = np.zeros(len(first), np.bool_)
    true_degree = np.zeros(n, np.int64)
    for k in range(len(first)):
        if kept[k] and (degree[first[k]] <= 2 or degree[second[k]] <= 2):
            true[k] = True
            true_degree[first[k]] += 1
            true_degree[second[k]] += 1
    before = degree.copy()
    for k in range(len(first)):
        if kept[k] and not true[k]:
            a = first[k]
            b = second[k]
            if (before[a] > 2 and true_degree[a] >= 2) or (before[b] > 2 and true_degree[b] >= 2):
                kept[k] = False
                degree[a] -= 1
                degree[b] -= 1
    for k in range(len(first)):
        if kept[k] and (degree[first[k]] > 2 or degree[second[k]] > 2):
            kept[k] = False


@njit(cache=True)
def _grow(path, size, most, used, onward, reach_start, reach, keep_tracing, jumps, options):
    """Lengthen a path at its end until nothing is in reach; its new size."""
    while size < most:
        end = path[size - 1]
        found = 0
        for k in range(reach_start[end], reach_start[end + 1]):
            q = reach[k]
            # Only a free end of an unused fragment may be entered: its other end then leaves.
            if not used[q] and (onward[q, 0] < 0 or onward[q, 1] < 0):
                options[found] = q
                found += 1
        direction = -1
        if found > 0:
            q = options[int(np.random.random() * found)]
        else:
            if not keep_tracing or jumps <= 0:
                return size
            jumps -= 1
            for k in range(reach_start[end], reach_start[end + 1]):
                q = reach[k]
                if size < 2 or q != path[size - 2]:
                    options[found] = q
                    found += 1
            if found == 0:
                return size
            q = options[int(np.random.random() * found)]
            if used[q]:
                # Into the middle of what is traced: the link after it breaks, and the piece behind
                # turns round so that the chain goes on from there.
                at = size - 1
                while at >= 0 and path[at] != q:
                    at -= 1
                if at < 0:
                    return size
                low = at + 1
                high = size - 1
                while low < high:
                    path[low], path[high] = path[high], path[low]
                    low += 1
                    high -= 1
                continue
            # Into the middle of an unused fragment: one of its sides is left behind.
            direction = onward[q, 0] if np.random.random() < 0.5 else onward[q, 1]
        before = -1
        at = q
        while size < most:
            path[size] = at
            used[at] = True
            size += 1
            if direction >= 0:
                ahead = direction
                direction = -1
            else:
                ahead = onward[at, 0]
                if ahead == before or ahead < 0 or used[ahead]:
                    ahead = onward[at, 1]
            if ahead < 0 or ahead == before or used[ahead]:
                break
            before = at
            at = ahead
    return size


@njit(cache=True, nogil=True)
def join_fragments(
    onward, reach_start, reach, ends, most, keep_tracing, jumps, traces, sizes, seed
):
    """Random traces through fragments.

    Parameters
    ----------
    onward : ndarray (n, 2) int64
        Each atom's neighbours in its fragment, −1 at an end.
    reach_start, reach : ndarray (n + 1,), (k,) int64
        Atoms within the probing radius of each, as compressed rows.
    ends : ndarray (e,) int64
        Atoms with a free side.
    most : int
        Longest trace.
    keep_tracing : bool
        Jump into fragments' middles rather than stop.
    jumps : int
        Most jumps of one end.
    traces, sizes : ndarray (count, most) int32, (count,) int32
        Filled.
    seed : int
    """
    np.random.seed(seed)
    n = len(onward)
    used = np.zeros(n, np.bool_)
    path = np.empty(most, np.int64)
    options = np.empty(max(1, len(reach)), np.int64)
    for t in range(len(sizes)):
        used[:] = False
        path[0] = ends[int(np.random.random() * len(ends))]
        used[path[0]] = True
        size = 1
        before = -1
        at = path[0]
        while size < most:
            ahead = onward[at, 0]
            if ahead == before or ahead < 0 or used[ahead]:
                ahead = onward[at, 1]
            if ahead < 0 or ahead == before or used[ahead]:
                break
            before = at
            at = ahead
            path[size] = at
            used[at] = True
            size += 1
        for _ in range(2):
            size = _grow(
                path, size, most, used, onward, reach_start, reach, keep_tracing, jumps, options
            )
            low = 0
            high = size - 1
            while low < high:
                path[low], path[high] = path[high], path[low]
                low += 1
                high -= 1
        sizes[t] = size
        for k in range(size):
            traces[t, k] = path[k]


@njit(cache=True, nogil=True)
def thread_gapless(emission, traces, sizes, score, offset, forward):
    """Best gapless place of each trace on the sequence, either way round.

    Parameters
    ----------
    emission : ndarray (n, L) float32
        By position, then residue, so that all places of an atom lie side by side in memory.
    traces, sizes : ndarray (count, most), (count,)
    score, offset, forward : ndarray (count,)
        Filled: the best sum of emissions, the residue of the first atom of the trace in the
        direction chosen (negative where the trace begins before the sequence), and the direction.
    """
    L = emission.shape[1]
    for t in range(len(sizes)):
        size = sizes[t]
        # A shorter trace lies within the sequence, a longer one covers it.
        lowest = min(0, L - size)
        count = max(0, L - size) - lowest + 1
        best = -math.inf
        for way in range(2):
            total = np.zeros(count)
            for k in range(size):
                p = traces[t, k] if way == 0 else traces[t, size - 1 - k]
                # Residue of the atom in the first of the places, which may lie outside.
                at = lowest + k
                for place in range(max(0, -at), min(count, L - at)):
                    total[place] += emission[p, at + place]
            for place in range(count):
                if total[place] > best:
                    best = total[place]
                    offset[t] = lowest + place
                    forward[t] = way == 0
        score[t] = best
