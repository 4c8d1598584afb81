"""Simulate maps of validation chains as experiments show them.

The transfer by frequency and the noise (`critasser.network.training.transfer`) and the faint side
chains (`critasser.network.training.visibility`) are those of the experimental maps of split train,
beyond their resolutions those of finer ones, coarsened (`critasser.network.training.transfer`);
residues are mobile, and in every second map there is a neighbour that the box cuts. Nothing in them
is of group bench, so that what is to be good on experimental maps can be chosen and calibrated on
them.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import gemmi
import numpy as np
import torch

from critasser.density import Grid
from critasser.network.gaussians import gaussian_density
from critasser.network.training.corruption import ATOM_CORRUPTIONS, RandomNumbers
from critasser.network.training.crops import Degradation
from critasser.network.training.packing import Atoms, atoms_of, packed_pairs
from critasser.network.training.simulation import gather_atoms, place
from critasser.network.training.surroundings import SURROUNDINGS, Scene
from critasser.network.training.transfer import (
    ATOM_VARIANCE,
    Transfer,
    apply_transfer,
    draw_transfer,
    molecule_share,
)
from critasser.network.training.visibility import Visibility, fade_side_chains

__all__ = ["degraded_map", "lifelike_map", "measured_degradation"]

PADDING = 12
"""Voxels of 1 Å around the chain."""

FADING = (0.8, 1.2)
"""Exponent of the measured fading of side chains, see `fade_side_chains`."""

NOISE = (0.4, 1.0)
"""Share of what is not the atoms' in the experimental maps that is put in as noise."""

LEAST_VARIANCE = 0.16
"""Å²; narrower atoms cannot be shown on 1 Å voxels."""

_B_OF_VARIANCE = 8 * np.pi**2
"""Å² of B-factor for each Å² of variance along a coordinate."""

_CPU = torch.device("cpu")


@cache
def measured_degradation(data: Path) -> Degradation:
    """As measured on the experimental maps of split train."""
    with tempfile.TemporaryDirectory() as folder:
        pairs = packed_pairs(
            data / "maps", "train", Path(folder) / "maps.npz", report=lambda line: None
        )
        return Degradation.of(pairs, _CPU)


def lifelike_map(
    data: Path, path: Path, resolution: float, rng: np.random.Generator, neighbour: Path | None,
    *, noise_in_molecule: bool = False,
) -> Grid:  # fmt: skip
    """The map of a chain; one of `neighbour` lies beside it if that is given.

    `noise_in_molecule` is as in `degraded_map`; the set lifelike of `benchmark.sets` is without.

    Raises
    ------
    ValueError
        The resolution is finer than that of the experimental maps of split train.
    """
    degradation, numbers = measured_degradation(data), RandomNumbers(rng, _CPU)
    transfer = draw_transfer(degradation.transfers, resolution, rng, coarser=True)
    if transfer is None:
        raise ValueError(f"no experimental map of split train is of about {resolution} Å")
    others = None if neighbour is None else _atoms(neighbour)
    return degraded_map(
        _atoms(path), transfer, degradation.visibility, numbers, neighbour=others,
        noise_in_molecule=noise_in_molecule,
    )  # fmt: skip


def degraded_map(
    atoms: Atoms,
    transfer: Transfer,
    visibility: Visibility,
    numbers: RandomNumbers,
    *,
    noise: float | None = None,
    neighbour: Atoms | None = None,
    noise_in_molecule: bool = True,
) -> Grid:
    """The map of a chain with a given transfer.

    Parameters
    ----------
    atoms : Atoms
    transfer : Transfer
    visibility : Visibility
        How far side chains have faded.
    numbers : RandomNumbers
    noise : float, optional
        Share of what is not the atoms' that is put in as noise; drawn from `NOISE` without.
    neighbour : Atoms, optional
        A chain that is put beside it.
    noise_in_molecule : bool
        Whether the noise is as strong within the molecule as it was measured there. Without, its
        power is spread over the box, and the molecule gets the share of the box that it fills.
    """
    rng = numbers.rng
    low, high = atoms.positions.min(axis=0), atoms.positions.max(axis=0)
    middle, shape = (low + high) / 2, np.ceil(high - low).astype(int) + 2 * PADDING
    side = int(shape.max())
    parts = [place(atoms, np.eye(3), middle, side)]
    if neighbour is not None:
        SURROUNDINGS["neighbours"](Scene(parts, [neighbour], side, 1.0, None), rng)
    molecules = gather_atoms([parts], _CPU)
    fading = torch.full((1,), float(rng.uniform(*FADING)))
    molecules = fade_side_chains(molecules, visibility, fading, numbers.generator)
    molecules = ATOM_CORRUPTIONS["residue_bfactors"](molecules, np.array([True]), numbers)
    variance = (ATOM_VARIANCE + molecules.bfactor / _B_OF_VARIANCE).clamp_min(LEAST_VARIANCE)
    density = gaussian_density(
        molecules.positions, molecules.amplitude / variance**1.5,
        variance.sqrt()[:, None].expand(-1, 3), molecules.counts, side,
    )[0]  # fmt: skip
    drawn = float(rng.uniform(*NOISE))
    share = drawn if noise is None else noise
    filled = 1.0
    if noise_in_molecule:
        filled = molecule_share(molecules.positions, side)
    density = apply_transfer(
        density, transfer, share, numbers.generator, share=filled
    ).numpy()
    first = (side - shape[::-1]) // 2
    box = tuple(slice(a, a + n) for a, n in zip(first, shape[::-1]))
    origin = middle - (side - 1) / 2 + first[::-1]
    return Grid(np.ascontiguousarray(density[box]), origin, np.ones(3))


def _atoms(path: Path) -> Atoms:
    structure = gemmi.read_structure(str(path))
    structure.remove_alternative_conformations()
    return atoms_of(structure)
