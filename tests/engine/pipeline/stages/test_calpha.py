"""What is said of Cα positions that cannot be right."""

import numpy as np
import pytest

from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.stages import calpha
from critasser.structure import CalphaSet


@pytest.mark.parametrize(("resolution", "warned"), [(3.5, True), (8.0, False)])
def test_a_mirror_image_is_warned_of_where_its_hand_can_be_told(
    job, task, before, monkeypatch, resolution, warned
):
    turn = np.radians(-100) * np.arange(30)
    left = np.stack([2.3 * np.cos(turn), 2.3 * np.sin(turn), 1.5 * np.arange(30)], 1)
    found = CalphaSet(left, np.ones(30), np.full((30, 20), 0.05), np.tile([1.0, 0, 0], (30, 1)))
    monkeypatch.setattr(calpha, "find_calpha", lambda *_: found)
    run_stages(job, [before(resolution), calpha.STAGE], task())
    assert any("volume flip" in text for text in job.warnings()) == warned
