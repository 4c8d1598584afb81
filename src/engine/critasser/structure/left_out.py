"""What of a coordinate file is not taken for protein, counted by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["LeftOut"]

REASONS = {
    "water": ("water", "waters"),
    "ligand": ("ligand, ion or sugar", "ligands, ions and sugars"),
    "nucleotide": ("nucleotide", "nucleotides"),
    "cap": ("cap of a chain", "caps of chains"),
    "amino acid": ("free amino acid", "free amino acids"),
    "unknown": (
        "residue that is none of the twenty amino acids",
        "residues that are none of the twenty amino acids",
    ),
    "no calpha": ("residue without a Cα", "residues without a Cα"),
    "conformation": (
        "atom of a second conformation", "atoms of second conformations",
    ),
    "element": (
        "atom of an element that proteins do not have",
        "atoms of elements that proteins do not have",
    ),
    "no place": ("atom without a position", "atoms without a position"),
    "model": (
        "further model that overlaps with the first",
        "further models that overlap with the first",
    ),
}  # fmt: skip
"""Each with its words for one and for several."""

NAMED = ("ligand", "cap", "amino acid", "unknown", "no calpha", "element")
"""Reasons for which the names of the residues are told."""

MOST_NAMES = 6


@dataclass(frozen=True)
class LeftOut:
    """Counts by reason and name.

    Attributes
    ----------
    counts : mapping of str to mapping of str to int
        By reason (a key of `REASONS`) how many of each name, "" where names say nothing.
    """

    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return any(self.total(reason) for reason in self.counts)

    def total(self, reason: str) -> int:
        """How many are left out for a reason."""
        return sum(self.counts.get(reason, {}).values())

    def with_more(self, reason: str, names: Mapping[str, int]) -> LeftOut:
        """These and more of a reason."""
        together = Counter(self.counts.get(reason, {})) + Counter(names)
        return LeftOut({**self.counts, reason: dict(together)})

    def __str__(self) -> str:
        """A list for one line: ``213 waters, 2 ligands, ions and sugars (ATP, MG)``."""
        return "; ".join(self._parts())

    def line(self, path: Path) -> str:
        """A line for the person; empty where nothing is left out."""
        return f"{path.name}: left out {self}" if self else ""

    def _parts(self) -> Iterator[str]:
        for reason, (one, several) in REASONS.items():
            total = self.total(reason)
            if not total:
                continue
            names = [name for name in self.counts[reason] if name] if reason in NAMED else []
            more = ", …" if len(names) > MOST_NAMES else ""
            told = f" ({', '.join(names[:MOST_NAMES])}{more})" if names else ""
            yield f"{total:,} {one if total == 1 else several}{told}"
