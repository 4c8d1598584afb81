"""One region of a segmented map, as a surface in the scene."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from chimerax.core.models import Model, Surface
from chimerax.core.state import State

if TYPE_CHECKING:
    from .segmentation import Segmentation

__all__ = ["Segment", "selected_segments"]


class Segment(Surface):
    """One region. Its number in the index map is that of its model when it is made."""

    def __init__(self, name: str, session, number: int) -> None:
        super().__init__(name, session)
        self.number = number

    @property
    def segmentation(self) -> Segmentation:
        """The model that it is of."""
        return self.parent

    @property
    def region_volume(self) -> float:
        """Å³."""
        return self.segmentation.value_of("volumes", self.number)

    @property
    def mean_density(self) -> float:
        """In the map's units."""
        return self.segmentation.value_of("densities", self.number)

    @property
    def expected_residues(self) -> int:
        """Residues that a region of this size holds."""
        return round(self.segmentation.value_of("residues", self.number))

    @property
    def mates(self) -> int:
        """Number of its group of symmetric regions; 0 without mates."""
        return self.segmentation.mates.get(self.number, 0)

    def take_snapshot(self, session, flags):
        """What a session keeps; the surface is made anew from the index map."""
        kept = Model.take_snapshot(self, session, flags)
        if flags == State.SCENE:
            return kept
        return {
            "version": 1,
            "model": kept,
            "number": self.number,
            "color": [int(part) for part in self.color],
            "display_style": self.display_style,
            "selected": bool(self.selected),
        }

    @classmethod
    def restore_snapshot(cls, session, data):
        """The region of a saved session."""
        segment = cls(data["model"]["name"], session, int(data["number"]))
        segment.set_state_from_snapshot(session, data["model"])
        segment.segmentation.adopt(segment)
        segment.color = np.array(data["color"], dtype=np.uint8)
        segment.display_style = data["display_style"]
        segment.highlighted = data["selected"]
        return segment


def selected_segments(session) -> list[Segment]:
    """The selected regions, in the order of their models."""
    return [m for m in session.models.list() if isinstance(m, Segment) and m.selected]
