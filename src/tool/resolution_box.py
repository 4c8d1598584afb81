"""The resolution of a map, or that it is to be estimated."""

from __future__ import annotations

from Qt.QtWidgets import QDoubleSpinBox, QHBoxLayout

from .layout import labelled

__all__ = ["ResolutionBox"]

_ESTIMATED, _FINEST, _COARSEST = 0.9, 1.0, 20.0
"""Å; the first stands for none, just below the finest that can be given."""


class ResolutionBox(QDoubleSpinBox):
    """A number in Å; at its lowest it says that the resolution is estimated."""

    def __init__(self) -> None:
        super().__init__()
        self.setRange(_ESTIMATED, _COARSEST)
        self.setSingleStep(0.1)
        self.setDecimals(1)
        self.setSuffix(" Å")
        self.setSpecialValueText("estimated from the map")

    @property
    def given(self) -> float | None:
        """Å; None where it is to be estimated."""
        return round(self.value(), 1) if self.value() >= _FINEST else None

    @given.setter
    def given(self, resolution: float | None) -> None:
        self.setValue(_ESTIMATED if resolution is None else resolution)

    def row(self) -> QHBoxLayout:
        """With its label."""
        tip = "Resolution of the map; at the lowest value it is estimated"
        return labelled("&Resolution", self, tip=tip)
