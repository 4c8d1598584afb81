"""Chains that are tried as templates, and where each comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from critasser.pipeline.stage import Context
from critasser.structure import ProteinChain
from critasser.text import printable
from critasser.threading import TemplateLibrary

__all__ = ["KNOWN_FOLD", "TRIED_FACTS", "Tried", "suits"]

TRIED_FACTS = {"found": "template_search", "known_folds": "template_search"}
"""For `Tried.of`."""

GIVEN_ONE, KNOWN_FOLD = "given", "known fold"
"""Where a template comes from, as the report calls it."""


@dataclass(frozen=True)
class Tried:
    """What is tried as templates: chains that were given first, then those that were found.

    Attributes
    ----------
    given : tuple of ProteinChain
    found : tuple of ProteinChain
        Of the library of known folds.
    noted : tuple of mapping
        What stage template_search noted of each of these.
    library : str
        What a person calls it.
    """

    given: tuple[ProteinChain, ...]
    found: tuple[ProteinChain, ...]
    noted: tuple[Mapping[str, Any], ...]
    library: str

    @classmethod
    def of(
        cls, context: Context, given: Sequence[ProteinChain], library: TemplateLibrary
    ) -> Tried:
        """Those that were given, and a library of those that stage template_search found."""
        chains = [replace(library.chain(k), file="the library") for k in range(len(library))]
        looked, noted = context.fact("known_folds"), context.fact("found")
        sound = isinstance(noted, list) and len(noted) == len(chains)
        return cls(
            tuple(given),
            tuple(chains),
            tuple(
                _record(one, name)
                for one, name in zip(noted if sound else [{}] * len(chains), library.names)
            ),
            printable(str(looked.get("library"))) if isinstance(looked, dict) else "",
        )

    @property
    def chains(self) -> tuple[ProteinChain, ...]:
        """All of them, in this order."""
        return self.given + self.found

    @property
    def stand_out(self) -> dict[int, float]:
        """By their numbers, the deviations by which the folds of those that were found stand out.
        """
        return {
            len(self.given) + k: one["by_map"] for k, one in enumerate(self.noted)
            if one["by_map"] is not None
        }  # fmt: skip

    def origin(self, numbers: Sequence[int]) -> dict[str, Any]:
        """Where a template comes from that is made of these chains, for results and tables."""
        known = [self.noted[k - len(self.given)] for k in numbers if k >= len(self.given)]
        words = [GIVEN_ONE] * (len(known) < len(numbers)) + [KNOWN_FOLD] * bool(known)
        best = known[0] if known else {}
        return {
            "origin": " and ".join(words),
            "structure": ", ".join(one["structure"] for one in known) or None,
            "by_sequence": best.get("by_sequence"),
            "by_map": best.get("by_map"),
        }


def suits(origin: Mapping[str, Any]) -> str:
    """How far a known fold stands out, by the sequence and by the map, in a few words."""
    shapes = {"by_sequence": "by sequence z {:.1f}", "by_map": "by map {:.1f} deviations"}
    known = [shape.format(origin[by]) for by, shape in shapes.items() if origin[by] is not None]
    return ", ".join(known)


def _record(noted: Any, name: str) -> dict[str, Any]:
    """What was noted of a chain that was found, as far as it is what the stage writes."""
    noted = noted if isinstance(noted, dict) else {}
    entity = noted.get("entity")
    return {
        "structure": name,
        **{by: _finite(noted.get(by)) for by in ("by_sequence", "by_map")},
        "entity": entity if type(entity) is int else None,
    }


def _finite(value: Any) -> float | None:
    return float(value) if type(value) in (int, float) and np.isfinite(value) else None
