"""Moves of the annealing: other positions for some residues of a placement.

Each move is a kernel that writes its proposal into ``Search.trial`` and returns which residues and
links change. Pieces keep their inner links, so only links across the cuts are scored again.
"""

from __future__ import annotations

# ruff: noqa: NPY002 — compiled code knows only this generator; its seed comes from the caller's.
from typing import NamedTuple

import numpy as np
from numba import njit

from critasser.structure.compilation import inlined

__all__ = [
    "ENDS",
    "INSIDE",
    "NOTHING",
    "ORDER",
    "Search",
    "bring_piece",
    "exchange_distant",
    "new_search",
    "place_residue",
    "reverse_piece",
    "shift_piece",
]

SHORT, MEDIUM = 8, 40
"""Residues of most pieces, and of most of the others."""
SHORT_SHARE, MEDIUM_SHARE = 0.5, 0.8
"""Upper bounds of where a uniform number falls for pieces of those lengths."""

LONGEST = 400
"""Residues that a move changes at most, but for chains that are exchanged: time a move does not go
with the size of the complex, and longer moves are hardly ever accepted."""

SWAP = 0.3
"""How often the residue whose position is taken gets the taker's instead of none."""
BRING_REVERSED = 0.4
EXCHANGE_REVERSED = 0.3
MOST_SHIFT = 4
"""A register shift is by this many residues at most."""
MOST_HOPS = 3
"""Copies of a chain that an exchange of ends may pass over."""

NOTHING = 0
ENDS, ORDER, INSIDE = range(3)
"""Links that a move changes: those at the ends of its ranges; those at the ends and between two
neighbouring pieces that were exchanged; all within its range too."""

MOST_RANGES = 2
# Two for each range, three of pieces that were exchanged.
MOST_CUTS = 4


class Search(NamedTuple):
    """State of the search, changed in place; L residues, n positions."""

    node: np.ndarray  # (L,) int32, position of each residue or −1
    trial: np.ndarray  # (L,) int32, the same after the move that is tried
    where: np.ndarray  # (n,) int32, residue at each position or −1
    best: np.ndarray  # (L,) int32, the best state seen
    low: np.ndarray  # (2,) int64, first residue of each range that the move changes
    high: np.ndarray  # (2,) int64, its last
    old_cuts: np.ndarray  # (4,) int64, cuts before the move, where `ORDER` changes
    new_cuts: np.ndarray  # (4,) int64, and after it


def new_search(node: np.ndarray, positions: int) -> Search:
    """The state at the start of a search, from a placement (L,); `positions` is their number."""
    node = node.astype(np.int32)
    where = np.full(positions, -1, dtype=np.int32)
    placed = np.flatnonzero(node >= 0)
    where[node[placed]] = placed
    ranges = np.zeros(MOST_RANGES, np.int64), np.zeros(MOST_RANGES, np.int64)
    cuts = np.empty(MOST_CUTS, np.int64), np.empty(MOST_CUTS, np.int64)
    return Search(node.copy(), node.copy(), where, node.copy(), *ranges, *cuts)


@inlined
def _length(longest):
    """Length of a piece: mostly short, sometimes anything up to `longest` or `LONGEST`."""
    u = np.random.random()
    if u < SHORT_SHARE:
        most = SHORT
    elif u < MEDIUM_SHARE:
        most = MEDIUM
    else:
        most = LONGEST
    return 1 + int(np.random.random() * min(most, longest))


@inlined
def _neighbour(scoring, p):
    """A random neighbour of p, −1 without any."""
    degree = scoring.start[p + 1] - scoring.start[p]
    if degree == 0:
        return -1
    return scoring.source[scoring.start[p] + int(np.random.random() * degree)]


@inlined
def _neighbour_residue(scoring, search, i):
    """A residue at a random position beside residue i's, −1 without."""
    p = search.node[i]
    if p < 0:
        return -1
    q = _neighbour(scoring, p)
    return -1 if q < 0 else search.where[q]


@inlined
def _exchange_pieces(search, a, b, c, flip_first, flip_second):
    """Pieces [b + 1 … c] then [a … b], reversed where asked, take the place of a … c."""
    at = a
    for k in range(c - b):
        search.trial[at] = search.node[c - k] if flip_second else search.node[b + 1 + k]
        at += 1
    for k in range(b - a + 1):
        search.trial[at] = search.node[b - k] if flip_first else search.node[a + k]
        at += 1
    search.low[0] = a
    search.high[0] = c
    search.old_cuts[0] = a - 1
    search.old_cuts[1] = b
    search.old_cuts[2] = c
    search.new_cuts[0] = a - 1
    search.new_cuts[1] = a + c - b - 1
    search.new_cuts[2] = c


@njit(cache=True, forceinline=True, error_model="numpy")
def place_residue(scoring, search, i, drop):
    """Residue i goes to a position beside its neighbour's, or off."""
    anchor = i - 1 if np.random.random() < 0.5 else i + 1
    search.low[0] = i
    search.high[0] = i
    if drop:
        if search.node[i] < 0:
            return NOTHING, ENDS
        search.trial[i] = -1
        return 1, ENDS
    if anchor < 0 or anchor >= len(search.node) or search.node[anchor] < 0:
        return NOTHING, ENDS
    q = _neighbour(scoring, search.node[anchor])
    if q < 0 or q == search.node[i]:
        return NOTHING, ENDS
    j = search.where[q]
    if j < 0:
        search.trial[i] = q
        return 1, ENDS
    if abs(i - j) < 2:
        return NOTHING, ENDS
    first = min(i, j)
    search.low[0] = first
    search.high[0] = first
    search.low[1] = i + j - first
    search.high[1] = i + j - first
    search.trial[j] = search.node[i] if np.random.random() < SWAP else -1
    search.trial[i] = q
    return 2, ENDS


@njit(cache=True, forceinline=True, error_model="numpy")
def reverse_piece(scoring, search, i):
    """Reverse a piece so that residue i and a residue at a neighbouring position come together."""
    j = _neighbour_residue(scoring, search, i)
    if j < 0:
        return NOTHING, ENDS
    if np.random.random() < 0.5:
        a = i + 1 if j > i else j + 1
        b = j if j > i else i
    else:
        a = i if j > i else j
        b = j - 1 if j > i else i - 1
    if b <= a or b - a >= LONGEST:
        return NOTHING, ENDS
    for k in range(b - a + 1):
        search.trial[a + k] = search.node[b - k]
    search.low[0] = a
    search.high[0] = b
    return 1, ENDS


@njit(cache=True, forceinline=True, error_model="numpy")
def bring_piece(scoring, search, i):
    """Bring a piece that starts (or ends) at a neighbouring position beside residue i."""
    j = _neighbour_residue(scoring, search, i)
    if j < 0 or abs(i - j) < 2:
        return NOTHING, ORDER
    L = len(search.node)
    size = _length(L)
    flip = np.random.random() < BRING_REVERSED
    after = np.random.random() < 0.5
    # The piece's residue that comes beside i is its first if it goes after i and is not reversed,
    # or goes before and is.
    if after != flip:
        first = j
        final = min(j + size - 1, L - 1)
    else:
        first = max(j - size + 1, 0)
        final = j
    if j > i:
        a = i + 1 if after else i
        b = max(first, i + 1) - 1
        if b < a or final - a >= LONGEST:
            return NOTHING, ORDER
        _exchange_pieces(search, a, b, final, False, flip)
    else:
        b = min(final, i - 1)
        c = i if after else i - 1
        if c <= b or c - first >= LONGEST:
            return NOTHING, ORDER
        _exchange_pieces(search, first, b, c, flip, False)
    return 1, ORDER


@njit(cache=True, forceinline=True, error_model="numpy")
def shift_piece(scoring, search, i):
    """Shift the register of a piece; what is in its way goes to its other end or off."""
    size = _length(len(search.node))
    shift = 1 + int(np.random.random() * np.random.random() * MOST_SHIFT)
    drop = np.random.random() < 0.5
    forward = np.random.random() < 0.5
    c = i + size + shift - 1
    if c >= len(search.node):
        return NOTHING, ORDER
    b = i + size - 1 if forward else i + shift - 1
    _exchange_pieces(search, i, b, c, False, False)
    if not drop:
        return 1, ORDER
    begin = i if forward else c - shift + 1
    for k in range(begin, begin + shift):
        search.trial[k] = -1
    # The freed residue beside the piece may take an empty position next to it.
    k = begin + shift - 1 if forward else begin
    beside = k + 1 if forward else k - 1
    if np.random.random() < 0.5 and search.trial[beside] >= 0:
        q = _neighbour(scoring, search.trial[beside])
        if q >= 0 and search.where[q] < 0:
            search.trial[k] = q
    return 1, INSIDE


@njit(cache=True, forceinline=True, error_model="numpy")
def exchange_distant(scoring, search, next_copy, i):
    """Exchange two distant pieces of one length; of two copies of a chain, often all that follows
    in them."""
    L = len(search.node)
    j = i
    if next_copy[i] != i and np.random.random() < 0.5:
        for _hop in range(1 + int(np.random.random() * MOST_HOPS)):
            j = next_copy[j]
    flip_first = False
    flip_second = False
    if j != i:
        a = min(i, j)
        c = max(i, j)
        size = 1
        while a + size < c and scoring.chain[a + size] == scoring.chain[a]:
            size += 1
    else:
        size = _length(L // 2)
        a = i
        c = int(np.random.random() * L)
        if c < a:
            a, c = c, a
        if a + size > c or c + size > L:
            return NOTHING, ENDS
        flip_first = np.random.random() < EXCHANGE_REVERSED
        flip_second = np.random.random() < EXCHANGE_REVERSED
    for k in range(size):
        turned = size - 1 - k
        search.trial[c + k] = search.node[a + turned] if flip_first else search.node[a + k]
        search.trial[a + k] = search.node[c + turned] if flip_second else search.node[c + k]
    search.low[0] = a
    search.high[0] = a + size - 1
    search.low[1] = c
    search.high[1] = c + size - 1
    return 2, ENDS
