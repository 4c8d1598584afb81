"""Link Cα by distance, and join the fragments they make at random (paper, Methods)."""

from __future__ import annotations

# ruff: noqa: NPY002 — compiled code knows only this generator; its seed comes from the caller's.
import math
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import within_kernels

__all__ = ["Fragments", "join_fragments", "links_at_cutoff", "thread_gapless"]


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


class Fragments(NamedTuple):
    """Linked positions, and where their ends may be joined; n positions."""

    onward: np.ndarray  # (n, 2) int64, each position's neighbours in its fragment, −1 at an end
    reach_start: np.ndarray  # (n + 1,) int64, rows of `reach`
    reach: np.ndarray  # (k,) int64, positions within the probing radius of each
    ends: np.ndarray  # (e,) int64, positions with a free side


class Path(NamedTuple):
    """A trace in the making, changed in place."""

    positions: np.ndarray  # (most,) int64, those of the trace first
    used: np.ndarray  # (n,) bool
    options: np.ndarray  # (k,) int64, scratch: positions of which the next is drawn


@within_kernels
def _turn_round(path, low, high):
    """Reverse positions low … high of a path."""
    while low < high:
        path.positions[low], path.positions[high] = path.positions[high], path.positions[low]
        low += 1
        high -= 1


@within_kernels
def _follow(fragments, path, size, at, direction):
    """Go along a fragment from a position, in a direction if one is given; the path's new size."""
    before = -1
    while size < len(path.positions):
        path.positions[size] = at
        path.used[at] = True
        size += 1
        if direction >= 0:
            ahead = direction
            direction = -1
        else:
            ahead = fragments.onward[at, 0]
            if ahead == before or ahead < 0 or path.used[ahead]:
                ahead = fragments.onward[at, 1]
        if ahead < 0 or ahead == before or path.used[ahead]:
            break
        before = at
        at = ahead
    return size


@within_kernels
def _free_ends(fragments, path, end):
    """How many free ends of unused fragments are in reach of a position, into `Path.options`."""
    count = 0
    for k in range(fragments.reach_start[end], fragments.reach_start[end + 1]):
        q = fragments.reach[k]
        # Only a free end of a fragment may be entered: its other end then leaves.
        if not path.used[q] and (fragments.onward[q, 0] < 0 or fragments.onward[q, 1] < 0):
            path.options[count] = q
            count += 1
    return count


@within_kernels
def _all_but_previous(fragments, path, size, end):
    """How many positions are in reach of a path's end but the one before, into `Path.options`."""
    count = 0
    for k in range(fragments.reach_start[end], fragments.reach_start[end + 1]):
        q = fragments.reach[k]
        if size < 2 or q != path.positions[size - 2]:
            path.options[count] = q
            count += 1
    return count


@within_kernels
def _grow(fragments, path, size, jumps):
    """Lengthen a path at its end until nothing is in reach; its new size.

    With `jumps` left it then goes into fragments' middles ('keep-tracing').
    """
    while size < len(path.positions):
        end = path.positions[size - 1]
        direction = -1
        count = _free_ends(fragments, path, end)
        if count > 0:
            q = path.options[int(np.random.random() * count)]
        else:
            if jumps <= 0:
                return size
            jumps -= 1
            count = _all_but_previous(fragments, path, size, end)
            if count == 0:
                return size
            q = path.options[int(np.random.random() * count)]
            if path.used[q]:
                # Into the middle of what is traced: the link after it breaks, and the piece behind
                # turns round so that the chain goes on from there.
                at = size - 1
                while at >= 0 and path.positions[at] != q:
                    at -= 1
                if at < 0:
                    return size
                _turn_round(path, at + 1, size - 1)
                continue
            # Into the middle of an unused fragment: one of its sides is left behind.
            side = 0 if np.random.random() < 0.5 else 1
            direction = fragments.onward[q, side]
        size = _follow(fragments, path, size, q, direction)
    return size


@njit(cache=True, nogil=True)
def join_fragments(fragments, most, jumps, traces, sizes, seed):
    """Random traces through fragments.

    Parameters
    ----------
    fragments : Fragments
    most : int
        Longest trace.
    jumps : int
        Most jumps of one end into fragments' middles; 0 stops where no free end is in reach.
    traces, sizes : ndarray (count, most) int32, (count,) int32
        Filled.
    seed : int
    """
    np.random.seed(seed)
    path = Path(
        np.empty(most, np.int64),
        np.zeros(len(fragments.onward), np.bool_),
        np.empty(max(1, len(fragments.reach)), np.int64),
    )
    for t in range(len(sizes)):
        path.used[:] = False
        first = fragments.ends[int(np.random.random() * len(fragments.ends))]
        size = _follow(fragments, path, 0, first, -1)
        for _ in range(2):
            size = _grow(fragments, path, size, jumps)
            _turn_round(path, 0, size - 1)
        sizes[t] = size
        for k in range(size):
            traces[t, k] = path.positions[k]


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
