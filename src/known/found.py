"""A known structure that may serve as a template, and what it is of."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..jobs.sequences import ACCESSION

__all__ = ["Found", "Wanted", "accession_in"]

_CUT = re.compile(r"^(\d\w{3})_\d+$")
"""Names of single chains of entries of the PDB."""


@dataclass(frozen=True)
class Wanted:
    """A sequence that structures are looked for of.

    Attributes
    ----------
    name : str
        For people.
    letters : str
        Capitals.
    accession : str
        Of UniProt; empty where it is not known.
    """

    name: str
    letters: str
    accession: str = ""


@dataclass(frozen=True)
class Found:
    """A known structure.

    Attributes
    ----------
    name : str
        For people.
    source : str
        Where it is from, for people: ``open``, ``downloaded``, ``AlphaFold DB``, ``PDB``.
    sequence : str
        Name of the sequence that it is of.
    identity : float
        Share of the aligned residues that are the same, 0 to 1.
    coverage : float
        Share of the sequence that is aligned, 0 to 1.
    path : Path or None
        Its file; None for an open model.
    error : Path or None
        File of its predicted aligned error.
    address : str
        Where it was fetched from; empty for what is on this machine.
    model : chimerax.atomic.AtomicStructure or None
        An open one.
    """

    name: str
    source: str
    sequence: str
    identity: float
    coverage: float
    path: Path | None = None
    error: Path | None = None
    address: str = ""
    model: Any = None

    @property
    def gone(self) -> bool:
        """Whether it is an open model that has been closed."""
        return self.path is None and (self.model is None or self.model.deleted)

    @property
    def key(self) -> tuple[str, str]:
        """The same for one structure, open or as a file, of one sequence."""
        name = getattr(self.model, "filename", None)
        stem = Path(name).stem if isinstance(name, str) else self.path.stem if self.path else ""
        return _CUT.sub(r"\1", stem.lower()) or self.name, self.sequence

    @property
    def told(self) -> str:
        """In a line."""
        text = (
            f"{self.name} ({self.source}, {self.identity:.0%} identical over "
            f"{self.coverage:.0%} of {self.sequence}"
        )
        return f"{text}, with PAE)" if self.error is not None else f"{text})"


def accession_in(header: str) -> str:
    """The accession of UniProt in a name such as ``sp|P00533|EGFR_HUMAN`` or ``P00533``."""
    parts = header.split("|")
    word = parts[1] if len(parts) > 1 and parts[0].strip(">").lower() in ("sp", "tr") else header
    match = ACCESSION.fullmatch(word.strip().upper())
    return match[0] if match else ""
