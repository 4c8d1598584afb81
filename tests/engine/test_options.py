"""What a person can choose."""

import pytest

from critasser.atomic import SCHEDULES
from critasser.options import PRESETS, Options


@pytest.mark.parametrize("quality", PRESETS)
def test_every_quality_has_a_schedule_that_the_atoms_know(quality):
    assert Options(quality=quality).schedule.atomic in SCHEDULES
