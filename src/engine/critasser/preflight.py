"""Everything that can be known to be wrong before any work starts."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from critasser.density import Grid, read_map
from critasser.errors import InputError
from critasser.network import choose_device, load_network
from critasser.options import Inputs, Options
from critasser.records import checksum
from critasser.shipped import shipped
from critasser.structure import Target, read_chains, read_fasta
from critasser.threading import read_contacts

__all__ = ["NETWORK", "RESOLUTION_NETWORK", "Checked", "check", "read_mask"]

NETWORK = "network.safetensors"
"""The shipped network."""

RESOLUTION_NETWORK = "resolution.safetensors"
"""The shipped network that tells the resolution of a map."""

RESIDUE_VOLUME = 1.21 * 110.0
"""Å³ of a residue: partial specific volume of protein in Å³/Da times the mean residue mass."""

LEAST_SHARE = 0.3
"""Maps cut at a high contour keep this share of a residue's volume, not less (half, at 2.9 Å)."""

SHORTEST = 5
"""Residues; d0, secondary structure and everything else mean nothing for less."""


@dataclass(frozen=True)
class Checked:
    """What the checks found.

    Attributes
    ----------
    target : Target
    device : str
        ``cpu`` or ``cuda``.
    weights : Path
    checksums : mapping of str to str
        Content of every input file by its role, of ``weights``, and of ``resolution_weights`` when
        the person gave no resolution.
    volume : float
        Å³ of positive density.
    """

    target: Target
    device: str
    weights: Path
    checksums: Mapping[str, str]
    volume: float


def check(inputs: Inputs, options: Options) -> Checked:
    """Read all inputs once.

    Raises
    ------
    InputError
        The first mistake found, in one line.
    """
    for role, path in inputs.files().items():
        _readable(role.split("_")[0], path)
    target = read_fasta(inputs.sequence)
    if len(target) < SHORTEST:
        raise InputError(
            f"{inputs.sequence}: {len(target)} residues; give a protein of at least {SHORTEST}"
        )
    density = read_map(inputs.map)
    volume = _volume(inputs, density, target)
    if inputs.contacts is not None:
        read_contacts(inputs.contacts, len(target))
    for path in inputs.templates:
        if not read_chains(path):
            raise InputError(f"{path}: no protein in it; give protein structures as templates")
    device = choose_device(options.device).type
    weights = options.weights or shipped(NETWORK)
    load_network(weights)
    checksums = {role: checksum(path) for role, path in inputs.files().items()}
    checksums["weights"] = checksum(weights)
    if options.resolution is None:
        checksums["resolution_weights"] = checksum(shipped(RESOLUTION_NETWORK))
    return Checked(
        target,
        device,
        weights,
        checksums,
        volume,
    )


def read_mask(path: Path, density: Grid) -> Grid:
    """A mask on the map's own grid, clipped to 0 … 1.

    Raises
    ------
    InputError
        Not a map, on another grid, or without a voxel above one half.
    """
    mask = read_map(path)
    if not mask.same_frame(density):
        raise InputError(
            f"{path}: the mask ({_frame(mask)}) is on another grid than the map "
            f"({_frame(density)}); resample it on the map's grid"
        )
    values = np.clip(mask.values, 0.0, 1.0)
    if not (values > 0.5).any():
        raise InputError(f"{path}: no voxel of the mask is above 0.5; give 1 inside and 0 outside")
    return mask.with_values(values)


def _frame(grid: Grid) -> str:
    size = " × ".join(map(str, grid.shape[::-1]))
    return f"{size} voxels of {grid.voxel_size[0]:.3f} Å from {np.round(grid.origin, 2).tolist()}"


def _readable(role: str, path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path}: no such file ({role}); check the path")
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a {role} file")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: not readable ({role}); check its permissions")


def _volume(inputs: Inputs, density: Grid, target: Target) -> float:
    """Å³ of positive density, which the chain must find room in."""
    inside = density.values > 0
    if inputs.mask is not None:
        inside &= read_mask(inputs.mask, density).values > 0.5
    volume = float(inside.sum() * np.prod(density.voxel_size))
    needed = LEAST_SHARE * RESIDUE_VOLUME * len(target)
    if volume < needed:
        room = int(volume / (LEAST_SHARE * RESIDUE_VOLUME))
        raise InputError(
            f"{inputs.sequence}: {len(target)} residues cannot lie in {inputs.map.name}, whose "
            f"positive density of {volume:.0f} Å³ holds {room} at most; check the sequence, the "
            "mask and the map's voxel size"
        )
    return volume
