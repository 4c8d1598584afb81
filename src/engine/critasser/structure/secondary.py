"""Secondary structure from Cα positions alone."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from critasser.structure.chain import ProteinChain

__all__ = ["COIL", "HELIX", "STRAND", "assign_secondary_structure"]

HELIX, STRAND, COIL = 0, 1, 2

# Mean and tolerance: distances in Å of i to i+2, i+3, i+4; angle (i−1, i, i+1) and dihedral
# (i−1, i, i+1, i+2) in degrees.
DISTANCES = {
    HELIX: ((5.5, 0.5), (5.3, 0.5), (6.4, 0.6)),
    STRAND: ((6.7, 0.6), (9.9, 0.9), (12.4, 1.1)),
}
ANGLE = {HELIX: (89.0, 12.0), STRAND: (124.0, 14.0)}
DIHEDRAL = {HELIX: (50.0, 20.0), STRAND: (-170.0, 45.0)}
SHORTEST = {HELIX: 5, STRAND: 3}
STRAND_ALONE = 5
STRAND_CONTACTS = 5
CONTACT = (4.2, 5.2)
LONGEST_BOND = 4.3
# The far side of a break: no distance there looks like a helix or a strand.
NOWHERE = np.nan


def assign_secondary_structure(chain: ArrayLike | ProteinChain) -> NDArray[np.int8]:
    """Helix, strand or coil for every residue.

    Parameters
    ----------
    chain : array_like (L, 3) or ProteinChain
        Cα positions in Å along the chain; NaN where missing. Chains break there and where
        neighbours are further apart than 4.3 Å.

    Returns
    -------
    ndarray (L,) int8
        `HELIX` (0), `STRAND` (1) or `COIL` (2).

    References
    ----------
    P-SEA: Labesse G et al. (1997) CABIOS 13, 291.
    """
    calpha = chain.calpha if isinstance(chain, ProteinChain) else chain
    calpha = np.asarray(calpha, dtype=np.float64).reshape(-1, 3)
    result = np.full(len(calpha), COIL, dtype=np.int8)
    for first, last in _segments(calpha):
        result[first:last] = _assign_unbroken(calpha[first:last], calpha)
    return result


def _segments(calpha: NDArray[np.float64]) -> list[tuple[int, int]]:
    """Half-open ranges of residues that are bonded one to the next."""
    with np.errstate(invalid="ignore"):
        bonded = np.linalg.norm(np.diff(calpha, axis=0), axis=1) <= LONGEST_BOND
    edges = np.flatnonzero(np.diff(np.concatenate([[False], bonded, [False]]).astype(int)))
    return [(int(a), int(b) + 1) for a, b in zip(edges[::2], edges[1::2])]


def _assign_unbroken(
    calpha: NDArray[np.float64], everything: NDArray[np.float64]
) -> NDArray[np.int8]:
    n = len(calpha)
    result = np.full(n, COIL, dtype=np.int8)
    if n < min(SHORTEST[HELIX], STRAND_ALONE):
        return result
    d2, d3, d4 = (_ahead(calpha, step) for step in (2, 3, 4))
    angle, dihedral = _angles(calpha), _dihedrals(calpha)

    def near(kind: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.bool_]]:
        lengths = [
            np.abs(found - mean) <= tolerance
            for found, (mean, tolerance) in zip((d2, d3, d4), DISTANCES[kind])
        ]
        turn = np.abs((dihedral - DIHEDRAL[kind][0] + 180.0) % 360.0 - 180.0) <= DIHEDRAL[kind][1]
        bend = np.abs(angle - ANGLE[kind][0]) <= ANGLE[kind][1]
        return lengths[0] & lengths[1] & lengths[2], lengths[1], turn & bend

    by_distance, by_d3, by_angle = near(HELIX)
    # Distances run from residue i forwards, so those of i − 1 are the ones about residue i.
    helix = _runs(_shifted(by_distance) | by_angle, SHORTEST[HELIX])
    helix = _grown(helix, _shifted(by_d3) | by_angle)
    by_distance, by_d3, by_angle = near(STRAND)
    strand = _runs((_shifted(by_distance) | by_angle) & ~helix, SHORTEST[STRAND])
    strand = _grown(strand, (_shifted(by_d3) | by_angle) & ~helix)
    result[_supported(strand, calpha, everything)] = STRAND
    result[helix] = HELIX
    return result


def _ahead(calpha: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Distance (n,) from residue i to i + step; NaN beyond the end."""
    result = np.full(len(calpha), NOWHERE)
    result[:-step] = np.linalg.norm(calpha[step:] - calpha[:-step], axis=1)
    return result


def _angles(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """Angle (n,) at each residue in degrees; NaN at the ends."""
    bond = np.diff(calpha, axis=0)
    bond /= np.linalg.norm(bond, axis=1, keepdims=True)
    result = np.full(len(calpha), NOWHERE)
    cosine = -np.sum(bond[:-1] * bond[1:], axis=1)
    result[1:-1] = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    return result


def _dihedrals(calpha: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dihedral (n,) of residues i − 1 … i + 2 in degrees; NaN at the ends."""
    bond = np.diff(calpha, axis=0)
    first, second, third = bond[:-2], bond[1:-1], bond[2:]
    left, right = np.cross(first, second), np.cross(second, third)
    sine = np.linalg.norm(second, axis=1) * np.sum(first * right, axis=1)
    result = np.full(len(calpha), NOWHERE)
    result[1:-2] = np.degrees(np.arctan2(sine, np.sum(left * right, axis=1)))
    return result


def _shifted(flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.concatenate([[False], flags[:-1]])


def _ranges(flags: NDArray[np.bool_]) -> list[tuple[int, int]]:
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist()))


def _runs(flags: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Only runs of at least that length."""
    result = np.zeros_like(flags)
    for first, last in _ranges(flags):
        if last - first >= shortest:
            result[first:last] = True
    return result


def _grown(runs: NDArray[np.bool_], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Each run longer by one residue at either end where that is allowed."""
    result = runs.copy()
    for first, last in _ranges(runs):
        if first > 0 and allowed[first - 1]:
            result[first - 1] = True
        if last < len(runs) and allowed[last]:
            result[last] = True
    return result


def _supported(
    strand: NDArray[np.bool_], calpha: NDArray[np.float64], everything: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Strands that are long, or lie beside other residues as in a sheet."""
    result = np.zeros_like(strand)
    for first, last in _ranges(strand):
        if last - first < STRAND_ALONE:
            distance = np.linalg.norm(calpha[first:last, None] - everything[None], axis=2)
            with np.errstate(invalid="ignore"):
                contacts = np.sum((distance >= CONTACT[0]) & (distance <= CONTACT[1]))
            if contacts < STRAND_CONTACTS:
                continue
        result[first:last] = True
    return result
