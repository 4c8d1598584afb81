"""Text from anybody's file cannot act on a terminal."""

import pytest

from critasser.text import printable, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Cα at 3.8 Å", "Cα at 3.8 Å"),
        ("a\n\tb", "a b"),
        ("\x1b]0;title\x07A", r"\x1b]0;title\x07A"),
        ("\x9b2J", r"\x9b2J"),
        ("abc\u202ecba", r"abc\u202ecba"),
        ("m\udce9.mrc", r"m\udce9.mrc"),
        ("", ""),
    ],
)
def test_what_is_not_a_visible_character_is_an_escape(text, shown):
    assert printable(text) == shown


def test_lines_stay_lines_and_columns_columns():
    assert visible("a   b\n  c\x00") == "a   b\n  c\\x00"
