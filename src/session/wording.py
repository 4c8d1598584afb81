"""Say the engine's messages in the words of ChimeraX's command line."""

from __future__ import annotations

import re

from .quoting import one_line

__all__ = ["in_chimerax"]

_KEYWORDS = {"map": "inMap", "stretch": "residues after the model"}
"""Options of the engine that have another name here; the others are keywords as they are."""

_OPTION = re.compile(r"(?<!\S)--([a-z]+)\b")


def in_chimerax(text: str) -> str:
    """A message of the engine with its options as keywords of ``critasser`` commands."""
    text = one_line(text)
    text = re.sub(r"(?<!\S)--resume(?= \S)", "critasser resume", text)
    text = text.replace("--no-template-search", "templates none")
    return _OPTION.sub(lambda option: _KEYWORDS.get(option[1], option[1]), text)
