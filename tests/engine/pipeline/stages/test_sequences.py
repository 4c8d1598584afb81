"""What is said of sequences and their copies; what is not in the map is no later stage's matter."""

import dataclasses

import numpy as np
import pytest

from critasser.job.stage_run import StageRun
from critasser.pipeline.pipeline import run_stages
from critasser.pipeline.stage import Stage
from critasser.pipeline.stages.sequences import remarks
from critasser.structure import Sequence, Target
from critasser.trace import Presence, SequencePresence, Significance

ALPHA = Sequence("alpha", "ACDEFGHIKL")


def found(asked, built, *z_scores):
    copies = tuple(Significance(one, np.zeros(8), 1, common=1.0) for one in z_scores)
    return SequencePresence(ALPHA, copies, copies, asked, 7.0, built)


@pytest.mark.parametrize(
    ("one", "says"),
    [
        (found(1, 0, 0.4), "the map does not show alpha (10 residues)"),
        (found(3, 2, 7.0, 6.5, 0.1), "shows 2 of the 3 copies of alpha"),
        (found(2, 2, 7.0, 6.5, 6.0), "more copies of alpha than the 2 asked for: write copies=3"),
    ],
)
def test_chains_that_are_not_there_and_copies_that_are_are_told_in_a_line(one, says):
    (line,) = remarks(Presence((one,), 100.0))
    assert says in line and "\n" not in line


def test_a_copy_that_suits_the_map_less_than_the_best_may_be_a_relative():
    (line,) = remarks(Presence((found(2, 2, 40.0, 20.0),), 100.0))
    assert "1 of the 2 copies of alpha suit the map clearly less" in line and "20 beside 40" in line
    (line,) = remarks(Presence((found(1, 1, 40.0, 25.0),), 100.0))
    assert "a chain like alpha beside it" in line and "copies=" not in line
    assert remarks(Presence((found(2, 2, 40.0, 36.0),), 100.0)) == []
    assert remarks(Presence((found(2, 2, 12.0, 5.0),), 100.0)) == []


def test_of_a_symmetric_map_further_copies_are_in_all_units():
    (line,) = remarks(Presence((found(1, 1, 7.0, 6.0),), 100.0), units=3)
    assert "in each of the 3 units" in line and "copies=6" in line


@pytest.mark.parametrize("one", [found(1, 0, 0.4), found(3, 2, 7.0, 6.5, 0.1)])
def test_a_template_may_show_what_the_map_alone_does_not_and_that_is_told(one):
    (line,) = remarks(Presence((one,), 100.0), templates=True)
    assert line.startswith("the map alone") and "lie in the map" in line.replace("lies", "lie")


def test_what_is_as_it_was_asked_for_needs_no_word():
    assert remarks(Presence((found(2, 2, 7.0, 6.5, 0.2),), 100.0)) == []


def test_more_sequence_than_density_is_told():
    presence = Presence((found(2, 2, 7.0, 6.5, 0.2),), 12.0)
    (line,) = remarks(presence)
    assert line.startswith("20 residues are to be built, and the map shows Cα of 12 at most")
    assert remarks(presence, templates=True)[0].startswith("20 residues may be built")


def test_later_stages_see_the_sequences_that_are_built(job, task):
    whole = task()
    target = Target((ALPHA, Sequence("beta", "MMM"), Sequence("gamma", "WW")))
    whole = dataclasses.replace(whole, checked=dataclasses.replace(whole.checked, target=target))
    seen = {}

    def look(context):
        seen[context.stage.name] = (context.target.letters, context.run)

    stages = (
        Stage("sequences", lambda context: context.note(absent=[1])),
        Stage("trace", look, facts={"absent": "sequences"}),
        Stage("report", look, of_run=True),
    )
    run_stages(job, stages, whole)
    assert seen["trace"][0] == "ACDEFGHIKLWW"
    assert seen["report"][0] == target.letters
    assert isinstance(seen["trace"][1], StageRun)
