"""Tells which chains of a target a template is alike to by its sequence."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from critasser.structure import ProteinChain, Target
from critasser.templates.alignment import Alignment, align
from critasser.templates.places import FEWEST_RESIDUES

__all__ = [
    "LEAST_Z",
    "alike_entities",
    "copies_asked",
    "entities_of",
    "known_entities",
    "letters_of",
]

LEAST_IDENTITY = 0.15
"""Identity from which a chain may be alike by sequence; below it, long gaps make any z-score."""

LEAST_Z = 5.0
"""z-score of the alignment of a chain that is alike by sequence."""


def entities_of(target: Target) -> list[list[int]]:
    """Target chains with the same sequence, together."""
    groups: dict[str, list[int]] = {}
    for index, sequence in enumerate(target.sequences):
        groups.setdefault(sequence.letters, []).append(index)
    return list(groups.values())


def letters_of(target: Target, entity: Sequence[int]) -> NDArray[np.int8]:
    """Amino acids of an entity as indices, -1 where they are not known."""
    residues = target.chain_slices[entity[0]]
    return np.where(target.unknown[residues], np.int8(-1), target.codes[residues])


def alike_entities(
    codes: NDArray[np.int8], letters: Sequence[NDArray[np.int8]]
) -> tuple[list[Alignment], list[int]]:
    """Alignment of a chain with each entity, and which of these it is alike to."""
    by_sequence = [align(codes, letter) for letter in letters]
    alike = [
        entity
        for entity, alignment in enumerate(by_sequence)
        if alignment.z_score >= LEAST_Z and alignment.identity >= LEAST_IDENTITY
    ]
    return by_sequence, alike


def known_entities(chains: Sequence[ProteinChain], target: Target) -> set[int]:
    """Entities, by their place in `entities_of`, that a template chain is alike to by sequence;
    each chain counts for the one that it is most alike to."""
    letters = [letters_of(target, one) for one in entities_of(target)]
    known = set()
    for chain in chains:
        codes = chain.codes[np.isfinite(chain.calpha).all(axis=1)]
        if len(codes) < FEWEST_RESIDUES:
            continue
        by_sequence, alike = alike_entities(codes, letters)
        if alike:
            known.add(max(alike, key=lambda e: by_sequence[e].score))
    return known


def copies_asked(chain: ProteinChain, target: Target) -> int:
    """In how many places a template chain is looked for; 0 where it is too small to look for.

    One that is alike to none by sequence may be by fold to any.
    """
    seen = np.isfinite(chain.calpha).all(axis=1)
    if seen.sum() < FEWEST_RESIDUES:
        return 0
    entities = entities_of(target)
    letters = [letters_of(target, group) for group in entities]
    _, alike = alike_entities(chain.codes[seen], letters)
    return sum(len(entities[e]) for e in alike or range(len(entities)))
