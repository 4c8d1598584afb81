"""The lists of stages fit together."""

from types import SimpleNamespace

import pytest

from critasser.pipeline import build, rebuild, score
from critasser.pipeline.files import DENSITY


def of_rebuild(whole_map: bool):
    return rebuild.stages(SimpleNamespace(options=SimpleNamespace(whole_map=whole_map)))


LISTS = {
    "build": build.STAGES,
    "score": score.STAGES,
    "rebuild": of_rebuild(False),
    "rebuild in the whole map": of_rebuild(True),
}


@pytest.mark.parametrize("kind", LISTS)
def test_facts_come_from_stages_that_ran_before(kind):
    before = set()
    for stage in LISTS[kind]:
        assert set(stage.facts.values()) <= before, stage.name
        assert stage.parts is None or stage.parts in before
        assert stage.name not in before
        before.add(stage.name)


@pytest.mark.parametrize("kind", LISTS)
def test_the_last_stage_and_no_other_tells_of_the_whole_run(kind):
    assert [stage.of_run for stage in LISTS[kind]] == [False] * (len(LISTS[kind]) - 1) + [True]


@pytest.mark.parametrize("kind", LISTS)
def test_all_but_the_first_stage_see_the_same_map(kind):
    first, *others = LISTS[kind]
    assert not first.reads
    blind = {stage.name for stage in others if DENSITY not in stage.reads}
    assert blind <= {"templates"}


def test_a_rebuild_of_a_builds_model_begins_with_the_builds_own_stages():
    shared = len(rebuild.REBUILD.adopts)
    assert LISTS["rebuild in the whole map"][:shared] == build.STAGES[:shared]
    assert tuple(stage.name for stage in build.STAGES[:shared]) == rebuild.REBUILD.adopts
    assert LISTS["rebuild"][0] == score.STAGES[0] != build.STAGES[0]
