"""Residues of chains by their numbers, as a person types them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from critasser.errors import InputError
from critasser.structure import NO_NAME, ModelResidue

__all__ = ["Range", "parse_stretches"]

_STRETCH = re.compile(
    r"(?:(?P<chain>[^:;,]*):)?\s*(?P<low>-?\d{1,9})(?P<a>[A-Za-z]?)"
    r"(?:-(?P<high>-?\d{1,9})(?P<b>[A-Za-z]?))?"
)
MOST_NAMES = 20


@dataclass(frozen=True)
class Range:
    """Residues of a chain from one to another, both included.

    Attributes
    ----------
    chain : str or None
        None where the person named none.
    low, high : tuple of (number, insertion code)
    """

    chain: str | None
    low: tuple[int, str]
    high: tuple[int, str]

    def holds(self, residue: ModelResidue) -> bool:
        """Whether a residue's number is one of these; see `among` for those of a chain."""
        return residue.chain == self.chain and self.low <= residue.name <= self.high

    def among(self, residues: Sequence[ModelResidue]) -> range:
        """Which of a model's residues these are, by their places.

        All that stand from the first to the last one named, whatever numbers they have: insertion
        codes may stand before their number. Where the model lacks one of the two, numbers tell.
        """
        mine = [i for i, one in enumerate(residues) if one.chain == self.chain]
        first = [i for i in mine if residues[i].name == self.low]
        last = [i for i in mine if residues[i].name == self.high]
        between = [i for i in mine if self.holds(residues[i])]
        if not (first or between) or not (last or between):
            return range(0)
        return range((first or between)[0], (last or between)[-1] + 1)

    def of(self, names: Sequence[str], path_name: str) -> Range:
        """The range with the name of its chain.

        Parameters
        ----------
        names : sequence of str
            Of the model's chains; a chain without a name is called ``_`` or left out.
        path_name : str
            Of the model, for messages.

        Raises
        ------
        InputError
            The model has no such chain, or several, and none was named.
        """
        told = ", ".join(name or NO_NAME for name in names[:MOST_NAMES])
        chain = self.chain
        if chain is None:
            if len(names) > 1:
                raise InputError(
                    f"stretch {self}: {path_name} has the chains {told}; say which, as "
                    f"{names[0] or NO_NAME}:{self}"
                )
            return replace(self, chain=names[0])
        if chain == NO_NAME and NO_NAME not in names:
            chain = ""
        if chain not in names:
            blank = "; a chain without a name is called _" if "" in names else ""
            raise InputError(
                f"stretch {self}: {path_name} has no chain {chain or NO_NAME}; it has {told}{blank}"
            )
        return replace(self, chain=chain)

    def spelled(self, residues: Sequence[ModelResidue]) -> Range:
        """The range with its insertion codes as large or small as those of a model."""
        mine = {one.name for one in residues if one.chain == self.chain}
        ends = [
            (number, code.swapcase())
            if (number, code) not in mine and (number, code.swapcase()) in mine
            else (number, code)
            for number, code in (self.low, self.high)
        ]
        return replace(self, low=ends[0], high=ends[1])

    def __str__(self) -> str:
        low, high = (f"{number}{code}" for number, code in (self.low, self.high))
        chain = "" if self.chain is None else f"{self.chain or NO_NAME}:"
        return f"{chain}{low}-{high}"


def parse_stretches(text: str) -> tuple[Range, ...]:
    """Ranges of a text such as ``A:45-80,B:10-20A``; ``45-80`` where a model has one chain.

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
        if high[0] < low[0]:
            raise InputError(f"stretch {part.strip()}: its end lies before its beginning")
        found.append(Range((match["chain"] or "").strip() or None, low, high))
    return tuple(found)
