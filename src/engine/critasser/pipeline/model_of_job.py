"""What a job knows of its model, for commands that take a model and its map."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from critasser.errors import InputError
from critasser.job.folder import Job
from critasser.options import FitOptions, Inputs, ModelInputs, Options, RebuildOptions

__all__ = ["ModelOfJob", "find_model"]

FIRST_MODEL = "5_models/model_1.cif"

SHAPES = {"rebuild": RebuildOptions, "fit": FitOptions}
"""Options of jobs that have more of them than builds and scores."""


@dataclass(frozen=True)
class ModelOfJob:
    """A model of a job, and what the job was given.

    Attributes
    ----------
    folder : Path
        Of the job.
    inputs : dict of str to Path
        Its map, and sequence and mask where it had them.
    options : dict of str to object
        Resolution, device and weights.
    whole_map : bool
        Whether the job looked at all that the map holds, and not only around the model.
    """

    folder: Path
    inputs: dict[str, Path]
    options: dict[str, Any]
    whole_map: bool


def find_model(given: Path, *, with_map: bool) -> tuple[Path, ModelOfJob | None]:
    """The model's file, and what its job knows of it.

    Parameters
    ----------
    given : Path
        A model, or the folder of a job, of which the first model is meant.
    with_map : bool
        The map is given as well: then what the job knows is not asked for.

    Raises
    ------
    InputError
        There is no such file, the folder holds no job, or what is in it is damaged.
    """
    if not given.exists():
        raise InputError(f"{given}: no such file; check the path")
    inside = given.is_dir() or given.parent.name == Path(FIRST_MODEL).parent.name
    folder = given if given.is_dir() else given.parent.parent
    found = inside and (folder / "job.json").is_file()
    if given.is_dir() and not found:
        raise InputError(f"{given}: no Critasser job there (no job.json)")
    model = given / FIRST_MODEL if given.is_dir() else given
    if given.is_dir() and not model.is_file():
        raise InputError(f"{given}: the job has no model yet; go on with it by --resume first")
    return model, _read(folder) if found and not with_map else None


def _read(folder: Path) -> ModelOfJob:
    """What a job was given."""
    content = Job(folder).description()
    kind = content.get("kind", "build")
    made: Inputs | ModelInputs
    if kind == "build":
        made = Inputs.from_json(content.get("inputs"))
    else:
        made = ModelInputs.from_json(content.get("inputs"))
    options = SHAPES.get(kind, Options).from_json(content.get("options"))
    known = {"map": made.map, "sequence": made.sequence, "mask": made.mask}
    return ModelOfJob(
        folder,
        {role: path for role, path in known.items() if path is not None},
        {name: getattr(options, name) for name in ("resolution", "device", "weights")},
        kind == "build" or getattr(options, "whole_map", False),
    )
