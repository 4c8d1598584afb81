"""Everything that can be known to be wrong before any work starts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from critasser.density import (
    Grid,
    Mask,
    background,
    crop_to_molecule,
    looks_inverted,
    looks_like_mask,
    read_map,
    read_map_header,
    read_soft_mask,
)
from critasser.density.half_maps import read_half_maps
from critasser.errors import InputError
from critasser.fitting import read_error_file
from critasser.job.records import checksum
from critasser.network import choose_device, load_network
from critasser.network.resnet import ResNet
from critasser.network.unet import UNet
from critasser.options import Inputs, Options, check_file, check_readable
from critasser.shipped import LIBRARY, NETWORK, RESIDUE_NETWORK, RESOLUTION_NETWORK, TABLES, shipped
from critasser.structure import (
    NucleicRecord,
    Protein,
    SequenceFile,
    Target,
    read_contact_file,
    read_protein,
    read_sequences,
)
from critasser.templates.places import FEWEST_RESIDUES
from critasser.threading import load_library

__all__ = ["SHORTEST", "Checked", "check", "enough_memory", "map_notes", "programs", "upright"]

PROGRAM_BYTES = 0.7e9
"""Of memory that a build takes whatever the map."""

MOST_UNEQUAL = 1.02
"""Largest over smallest side of a voxel; axes that were calibrated one by one differ by less."""

BYTES_A_VOXEL = 50
"""Of memory for each 1 Å³ of the molecule's box. Measured in a box of 300³: 48 at most, in the
assembly, whose fields cover the box; up to the Cα positions 27. What the network says of the voxels
lies in a file."""

BYTES_A_TILE_VOXEL = 600
"""Of memory for each voxel that the network computes at once. Measured: 570."""

LARGEST_TILE = 128**3

USABLE_MEMORY = 0.8
"""Share of the free memory that a build may count on."""

RESIDUE_VOLUME = 1.21 * 110.0
"""Å³ of a residue: partial specific volume of protein in Å³/Da times the mean residue mass."""

LEAST_SHARE = 0.3
"""Maps cut at a high contour keep this share of a residue's volume, not less (half, at 2.9 Å)."""

MAP_NETWORKS = (UNet, ResNet)

SHORTEST = 5
"""Residues; d0, secondary structure and everything else mean nothing for less."""


@contextlib.contextmanager
def _told_of_nucleic_acid(read: SequenceFile) -> Iterator[None]:
    """With a mistake in another file, say too which sequences are of DNA or RNA."""
    try:
        yield
    except InputError as error:
        if not read.nucleic:
            raise
        raise InputError(f"{error} Besides: {' '.join(read.notes)}") from None


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
        Content of every input file by its role, of ``weights`` and
        ``residue_weights``, and of ``resolution_weights`` when the person gave no resolution.
    volume : float
        Å³ of density above the background.
    notes : tuple of str
        What the person should know of the files, each in a line: what was left out or read
        otherwise than it stands there.
    nucleic : tuple of NucleicRecord
        Records of DNA or RNA among the sequences, which are not built.
    """

    target: Target
    device: str
    weights: Path
    checksums: Mapping[str, str]
    volume: float
    notes: tuple[str, ...] = ()
    nucleic: tuple[NucleicRecord, ...] = ()


def check(inputs: Inputs, options: Options) -> Checked:
    """Read all inputs once.

    Raises
    ------
    InputError
        The first mistake found, in one line.
    """
    check_readable(inputs)
    read = read_sequences(inputs.sequence, protein=options.protein)
    target = read.target
    if len(target) < SHORTEST:
        raise InputError(
            f"{inputs.sequence}: {len(target)} residues; give a protein of at least {SHORTEST}"
        )
    for sequence in target.sequences:
        if len(sequence.letters) < 2:
            raise InputError(
                f"{inputs.sequence}: chain {sequence.name!r} has one residue; give two or more"
            )
    with _told_of_nucleic_acid(read):
        density = read_map(inputs.map)
        mask = None if inputs.mask is None else read_soft_mask(inputs.mask, density)
        upright(inputs.map, density, mask)
        if inputs.half_maps:
            read_half_maps(inputs.half_maps, density, inputs.map)
        volume = _volume(inputs, density, mask, target)
    if mask is None:
        enough_memory(inputs.map, crop_to_molecule(density))
    notes = [*read.notes, *map_notes(inputs.map, density, inputs.mask, mask)]
    if inputs.contacts is not None:
        notes += read_contact_file(inputs.contacts, len(target)).notes
    for number, path in enumerate(inputs.templates):
        protein = read_protein(path)
        _has_calpha(protein)
        notes += protein.notes
        if inputs.pae and (error := inputs.pae[number]) is not None:
            notes += read_error_file(error, protein.chains).notes
    library = inputs.library or shipped(LIBRARY)
    if inputs.library is not None and not len(load_library(library)):
        raise InputError(f"{library}: holds no chain; make one by critasser data library")
    if inputs.library is not None and not options.template_search:
        notes += [f"{library.name} is not looked into: no templates are to be looked for"]
    device, weights, checksums = programs(options)
    checksums |= {role: checksum(path) for role, path in inputs.files().items()}
    checksums["library"] = checksum(library)
    return Checked(target, device, weights, checksums, volume, tuple(notes), read.nucleic)


def _has_calpha(protein: Protein) -> None:
    """Refuse a template that cannot be placed by its Cα."""
    count = sum(int(np.isfinite(chain.calpha).all(axis=1).sum()) for chain in protein.chains)
    if count < FEWEST_RESIDUES:
        raise InputError(
            f"{protein.path}: {count} residues of protein with a Cα; give a template of at least "
            f"{FEWEST_RESIDUES}"
        )


def programs(options: Options) -> tuple[str, Path, dict[str, str]]:
    """Device, network, and checksums of all that was learnt, by role.

    Raises
    ------
    InputError
        No GPU where one is asked for; a file is missing or damaged.
    """
    device = choose_device(options.device).type
    weights = options.weights or shipped(NETWORK)
    if options.weights is not None:
        check_file(weights, "weights")
    if not isinstance(load_network(weights), MAP_NETWORKS):
        raise InputError(
            f"{weights}: a network of another kind than those that read maps; give one of "
            "critasser train network"
        )
    checksums = {"weights": checksum(weights)}
    checksums["residue_weights"] = checksum(shipped(RESIDUE_NETWORK))
    checksums |= {table: checksum(shipped(table)) for table in TABLES}
    if options.resolution is None:
        checksums["resolution_weights"] = checksum(shipped(RESOLUTION_NETWORK))
    return device, weights, checksums


def _mean(density: Grid, where: NDArray[np.bool_]) -> float:
    """Mean of some voxels, without a copy of them."""
    return float(density.values.mean(where=where, dtype=np.float64))


def map_notes(
    path: Path, density: Grid, mask_path: Path | None, mask: Mask | None
) -> list[str]:
    """What the person should know of a map, at a path, and of its mask, each in a line."""
    header = read_map_header(path)
    notes = list(header.notes)
    if header.voxel_size.max() > MOST_UNEQUAL * header.voxel_size.min():
        sides = " × ".join(f"{side:.4g}" for side in header.voxel_size)
        notes.append(
            f"{path.name}: its voxels are no cubes but {sides} Å, as hardly any cryo-EM map has "
            "them; where that is wrong the models are stretched: set the real size and save the "
            "map again (ChimeraX: volume #1 voxelSize 1.06)"
        )
    if looks_like_mask(density):
        notes.append(
            f"{path.name}: most of its voxels have one of two values: is it a mask in place of the "
            "map?"
        )
    if mask_path is not None:
        notes += read_map_header(mask_path).notes
        if mask.inside.all():
            notes.append(
                f"{mask_path.name}: the mask leaves nothing out: every voxel of the map is inside"
            )
        elif _mean(density, mask.inside) < _mean(density, ~mask.inside):
            notes.append(
                f"{mask_path.name}: the map is denser outside the mask than inside: is the mask "
                "turned over, or of another map?"
            )
    return notes


def upright(path: Path, density: Grid, mask: Mask | None) -> None:
    """Refuse a map, at a path, in which the molecule is darker than the solvent."""
    if looks_inverted(density, None if mask is None else mask.weight):
        raise InputError(
            f"{path}: its contrast looks inverted (ChimeraX: volume scale #1 factor -1): the "
            "molecule lies below the background; turn it over and save it"
        )


def enough_memory(path: Path, density: Grid) -> None:
    """Refuse a molecule whose box, cut out of the map at a path, cannot be held at 1 Å."""
    voxels = float(np.prod(density.shape) * np.prod(density.voxel_size))
    needed = PROGRAM_BYTES + voxels * BYTES_A_VOXEL
    needed += min(voxels, LARGEST_TILE) * BYTES_A_TILE_VOXEL
    free = psutil.virtual_memory().available
    if needed > USABLE_MEMORY * free:
        raise InputError(
            f"{path}: the molecule's box of {voxels / 1e6:.0f} million Å³ needs about "
            f"{needed / 2**30:.0f} GB of memory, {free / 2**30:.0f} GB are free; give a --mask of "
            "the part to build, or check the voxel size"
        )


def _volume(inputs: Inputs, density: Grid, mask: Mask | None, target: Target) -> float:
    """Å³ of density above the background, which the chain must find room in."""
    inside = density.values > background(density)
    if mask is not None:
        inside &= mask.inside
    volume = float(inside.sum() * np.prod(density.voxel_size))
    needed = LEAST_SHARE * RESIDUE_VOLUME * len(target)
    if volume < needed:
        room = int(volume / (LEAST_SHARE * RESIDUE_VOLUME))
        copies = len(target.sequences) - len({one.letters for one in target.sequences})
        advice = (
            "; give a sequence once for each copy that is in the map: copies=1 in its header "
            "counts for more than the chains that it names"
            if copies
            else ""
        )
        raise InputError(
            f"{inputs.sequence}: {len(target)} residues cannot lie in {inputs.map.name}, whose "
            f"density of {volume:.0f} Å³ above the background holds {room} at most; give only "
            f"the part that is in the map, or check the mask and the map's voxel size{advice}"
        )
    return volume
