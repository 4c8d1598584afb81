"""Tell of the part of a map that looks like DNA or RNA, and how to see it."""

from __future__ import annotations

from typing import Any

from ..session.files import as_number
from ..session.messages import tell

__all__ = ["NUCLEIC_MAP", "nucleic_acid_told", "tell_nucleic_acid"]

NUCLEIC_MAP = "1_calpha/nucleic_acid.mrc"
"""Density that looks like DNA or RNA."""


def nucleic_acid_told(found: Any) -> str:
    """What `results.json` says of it, in a line; empty where there is none."""
    if not isinstance(found, dict) or not (volume := as_number(found.get("volume"))):
        return ""
    if found.get("left_out"):
        return f"nucleic acid: {volume:,.0f} Å³, where no Cα are looked for"
    return f"nucleic acid, or protein: {volume:,.0f} Å³"


def tell_nucleic_acid(session, name: str, group, found: Any) -> None:
    """Tell what a job has found, with links that show and hide it in the job's group."""
    if line := nucleic_acid_told(found):
        tell(
            session,
            f"critasser {name}: {line}",
            (("critasser show", group, "nucleicAcid"), "show it"),
            (("critasser hide", group, "nucleicAcid"), "hide it"),
        )
