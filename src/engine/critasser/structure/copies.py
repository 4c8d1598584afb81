"""Models of one coordinate file: copies of chains in an assembly, or the same chains again."""

from __future__ import annotations

from collections.abc import Sequence

import gemmi
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from critasser.structure.residue_names import is_amino_acid
from critasser.structure.superposition import rmsd

__all__ = ["beside_each_other"]

NEAR = 2.5
"""Å; no two Cα of one molecule are nearer, but those of models of one molecule are."""

MOST_NEAR = 0.02
"""Share of Cα that may be nearer: clashes where a model is poor."""

SAME_BODY = 0.5
"""Å of RMSD, superposed: copies of an assembly are the same to the last digit, models of an
ensemble or frames of a simulation are not."""

SAME_CHAINS = 0.5
"""Share of the smaller model's residues that two models have in common when both are of the same
chains."""

FEWEST_COMMON = 3
"""Residues; fewer have no shape."""

Calphas = dict[tuple[str, str, str], list[float]]


def beside_each_other(models: Sequence[gemmi.Model], *, alike: bool) -> list[gemmi.Model]:
    """Models that together are one molecule: all of them where none overlaps, else the first.

    An assembly (``.pdb1``) has its copies as models, which lie beside each other and have one
    shape. An ensemble has the same chains again, in the same place or, in a simulation that was
    not superposed, in another shape. Models of other chains are further parts.

    Parameters
    ----------
    models : sequence of gemmi.Model
        At least one.
    alike : bool
        Whether models of the same chains must have the same shape. So must those that MODEL
        records part, but not files written one after another.
    """
    first, *others = models
    bodies = [_calphas(first)]
    for other in others:
        own = _calphas(other)
        placed = np.concatenate([_positions(body) for body in bodies])
        if own and len(placed) and _overlap(placed, _positions(own)):
            return [first]
        if alike and not all(_copies(body, own) for body in bodies):
            return [first]
        bodies.append(own)
    return list(models)


def _calphas(model: gemmi.Model) -> Calphas:
    """Positions of all Cα by chain, number and residue name."""
    found = {}
    for chain in model:
        for residue in chain:
            atom = residue.find_atom("CA", "*", gemmi.Element("C"))
            if atom is not None and is_amino_acid(residue.name):
                found[chain.name, str(residue.seqid), residue.name] = atom.pos.tolist()
    return found


def _positions(calphas: Calphas) -> NDArray[np.float64]:
    return np.array(list(calphas.values()), dtype=np.float64).reshape(-1, 3)


def _overlap(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    near = cKDTree(one).query(other, distance_upper_bound=NEAR)[0] <= NEAR
    return bool(near.mean() > MOST_NEAR)


def _copies(one: Calphas, other: Calphas) -> bool:
    """Whether two models are of other chains, or one is the other elsewhere."""
    common = [key for key in one if key in other]
    if len(common) < SAME_CHAINS * min(len(one), len(other)) or not common:
        return True
    if len(common) < FEWEST_COMMON:
        return False
    return rmsd([one[key] for key in common], [other[key] for key in common]) <= SAME_BODY
