"""Cluster sequences, so that no protein is learnt from and judged by.

Two sequences are related where their best local alignment (BLOSUM62) scores more than chance
allows, covers a domain or half of the shorter one, and has at least the share of identical residues
that is asked for. Only pairs with enough words of five residues in common near one diagonal are
aligned, in an alphabet of ten letters. A cluster is all that is connected by such pairs.

References
----------
Karlin S, Altschul SF (1990) PNAS 87:2264 (chance), with the constants of BLASTP. Murphy LR,
Wallqvist A, Levy RM (2000) Protein Eng 13:149 (the alphabet). Words near a diagonal as in FASTA:
Pearson WR, Lipman DJ (1988) PNAS 85:2444.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.data.alignment_kernels import align_locally
from critasser.structure import AMINO_ACIDS
from critasser.structure.substitution import GAP_EXTEND, GAP_OPEN, HALF_BIT, blosum62

__all__ = ["IDENTITY", "cluster_sequences", "related"]

IDENTITY = 0.3
"""Share of identical residues from which two sequences are one protein for us."""

COVERED = 0.5
"""Share of the shorter sequence that the alignment must cover, of `LONG_ALIGNMENT` residues any."""

LONG_ALIGNMENT, SHORT_ALIGNMENT = 80, 30
"""Pairs of residues: a domain, which is enough by itself; too few to tell anything."""

LAMBDA, K = 0.267 / HALF_BIT, 0.041
"""Of scores in nats of BLOSUM62 with gaps of 11 and 1: chance finds K m n e^(−λ S) alignments of
score S in sequences of m and n residues."""

MOST_BY_CHANCE = 1e-5
"""Alignments as good, for two unrelated sequences: one in a few thousand chains against all."""

MURPHY = ("LVIM", "C", "A", "G", "ST", "P", "FYW", "EDNQ", "KR", "H")
WORD = 5
BAND = 16
"""Diagonals that count together, with those of the next band."""

LEAST_WORDS, WORDS_BY_CHANCE, DEVIATIONS = 2, 1.2e-3, 3
"""In two neighbouring bands: at least, and a residue of the shorter sequence where nothing is
related; more than that is asked for by three standard deviations. An eighth of all pairs of chains
of the PDB are then aligned, and 9 of 10 related ones are among them."""

MOST_OF_A_WORD = 4000
"""Sequences that hold a word; commoner words tell nothing."""


def related(first: str, second: str, identity: float = IDENTITY) -> bool:
    """Whether two sequences are one protein's, or share a domain."""
    return _related(_codes(first), _codes(second), identity)


def cluster_sequences(
    sequences: Sequence[str],
    identity: float = IDENTITY,
    check: Callable[[float], None] = lambda share: None,
    known: Sequence[str] = (),
) -> NDArray[np.int64]:
    """Number of the cluster (n + m,) of each sequence, in order of their first members.

    Parameters
    ----------
    sequences : sequence of str
        One-letter codes.
    identity : float
        Share of identical residues in the alignment of two that are related.
    check : callable
        Given the share that is done; may raise to stop.
    known : sequence of str (m,)
        Further sequences, which are not compared with each other.
    """
    unique = list(dict.fromkeys([*sequences, *known]))
    compared = len(set(sequences))
    codes = [_codes(sequence) for sequence in unique]
    words, owners, places = _words(codes)
    order = np.argsort(words, kind="stable")
    words, owners, places = words[order], owners[order], places[order]
    starts = np.searchsorted(words, np.arange(len(MURPHY) ** WORD + 1))
    parent = np.arange(len(unique))
    lengths = np.array([len(code) for code in codes])
    for k, code in enumerate(codes):
        check(k / len(codes))
        for other in _candidates(min(k, compared), code, starts, owners, places, lengths):
            # Two of one cluster need not be compared again.
            a, b = _root(parent, k), _root(parent, int(other))
            if a != b and _related(code, codes[other], identity):
                parent[max(a, b)] = min(a, b)
    roots = [_root(parent, k) for k in range(len(unique))]
    number = {root: i for i, root in enumerate(dict.fromkeys(roots))}
    of = {sequence: number[root] for sequence, root in zip(unique, roots)}
    return np.array([of[sequence] for sequence in (*sequences, *known)], dtype=np.int64)


def _root(parent: NDArray[np.int64], k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = int(parent[k])
    return k


def _related(first: NDArray[np.int8], second: NDArray[np.int8], identity: float) -> bool:
    score, same, pairs = align_locally(first, second, blosum62(), GAP_OPEN, GAP_EXTEND)
    if K * len(first) * len(second) * np.exp(-LAMBDA * score) > MOST_BY_CHANCE:
        return False
    if pairs < SHORT_ALIGNMENT:
        return False
    shorter = min(len(first), len(second))
    if pairs < LONG_ALIGNMENT and pairs < COVERED * shorter:
        return False
    return same / pairs >= identity


def _codes(sequence: str) -> NDArray[np.int8]:
    """Rows of `blosum62`; its last for what is none of the twenty."""
    unknown = len(AMINO_ACIDS)
    place = [AMINO_ACIDS.find(letter) for letter in sequence]
    return np.array([unknown if k < 0 else k for k in place], dtype=np.int8)


def _reduced(code: NDArray[np.int8]) -> NDArray[np.int64]:
    """Words that start at each residue, −1 where one of their residues is unknown."""
    table = np.full(len(AMINO_ACIDS) + 1, -1)
    for k, letters in enumerate(MURPHY):
        table[[AMINO_ACIDS.index(letter) for letter in letters]] = k
    letters = table[code]
    count = max(len(letters) - WORD + 1, 0)
    word, known = np.zeros(count, np.int64), np.ones(count, bool)
    for k in range(WORD):
        part = letters[k : k + count]
        word, known = word * len(MURPHY) + part, known & (part >= 0)
    return np.where(known, word, -1)


def _words(
    codes: Sequence[NDArray[np.int8]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """All words, and which sequence has each where."""
    each = [_reduced(code) for code in codes]
    lengths = [len(words) for words in each]
    words = np.concatenate([*each, np.zeros(0, np.int64)])
    owners = np.repeat(np.arange(len(codes)), lengths)
    places = np.concatenate([*(np.arange(n) for n in lengths), np.zeros(0, np.int64)])
    known = words >= 0
    return words[known], owners[known], places[known].astype(np.int64)


def _candidates(
    k: int,
    code: NDArray[np.int8],
    starts: NDArray[np.int64],
    owners: NDArray[np.int64],
    places: NDArray[np.int64],
    lengths: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Of the first k sequences those with enough words in common near a diagonal, best first.

    `starts` says where each word begins in `owners` and `places`.
    """
    found, diagonals = [], []
    for place, word in enumerate(_reduced(code)):
        if word < 0 or starts[word + 1] - starts[word] > MOST_OF_A_WORD:
            continue
        part = slice(starts[word], starts[word + 1])
        found.append(owners[part])
        diagonals.append(places[part] - place)
    if not found:
        return np.zeros(0, np.int64)
    owner, diagonal = np.concatenate(found), np.concatenate(diagonals)
    earlier = owner < k
    owner, band = owner[earlier], (diagonal[earlier] + len(code)) // BAND
    width = int(band.max(initial=0)) + 2
    key, count = np.unique(owner * width + band, return_counts=True)
    # A key beyond any, so that each has a next one.
    key, count = np.append(key, -1), np.append(count, 0)
    beside = np.append(key[1:] == key[:-1] + 1, False)
    following = np.where(beside, np.roll(count, -1), 0)
    chance = WORDS_BY_CHANCE * np.minimum(len(code), lengths[key // width])
    enough = count + following >= LEAST_WORDS + chance + DEVIATIONS * np.sqrt(chance)
    if not enough.any():
        return np.zeros(0, np.int64)
    order = np.argsort(-(count + following)[enough], kind="stable")
    return np.fromiter(dict.fromkeys((key[enough] // width)[order].tolist()), np.int64)
