"""Symmetries are given by the names that ChimeraX and RELION have for them."""

import pytest

from critasser.errors import InputError
from critasser.options import Options
from critasser.symmetry_text import Helix, PointGroup, is_looked_for, read_symmetry


@pytest.mark.parametrize(
    ("text", "group"),
    [("C4", "C4"), ("c12", "C12"), ("D1", "C2"), (" d2 ", "D2"), ("t", "T"), ("O", "O"),
     ("I", "I"), ("I2", "I")],
)  # fmt: skip
def test_point_groups_are_given_by_name_however_their_axes_lie(text, group):
    assert read_symmetry(text) == PointGroup(group)


def test_a_helix_is_given_by_rise_and_twist():
    assert read_symmetry("helical:27.6,-166.5") == Helix(27.6, -166.5)
    assert read_symmetry("Helical:27.6, 193.5") == Helix(27.6, -166.5)
    assert str(read_symmetry("helical:1.408,22.03")) == "helical, rise 1.41 Å, twist 22.0°"


@pytest.mark.parametrize("text", ["auto", "None", "C1"])
def test_words_for_no_symmetry_in_particular(text):
    assert read_symmetry(text) is None


@pytest.mark.parametrize(
    "text", ["", "C0", "C99", "X4", "D", "helical", "helical:27.6", "helical:0,30", "helical:9,999",
             "helical:nan,20", "helical:a,b", "I5", "C4;exit"],
)  # fmt: skip
def test_what_names_no_symmetry_is_refused_with_what_does(text):
    with pytest.raises(ValueError, match=r"give auto, none or one such as C4, D2, T, O, I"):
        read_symmetry(text)


@pytest.mark.parametrize(("text", "looked_for"), [("auto", True), (" Auto ", True), ("none", False),
                                                  ("C4", False)])  # fmt: skip
def test_capitals_do_not_matter_for_what_is_looked_for(text, looked_for):
    assert is_looked_for(text) == looked_for


@pytest.mark.parametrize("text", ["C72", "helical:-27.6,166.5", "helical:0.3,20"])
def test_the_limit_that_was_broken_is_told(text):
    with pytest.raises(ValueError, match=r"order 60 at most, a rise of 0\.5 to 500 Å"):
        read_symmetry(text)


def test_an_option_that_is_no_text_is_refused():
    with pytest.raises(InputError, match="symmetry None"):
        Options(symmetry=None)
