"""Jobs of three tiny stages."""

from pathlib import Path

import pytest

from critasser import __version__
from critasser.job.folder import FORMAT, Job
from critasser.job.records import write_json
from critasser.job.running import running


def describe(job: Job) -> None:
    write_json(job.path("job.json"), {"format": FORMAT, "version": __version__})


def steps(job: Job, calls: list[str], *, cutoff: float = 1.0, name: str = "x", seed: int = 0):
    """Three tiny stages: `second` reads what `first` wrote, `third` what `second` wrote."""
    job.seed = seed

    def first(run):
        calls.append("first")
        run.file("1_calpha/a.txt", "table").write_text(f"{cutoff > 0}")

    def second(run):
        calls.append("second")
        text = job.path("1_calpha/a.txt").read_text()
        run.file("2_traces/b.txt").write_text(f"{text} {run.generator.random()}")

    def third(run):
        calls.append("third")
        run.warn("be\ncareful")
        run.file("3_templates/c.txt").write_text(name + job.path("2_traces/b.txt").read_text())

    job.stage("first", first, settings={"cutoff": cutoff})
    job.stage("second", second, settings={}, inputs=["1_calpha/a.txt"], draws=True)
    job.stage("third", third, settings={"name": name}, inputs=["2_traces/b.txt"])


def run_steps(folder: Path, *, resume: bool, **options) -> list[str]:
    calls: list[str] = []
    with Job.opened(folder, resume=resume) as job:
        describe(job)
        with running(job, {"first": 1, "second": 1, "third": 1}):
            steps(job, calls, **options)
    return calls


@pytest.fixture(name="run_steps")
def _run_steps():
    """Runs three stages, the second of which reads what the first wrote and so on; gives the names
    of those that were not done yet."""
    return run_steps


@pytest.fixture(name="describe")
def _describe():
    """Writes the job.json of a job."""
    return describe


@pytest.fixture(name="steps")
def _steps():
    """Runs the three stages in a job that is running."""
    return steps
