"""Write the input files of `critasser score` and `critasser rebuild`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from .folder import write_placement
from .inputs import (
    PlacedMap,
    frame,
    new_inputs,
    nothing_left,
    write_map,
    write_sequences,
)
from .model_file import write_structure

__all__ = ["write_inputs"]


def write_inputs(
    folder: Path, name: str, volume, structure, sequence=None, at: Sequence[float] | None = None
) -> tuple[dict[str, Path], Callable[[], None]]:
    """Write the model where it lies in the map, and sequences if there are.

    What was written is removed again when one of them is no good.

    Parameters
    ----------
    folder : Path
    name : str
        Of the job.
    volume : chimerax.map.Volume
    structure : chimerax.atomic.Structure
    sequence : Path or sequence of chimerax.atomic.Sequence, optional
    at : three floats, optional
        Where the written map begins, in Å; unless given where the map does.

    Returns
    -------
    dict of str to Path
        ``map``, ``model``, and ``sequence`` where one is given.
    function
        Writes the map, which takes its time, in any thread.
    """
    placed = PlacedMap.of(volume)
    with new_inputs(folder) as inputs:
        files = {"map": inputs / "map.mrc", "model": inputs / "model.cif"}
        write_structure(files["model"], structure, volume, at)
        if sequence:
            files["sequence"] = write_sequences(inputs, sequence)
        source = getattr(placed.data, "path", None)
        write_placement(folder, name, frame(placed.data, at), source)

    def prepare() -> None:
        with nothing_left(folder):
            write_map(files["map"], placed, at)

    return files, prepare
