"""What is learnt from chains and maps is what they show."""

import numpy as np

from critasser.trace.learning import count_spans, learn, learn_confidence, learn_links
from critasser.trace.statistics import statistics


def test_spans_end_where_a_chain_is_broken(barnase):
    half = len(barnase) // 2
    halves = barnase.calpha.copy()
    halves[half:] += 60.0
    broken = count_spans(halves)
    assert broken[10].sum() == len(barnase) - 20
    assert broken[:, 50:].sum() == 0


def test_learning_gives_every_table(barnase, seen):
    table = learn([barnase])
    assert np.isclose(table["background"].sum(), 1)
    assert table["span"].shape == statistics().span.shape
    view = seen(barnase, knowledge=1.0)
    links = learn_links([(view.calpha, view.features, view.residue)])
    assert links["link_weights"].shape == statistics().link.weights.shape
    assert links["turn"].shape == statistics().link.turn.shape


def test_confidence_is_learnt_from_what_was_right():
    rng = np.random.default_rng(0)
    features = np.column_stack([np.ones(2000), rng.normal(size=(2000, 2)) * 3, np.ones(2000)])
    truth = np.array([-1.0, 1.5, 0.5, 0.0])
    right = rng.random(2000) < 1 / (1 + np.exp(-features @ truth))
    learnt = learn_confidence(features, right)
    assert np.allclose(learnt[1:3], truth[1:3], atol=0.3)
    assert np.isclose(learnt[0] + learnt[3], truth[0], atol=0.3)
