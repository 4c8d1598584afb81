"""The random numbers of stages."""

from critasser.job.stage_run import stage_generator


def test_stages_draw_the_same_whatever_ran_before():
    assert stage_generator(1, "trace").random() == stage_generator(1, "trace").random()
    assert stage_generator(1, "trace").random() != stage_generator(1, "assembly").random()
    assert stage_generator(1, "trace").random() != stage_generator(2, "trace").random()
