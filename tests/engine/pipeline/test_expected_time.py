"""How long stages are expected to take."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from critasser.job.time_left import TimeLeft
from critasser.options import ModelInputs, Options, RebuildOptions
from critasser.pipeline import build, rebuild, score
from critasser.pipeline.expected_time import expected_build_seconds, expected_model_seconds
from critasser.pipeline.stage import Task
from critasser.structure import Sequence, Target

RECORDS = Path(__file__).parents[2] / "data"

def names(stages):
    return [stage.name for stage in stages]


def about_a_model(tmp_path, task, plan=None):
    one = task()
    inputs = ModelInputs(tmp_path / "model.pdb", tmp_path / "map.mrc")
    kind = "score" if plan is None else "rebuild"
    options = Options() if plan is None else RebuildOptions(stretches="A:1-3")
    return Task(kind, inputs, options, one.checked, plan=plan)


def test_every_stage_of_every_kind_of_job_has_a_time(tmp_path, task):
    assert list(expected_build_seconds(task())) == names(build.STAGES)
    assert list(expected_model_seconds(about_a_model(tmp_path, task))) == names(score.STAGES)
    plan = SimpleNamespace(built=np.array([True, True, True, False]))
    rebuilt = about_a_model(tmp_path, task, plan)
    assert list(expected_model_seconds(rebuilt)) == names(rebuild.stages(rebuilt))


def test_more_models_and_more_work_take_longer(task):
    three, five = (expected_build_seconds(task(), models) for models in (3, 5))
    assert five["atomic"] == 5 / 3 * three["atomic"]
    assert expected_build_seconds(task(models=1), 5)["atomic"] == three["atomic"] / 3
    thorough = expected_build_seconds(task(quality="thorough"))
    assert all(thorough[stage] >= three[stage] for stage in three)
    assert thorough["assembly"] > 2 * three["assembly"]


@pytest.fixture
def of_length(task):
    """A build of so many residues in so much density."""

    def made(residues: int, volume: float = 1e4, **options) -> Task:
        one = task(**options)
        target = Target((Sequence("x", "A" * residues),))
        checked = dataclasses.replace(one.checked, target=target, volume=volume)
        return dataclasses.replace(one, checked=checked)

    return made


@pytest.mark.parametrize(
    ("residues", "seconds"),
    [(312, 2.9), (357, 12.6), (400, 6.2), (1200, 15.4)],
)
def test_tracing_is_expected_to_take_as_long_as_it_was_measured_to(of_length, residues, seconds):
    # These maps tell the sequence: those that do not take some five times as long.
    expected = expected_build_seconds(of_length(residues, quality="draft"))["trace"]
    assert seconds / 3.6 < expected < seconds * 3.6


def test_a_residue_of_a_large_complex_takes_no_longer_to_trace_than_one_of_a_larger(of_length):
    two, four = (expected_build_seconds(of_length(n))["trace"] for n in (2000, 4000))
    assert four / two == pytest.approx(2.0, rel=0.02)


@pytest.mark.parametrize(
    ("name", "residues", "volume", "quality", "models", "worst"),
    [
        ("draft_on_a_quiet_machine", 190, 2.0e4, "draft", 3, 2.5),
        ("standard_on_a_busy_machine", 97, 1.8e4, "standard", 3, 3.0),
    ],
)
def test_recorded_runs_are_told_by_what_is_expected_today(
    of_length, name, residues, volume, quality, models, worst
):
    record = json.loads((RECORDS / f"progress_{name}.json").read_text())
    left = TimeLeft(expected_build_seconds(of_length(residues, volume, quality=quality), models))
    errors, running = [], None
    for now, stage, fraction in record["events"]:
        if stage != running:
            if running is not None:
                left.end(now)
            left.begin(stage, now)
            running = stage
        if 0.1 < now / record["seconds"] < 0.9:
            told = left.remaining(fraction, now)
            errors.append(abs(np.log(told / (record["seconds"] - now))))
    assert max(errors) < np.log(worst)
