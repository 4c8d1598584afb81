"""Mistakes in arguments are told in plain words, with what may have been meant."""

import argparse

import pytest

from critasser.cli.parser import alike, number


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("bild", "no command 'bild': did you mean build?"),
        ("--verson", "no option --verson: did you mean --version?"),
        ("build a b", "where? Give a new job folder by -o FOLDER, or go on with one by --resume"),
        ("build a b -o x --resolution 2,9", "--resolution '2,9': write 2.9"),
        ("build a b -o x --resolution 3.6Å", "--resolution '3.6Å': write 3.6"),
        ("build a b -o x --resolution high", "--resolution 'high' is not a number"),
        ("build a b -o x --models two", "--models 'two' is not a whole number"),
        ("build a b -o x --resoltuion 3", "no option --resoltuion: did you mean --resolution?"),
        ("build a b -o x --quux 3", "no option --quux; see critasser build --help"),
        ("build a b -o x --quality=drft", "--quality 'drft': did you mean draft? give one of"),
        ("build a b -o x --quality best", "'best': give one of draft, standard, thorough"),
        ("build a b c d -o x", "too many arguments: nothing takes c d"),
        ("build a b -o x --res 3", "--res may stand for --resume, --resolution: write more of it"),
        ("build a b -o x --mask", "--mask needs a value"),
        ("build a b -o x --half-maps a", "--half-maps needs 2 values"),
        ("build a b -o x --mask m --no-mask", "--no-mask and --mask exclude each other"),
        ("simulate m", "missing: --output, --resolution"),
        ("train netwrk", "no command 'netwrk': did you mean network?"),
        ("data", "missing: WHAT, one of prepare"),
    ],
)
def test_what_is_wrong_is_told_in_a_line(run, arguments, told):
    status, out, err = run(*arguments.split())
    assert (status, out) == (2, "")
    assert told in err and err.count("\n") == 1


def test_what_is_quoted_cannot_move_the_cursor(run):
    _, _, err = run("build", "a", "b", "-o", "x", "--models", "\x1b[2J")
    assert "\x1b" not in err and "\\x1b[2J" in err


@pytest.mark.parametrize("text", ["2,9", "2.9 Å", "2.9A", "2,9 angstrom"])
def test_numbers_with_a_comma_or_a_unit_are_recognised(text):
    with pytest.raises(argparse.ArgumentTypeError, match=r"write 2\.9$"):
        number(text)


@pytest.mark.parametrize("text", ["2.9", " 2.9", "29e-1"])
def test_numbers_are_numbers(text):
    assert number(text) == 2.9


def test_only_names_that_are_alike_are_proposed():
    assert alike("BUILD", ["build", "fit"]) == "build"
    assert alike("xyz", ["build", "fit"]) == ""
