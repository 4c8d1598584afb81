"""Finds faults of a model and mends them in the geometry; relaxation smooths what was mended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.atomic.backbone import BackboneTables, build_backbone
from critasser.atomic.chemistry import CA, CB, OXT, RINGS, C, N, O, atom_slot
from critasser.atomic.internal_coordinates import unit
from critasser.atomic.side_chains import RotamerTables, pack_side_chains
from critasser.atomic.validation import (
    CLASH,
    InvertedCentres,
    clashing_atoms,
    inverted_centres,
    omega,
    stretched_bonds,
    threaded_rings,
)
from critasser.density import Grid
from critasser.structure import ONE_TO_THREE, Target

__all__ = ["Faults", "faults_of", "mended", "pushed_apart"]

TWISTED = np.radians(60.0)
"""Radians off trans, or cis, from which a peptide is neither."""

REDRAWN_NOISE = 0.5
"""Å; error of the Cα of faulty residues, by which the angles of a new backbone are let off."""

OUT_OF_RING = 3.0
"""Å from a ring's centre to which a bond is moved that passes through it."""

CENTRAL = 0.1
"""Å from the centre within which a bond has no nearest edge."""

NAMED = 8
"""Residues that a sentence names; more are counted."""


@dataclass(frozen=True, eq=False)
class Faults:
    """What is wrong with a model; see `validation` for the arrays.

    Attributes
    ----------
    clashes : ndarray (k, 4)
    inverted : InvertedCentres
    twisted : ndarray (k,)
        Residues whose peptide to the next is more than 60° from what it should be.
    threaded : ndarray (k, 5)
    stretched : ndarray (k, 4)
    """

    clashes: NDArray[np.int64]
    inverted: InvertedCentres
    twisted: NDArray[np.int64]
    threaded: NDArray[np.int64]
    stretched: NDArray[np.int64]

    def __len__(self) -> int:
        return sum(
            len(part)
            for part in (self.clashes, self.inverted, self.twisted, self.threaded, self.stretched)
        )

    @property
    def residues(self) -> NDArray[np.int64]:
        """Every residue that has a part in a fault."""
        return np.unique(
            np.concatenate(
                [
                    self.clashes[:, [0, 2]].ravel(),
                    self.inverted.calpha,
                    self.inverted.side_chain,
                    self.twisted,
                    self.twisted + 1,
                    self.threaded[:, [0, 1, 3]].ravel(),
                    self.stretched[:, [0, 2]].ravel(),
                ]
            )
        )

    def sentences(self, target: Target) -> tuple[str, ...]:
        """One line for each kind of fault, naming residues."""
        kinds = (
            (f"atoms of different residues nearer than {CLASH:g} Å", self.clashes[:, [0, 2]]),
            ("wrong hand of a Cα", self.inverted.calpha),
            ("wrong hand of a side chain", self.inverted.side_chain),
            ("peptide neither trans nor cis as it should be", self.twisted),
            ("bond through a ring", self.threaded[:, [0, 1]]),
            ("bond stretched", self.stretched[:, [0, 2]]),
        )
        return tuple(
            f"{what}: {_named(target, residues)}" for what, residues in kinds if len(residues)
        )


def _named(target: Target, residues: NDArray[np.int64]) -> str:
    residues = np.unique(residues)
    names = [
        f"{target.sequences[target.chain_index[i]].name} "
        f"{ONE_TO_THREE[target.letters[i]]} {target.residue_number[i]}"
        for i in residues[:NAMED]
    ]
    more = f" and {len(residues) - NAMED} more" if len(residues) > NAMED else ""
    return ", ".join(names) + more


def faults_of(
    target: Target,
    positions: NDArray[np.float64],
    cis: NDArray[np.bool_],
    disulfides: tuple[tuple[int, int], ...],
) -> Faults:
    """Everything that is wrong with heavy atoms (L, SLOTS, 3)."""
    turn = omega(target, positions)
    away = np.where(cis, np.abs(turn), np.pi - np.abs(turn))
    return Faults(
        clashing_atoms(target, positions, disulfides),
        inverted_centres(target, positions),
        np.flatnonzero(np.nan_to_num(away) > TWISTED),
        threaded_rings(target, positions, disulfides),
        stretched_bonds(target, positions),
    )


def mended(
    target: Target,
    positions: NDArray[np.float64],
    faults: Faults,
    cis: NDArray[np.bool_],
    backbone_tables: BackboneTables,
    rotamer_tables: RotamerTables,
    *,
    rng: np.random.Generator,
    keep: NDArray[np.bool_],
    density: Grid | None,
    density_weight: float,
    contact_weight: float,
    progress: Callable[[float, str], None] | None = None,
) -> NDArray[np.float64]:
    """Draw faulty parts anew: backbones where hand or peptide is wrong, side chains where they are.

    Parameters
    ----------
    keep : (L,) bool
        Residues whose side chain must stay, such as bridged cysteines.
    contact_weight : float
        What contacts count beside density and frequency in the search.

    Returns
    -------
    (L, SLOTS, 3) Å
    """
    positions = positions.copy()
    redrawn = np.zeros(len(target), dtype=bool)
    for shift in (0, 1):
        redrawn[np.clip(faults.twisted + shift, 0, len(target) - 1)] = True
    redrawn[faults.inverted.calpha] = True
    moving = redrawn.copy()
    moving[faults.inverted.side_chain] = True
    moving[faults.threaded[:, [0, 1, 3]].ravel()] = True
    moving[faults.clashes[:, [0, 2]].ravel()] = True
    if redrawn.any():
        fresh = build_backbone(
            positions[:, CA], target.codes, target.bonded, cis, backbone_tables,
            density=density, density_weight=density_weight, noise=REDRAWN_NOISE,
        )  # fmt: skip
        slots = [N, C, O, CB, OXT]
        rows = np.flatnonzero(redrawn)
        positions[np.ix_(rows, slots)] = fresh[np.ix_(rows, slots)]
    moving &= ~keep
    if moving.any():
        positions = pack_side_chains(
            positions, target.codes, target.bonded, rotamer_tables, rng=rng, density=density,
            density_weight=density_weight, contact_weight=contact_weight, only=moving,
            progress=progress,
        )  # fmt: skip
    return positions


def pushed_apart(
    target: Target, positions: NDArray[np.float64], threaded: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Bonds that still pass through rings moved out over the nearest edge of the ring."""
    positions = positions.copy()
    for ring, first, first_slot, second, second_slot in threaded:
        letter = target.letters[ring]
        ends = positions[[first, second], [first_slot, second_slot]]
        middle = ends.mean(axis=0)
        corners = min(
            (
                positions[ring, [atom_slot(letter, name) for name in names]]
                for names in RINGS[letter]
            ),
            key=lambda corners: float(np.linalg.norm(corners.mean(axis=0) - middle)),
        )
        centre = corners.mean(axis=0)
        normal = unit(np.linalg.svd(corners - centre)[2][2])
        across = middle - centre
        across -= across @ normal * normal
        if np.linalg.norm(across) < CENTRAL:
            across = 0.5 * (corners[0] + corners[1]) - centre
        outward = unit(across)
        shift = outward * max(0.0, OUT_OF_RING - float(across @ outward))
        positions[first, first_slot] += shift
        positions[second, second_slot] += shift
    return positions
