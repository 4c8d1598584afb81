"""What can be known to be wrong with a model that is to be placed, and its map."""

from __future__ import annotations

import numpy as np

from critasser.density import crop_to_molecule, read_map, read_soft_mask
from critasser.errors import InputError
from critasser.fitting import FEWEST_RESIDUES, read_error_file
from critasser.job.records import checksum
from critasser.options import FitOptions, ModelInputs, check_readable
from critasser.pipeline.checks import Checked, enough_memory, map_notes, programs, upright
from critasser.structure import ModelFile

__all__ = ["check_fit"]


def check_fit(inputs: ModelInputs, options: FitOptions) -> tuple[Checked, ModelFile]:
    """Read all inputs once.

    Raises
    ------
    InputError
        The first mistake found, in one line.
    """
    check_readable(inputs)
    found = ModelFile.read(inputs.model)
    with_calpha = sum(int(np.isfinite(chain.calpha).all(axis=1).sum()) for chain in found.chains)
    if with_calpha < FEWEST_RESIDUES:
        raise InputError(
            f"{inputs.model}: {with_calpha} residues of protein with a Cα; give a model of at "
            f"least {FEWEST_RESIDUES}, fewer fit anywhere"
        )
    notes = found.notes
    if inputs.pae is not None:
        notes += read_error_file(inputs.pae, found.chains).notes
    density = read_map(inputs.map)
    mask = None if inputs.mask is None else read_soft_mask(inputs.mask, density)
    upright(inputs.map, density, mask)
    box = crop_to_molecule(density, mask=None if mask is None else mask.inside)
    enough_memory(inputs.map, box)
    device, weights, checksums = programs(options)
    checksums = {role: checksum(path) for role, path in inputs.files().items()} | checksums
    volume = float(np.prod(box.shape) * np.prod(box.voxel_size))
    notes = (*notes, *map_notes(inputs.map, density, inputs.mask, mask))
    return Checked(found.model().target, device, weights, checksums, volume, notes), found
