"""Maps of validation chains as experiments show them.

Their atoms are seen as the experimental maps of split train see theirs: amplitudes by frequency and
what is not the atoms' (`critasser.network.training.transfer`), faint side chains
(`critasser.network.training.visibility`), mobile residues, and in every second map a neighbour that
the box cuts. Nothing in them is of group bench, so that what is to be good on experimental maps can
be chosen and calibrated on them.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import gemmi
import numpy as np
import torch

from critasser.density import Grid
from critasser.network.training.corruption import ATOMS, Dice
from critasser.network.training.crops import Seen
from critasser.network.training.packing import atoms_of, packed_pairs
from critasser.network.training.simulation import gather, gaussian_density, place
from critasser.network.training.surroundings import SURROUNDINGS, Scene
from critasser.network.training.transfer import ATOM_VARIANCE, draw_transfer, transferred
from critasser.network.training.visibility import shown

__all__ = ["lifelike_map"]

PADDING = 12
"""Voxels of 1 Å around the chain."""

_CPU = torch.device("cpu")


@cache
def _seen(data: Path) -> Seen:
    """What the experimental maps of split train lend."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = packed_pairs(
            data / "maps", "train", Path(folder) / "maps.npz", report=lambda line: None
        )
        return Seen.of(pairs, _CPU)


def lifelike_map(
    data: Path, path: Path, resolution: float, rng: np.random.Generator, neighbour: Path | None
) -> Grid:
    """The map of a chain; one of `neighbour` lies beside it if that is given.

    Raises
    ------
    ValueError
        No experimental map of split train is near enough in resolution.
    """
    seen, dice = _seen(data), Dice(rng, _CPU)
    transfer = draw_transfer(seen.transfers, resolution, rng)
    if transfer is None:
        raise ValueError(f"no experimental map of split train is of about {resolution} Å")
    atoms = _atoms(path)
    low, high = atoms.positions.min(axis=0), atoms.positions.max(axis=0)
    middle, shape = (low + high) / 2, np.ceil(high - low).astype(int) + 2 * PADDING
    side = int(shape.max())
    parts = [place(atoms, np.eye(3), middle, 1.0, side)]
    if neighbour is not None:
        SURROUNDINGS["neighbours"](Scene(parts, [_atoms(neighbour)], side, 1.0, None), rng)
    molecules = gather([parts], _CPU)
    molecules = shown(
        molecules, seen.visibility, torch.full((1,), float(rng.uniform(0.8, 1.2))), dice.generator
    )
    molecules = ATOMS["residue_bfactors"](molecules, np.array([True]), dice)
    variance = (ATOM_VARIANCE + molecules.bfactor / (8 * np.pi**2)).clamp_min(0.16)
    density = gaussian_density(
        molecules.positions, molecules.amplitude / variance**1.5,
        variance.sqrt()[:, None].expand(-1, 3), molecules.counts, side,
    )[0]  # fmt: skip
    density = transferred(density, transfer, float(rng.uniform(0.4, 1.0)), dice.generator).numpy()
    first = (side - shape[::-1]) // 2
    box = tuple(slice(a, a + n) for a, n in zip(first, shape[::-1]))
    origin = middle - (side - 1) / 2 + first[::-1]
    return Grid(np.ascontiguousarray(density[box]), origin, np.ones(3))


def _atoms(path: Path):
    structure = gemmi.read_structure(str(path))
    structure.remove_alternative_conformations()
    return atoms_of(structure)
