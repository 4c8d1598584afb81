"""Residues that a model lacks, as far as the whole sequences of its chains are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import gemmi

from critasser.errors import InputError
from critasser.rebuild.ranges import Range
from critasser.structure import AMINO_ACIDS, ModelFile, ModelResidue, Target

__all__ = ["sequence_of", "with_missing"]

SAME_CHAIN = 0.8
"""Least share of a chain's residues that a sequence must have."""


def sequence_of(
    file: ModelFile, name: str, mine: Sequence[ModelResidue], sequences: Target | None
) -> tuple[str, dict[ModelResidue, int]]:
    """A chain's whole sequence, and where in it its residues are; both empty where not known."""
    if sequences is None:
        return file.whole_sequence(name) or ("", {})
    own = "".join(residue.letter for residue in mine)
    best: tuple[int, str, list[tuple[int, int]]] = (0, "", [])
    for one in sequences.sequences:
        pairs = _aligned(own, one.letters)
        if len(pairs) > best[0]:
            best = len(pairs), one.letters, pairs
    if best[0] < SAME_CHAIN * len(own):
        raise InputError(
            f"chain {name} of {file.path.name} agrees with none of the sequences in more than "
            f"{best[0]} of {len(own)} residues; give the sequence of that chain"
        )
    return best[1], {mine[i]: j for i, j in best[2]}


def _aligned(own: str, whole: str) -> list[tuple[int, int]]:
    """Pairs of equal residues of two sequences."""
    alignment = gemmi.align_string_sequences(list(own), list(whole), [])
    i = j = number = 0
    pairs = []
    for symbol in alignment.cigar_str():
        if symbol.isdigit():
            number = 10 * number + int(symbol)
            continue
        if symbol == "M":
            pairs += [(i + k, j + k) for k in range(number) if own[i + k] == whole[j + k]]
        i += number if symbol in "MI" else 0
        j += number if symbol in "MD" else 0
        number = 0
    return pairs


def with_missing(
    mine: Sequence[ModelResidue],
    ranges: Sequence[Range],
    letters: str,
    place: Mapping[ModelResidue, int],
) -> list[ModelResidue]:
    """Residues of a chain, with those of the ranges that it lacks where they are known."""
    result: list[ModelResidue] = []
    taken = {residue.name for residue in mine}

    def add(numbers: range, at: int, after: int) -> None:
        for count, number in enumerate(numbers):
            j = at + count
            if not 0 <= j < len(letters) or letters[j] not in AMINO_ACIDS:
                continue
            residue = ModelResidue(mine[0].chain, number, "", letters[j], (after, count + 1))
            if residue.name not in taken and any(one.holds(residue) for one in ranges):
                result.append(residue)

    for k, residue in enumerate(mine):
        at, here = place.get(residue), residue.place[0]
        if k == 0 and at is not None:
            add(range(residue.number - at, residue.number), 0, here - 1)
        result.append(residue)
        if at is None:
            continue
        if k + 1 == len(mine):
            add(range(residue.number + 1, residue.number + len(letters) - at), at + 1, here)
            continue
        after = mine[k + 1]
        gap = place.get(after, -1) - at
        if gap > 1 and after.number - residue.number == gap:
            add(range(residue.number + 1, after.number), at + 1, here)
    return result
