"""A stage of a job: what it does, and everything that its result depends on.

A stage's body is a plain function of a `Context`. Whatever it learns of the job comes through that
context, which refuses what the stage has not declared: files of earlier stages (`Stage.reads`),
what earlier stages noted in their markers (`Stage.facts`), options (`Stage.settings`) and files
from outside the job folder (`Stage.external`). What is declared makes the stage's key, so that a
resumed job runs exactly the stages whose result would be another.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from critasser.errors import InputError
from critasser.executors import HERE, Executor
from critasser.job.progress import Progress
from critasser.job.stage_run import StageRun
from critasser.pipeline.files import MODEL, of_model
from critasser.shipped import LIBRARY, RESIDUE_NETWORK, RESOLUTION_NETWORK, TABLES, shipped
from critasser.structure import Target

if TYPE_CHECKING:
    from critasser.job.folder import Job
    from critasser.options import Inputs, ModelInputs, Options
    from critasser.pipeline.checks import Checked
    from critasser.rebuild.plan import Plan
    from critasser.structure import ModelFile

__all__ = ["Context", "Stage", "Task", "files_read", "named_sequences", "sequences"]

_LEARNT = {
    "residue_weights": RESIDUE_NETWORK,
    "resolution_weights": RESOLUTION_NETWORK,
    "library": LIBRARY,
    **{table: table for table in TABLES},
}
"""Shipped files by the role that they have in a job."""


@dataclass(frozen=True, eq=False)
class Task:
    """What a job is to do; the same for all its stages.

    Attributes
    ----------
    kind : str
        The command that made the job: ``build``, ``score`` or ``rebuild``.
    inputs : Inputs or ModelInputs
    options : Options
    checked : Checked
        What the checks found.
    model : ModelFile, optional
        The model that is scored or rebuilt.
    plan : Plan, optional
        What is rebuilt of it.
    source : Path, optional
        Folder of the job that the model comes from, whose stages are used where they fit.
    """

    kind: str
    inputs: Inputs | ModelInputs
    options: Options
    checked: Checked
    model: ModelFile | None = None
    plan: Plan | None = None
    source: Path | None = None

    def path(self, role: str) -> Path | None:
        """A file from outside the job folder by its role; None when the job has no such file."""
        given = self.inputs.files()
        if role in given:
            return given[role]
        if role == "weights":
            return self.checked.weights
        return shipped(_LEARNT[role]) if role in _LEARNT else None


def sequences(task: Task) -> dict[str, object]:
    """The sequences, as stages depend on them."""
    every = task.checked.target.sequences
    unknown = {str(k): list(one.unknown) for k, one in enumerate(every) if one.unknown}
    return {
        "sequences": [one.letters for one in every],
        **({"unknown": unknown} if unknown else {}),
    }


def named_sequences(task: Task) -> dict[str, object]:
    """The sequences and their names, as stages depend on them that write both."""
    return {**sequences(task), "names": [one.name for one in task.checked.target.sequences]}


def _no_settings(_task: Task) -> Mapping[str, object]:
    return {}


@dataclass(frozen=True)
class Stage:
    """One step of a job.

    Attributes
    ----------
    name : str
        On disk, in progress and in keys; its random numbers are drawn by it.
    body : callable
        Given a `Context`; writes its results by `Context.file`.
    reads : tuple of str
        Files of earlier stages, relative to the job folder. ``{model}`` in a name stands for the
        number of a model: for its own in a stage with `parts`, else for all of them.
    facts : mapping of str to str
        What earlier stages noted: the stage, by the name of the note.
    settings : callable
        Given a `Task`; the options on which the result depends, and nothing else.
    external : tuple of str
        Roles of files from outside the folder on which the result depends; ``*`` stands for
        any text.
    draws : bool
        It uses random numbers, so that it depends on the seed.
    parts : str or None
        Name of the stage that noted how many ``models`` there are, when this one does each of
        them by itself.
    of_run : bool
        It tells of the whole run, times and warnings too: it is made again whenever another stage
        was.
    """

    name: str
    body: Callable[[Context], None]
    reads: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    settings: Callable[[Task], Mapping[str, object]] = _no_settings
    external: tuple[str, ...] = ()
    draws: bool = False
    parts: str | None = None
    of_run: bool = False

    def declares_external(self, role: str) -> bool:
        """Whether the result depends on the file with this role."""
        return any(fnmatchcase(role, pattern) for pattern in self.external)


@dataclass(frozen=True, eq=False)
class Context:
    """What a stage's body is given.

    Attributes
    ----------
    stage : Stage
    task : Task
    run : StageRun
        Where outputs, warnings and notes are collected.
    settings : mapping
        What `Stage.settings` gave.
    part : int or None
        Of a stage with parts, which model this is, counted from 0.
    executor : Executor
        Where independent work is done in parallel.
    """

    stage: Stage
    task: Task
    run: StageRun
    settings: Mapping[str, Any]
    part: int | None = None
    executor: Executor = HERE

    @property
    def target(self) -> Target:
        """The sequences; in a stage that uses the fact ``absent``, those that the map holds."""
        whole = self.task.checked.target
        return whole.without(self.absent) if "absent" in self.stage.facts else whole

    @property
    def absent(self) -> tuple[int, ...]:
        """Places of the chains that are not built, since the map does not hold them.

        Raises
        ------
        LookupError
            The stage does not declare this fact.
        """
        return self.chains_noted("absent")

    def chains_noted(self, name: str) -> tuple[int, ...]:
        """Places of chains that an earlier stage noted, one fewer than there are at most.

        Raises
        ------
        LookupError
            The stage does not declare this fact.
        """
        count = len(self.task.checked.target.sequences)
        noted = self.fact(name) or []
        return tuple(k for k in noted if type(k) is int and 0 <= k < count)[: count - 1]

    def numbers_noted(self, name: str) -> tuple[float, ...] | None:
        """A number for each chain that an earlier stage noted; None where it noted nothing.

        Raises
        ------
        LookupError
            The stage does not declare this fact.
        InputError
            The marker holds something else: it was changed by others.
        """
        noted = self.fact(name)
        if noted is None:
            return None
        count = len(self.task.checked.target.sequences)
        if not isinstance(noted, list) or len(noted) != count or not all(map(_finite, noted)):
            raise self._changed(name)
        return tuple(map(float, noted))

    def number_noted(self, name: str) -> float | None:
        """A number that an earlier stage noted; None where it noted nothing. Errors as above."""
        noted = self.fact(name)
        if noted is not None and not _finite(noted):
            raise self._changed(name)
        return noted

    def _changed(self, name: str) -> InputError:
        stage = self.stage.facts[name]
        return InputError(
            f"{self.run.job.folder}: what stage {stage} noted of {name} is not what it writes; "
            f"delete stages/{stage}.json there, and resume"
        )

    @property
    def model(self) -> ModelFile:
        """The model that is scored or rebuilt.

        Raises
        ------
        LookupError
            The job is not about a model.
        """
        if self.task.model is None:
            raise LookupError(f"a {self.task.kind} is not about a model")
        return self.task.model

    @property
    def plan(self) -> Plan:
        """What is rebuilt of the model.

        Raises
        ------
        LookupError
            The job is no rebuild.
        """
        if self.task.plan is None:
            raise LookupError(f"a {self.task.kind} is not about stretches of a model")
        return self.task.plan

    @property
    def device(self) -> str:
        """Where networks run: ``cpu`` or ``cuda``."""
        return self.task.checked.device

    @property
    def progress(self) -> Progress:
        """To be handed on as the progress callback; raises `Cancelled` when asked to stop."""
        return self.run.progress

    @property
    def rng(self) -> np.random.Generator:
        """The stage's own random numbers.

        Raises
        ------
        LookupError
            The stage does not declare that it draws.
        """
        if self.run.generator is None:
            raise LookupError(f"stage {self.stage.name} does not declare that it draws")
        return self.run.generator

    def read(self, relative: str) -> Path:
        """The path of a file that an earlier stage made.

        Raises
        ------
        LookupError
            The stage does not declare that it reads this.
        """
        self._declared(relative, self.stage.reads, "reads")
        if MODEL in relative and self.part is None:
            raise LookupError(f"{relative}: there is one for each model; see Context.read_all")
        return self.run.job.path(of_model(relative, self.part or 0))

    def read_all(self, pattern: str) -> list[Path]:
        """The paths of the files that there are one of for each model, in order.

        Raises
        ------
        LookupError
            The stage does not declare that it reads them.
        """
        self._declared(pattern, self.stage.reads, "reads")
        return [self.run.job.path(name) for name in _for_all_models(self.run.job, pattern)]

    def fact(self, name: str) -> Any:
        """What an earlier stage noted under a name; None where it noted nothing.

        Of a stage with parts, a list of what each noted.

        Raises
        ------
        LookupError
            The stage does not declare it.
        """
        self._declared(name, self.stage.facts, "uses")
        return self.run.job.noted(self.stage.facts[name], name)

    def external(self, role: str) -> Path | None:
        """The path of a file from outside the folder; None when the job has no such file.

        Raises
        ------
        LookupError
            The stage does not declare that its result depends on it.
        """
        if not self.stage.declares_external(role):
            raise LookupError(f"stage {self.stage.name} does not declare that it reads {role}")
        return self.task.path(role)

    def all_external(self, pattern: str) -> list[Path]:
        """The paths of all files from outside whose role matches, in their order.

        Raises
        ------
        LookupError
            The stage does not declare them.
        """
        self._declared(pattern, self.stage.external, "reads")
        given = self.task.inputs.files()
        return [path for role, path in given.items() if fnmatchcase(role, pattern)]

    def file(self, relative: str, kind: str | None = None, message: str = "") -> Path:
        """The path to write an output at; with `kind` it is announced when the stage is done."""
        return self.run.file(relative, kind, message)

    def note(self, **values: object) -> None:
        """Keep something small in the stage's marker, for later stages and the report."""
        self.run.summary.update(values)

    def say(self, text: str) -> None:
        """What came out, in one line for log and report."""
        self.run.say(text)

    def warn(self, text: str) -> None:
        """Something that a person should know, such as a fallback."""
        self.run.warn(text)

    def _declared(self, name: str, among: object, verb: str) -> None:
        if name not in among:
            raise LookupError(f"stage {self.stage.name} does not declare that it {verb} {name}")


def files_read(job: Job, stage: Stage, part: int | None = None) -> list[str]:
    """The files that a stage, or one part of it, reads: `Stage.reads` with models numbered."""
    names: list[str] = []
    for name in stage.reads:
        if MODEL not in name:
            names.append(name)
        elif part is None:
            names += _for_all_models(job, name)
        else:
            names.append(of_model(name, part))
    return names


def _for_all_models(job: Job, pattern: str) -> list[str]:
    names: list[str] = []
    while job.made(name := of_model(pattern, len(names))):
        names.append(name)
    return names


def _finite(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)
