"""How long stages are expected to take."""

import dataclasses
import json
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from critasser.job.time_left import TimeLeft
from critasser.job.unloaded_clock import Instant
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
    assert five["atomic"] == pytest.approx(5 / 3 * three["atomic"])
    one = expected_build_seconds(task(models=1), 5)["atomic"]
    assert one == pytest.approx(three["atomic"] / 3)
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


def test_a_template_is_searched_for_longer_in_a_larger_map(of_length, tmp_path):
    def templates(volume: float) -> float:
        one = of_length(580, volume)
        inputs = dataclasses.replace(one.inputs, templates=(tmp_path / "a.pdb",))
        return expected_build_seconds(dataclasses.replace(one, inputs=inputs))["given_templates"]

    # 580 residues of TRPML1 in its whole map took some two minutes by CPU time.
    assert 60 < templates(3e6) < 500
    assert templates(4e4) < 0.4 * templates(3e6)


def told_of(record: dict, expected: dict) -> list[tuple[float, str, float]]:
    """Seconds since the start, stage and what is told to be left, along a recorded run."""
    left, running, told = TimeLeft(expected), None, []
    for wall, unloaded, stage, fraction in record["events"]:
        now = Instant(wall, unloaded)
        if stage != running:
            if running is not None:
                left.end(now)
            left.begin(stage, now)
            running = stage
        told.append((wall, stage, left.remaining(fraction, now)))
    return told


RUNS = ("small", "medium", "large")


def wrongs(of_length, size: str, most_left: float, *, loaded: bool) -> dict[str, np.ndarray]:
    """How wrong the time left is along a recorded run from its second stage on, as logarithms of
    ratios, while more than so much is left; how long each moment was; and jumps between stages."""
    record = json.loads((RECORDS / f"progress_{size}_under_load.json").read_text())
    run, events = record["run"], record["events"]
    if not loaded:
        # As it would have been had it never waited.
        events = [(unloaded, unloaded, *rest) for _, unloaded, *rest in events]
    given = {"quality": run["quality"], "template_search": False}
    task = of_length(run["residues"], run["volume"], **given)
    expected = expected_build_seconds(task)
    expected["calpha"] += expected["weaker"]  # These were one stage then,
    del expected["weaker"], expected["symmetry"]  # and symmetry was looked for while tracing.
    del expected["template_search"]  # No templates were looked for.
    told = told_of({"events": events}, expected)
    ends = events[-1][0]
    found = {"wrong": [], "moments": [], "jumps": []}
    for (now, stage, remaining), (after, following, later) in pairwise(told):
        if stage != "density" and ends - now > most_left:
            found["moments"].append(after - now)
            found["wrong"].append(abs(np.log(remaining / (ends - now))))
            if following != stage:
                found["jumps"].append(abs(np.log(later / remaining)))
    return {name: np.array(values) for name, values in found.items()}


@pytest.mark.parametrize(("size", "most"), [*zip(RUNS, (1.9, 2.0, 2.7))])
def test_under_load_time_left_is_told_from_the_second_stage_on(of_length, size, most):
    # Three to five times as long as on a quiet machine, beside six other programs on two cores;
    # neither the load nor the number of models is known before.
    found = wrongs(of_length, size, 10.0, loaded=True)
    right = found["wrong"] < np.log(2.0)
    assert found["moments"][right].sum() > 0.85 * found["moments"].sum()
    assert found["wrong"].max() < np.log(most)
    assert found["jumps"].max() < np.log(1.2)


@pytest.mark.parametrize(("size", "most"), [*zip(RUNS, (2.0, 2.0, 2.3))])
def test_on_a_quiet_machine_it_is_told_too(of_length, size, most):
    found = wrongs(of_length, size, 5.0, loaded=False)
    right = found["wrong"] < np.log(2.0)
    assert found["moments"][right].sum() > 0.85 * found["moments"].sum()
    assert found["wrong"].max() < np.log(most)
    assert found["jumps"].max() < np.log(1.2)


def test_the_search_for_known_folds_is_counted_where_a_map_hardly_tells_its_sequence(of_length):
    coarse, fine, without = (
        expected_build_seconds(of_length(200, resolution=resolution, template_search=search))
        for resolution, search in ((6.0, True), (3.0, True), (6.0, False))
    )
    assert coarse["template_search"] > 10 * fine["template_search"]
    assert coarse["templates"] > without["templates"]
    assert without["template_search"] < 1.0
