"""Weighs the terms of the energy against each other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from critasser.assembly import terms

__all__ = ["WEIGHTS", "Weights"]


@dataclass(frozen=True)
class Weights:
    """Weights of the terms at temperature 1; chosen on chains of the split val."""

    bond: float = 12.0
    local: float = 0.35
    helix: float = 1.0
    excluded: float = 8.0
    overlap: float = 4.0
    contact: float = 0.15
    sheet: float = 1.5
    burial: float = 0.3
    gyration: float = 0.2
    em: float = 2.0
    cnn: float = 4.0
    identity: float = 1.0
    place: float = 6.0
    pair: float = 1.5
    predicted: float = 1.0

    def vector(self) -> NDArray[np.float64]:
        """In the order of the kernels; `em` and `cnn` are in the fields already."""
        result = np.zeros(terms.TERMS)
        for name in (
            "bond", "local", "helix", "excluded", "overlap", "contact", "sheet", "burial",
            "gyration", "identity", "place", "pair",
        ):  # fmt: skip
            result[getattr(terms, name.upper())] = getattr(self, name)
        result[terms.FIELD] = 1.0
        return result


WEIGHTS = Weights()
