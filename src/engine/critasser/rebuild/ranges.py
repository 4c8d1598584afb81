"""Residues of chains by their numbers, as a person types them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from critasser.errors import InputError
from critasser.structure import ModelResidue

__all__ = ["Range", "parse_stretches"]

_STRETCH = re.compile(
    r"(?P<chain>[^\s:;,]+):(?P<low>-?\d+)(?P<a>[A-Za-z]?)(?:-(?P<high>-?\d+)(?P<b>[A-Za-z]?))?"
)


@dataclass(frozen=True)
class Range:
    """Residues of a chain from one number to another, both included."""

    chain: str
    low: tuple[int, str]
    high: tuple[int, str]

    def holds(self, residue: ModelResidue) -> bool:
        """Whether a residue is one of them."""
        return (
            residue.chain == self.chain
            and self.low <= (residue.number, residue.insertion) <= self.high
        )

    def __str__(self) -> str:
        low, high = (f"{number}{code}" for number, code in (self.low, self.high))
        return f"{self.chain}:{low}-{high}"


def parse_stretches(text: str) -> tuple[Range, ...]:
    """Ranges of a text such as ``A:45-80,B:10-20A``.

    Raises
    ------
    InputError
        It is not such a text.
    """
    found = []
    for part in text.split(","):
        match = _STRETCH.fullmatch(part.strip())
        if match is None:
            raise InputError(f"stretch {part.strip()!r}: give a chain and residues, as A:45-80")
        low = int(match["low"]), match["a"]
        high = (int(match["high"]), match["b"]) if match["high"] else low
        if high < low:
            raise InputError(f"stretch {part.strip()}: its end lies before its beginning")
        found.append(Range(match["chain"], low, high))
    return tuple(found)
