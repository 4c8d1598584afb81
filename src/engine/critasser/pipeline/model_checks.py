"""What can be known to be wrong with a model and its map before any work starts."""

from __future__ import annotations

import numpy as np

from critasser.density import crop, read_map, read_mask
from critasser.errors import InputError
from critasser.job.records import checksum
from critasser.options import ModelInputs, Options, check_readable
from critasser.pipeline.checks import SHORTEST, Checked, enough_memory, programs
from critasser.pipeline.stages.model_density import MODEL_MARGIN
from critasser.structure import ModelFile

__all__ = ["check_model"]

LEAST_INSIDE = 0.5
"""Share of a model's residues that must lie in the map, or one of the two is elsewhere."""


def check_model(inputs: ModelInputs, options: Options) -> tuple[Checked, ModelFile]:
    """Read all inputs once.

    Raises
    ------
    InputError
        The first mistake found, in one line.
    """
    check_readable(inputs)
    found = ModelFile.read(inputs.model)
    model = found.model()
    if len(model.target) < SHORTEST:
        raise InputError(
            f"{inputs.model}: {len(model.target)} residues of protein; give a model of at least "
            f"{SHORTEST}"
        )
    density = read_map(inputs.map)
    index = density.to_index(model.calpha)
    inside = np.all((index >= 0) & (index <= np.array(density.shape) - 1), axis=1)
    if inputs.mask is not None:
        mask = read_mask(inputs.mask, density)
        at = np.clip(np.rint(index).astype(int), 0, np.array(density.shape) - 1)
        inside &= mask[tuple(at.T)]
    if inside.mean() < LEAST_INSIDE:
        where = "the mask" if inputs.mask is not None else f"{inputs.map.name}"
        raise InputError(
            f"{inputs.model}: {int((~inside).sum())} of {len(inside)} residues lie outside "
            f"{where}; fit the model into the map first and save it in the map's frame"
        )
    box = crop(
        density,
        model.positions.min(axis=0) - MODEL_MARGIN,
        model.positions.max(axis=0) + MODEL_MARGIN,
    )
    enough_memory(inputs.map, box)
    if not np.ptp(box.values):
        raise InputError(f"{inputs.map}: has no density where {inputs.model.name} is")
    device, weights, checksums = programs(options)
    checksums = {role: checksum(path) for role, path in inputs.files().items()} | checksums
    volume = float(np.prod(box.shape) * np.prod(box.voxel_size))
    return Checked(model.target, device, weights, checksums, volume), found
