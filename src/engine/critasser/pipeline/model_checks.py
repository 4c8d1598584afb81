"""What can be known to be wrong with a model and its map before any work starts."""

from __future__ import annotations

import numpy as np

from critasser.density import (
    Grid,
    Placement,
    crop,
    find_placement,
    read_map,
    read_soft_mask,
)
from critasser.errors import InputError
from critasser.job.records import checksum
from critasser.options import ModelInputs, Options, check_readable
from critasser.pipeline.checks import (
    SHORTEST,
    Checked,
    enough_memory,
    map_notes,
    programs,
    upright,
)
from critasser.pipeline.stages.model_density import MODEL_MARGIN
from critasser.structure import ModelFile

__all__ = ["check_model"]

LEAST_MOVE = 0.05
"""Å."""

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
    mask = None if inputs.mask is None else read_soft_mask(inputs.mask, density)
    upright(inputs.map, density, mask)
    if mask is not None:
        at = np.clip(np.rint(index).astype(int), 0, np.array(density.shape) - 1)
        inside &= mask.inside[tuple(at.T)]
    placement = find_placement(density, model.calpha)
    if inside.mean() < LEAST_INSIDE:
        where = "the mask" if inputs.mask is not None else f"{inputs.map.name}"
        raise InputError(
            f"{inputs.model}: {int((~inside).sum())} of {len(inside)} residues lie outside "
            f"{where}; fit the model into the map first and save it in the map's frame"
            + (f". {_shift(placement, density)}" if placement.astray else "")
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
    notes = [*found.notes, *map_notes(inputs.map, density, inputs.mask, mask)]
    if placement.astray:
        notes.insert(0, (
            f"the model does not lie in the density of {inputs.map.name}: {placement.here:.2g} at "
            f"its Cα in place of {placement.best:.2g}. {_shift(placement, density)}"
        ))  # fmt: skip
    return Checked(model.target, device, weights, checksums, volume, tuple(notes)), found


def _shift(placement: Placement, density: Grid) -> str:
    """Where a model would lie in the density, and why it may not do so where it is."""
    shift, why = placement.shift, ""
    if placement.is_shift(density.origin):
        shift = density.origin
        why = ", and that is the map's origin: the model was made in a copy whose origin is 0"
    elif placement.is_shift(-density.origin):
        shift = -density.origin
        why = ", and that is the map's origin the other way: the map was moved by it, not the model"
    moves = "; ".join(
        f"move {axis} {length:.1f} coordinateSystem #2 models #1"
        for axis, length in zip("xyz", shift)
        if abs(length) >= LEAST_MOVE
    )
    told = ", ".join(f"{length:.0f}" for length in shift)
    how = f"ChimeraX: {moves}; fitmap #1 inMap #2; save it"
    return f"Moved by about {told} Å it would fit{why} ({how})"
