"""The one place where text becomes part of a ChimeraX command or of a link in the log.

Names of files, chain identifiers and all else that comes from outside may hold anything, also
``;``, after which ChimeraX runs what follows as a command of its own. A command is therefore put
together by `command_text`, which quotes each word by its kind and refuses what cannot be quoted.
"""

from __future__ import annotations

import math
import os
import re
import unicodedata
from collections.abc import Iterable
from html import escape
from typing import Any
from urllib.parse import quote

from chimerax.core.errors import UserError

__all__ = [
    "Command",
    "Quoted",
    "any_of",
    "command_link",
    "command_text",
    "in_turn",
    "key_label",
    "one_line",
    "quotable",
    "quoted_path",
    "quoted_paths",
    "quoted_text",
    "residues_spec",
]

_ENDS = re.compile(r"[\s;]")

_CHAIN = re.compile(r"[A-Za-z0-9_]+")
"""Chain identifiers that ChimeraX's specifiers can name: no wildcard, no quote, no sign."""

_MODEL = re.compile(r"#!?[0-9]+(\.[0-9]+)*")

_UNSAFE = re.compile(r"[;\"'\\`]")
"""What a word that is written as it is must not hold."""

_NOT_IN_LABEL = re.compile(r"[^\w .%Å+-]")

_BARE_IN_LINK = " /:;,#@=~+()!*'[]"
"""What may stay as it is in a link's address, for people who look at it."""


_TURNING = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068"
"""Characters after which text is shown in another order than it is written in."""


class Quoted(str):
    """Text that is one word of a command already."""


class Command(str):
    """A whole command that `command_text` has made."""


def command_text(*words: Any) -> Command:
    """A command from its words.

    Parameters
    ----------
    *words
        Text of our own, which is written as it is; a path; a number; true or false; a model, as its
        specifier; or what `quoted_path`, `quoted_text` or `residues_spec` have made.

    Raises
    ------
    UserError
        One of the words cannot be said in a command.
    """
    return Command(" ".join(_word(word) for word in words))


def in_turn(*commands: Command) -> Command:
    """Several commands as one line."""
    return Command("; ".join(command_text(command) for command in commands))


def quotable(*words: Any) -> Command | None:
    """The command of `command_text`, or None where there is none."""
    try:
        return command_text(*words)
    except UserError:
        return None


def _word(word: Any) -> str:
    if isinstance(word, (Quoted, Command)):
        return word
    if isinstance(word, os.PathLike):
        return quoted_path(word)
    if isinstance(word, bool):
        return str(word).lower()
    if isinstance(word, (int, float)):
        if not math.isfinite(word):
            raise UserError(f"{word} is no number that a command can hold")
        return f"{word:d}" if isinstance(word, int) else f"{word:g}"
    if not isinstance(word, str):
        word = word.atomspec
        if not _MODEL.fullmatch(word):
            raise UserError(f"{word!r} specifies no model")
        return word
    if _UNSAFE.search(word) or _has_control(word):
        raise UserError(f"{word!r} has characters that no command can hold")
    return word


def quoted_path(path: str | os.PathLike) -> Quoted:
    """A path as one word of a command, whatever is in it.

    ChimeraX's own quoting leaves a semicolon bare, and with it the rest of the path would be run as
    a command. Its parser knows no escapes in paths: a quote ends where a blank, a semicolon or
    nothing follows it.

    Raises
    ------
    UserError
        No way of quoting leads back to the path.
    """
    text = os.fspath(path)
    if _has_control(text):
        raise UserError(
            f"{text!r} has characters that no command can hold: rename the file or its folder"
        )
    if text and text[0] not in "\"'" and not _ENDS.search(text):
        return Quoted(text)
    for mark in "\"'":
        if not re.search(rf"{mark}[\s;]", text):
            return Quoted(f"{mark}{text}{mark}")
    raise UserError(
        f"{text!r} has both kinds of quotes before blanks, which no command can hold: rename the "
        "file or its folder"
    )


def quoted_paths(paths: Iterable[str | os.PathLike]) -> Quoted:
    """Paths as a list of ChimeraX's, which is split at commas outside of quotes.

    Raises
    ------
    UserError
        A path has quotes in it, which would end the list's own.
    """
    words = []
    for path in map(os.fspath, paths):
        if "'" in path or '"' in path:
            raise UserError(f"{path!r} has quotes, which no list can hold: rename the file")
        bare = quoted_path(path)
        words.append(Quoted(f'"{path}"') if "," in path and bare == path else bare)
    return Quoted(",".join(words))


def quoted_text(text: str) -> Quoted:
    """A name as one word of a command.

    In names, unlike in paths, ChimeraX's parser knows Python's escapes; but a quote ends a word
    also after a backslash, so that quotes are written by their number.

    Raises
    ------
    UserError
        It holds characters that cannot be seen.
    """
    if _has_control(text):
        raise UserError(f"{text!r} has characters that no command can hold: give another name")
    escaped = text.replace("\\", "\\\\").replace('"', r"\x22")
    return Quoted(f'"{escaped}"')


def residues_spec(structure, chain_id: str, first: int, last: int) -> Quoted:
    """Specifier of the residues of a chain from one number to another.

    Raises
    ------
    UserError
        No specifier names that chain, as it is with one that is blank or has signs in it.
    """
    if not _CHAIN.fullmatch(chain_id):
        raise UserError(f"no specifier can name the chain {chain_id!r}")
    first, last = int(first), int(last)
    numbers = f"{first}" if first == last else f"{first}-{last}"
    return Quoted(f"{_word(structure)}/{chain_id}:{numbers}")


def any_of(*models: Any) -> Quoted:
    """Specifier of all that is in some models, to be followed by ``&`` and what of it is meant."""
    return Quoted(f"({' | '.join(map(_word, models))})")


def key_label(color: str, label: str) -> Quoted:
    """A colour and its label as `key` takes them; signs that it cannot take are shown as dots."""
    return Quoted(f'"{color}:{_NOT_IN_LABEL.sub("·", label)}"')


def command_link(label: str, *words: Any) -> str:
    """HTML for the log: a link that runs a command, or the label alone where there is none.

    ChimeraX takes the address for one and decodes it, so that ``%3B`` in a file's name would become
    the end of the command.
    """
    command = quotable(*words)
    if command is None:
        return escape(label)
    return f'<a href="cxcmd:{quote(command, safe=_BARE_IN_LINK)}">{escape(label)}</a>'


def one_line(text: str) -> str:
    """Foreign text as it may be shown: what moves a terminal's cursor or breaks a line is seen."""
    return "".join(
        "\N{REPLACEMENT CHARACTER}" if _is_control(letter) else letter
        for letter in " ".join(text.split())
    )


def _has_control(text: str) -> bool:
    return any(map(_is_control, text))


def _is_control(letter: str) -> bool:
    """Control characters, halves of pairs, ends of lines, and what turns the way of writing."""
    return unicodedata.category(letter) in ("Cc", "Cs", "Zl", "Zp") or letter in _TURNING
