"""Work of a stage's parts may be done anywhere: what lies in the job folder is the same."""

import numpy as np
import pytest

from critasser.errors import InputError
from critasser.executors import LocalExecutor
from critasser.executors.executor import done_here
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.split import Split
from critasser.pipeline.stage import Stage
from tests.engine.pipeline.part_of_work import drawn

MODELS = 3
FILE = "5_models/atoms_{model}.npz"


def first(context):
    context.file("1_calpha/a.txt").write_text("7")
    context.note(models=MODELS)


def shared(context):
    return {"scale": int(context.read("1_calpha/a.txt").read_text())}


def own(context):
    return {"number": context.part, "rng": context.rng}


def write(context, result):
    context.file(f"5_models/atoms_{context.part + 1}.npz").write_bytes(result.tobytes())
    context.say(f"part {context.part}")


FIRST = Stage("first", first)
PARTS = Stage("parts", Split(shared, own, drawn, write), reads=("1_calpha/a.txt",), draws=True,
              parts="first")  # fmt: skip
STAGES = [FIRST, PARTS]


def expected(task, models=MODELS):
    return {"first": 1.0, "parts": 30.0 * models}


def files(job) -> list[bytes]:
    return [job.path(f"5_models/atoms_{k + 1}.npz").read_bytes() for k in range(MODELS)]


@pytest.fixture
def alone(job, task):
    """What this process does by itself."""
    run_stages(job, STAGES, task(), expected)
    return files(job)


@pytest.fixture
def forget(job):
    def parts(*numbers: int) -> None:
        for number in numbers:
            job.discard(f"parts_{number}")
            job.path(f"5_models/atoms_{number}.npz").unlink(missing_ok=True)

    return parts


def test_parts_at_a_time_leave_what_one_after_another_do(job, task, alone, forget):
    assert len(set(alone)) == MODELS
    forget(1, 2, 3)
    run_stages(job, STAGES, task(), expected, LocalExecutor(2))
    assert files(job) == alone
    assert list(job.markers) == ["first", "parts_1", "parts_2", "parts_3"]
    assert sum(marker["cpu_seconds"] for marker in job.markers.values()) > 0.2
    lines = job.path("progress.jsonl").read_text()
    assert "of 3 done, 2 at work" in lines


def test_only_parts_that_are_missing_are_done_again(job, task, alone, forget):
    forget(1, 3)
    at = len(job.path("log.txt").read_text())
    run_stages(job, STAGES, task(), expected, LocalExecutor(2))
    assert files(job) == alone
    log = job.path("log.txt").read_text()[at:]
    assert "parts_2 was done already" in log
    assert [f"parts_{k} starts" in log for k in (1, 2, 3)] == [True, False, True]


def test_short_parts_are_done_here(job, task, monkeypatch):
    monkeypatch.setattr("critasser.executors.local._Process", None)
    run_stages(job, STAGES, task(), lambda task, models=3: {"parts": 0.1}, LocalExecutor(2))
    assert len(set(files(job))) == MODELS


class Two:
    """Does two items at a time, and takes single ones too."""

    def at_once(self, count, seconds):
        return 2

    def map(self, work, items, *, shared, progress, **_):
        return done_here(work, items, shared, progress)


@pytest.mark.parametrize(("models", "rounds"), [(1, 1), (2, 1), (3, 2)])
def test_parts_are_expected_to_take_as_long_as_rounds_of_two(
    job, task, models, rounds, monkeypatch
):
    seconds = {}
    monkeypatch.setattr(job.progress, "expect", seconds.__setitem__)
    one = Stage("first", lambda context: (first(context), context.note(models=models)))
    run_stages(job, [one, PARTS], task(), expected, Two())
    assert seconds == {"first": 1.0, "parts": 30.0 * rounds}


def test_what_one_part_refuses_leaves_those_before_it_done(job, task, tmp_path):
    bad = Stage("parts", Split(shared, lambda context: {**own(context), "bad": 1}, drawn, write),
                reads=("1_calpha/a.txt",), draws=True, parts="first")  # fmt: skip
    with pytest.raises(InputError, match="part 1 is bad"):
        run_stages(job, [FIRST, bad], task(), expected, LocalExecutor(2))
    assert list(job.markers) == ["first", "parts_1"]
    assert np.frombuffer(job.path("5_models/atoms_1.npz").read_bytes()).shape == (4,)
