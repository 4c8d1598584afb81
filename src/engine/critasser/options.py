"""What a person can choose for a build, and what the quality presets stand for."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from critasser.errors import InputError
from critasser.symmetry_text import AUTO, NONE, is_looked_for, read_symmetry

__all__ = [
    "DEVICES",
    "FINEST_RESOLUTION",
    "MOST_MODELS",
    "PRESETS",
    "REBUILDS",
    "FitOptions",
    "Inputs",
    "ModelInputs",
    "Options",
    "RebuildOptions",
    "RebuildSchedule",
    "Schedule",
    "check_file",
    "check_readable",
    "check_resolution",
]

DEVICES = ("auto", "cpu", "cuda")

FINEST_RESOLUTION, COARSEST_RESOLUTION = 1.0, 20.0
"""Å; the limits of the resolution that a map can be given."""

MOST_MODELS = 20
SEEDS = 2**32
"""How many random seeds there are, from 0 on."""


@dataclass(frozen=True)
class Schedule:
    """How much work the stages do.

    Attributes
    ----------
    traces : int
        Traces kept.
    joinings : int
        Random joinings of fragments.
    replicas : int
        Of the Monte Carlo.
    sweeps : int
        Of the Monte Carlo, per replica.
    refinement_sweeps : int
        Of the second round, from the centroids.
    atomic : str
        Name of the schedule of minimisation and dynamics.
    template_search : float
        Seconds of one core in which known folds are looked for in the map.
    """

    traces: int
    joinings: int
    replicas: int
    sweeps: int
    refinement_sweeps: int
    atomic: str
    template_search: float


PRESETS: dict[str, Schedule] = {
    "draft": Schedule(20, 10_000, 10, 100, 100, "draft", 60.0),
    "standard": Schedule(40, 100_000, 40, 1_000, 500, "standard", 300.0),
    "thorough": Schedule(40, 1_000_000, 40, 5_000, 1_000, "thorough", 3_000.0),
}


@dataclass(frozen=True)
class RebuildSchedule:
    """How much work a rebuild does.

    Attributes
    ----------
    traces : int
        Traces of each stretch kept.
    replicas, sweeps : int
        Of the Monte Carlo; a sweep is as many moves as there are residues to build.
    refinement_sweeps : int
        In which each conformation is cooled.
    """

    traces: int
    replicas: int
    sweeps: int
    refinement_sweeps: int


REBUILDS: dict[str, RebuildSchedule] = {
    "draft": RebuildSchedule(10, 16, 500, 300),
    "standard": RebuildSchedule(20, 24, 2_000, 1_000),
    "thorough": RebuildSchedule(40, 40, 10_000, 2_000),
}
"""By quality."""


@dataclass(frozen=True)
class Options:
    """Options of a build, as `job.json` holds them.

    Attributes
    ----------
    resolution : float or None
        Å; None when the person gave none.
    device : str
        One of `DEVICES`.
    quality : str
        One of `PRESETS`.
    models : int
        Most models to make.
    seed : int
    weights : Path or None
        A network in place of the shipped one.
    trim : bool
        Leave residues that have no density out of the models that are written.
    symmetry : str
        ``auto``, ``none``, or that of the map, see `read_symmetry`.
    protein : bool
        The sequences are protein, also those of A, C, G and T alone.
    template_search : bool
        Look for templates among known structures, where the map does not tell a sequence.
    """

    resolution: float | None = None
    device: str = "auto"
    quality: str = "standard"
    models: int = 5
    seed: int = 1
    weights: Path | None = None
    trim: bool = False
    protein: bool = False
    symmetry: str = AUTO
    template_search: bool = True

    def __post_init__(self) -> None:
        def ask(condition: bool, text: str) -> None:
            if not condition:
                raise InputError(text)

        if self.resolution is not None:
            check_resolution(self.resolution)
        ask(self.device in DEVICES, f"device {self.device!r}: give one of {', '.join(DEVICES)}")
        presets = tuple(PRESETS)
        ask(self.quality in presets, f"quality {self.quality!r}: give one of {', '.join(presets)}")
        ask(
            _is_whole(self.models) and 1 <= self.models <= MOST_MODELS,
            f"models {self.models}: give a number from 1 to {MOST_MODELS}",
        )
        ask(
            _is_whole(self.seed) and 0 <= self.seed < SEEDS,
            f"seed {self.seed}: give a whole number from 0 to {SEEDS - 1}",
        )

        ask(
            self.weights is None or isinstance(self.weights, Path),
            f"weights {self.weights!r}: give a file",
        )
        ask(isinstance(self.symmetry, str), f"symmetry {self.symmetry!r}: give a text")
        try:
            read_symmetry(self.symmetry)
        except ValueError as error:
            raise InputError(str(error)) from None
        for name in ("trim", "protein", "template_search"):
            value = getattr(self, name)
            ask(isinstance(value, bool), f"{name} {value!r}: give true or false")

    @property
    def schedule(self) -> Schedule:
        """What the quality stands for."""
        return PRESETS[self.quality]

    @classmethod
    def from_json(cls, content: object) -> Options:
        """Options of a `job.json`, of which nothing is taken for granted."""
        names = {field.name for field in dataclasses.fields(cls)}
        if not isinstance(content, Mapping) or not set(content) <= names | {"schedule"}:
            raise InputError("job.json: its options are damaged; start the job again")
        chosen = {name: content[name] for name in names if name in content}
        if isinstance(chosen.get("weights"), str):
            chosen["weights"] = Path(chosen["weights"])
        return cls(**chosen)


@dataclass(frozen=True)
class RebuildOptions(Options):
    """Options of a rebuild.

    Attributes
    ----------
    stretches : str
        What to build again, such as ``A:45-80,B:10-20``.
    whole_map : bool
        Look at all that the map holds, as a build does, and not only around the model.
    """

    stretches: str = ""
    whole_map: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.stretches, str):
            raise InputError(f"stretch {self.stretches!r}: give one such as A:45-80")
        if not isinstance(self.whole_map, bool):
            raise InputError("job.json: its options are damaged; start the job again")


@dataclass(frozen=True)
class FitOptions(Options):
    """Options of a fit.

    Attributes
    ----------
    rigid : bool
        Keep the model as it is: one body, no domains.
    symmetry : str
        Of the map, as of a build; none is looked for.
    """

    rigid: bool = False
    symmetry: str = NONE

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.rigid, bool):
            raise InputError("job.json: its options are damaged; start the job again")
        if is_looked_for(self.symmetry):
            raise InputError(
                f"symmetry {self.symmetry}: a fit looks for none; give that of the map, such as "
                f"C4, or {NONE}"
            )

    @classmethod
    def from_json(cls, content: object) -> FitOptions:
        """As of a build; older jobs have that of a build, which was not used."""
        if isinstance(content, Mapping) and content.get("symmetry") == AUTO:
            content = {**content, "symmetry": NONE}
        return super().from_json(content)


@dataclass(frozen=True)
class Inputs:
    """Files of a build.

    Attributes
    ----------
    map, sequence : Path
    mask, contacts : Path or None
    templates : tuple of Path
    pae : tuple of Path or None
        Predicted aligned error of each template, None for one without; empty for none at all.
    library : Path or None
        Of known structures, to find templates among, in place of the shipped one.
    half_maps : tuple of Path
        Two or none.
    """

    map: Path
    sequence: Path
    mask: Path | None = None
    contacts: Path | None = None
    templates: tuple[Path, ...] = ()
    half_maps: tuple[Path, ...] = ()
    pae: tuple[Path | None, ...] = ()
    library: Path | None = None

    def __post_init__(self) -> None:
        if self.pae and len(self.pae) != len(self.templates):
            raise InputError(
                f"{len(self.pae)} predicted aligned errors for {len(self.templates)} templates: "
                "give as many, in the same order, and - for a template that has none"
            )
        if len(self.half_maps) not in (0, 2):
            raise InputError(f"{len(self.half_maps)} half maps: give two, or none")

    def files(self) -> dict[str, Path]:
        """Each file by its role."""
        names = ("map", "sequence", "mask", "contacts", "library")
        single = {name: getattr(self, name) for name in names}
        found = {name: path for name, path in single.items() if path is not None}
        found.update({f"half_map_{i + 1}": path for i, path in enumerate(self.half_maps)})
        found.update({f"template_{i + 1:02d}": path for i, path in enumerate(self.templates)})
        found.update({f"pae_{i + 1:02d}": path for i, path in enumerate(self.pae) if path})
        return found

    @classmethod
    def from_json(cls, content: object) -> Inputs:
        """Inputs of a `job.json`: ``{role: {"path": …, "sha256": …}}``."""
        try:
            paths = {role: Path(entry["path"]) for role, entry in dict(content).items()}
            roles = [role for role in paths if role.startswith("template_")]
            roles.sort(key=lambda role: int(role.removeprefix("template_")))
            templates = [paths.pop(role) for role in roles]
            halves = [paths.pop(role) for role in sorted(paths) if role.startswith("half_map_")]
            errors = {
                int(role.removeprefix("pae_")): paths.pop(role)
                for role in sorted(paths)
                if role.startswith("pae_")
            }
            pae = tuple(errors.get(k + 1) for k in range(len(templates))) if errors else ()
            return cls(
                **paths, templates=tuple(templates), pae=pae, half_maps=tuple(halves)
            )
        except (TypeError, ValueError, KeyError):
            raise InputError("job.json: its inputs are damaged; start the job again") from None


@dataclass(frozen=True)
class ModelInputs:
    """Files of a job about a model that is there already.

    Attributes
    ----------
    model, map : Path
    sequence : Path or None
        Whole sequences of the model's chains, for residues that it lacks.
    mask : Path or None
    pae : Path or None
        Predicted aligned error of the model.
    """

    model: Path
    map: Path
    sequence: Path | None = None
    mask: Path | None = None
    pae: Path | None = None

    def files(self) -> dict[str, Path]:
        """Each file by its role."""
        roles = ("map", "model", "sequence", "mask", "pae")
        found = {role: getattr(self, role) for role in roles}
        return {role: path for role, path in found.items() if path is not None}

    @classmethod
    def from_json(cls, content: object) -> ModelInputs:
        """Inputs of a `job.json`: ``{role: {"path": …, "sha256": …}}``."""
        try:
            return cls(**{role: Path(entry["path"]) for role, entry in dict(content).items()})
        except (TypeError, ValueError, KeyError):
            raise InputError("job.json: its inputs are damaged; start the job again") from None


def check_resolution(resolution: object) -> None:
    """Raise `InputError` unless a resolution in Å is one that a map can have."""
    low, high = FINEST_RESOLUTION, COARSEST_RESOLUTION
    if not (_is_number(resolution) and low <= resolution <= high):
        raise InputError(f"resolution {resolution}: give one from {low:g} to {high:g} Å")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def check_readable(inputs: Inputs | ModelInputs) -> None:
    """Raise `InputError` unless all files are plain files that can be read."""
    for name, path in inputs.files().items():
        check_file(path, name.split("_")[0])


def check_file(path: Path, role: str) -> None:
    """Raise `InputError` unless a file with a role is a plain file that can be read."""
    if not os.path.exists(path):
        raise InputError(f"{path}: no such file ({role}); check the path")
    if path.is_dir():
        raise InputError(f"{path}: is a folder, not a {role} file")
    if not path.is_file():
        raise InputError(f"{path}: is a pipe or device, not a {role} file; give a plain file")
    if not os.access(path, os.R_OK):
        raise InputError(f"{path}: not readable ({role}); check its permissions")
