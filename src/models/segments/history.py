"""Keep changes of regions, so that they can be undone."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from chimerax.core.errors import UserError
from chimerax.core.undo import UndoAction

__all__ = ["Arrangement", "Change"]

_MOMENTS = itertools.count()


@dataclass(frozen=True)
class Arrangement:
    """Which basin is in which region, and how the regions look: what undo brings back."""

    group: np.ndarray
    looks: Mapping[int, tuple[str, tuple[int, ...]]]


class Change(UndoAction):
    """One step back, or forth again.

    Attributes
    ----------
    moment : int
        Greater than those of earlier changes.
    """

    def __init__(self, name: str, segmentation, before, after) -> None:
        super().__init__(name)
        self.moment = next(_MOMENTS)
        self._segmentation = weakref.ref(segmentation)
        self._before = before
        self._after = after

    def undo(self) -> None:
        """Go back to what was before."""
        segmentation = self._alive()
        segmentation.arrange(self._before)
        if self in segmentation.changes:
            segmentation.changes.remove(self)
        segmentation.tell_changed()

    def redo(self) -> None:
        """Change it again."""
        segmentation = self._alive()
        segmentation.arrange(self._after)
        segmentation.changes.append(self)
        segmentation.tell_changed()

    def _alive(self):
        segmentation = self._segmentation()
        if segmentation is None or segmentation.deleted:
            raise UserError(f"{self.name}: the segmentation has been closed")
        return segmentation
