"""A sequence is told from shuffled copies where the map shows it, and only there."""

import numpy as np
import pytest

from critasser.structure import Sequence, Target
from critasser.trace import register_evidence
from critasser.trace.evidence import Evidence
from critasser.trace.registration import certainty
from critasser.trace.statistics import learn_certainty, statistics


@pytest.fixture(scope="module")
def clear(barnase, seen):
    return seen(barnase, knowledge=2.0)


def evidence(view, target=None):
    return register_evidence(
        view.calpha, view.features, target or view.target, rng=np.random.default_rng(0)
    )


def test_the_right_sequence_stands_out(clear):
    found = evidence(clear)
    assert found.told and found.spreads > 10
    assert found.advice() is None


def test_a_sequence_that_is_not_in_the_map_is_said_not_to_be(clear):
    letters = "".join(np.random.default_rng(7).permutation(list(clear.target.letters)))
    found = evidence(clear, Target((Sequence("A", letters),)))
    assert not found.told
    assert "not those of this sequence" in found.advice()


def test_a_map_without_side_chains_is_said_not_to_tell(barnase, seen):
    found = evidence(seen(barnase, knowledge=0.0))
    assert not found.told
    assert "does not tell which residue is where" in found.advice()


def test_few_shuffles_that_agree_do_not_make_it_stand_out():
    assert Evidence(0.1, np.zeros(6), 0.5).spreads < 2


def test_a_residue_is_surer_the_more_the_sequence_is_told():
    marginal, agreement = np.array([0.2, 0.5, 0.99]), np.array([0.2, 0.5, 1.0])
    weights = statistics().certainty
    told, untold = (
        certainty(marginal, agreement, Evidence(own, np.zeros(6), 0.5)) @ weights
        for own in (2.0, 0.0)
    )
    assert (np.diff(told) > 0).all()
    assert (told > untold).all()


def test_certainty_is_learnt_from_what_was_right():
    rng = np.random.default_rng(0)
    support = np.column_stack([np.ones(2000), rng.normal(size=(2000, 2)) * 3, np.ones(2000)])
    truth = np.array([-1.0, 1.5, 0.5, 0.0])
    right = rng.random(2000) < 1 / (1 + np.exp(-support @ truth))
    learnt = learn_certainty(support, right)
    assert np.allclose(learnt[1:3], truth[1:3], atol=0.3)
    assert np.isclose(learnt[0] + learnt[3], truth[0], atol=0.3)
