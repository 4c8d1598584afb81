"""Set up a build as an earlier job was set up, so that it can be changed and started again.

What a job's folder says is not trusted: files that lie in it are used, numbers and words that the
panel knows, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..engine.critasser.symmetry_text import is_looked_for, read_symmetry
from ..jobs.folder import INPUTS
from ..jobs.sequences import read_sequences
from ..session.files import as_number, inside, read_json
from .plan import DEVICES, QUALITIES, Plan

__all__ = ["EarlierBuild", "earlier_build"]

_MOST_MODELS = 20
_ENGINE_DEVICES = {"cuda": "gpu"}


@dataclass(frozen=True)
class EarlierBuild:
    """What a job was given.

    Attributes
    ----------
    plan : Plan
        All but its models.
    mask : Path or None
        In the job's folder.
    half_maps : tuple of str
        What they are called in the job's folder; empty for none.
    templates : tuple of Path
        In the job's folder.
    missing : tuple of str
        What was given and cannot be taken over, in words.
    """

    plan: Plan
    mask: Path | None = None
    half_maps: tuple[str, ...] = ()
    templates: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()


def earlier_build(folder: Path) -> EarlierBuild | None:
    """What the build in a folder was given; None where there is no build."""
    described = read_json(folder / "job.json")
    if described is None or described.get("kind", "build") != "build":
        return None
    inputs = described.get("inputs")
    inputs = inputs if isinstance(inputs, Mapping) else {}
    options = described.get("options")
    options = options if isinstance(options, Mapping) else {}
    missing = []
    plan = _with_options(Plan(), options)
    sequence = _file(inputs.get("sequence"), folder)
    try:
        if sequence is not None:
            plan = replace(plan, entries=tuple(read_sequences(sequence)))
    except ValueError:
        sequence = None
    if sequence is None:
        missing.append("the sequence")
    contacts = _file(inputs.get("contacts"), folder)
    if contacts is not None:
        plan = replace(plan, contacts=str(contacts))
    elif "contacts" in inputs:
        missing.append("the contacts")
    mask = _file(inputs.get("mask"), folder)
    if mask is not None:
        plan = replace(plan, place="mask")
    elif "mask" in inputs:
        missing.append("the mask")
    halves = _files(inputs, "half_map_", folder, missing, "the half maps")
    templates = _files(inputs, "template_", folder, missing, "templates")
    errors = _files(inputs, "pae_", folder, missing, "predicted errors of templates")
    if len(errors) == len(templates):
        plan = replace(plan, pae=tuple(errors))
    elif errors:  # of some templates only, which the panel cannot say
        missing.append("predicted errors of templates")
    library = _file(inputs.get("library"), folder)
    if library is not None:
        plan = replace(plan, library=str(library))
    elif "library" in inputs:
        missing.append("the library of known folds")
    return EarlierBuild(
        plan, mask, tuple(path.stem for path in halves), tuple(templates), tuple(missing)
    )


def _files(inputs, role: str, folder: Path, missing: list[str], what: str) -> list[Path]:
    """Files of which there may be several, in their order; told where some are not there."""
    given = [inputs[name] for name in sorted(inputs) if str(name).startswith(role)]
    found = [path for one in given if (path := _file(one, folder)) is not None]
    if len(found) < len(given):
        missing.append(what)
    return found


def _with_options(plan: Plan, options: Mapping[str, Any]) -> Plan:
    quality, device = options.get("quality"), options.get("device")
    device = _ENGINE_DEVICES.get(str(device), device)
    models, seed = as_number(options.get("models")), as_number(options.get("seed"))
    return replace(
        plan,
        resolution=as_number(options.get("resolution")),
        quality=quality if quality in QUALITIES else plan.quality,
        device=device if device in DEVICES else plan.device,
        models=plan.models if models is None else min(max(int(models), 1), _MOST_MODELS),
        trim=options.get("trim") is True,
        protein=options.get("protein") is True,
        known="none" if options.get("template_search") is False else plan.known,
        symmetry=_symmetry(options.get("symmetry")),
        seed=plan.seed if seed is None else min(max(int(seed), 0), 2**31 - 1),
    )


def _symmetry(name: Any) -> str:
    """What the panel shows of a job's symmetry: nothing where it was looked for."""
    try:
        read_symmetry(str(name))
    except ValueError:
        return ""
    return "" if is_looked_for(str(name)) else str(name)


def _file(entry: Any, folder: Path) -> Path | None:
    """A file that a job was given, if it lies among the inputs in its folder."""
    path = entry.get("path") if isinstance(entry, Mapping) else None
    if not isinstance(path, str):
        return None
    try:
        relative = Path(path).relative_to(folder)
    except ValueError:  # it was moved: the file has the same name here
        relative = Path(INPUTS) / Path(path).name
    if relative.parts[:1] != (INPUTS,):
        return None
    return inside(folder, relative.as_posix())
