"""A kind of job as a list of stages, and the one way in which all kinds run."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from critasser.errors import InputError
from critasser.executors import HERE, Done, Executor
from critasser.job.folder import Job
from critasser.job.progress import Event
from critasser.job.records import read_json
from critasser.job.running import running
from critasser.options import MOST_MODELS, Inputs, ModelInputs, Options
from critasser.pipeline.description import describe
from critasser.pipeline.split import Split
from critasser.pipeline.stage import Context, Stage, Task, files_read

__all__ = ["Pipeline", "run_stages"]


def _confidence(best: Mapping[str, Any]) -> str:
    return f"{best['file']}, confidence {best['mean_confidence']:.0f}"


@dataclass(frozen=True)
class Pipeline:
    """A kind of job.

    Attributes
    ----------
    kind : str
        The command: ``build``, ``score``, ``rebuild`` or ``fit``.
    check : callable
        Given inputs and options, the `Task`; raises `InputError` for whatever can be known to be
        wrong before any work starts.
    stages : callable
        Given a task, its stages in the order in which they run.
    expected_seconds : callable
        Given a task and, where known, the number of models, how long each stage is expected to
        take.
    adopts : tuple of str
        Stages that are taken over from the job that a model comes from, where they are the same.
    closing : callable
        Given what `results.json` says of the first model, the last line of progress.
    """

    kind: str
    check: Callable[[Inputs | ModelInputs, Options], Task]
    stages: Callable[[Task], tuple[Stage, ...]]
    expected_seconds: Callable[..., Mapping[str, float]]
    adopts: tuple[str, ...] = ()
    closing: Callable[[Mapping[str, Any]], str] = _confidence

    def run(
        self,
        job: Job,
        task: Task,
        *,
        command: Sequence[str] = (),
        listeners: tuple[Callable[[Event], None], ...] = (),
        hard_stop: Callable[[], None] | None = None,
        executor: Executor = HERE,
    ) -> dict[str, Any]:
        """Run what is not done yet.

        Parameters
        ----------
        job : Job
            From `Job.opened`.
        task : Task
            From `check`.
        command : sequence of str
            For the file `command`.
        listeners : tuple of callable
            Given every progress event.
        hard_stop : callable, optional
            Its last words, if the process is to end when a stage does not notice a cancel in time.
        executor : Executor
            Where independent work is done in parallel; the results are the same.

        Returns
        -------
        dict
            What `results.json` holds.

        Raises
        ------
        InputError
            Too little memory or disk, or what only a stage can find wrong with the input.
        Cancelled
            The person asked to stop.
        """
        job.seed = task.options.seed
        if task.source is not None:
            job.adopt(task.source, self.adopts)
        expected = self.expected_seconds(task)
        with running(job, expected, listeners, hard_stop=hard_stop) as progress:
            describe(job, task, command)
            for note in task.checked.notes:
                job.log(f"warning: {note}")
            run_stages(job, self.stages(task), task, self.expected_seconds, executor)
            results = read_json(job.path("results.json")) or {}
            progress.close("finished", self.closing(results["models"][0]))
            return results


def run_stages(
    job: Job,
    stages: Sequence[Stage],
    task: Task,
    expected_seconds: Callable[..., Mapping[str, float]] | None = None,
    executor: Executor = HERE,
) -> None:
    """Run stages one after another, or find them done; forget those of earlier runs.

    Raises
    ------
    InputError
        A stage's marker says of how many models it knows, and that cannot be.
    """
    job.of_run = frozenset(stage.name for stage in stages if stage.of_run)
    for stage in stages:
        if stage.parts is None:
            _run(job, stage, task, executor)
            continue
        count = _models(job, stage.parts)
        expected = {} if expected_seconds is None else expected_seconds(task, count)
        each = expected.get(stage.name, 0.0) / count
        if stage.name in expected and isinstance(stage.body, Split):
            many = min(executor.at_once(count, each), count)
            expected[stage.name] = each * math.ceil(count / many)
        for name, seconds in expected.items():
            job.progress.expect(name, seconds)
        _run_parts(job, stage, task, executor, count, each)
    job.prune()


def _models(job: Job, stage: str) -> int:
    """How many models a stage noted that there are."""
    count = job.noted(stage, "models")
    if type(count) is not int or not 1 <= count <= MOST_MODELS:
        raise InputError(
            f"{job.folder}: the marker of stage {stage} is damaged; remove it from the folder "
            "stages and resume the job"
        )
    return count


def _run_parts(
    job: Job, stage: Stage, task: Task, executor: Executor, count: int, seconds: float
) -> None:
    """Run the parts of a stage: those that are not done, in parallel where that pays."""
    runs = {
        part: run
        for part in range(count)
        if (run := job.pending(stage.name, **_declared(job, stage, task, part)))
    }
    split = stage.body
    if not isinstance(split, Split) or executor.at_once(len(runs), seconds) < 2:
        for part in range(count):
            _run(job, stage, task, executor, part, count)
        return
    results: Generator[Done] = (done for done in ())

    def body(context: Context) -> None:
        nonlocal results
        if context.part == min(runs):
            contexts = [replace(context, part=part, run=run) for part, run in runs.items()]
            results = split.ahead(executor, contexts, seconds)
        split.keep(context, next(results))

    try:
        for part in range(count):
            _run(job, replace(stage, body=body), task, executor, part, count)
    finally:
        results.close()


def _run(
    job: Job,
    stage: Stage,
    task: Task,
    executor: Executor,
    part: int | None = None,
    parts: int = 1,
) -> None:
    settings = stage.settings(task)
    job.stage(
        stage.name,
        lambda run: stage.body(Context(stage, task, run, settings, part, executor)),
        **_declared(job, stage, task, part),
        parts=parts,
    )


def _declared(job: Job, stage: Stage, task: Task, part: int | None) -> dict[str, Any]:
    """What the result of a stage or its part depends on, for `Job.stage`."""
    facts = {name: job.noted(source, name) for name, source in stage.facts.items()}
    known = {name: fact for name, fact in facts.items() if fact is not None}
    return {
        "settings": {**stage.settings(task), **known},
        "inputs": files_read(job, stage, part),
        "external": {
            role: checksum
            for role, checksum in task.checked.checksums.items()
            if stage.declares_external(role)
        },
        "draws": stage.draws,
        "part": part,
    }
