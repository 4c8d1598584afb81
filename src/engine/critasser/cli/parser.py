"""Arguments as people give them: mistakes are told in one plain line that says the remedy."""

from __future__ import annotations

import argparse
import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from critasser.text import printable

__all__ = ["Parser", "alike", "number", "whole_number"]

ALIKE = 0.6
"""Of `difflib.SequenceMatcher.ratio`, from which a name may be what was meant."""

NUMBER = re.compile(r"([+-]?\d+(?:[.,]\d*)?|[+-]?[.,]\d+)\s*(?:Å|A|Angstroms?|ang)?", re.IGNORECASE)
"""A number, perhaps with a comma for its point and with the unit."""

MISSING_PLACE = re.compile(r"one of the arguments -o/--output --resume is required")
MISSING = re.compile(r"the following arguments are required: (.*)")
ONE_OF = re.compile(r"one of the arguments (.*) is required")
COUNT = re.compile(r"argument (\S+): expected (one|\d+|at least one) arguments?$")
BOTH = re.compile(r"argument (\S+): not allowed with argument (\S+)$")
CHOICE = re.compile(r"argument (\S+): invalid choice: ")
UNKNOWN = re.compile(r"unrecognized arguments: (.*)", re.DOTALL)
AMBIGUOUS = re.compile(r"ambiguous option: (\S+) could match (.*)")
VALUE = re.compile(r"argument (\S+): (.*)", re.DOTALL)
"""What `argparse` says."""


class Parser(argparse.ArgumentParser):
    """Says mistakes in one line, in plain words and with what may have been meant."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.register("type", float, number)
        self.register("type", int, whole_number)
        self._given: list[str] = []

    def parse_known_args(self, args=None, namespace=None):
        """As `argparse` does it; what was given is kept for the words of a mistake."""
        self._given = list(args or ())
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """End with exit status 2."""
        told = self._plain(message)
        see = " See" if told.endswith("?") else "; see"
        self.exit(2, f"{printable(f'{self.prog}: {told}{see} {self.prog} --help')}\n")

    def _plain(self, message: str) -> str:
        """A message of `argparse` in plain words."""
        if MISSING_PLACE.search(message):
            return "where? Give a new job folder by -o FOLDER, or go on with one by --resume FOLDER"
        if found := MISSING.match(message):
            return self._missing(found[1])
        if found := ONE_OF.match(message):
            return f"give one of {', '.join(found[1].split())}"
        if found := COUNT.match(message):
            values = {"one": "a value", "at least one": "a value or more"}.get(found[2])
            return f"{_readable(found[1])} needs {values or f'{found[2]} values'}"
        if found := BOTH.match(message):
            return f"{_readable(found[1])} and {_readable(found[2])} exclude each other: give one"
        if found := CHOICE.match(message):
            return self._no_choice(found[1])
        if found := UNKNOWN.match(message):
            return self._unknown(found[1].split())
        if found := AMBIGUOUS.match(message):
            return f"{found[1]} may stand for {found[2]}: write more of it"
        if found := VALUE.match(message):
            return f"{_readable(found[1])} {found[2]}"
        return message

    def _missing(self, names: str) -> str:
        """Arguments that a command cannot do without."""
        known = [flag for action in self._actions for flag in action.option_strings]
        strange = [word for word in self._given if word.startswith("--") and word not in known]
        commands = [one for one in self._actions if isinstance(one, argparse._SubParsersAction)]
        if not commands:
            return f"missing: {_readable(names)}"
        if strange:
            return self._unknown(strange)
        return f"missing: {_readable(names)}, one of {', '.join(commands[0].choices)}"

    def _no_choice(self, flag: str) -> str:
        """A value that is none of those that an argument may have."""
        for action in self._actions:
            names = "/".join(action.option_strings) or str(action.metavar or action.dest)
            if names != flag or action.choices is None:
                continue
            choices = [str(choice) for choice in action.choices]
            wrong = self._value_of(action, choices)
            what = "no command" if isinstance(action, argparse._SubParsersAction) else None
            head = f"{what} {wrong!r}" if what else f"{_readable(flag)} {wrong!r}"
            meant = alike(wrong, choices)
            return f"{head}: " + (f"did you mean {meant}? " if meant else "") + (
                f"give one of {', '.join(choices)}"
            )
        return f"{_readable(flag)}: no such value"

    def _value_of(self, action: argparse.Action, choices: Sequence[str]) -> str:
        """What was given for an argument and is none of its choices."""
        given = iter(self._given)
        for word in given:
            if not action.option_strings:
                if not word.startswith("-") and word not in choices:
                    return word
                continue
            name, sign, value = word.partition("=")
            if any(flag.startswith(name) for flag in action.option_strings) and name != "-":
                value = value if sign else next(given, "")
                if value not in choices:
                    return value
        return ""

    def _unknown(self, words: Sequence[str]) -> str:
        """Words that no argument takes."""
        flags = [word.partition("=")[0] for word in words if word.startswith("-")]
        if not flags:
            return f"too many arguments: nothing takes {' '.join(words)}"
        known = [flag for action in self._actions for flag in action.option_strings]
        told = []
        for flag in flags:
            meant = alike(flag, known)
            told.append(f"no option {flag}" + (f": did you mean {meant}?" if meant else ""))
        return "; ".join(told)


def alike(word: str, among: Iterable[str]) -> str:
    """The name that a word was probably meant to be; empty where there is none.

    Examples
    --------
    >>> alike("--resoltuion", ["--resume", "--resolution", "--mask"])
    '--resolution'
    >>> alike("--resolution", ["--seed"])
    ''
    """
    found = difflib.get_close_matches(word.lower(), list(among), n=1, cutoff=ALIKE)
    return found[0] if found else ""


def number(text: str) -> float:
    """A number of the command line.

    Raises
    ------
    argparse.ArgumentTypeError
        It is none, with how to write what may be meant.
    """
    try:
        return float(text)
    except ValueError:
        found = NUMBER.fullmatch(text.strip())
        if found is None:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        meant = found[1].replace(",", ".").rstrip(".")
        raise argparse.ArgumentTypeError(f"{text!r}: write {meant}") from None


def whole_number(text: str) -> int:
    """A whole number of the command line; errors as `number`."""
    try:
        return int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None


def _readable(flag: str) -> str:
    """A name of `argparse` such as ``-o/--output`` as people write it."""
    return " ".join(one.split("/")[-1] for one in flag.split())
