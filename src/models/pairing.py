"""Pair the residues of two models, and measure the distance of each pair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from chimerax.core.errors import UserError

from .attributes import DISTANCE, register_attributes
from .comparison import best_tm, pair_chains, tm_sum

__all__ = ["Comparison", "compare"]

_SAME = 0.9
"""Share of residues of the same chain and number that have to be the same amino acid before models
are matched by number."""


@dataclass(frozen=True)
class Comparison:
    """Two models, residue by residue.

    Attributes
    ----------
    first, second : chimerax.atomic.AtomicStructure
    residues, others : list of (str, int)
        Chain and number of both residues of each pair.
    distances : ndarray (n,)
        Å.
    matched_by : str
        ``number`` or ``sequence``.
    superposed : bool
        Whether the second was moved onto the first.
    rmsd : float
        Å, of the distances.
    tm, best_tm : float
        TM-score of the second as it lies and over superpositions, of the first one's length.
    """

    first: object
    second: object
    residues: list[tuple[str, int]]
    others: list[tuple[str, int]]
    distances: np.ndarray
    matched_by: str
    superposed: bool
    rmsd: float
    tm: float
    best_tm: float


def compare(first, second, *, match_by: str | None = None, superpose: bool = False) -> Comparison:
    """Pair residues, measure, and keep each residue's distance as its attribute.

    Raises
    ------
    UserError
        Fewer than three residues can be paired.
    """
    from chimerax.geometry import align_points

    pairs, matched_by = _pairs(first, second, match_by)
    if len(pairs) < 3:
        raise UserError(
            f"{first} and {second} have {len(pairs)} residues in common: too few to compare. Give "
            "matchBy sequence where chains or numbers differ"
        )
    atoms = [tuple(residue.find_atom("CA") for residue in pair) for pair in pairs]
    here = np.array([atom.scene_coord for atom, _ in atoms])
    there = np.array([atom.scene_coord for _, atom in atoms])
    if superpose:
        move, _ = align_points(there, here)
        second.scene_position = move * second.scene_position
        there = move * there
    distances = np.linalg.norm(here - there, axis=1)
    length = max(int(_calphas(first).sum()), len(pairs))
    register_attributes(first.session)
    for structure in (first, second):
        for residue in structure.residues:
            setattr(residue, DISTANCE, None)
    for pair, distance in zip(pairs, distances.tolist()):
        for residue in pair:
            setattr(residue, DISTANCE, distance)
    return Comparison(
        first,
        second,
        [(one.chain_id, one.number) for one, _ in pairs],
        [(other.chain_id, other.number) for _, other in pairs],
        distances,
        matched_by,
        superpose,
        float(np.sqrt(np.square(distances).mean())),
        tm_sum(distances, length),
        best_tm(there, here, length, lambda points, onto: align_points(points, onto)[0]),
    )


def _calphas(structure) -> np.ndarray:
    """Which residues have a Cα."""
    return np.array([residue.find_atom("CA") is not None for residue in structure.residues])


def _with_calpha(residues) -> list:
    return [one for one in residues if one is not None and one.find_atom("CA") is not None]


def _pairs(first, second, match_by: str | None) -> tuple[list[tuple], str]:
    """Pairs of residues in the order of the first model, and how they were found."""
    if match_by != "sequence":
        known = {
            (one.chain_id, one.number, one.insertion_code): one
            for one in _with_calpha(second.residues)
        }
        pairs = [
            (one, other)
            for one in _with_calpha(first.residues)
            if (other := known.get((one.chain_id, one.number, one.insertion_code))) is not None
        ]
        same = sum(one.name == other.name for one, other in pairs)
        if match_by == "number" or (pairs and same >= _SAME * len(pairs)):
            return pairs, "number"
    return _aligned(first, second), "sequence"


def _aligned(first, second) -> list[tuple]:
    """Pairs by an alignment of those chains that are alike."""
    from chimerax.alignment_algs import NeedlemanWunsch

    chains, others = list(first.chains), list(second.chains)
    if not chains or not others:
        return []
    identity = np.zeros((len(chains), len(others)))
    apart = np.zeros((len(chains), len(others)))
    matches: dict[tuple[int, int], list[tuple]] = {}
    for i, chain in enumerate(chains):
        for j, other in enumerate(others):
            _, matched = NeedlemanWunsch.nw(chain, other)
            found = [
                (chain.residues[a], other.residues[b])
                for a, b in sorted(matched)
                if _with_calpha([chain.residues[a], other.residues[b]])[1:]
            ]
            matches[i, j] = found
            same = sum(one.name == two.name for one, two in found)
            shorter = min(len(_with_calpha(chain.residues)), len(_with_calpha(other.residues)))
            identity[i, j] = same / max(shorter, 1)
            apart[i, j] = _apart(found)
    return [pair for i, j in pair_chains(identity, apart) for pair in matches[i, j]]


def _apart(pairs: list[tuple]) -> float:
    """Å, between paired residues in the mean."""
    if not pairs:
        return 1000.0
    coords = np.array([[one.find_atom("CA").scene_coord for one in pair] for pair in pairs])
    return float(np.linalg.norm(coords[:, 0] - coords[:, 1], axis=1).mean())
