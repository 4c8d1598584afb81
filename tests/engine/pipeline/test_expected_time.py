"""How long stages are expected to take."""

from types import SimpleNamespace

import numpy as np

from critasser.options import ModelInputs, Options, RebuildOptions
from critasser.pipeline import build, rebuild, score
from critasser.pipeline.expected_time import expected_build_seconds, expected_model_seconds
from critasser.pipeline.stage import Task


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
