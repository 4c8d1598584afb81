"""Monte Carlo over which residue sits at which position.

Moves reverse a piece of the chain, exchange neighbouring pieces (a register shift when one of them
is empty or dropped), exchange distant pieces or the ends of two copies of a chain, or change single
residues. Pieces keep their inner
links, so only links across the cuts are scored again.
"""

from __future__ import annotations

# ruff: noqa: NPY002 — compiled code knows only this generator; its seed comes from the caller's.
import math

import numpy as np
from numba import njit

from critasser.trace.placement_kernels import cuts_score, span_score

__all__ = ["anneal"]

# More cuts than any move makes (an exchange of distant pieces makes four).
MOST_CUTS = 8


@njit(cache=True)
def _length(longest):
    """Length of a piece: mostly short, sometimes anything up to `longest`."""
    u = np.random.random()
    if u < 0.5:
        most = 8
    elif u < 0.8:
        most = 40
    else:
        most = longest
    return 1 + int(np.random.random() * min(most, longest))


@njit(cache=True)
def _neighbour(start, source, p):
    """A random neighbour of p, −1 without any."""
    degree = start[p + 1] - start[p]
    if degree == 0:
        return -1
    return source[start[p] + int(np.random.random() * degree)]


@njit(cache=True)
def _exchange(node, trial, a, b, c, flip_first, flip_second):
    """Write pieces [b + 1 … c] then [a … b] into trial[a … c], reversed where asked."""
    at = a
    for k in range(c - b):
        trial[at] = node[c - k] if flip_second else node[b + 1 + k]
        at += 1
    for k in range(b - a + 1):
        trial[at] = node[b - k] if flip_first else node[a + k]
        at += 1


@njit(cache=True)
def anneal(
    emission,
    gap,
    positions,
    chain,
    twin,
    graph,
    costs,
    node,
    where,
    best,
    score,
    best_score,
    steps,
    hot,
    cold,
    seed,
):
    """Anneal a placement for a number of steps.

    Parameters
    ----------
    emission, gap, positions, chain, graph, costs
        As in `placement_score`.
    twin : ndarray (L,)
        See `copies.twins`.
    node, where : ndarray (L,), (n,) int32
        The state and its inverse (−1: empty), changed in place.
    best : ndarray (L,) int32
        The best state seen, changed in place.
    score, best_score : float
        Of `node` and `best`.
    steps : int
    hot, cold : float
        Temperature at the first and after the last step, geometric between.
    seed : int

    Returns
    -------
    score, best_score : float
    """
    np.random.seed(seed)
    start = graph[0]
    source = graph[1]
    L = len(node)
    trial = node.copy()
    old_cuts = np.empty(MOST_CUTS, np.int64)
    new_cuts = np.empty(MOST_CUTS, np.int64)
    # At most two ranges of residues change.
    low = np.zeros(2, np.int64)
    high = np.zeros(2, np.int64)
    cooling = (cold / hot) ** (1.0 / max(steps, 1))
    temperature = hot
    for _ in range(steps):
        temperature *= cooling
        kind = np.random.random()
        i = int(np.random.random() * L)
        ranges = 0
        dropped = 0
        same_cuts = True
        if kind < 0.40:
            # One residue to a position beside its neighbour's, or off.
            ahead = np.random.random() < 0.5
            anchor = i - 1 if ahead else i + 1
            q = -1
            if kind < 0.36:
                if anchor < 0 or anchor >= L or node[anchor] < 0:
                    continue
                q = _neighbour(start, source, node[anchor])
                if q < 0 or q == node[i]:
                    continue
            elif node[i] < 0:
                continue
            low[0] = i
            high[0] = i
            ranges = 1
            if q >= 0 and where[q] >= 0:
                j = where[q]
                if abs(i - j) < 2:
                    continue
                first = min(i, j)
                low[0] = first
                high[0] = first
                low[1] = i + j - first
                high[1] = low[1]
                ranges = 2
                swap = np.random.random() < 0.3
                trial[j] = node[i] if swap else -1
            trial[i] = q
        elif kind < 0.55:
            # Reverse a piece so that two neighbours come together.
            p = node[i]
            if p < 0:
                continue
            q = _neighbour(start, source, p)
            if q < 0 or where[q] < 0:
                continue
            j = where[q]
            after = np.random.random() < 0.5
            if after:
                a = i + 1 if j > i else j + 1
                b = j if j > i else i
            else:
                a = i if j > i else j
                b = j - 1 if j > i else i - 1
            if b <= a:
                continue
            low[0] = a
            high[0] = b
            ranges = 1
            for k in range(b - a + 1):
                trial[a + k] = node[b - k]
        elif kind < 0.72:
            # Bring a piece that starts (or ends) at a neighbour beside this residue.
            p = node[i]
            if p < 0:
                continue
            q = _neighbour(start, source, p)
            if q < 0 or where[q] < 0:
                continue
            j = where[q]
            if abs(i - j) < 2:
                continue
            size = _length(L)
            flip = np.random.random() < 0.4
            after = np.random.random() < 0.5
            # The piece's residue that comes beside i is its first if it goes after i and is not
            # reversed, or goes before and is.
            if after != flip:
                first = j
                final = min(j + size - 1, L - 1)
            else:
                first = max(j - size + 1, 0)
                final = j
            if j > i:
                if first <= i:
                    first = i + 1
                a = i + 1 if after else i
                b = first - 1
                c = final
                if b < a:
                    continue
                _exchange(node, trial, a, b, c, False, flip)
            else:
                if final >= i:
                    final = i - 1
                a = first
                b = final
                c = i if after else i - 1
                if c <= b:
                    continue
                _exchange(node, trial, a, b, c, flip, False)
            low[0] = a
            high[0] = c
            ranges = 1
            same_cuts = False
            old_cuts[0] = a - 1
            old_cuts[1] = b
            old_cuts[2] = c
            new_cuts[0] = a - 1
            new_cuts[1] = a + c - b - 1
            new_cuts[2] = c
        elif kind < 0.92:
            # Shift the register of a piece; what is in its way goes to its other end or off.
            size = _length(L)
            shift = 1 + int(np.random.random() * np.random.random() * 4)
            drop = np.random.random() < 0.5
            forward = np.random.random() < 0.5
            a = i
            c = i + size + shift - 1
            if c >= L:
                continue
            b = a + size - 1 if forward else a + shift - 1
            _exchange(node, trial, a, b, c, False, False)
            if drop:
                from_ = a if forward else c - shift + 1
                for k in range(from_, from_ + shift):
                    if trial[k] >= 0:
                        dropped += 1
                        trial[k] = -1
                # The freed residue beside the piece may take an empty position next to it.
                k = from_ + shift - 1 if forward else from_
                beside = k + 1 if forward else k - 1
                if np.random.random() < 0.5 and trial[beside] >= 0:
                    q = _neighbour(start, source, trial[beside])
                    if q >= 0 and where[q] < 0:
                        trial[k] = q
            low[0] = a
            high[0] = c
            ranges = 1
            same_cuts = False
            old_cuts[0] = a - 1
            old_cuts[1] = b
            old_cuts[2] = c
            new_cuts[0] = a - 1
            new_cuts[1] = a + c - b - 1
            new_cuts[2] = c
            if drop:
                # Dropping inside changes every link there: score the whole range.
                ranges = 3
        else:
            # Exchange two distant pieces of one length; of two copies of a chain, often all that
            # follows in them.
            j = i
            if twin[i] != i and np.random.random() < 0.5:
                for _hop in range(1 + int(np.random.random() * 3)):
                    j = twin[j]
            if j != i:
                a = min(i, j)
                c = max(i, j)
                size = 1
                while a + size < c and chain[a + size] == chain[a]:
                    size += 1
                flip_first = False
                flip_second = False
            else:
                size = _length(L // 2)
                a = i
                c = int(np.random.random() * L)
                if c < a:
                    a, c = c, a
                if a + size > c or c + size > L:
                    continue
                flip_first = np.random.random() < 0.3
                flip_second = np.random.random() < 0.3
            for k in range(size):
                trial[c + k] = node[a + size - 1 - k] if flip_first else node[a + k]
                trial[a + k] = node[c + size - 1 - k] if flip_second else node[c + k]
            low[0] = a
            high[0] = a + size - 1
            low[1] = c
            high[1] = c + size - 1
            ranges = 2
        whole = ranges == 3
        if whole:
            ranges = 1
        delta = 0.0
        for r in range(ranges):
            for k in range(low[r], high[r] + 1):
                p = trial[k]
                q = node[k]
                if p != q:
                    delta += gap if p < 0 else emission[k, p]
                    delta -= gap if q < 0 else emission[k, q]
            # Links inside a piece that moves over a chain's end are not the same ones.
            if chain[low[r]] != chain[high[r]]:
                whole = True
        if whole:
            first = low[0]
            final = high[ranges - 1]
            delta += span_score(positions, chain, graph, costs, trial, first, final)
            delta -= span_score(positions, chain, graph, costs, node, first, final)
        else:
            count = 3
            if same_cuts:
                count = 0
                for r in range(ranges):
                    old_cuts[count] = low[r] - 1
                    old_cuts[count + 1] = high[r]
                    count += 2
                for k in range(count):
                    new_cuts[k] = old_cuts[k]
            delta += cuts_score(positions, chain, graph, costs, trial, new_cuts, count)
            delta -= cuts_score(positions, chain, graph, costs, node, old_cuts, count)
        if delta >= 0.0 or np.random.random() < math.exp(delta / temperature):
            for r in range(ranges):
                for k in range(low[r], high[r] + 1):
                    if node[k] >= 0:
                        where[node[k]] = -1
            for r in range(ranges):
                for k in range(low[r], high[r] + 1):
                    node[k] = trial[k]
                    if node[k] >= 0:
                        where[node[k]] = k
            score += delta
            if score > best_score + 1e-6:
                best_score = score
                best[:] = node
        else:
            for r in range(ranges):
                for k in range(low[r], high[r] + 1):
                    trial[k] = node[k]
    return score, best_score
