"""A symmetry that was given or found, and is not used, is told."""

import dataclasses

import numpy as np
import pytest

from critasser.job.arrays import load_symmetry, save_calpha, save_symmetry, save_templates
from critasser.pipeline.files import CALPHA, EVERY_CALPHA, SYMMETRY, TEMPLATES, UNITS
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.stage import Stage
from critasser.pipeline.stages import trace
from critasser.structure import CalphaSet, Symmetry

HALF_TURN = np.diag([-1.0, -1.0, 1.0])


@pytest.fixture
def two_units(monkeypatch):
    """A stage that finds positions in the map of `before`, and a symmetry of two units of which the
    second lies `away` Å from the first; chains are not traced."""
    monkeypatch.setattr(trace, "_traces_of_unit", lambda *_: ())

    def made(away: float) -> Stage:
        def body(context):
            x = np.array([1.5, -1.0, 3.5]) + np.arange(10)[:, None] * [0.2, 0.1, 0.5]
            even = np.full((10, 20), 0.05), np.full((10, 3), 1 / 3)
            found = CalphaSet(x, np.full(10, 0.9), *even)
            middle = x.mean(axis=0) + [1.0, 1.0, 0.0]
            turned = Symmetry(
                np.array([np.eye(3), HALF_TURN]),
                np.array([np.zeros(3), middle - HALF_TURN @ middle + [away, 0, 0]]),
            )
            for name in (CALPHA, EVERY_CALPHA):
                save_calpha(context.file(name), found, 1.0, True)
            save_symmetry(context.file(UNITS), turned)
            save_templates(context.file(TEMPLATES), [], 10)
            noted = {"name": "C2", "by": "given", "correlation": 0.9}
            context.note(map_symmetry=noted, absent=[], log_odds={})

        return Stage("symmetry", body)

    return made


@pytest.mark.parametrize(("away", "units"), [(0.0, 2), (100.0, 1)])
def test_that_a_symmetry_is_not_used_is_told(job, task, before, two_units, away, units):
    """A second unit that lies out of the map is none."""
    made = two_units(away)
    facts = {name: made.name if name != "resolution" else "density" for name in trace.STAGE.facts}
    stage = dataclasses.replace(trace.STAGE, facts=facts)
    run_stages(job, [before(), made, stage], task())
    told = [line for line in job.warnings() if "symmetry C2 is not used" in line]
    assert len(told) == (units == 1)
    assert all("the map holds one whole unit only" in line for line in told)
    assert len(load_symmetry(job.path(SYMMETRY))) == units
