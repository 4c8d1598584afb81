"""What `critasser score` and `critasser rebuild` hand to the engine."""

from __future__ import annotations

from pathlib import Path

__all__ = ["write_inputs"]


def write_inputs(folder: Path, name: str, volume, structure, sequence=None) -> dict[str, Path]:
    """Write map and model, the model where it lies in the map, and sequences if there are.

    What was written is removed again when one of them is no good.

    Returns
    -------
    dict of str to Path
        ``map``, ``model``, and ``sequence`` where one is given.
    """
    from ..jobs.folder import write_placement
    from ..jobs.inputs import frame, new_inputs, write_map, write_sequences
    from ..jobs.modelfile import write_structure

    with new_inputs(folder) as inputs:
        files = {"map": inputs / "map.mrc", "model": inputs / "model.cif"}
        write_structure(files["model"], structure, volume)
        if sequence:
            files["sequence"] = write_sequences(inputs, sequence)
        write_map(files["map"], volume)
        write_placement(folder, name, frame(volume.data))
    return files
