"""What placed templates say of a model's residues."""

from dataclasses import replace

import numpy as np
import pytest

from critasser.quality.calibration import FEATURES, TEMPLATE_FEATURES
from critasser.quality.templates import (
    DENSITY_AROUND,
    REGISTER_TOLD,
    led_features,
    template_features,
)
from critasser.structure import Sequence, Target, Template

LENGTH = 30
TARGET = Target((Sequence("one", "ACDEFGHIKL" * 3),))
SEEN = np.tile(np.arange(len(FEATURES), dtype=float), (LENGTH, 1))


def line(off=0.0):
    along = np.arange(LENGTH) * 3.8
    return np.stack([along, np.full(LENGTH, off), np.zeros(LENGTH)], axis=1)


def template(off=0.0, value=0.4):
    return Template(line(off), 0.8, "x", values=np.full(LENGTH, value))


def column(told, name):
    return told[:, TEMPLATE_FEATURES.index(name)]


def test_a_stretch_off_the_density_tells_of_itself_and_little_of_the_rest():
    values = np.full(LENGTH, 0.4)
    values[20:] = -1.2
    told = template_features(Template(line(), 0.8, "x", values=values), SEEN, TARGET)
    assert column(told, "density around")[:15] == pytest.approx(0.4)
    assert column(told, "density around")[25:] == pytest.approx(-1.2)


def test_what_lies_nowhere_counts_as_badly_placed():
    unknown = Template(line(), 0.8, "x")
    gone = Template(np.full((LENGTH, 3), np.nan), 0.0, "x")
    for one in (unknown, gone):
        around = column(template_features(one, SEEN, TARGET), "density around")
        assert around == pytest.approx(DENSITY_AROUND[0])


def test_what_is_released_says_nothing_of_its_neighbours():
    positions, values = line(), np.full(LENGTH, 0.4)
    positions[10:14], values[10:14] = np.nan, -3.0
    told = template_features(Template(positions, 0.8, "x", values=values), SEEN, TARGET)
    assert column(told, "density around")[[9, 14]] == pytest.approx(0.4)


def test_a_register_that_stands_out_and_what_the_map_left_of_it_tell_of_the_whole_template():
    positions, values = line(), np.full(LENGTH, 0.4)
    positions[20:] = np.nan
    for z_score, expected in ((0.8, 0.8), (-1.0, 0.0), (17.0, REGISTER_TOLD)):
        one = Template(positions, 0.8, "x", z_score=z_score, values=values)
        told = template_features(one, SEEN, TARGET)
        assert column(told, "register told") == pytest.approx(expected)
        assert column(told, "kept") == pytest.approx(20 / LENGTH)
    assert column(template_features(template(), SEEN, TARGET), "kept") == pytest.approx(1.0)


def test_of_a_chain_tells_the_template_that_has_it_alone():
    letters = "ACDEFGHIKL" * 3
    two = Target((Sequence("one", letters), Sequence("two", letters)))
    seen = np.tile(SEEN, (2, 1))
    both = np.concatenate([line(), line(20.0)])
    alone = both.copy()
    alone[:LENGTH] = np.nan
    values = np.repeat([0.4, -0.6], LENGTH)
    together = Template(both, 0.8, "x", z_score=4.0, values=values)
    known = np.where(np.isnan(alone[:, 0]), np.nan, values)
    second = Template(alone, 0.8, "y", z_score=0.5, values=known)
    told = led_features(both, [together, second], seen, two)[:, 1:]
    assert column(told, "register told") == pytest.approx(np.repeat([REGISTER_TOLD, 0.5], LENGTH))
    assert column(told, "density around") == pytest.approx(values)


def test_of_two_templates_of_a_chain_the_one_with_more_residues_tells():
    half = line()
    half[LENGTH // 2 :] = np.nan
    kept = np.where(np.isnan(half[:, 0]), -0.6, 0.4)
    better = Template(line(), 0.8, "x", z_score=4.0, values=np.full(LENGTH, 0.4))
    worse = Template(half, 0.8, "y", z_score=0.5, values=kept)
    told = led_features(line(), [worse, better], SEEN, TARGET)[:, 1:]
    assert column(told, "register told") == pytest.approx(REGISTER_TOLD)
    assert column(told, "kept") == pytest.approx(1.0)


def test_the_models_own_evidence_is_taken_over():
    told = template_features(template(), SEEN, TARGET)
    assert column(told, "amino acid") == pytest.approx(FEATURES.index("amino acid"))


def test_the_nearest_template_speaks_as_far_as_the_residue_is_there():
    trace = line()
    trace[3] = np.nan
    near, far = template(1.0, 0.4), template(4.0, 0.1)
    told = led_features(trace, [far, near], SEEN, TARGET)
    assert told[0] == pytest.approx([0.8, *template_features(near, SEEN, TARGET)[0]])
    assert told[3, 0] == pytest.approx(0.0)
    assert led_features(trace, [], SEEN, TARGET) == pytest.approx(0.0)


def test_a_template_whose_letters_tell_little_says_less_of_where_a_residue_is():
    where = [
        led_features(line(), [replace(template(), identity=one)], SEEN, TARGET)[:, 0].mean()
        for one in (0.1, 0.2, 0.3, 0.5, 1.0)
    ]
    assert where[0] == where[1] == pytest.approx(0.8)
    assert where[1] < where[2] < where[3] < where[4] == pytest.approx(1.0)
