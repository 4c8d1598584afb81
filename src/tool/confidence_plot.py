"""Plot of the confidence along a chain, to click and to drag over."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from Qt.QtCore import QPointF, QRectF, Qt, Signal
from Qt.QtGui import QColor, QPainter, QPainterPath, QPalette, QPen

from .curves import Scale, Track, confidence_colors, runs
from .plots import Plot

__all__ = ["ConfidencePlot"]

_BAND = 5
"""Pixels of the band below the bars in which selected residues are marked."""


class ConfidencePlot(Plot):
    """Bars of a chain's residues, a line at the limit, local correlation if wished.

    Signals: `picked` with the indices of the first and last residue that were clicked or dragged
    over, and whether they are to be added to what is selected already.
    """

    picked = Signal(int, int, bool)

    def __init__(self) -> None:
        super().__init__("Confidence of residues", 170)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._track: Track | None = None
        self._colors = np.zeros((0, 3), dtype=np.uint8)
        self._selected = np.zeros(0, dtype=bool)
        self._limit = 50.0
        self._pcc = False
        self._press: float | None = None
        self._drag: float | None = None
        self._cursor = 0

    def show_track(self, track: Track | None) -> None:
        """Show another chain."""
        self._track = track
        self._cursor = 0
        self._selected = np.zeros(0 if track is None else len(track), dtype=bool)
        if track is not None:
            self._colors = confidence_colors(track.confidence)
        self.update()

    def show_selected(self, selected: Iterable[bool]) -> None:
        """Mark residues that are selected in the scene."""
        mask = np.array(list(selected), dtype=bool)
        if len(mask) == len(self._selected) and not np.array_equal(mask, self._selected):
            self._selected = mask
            self.update()

    def show_limit(self, limit: float) -> None:
        """Draw the line elsewhere."""
        self._limit = limit
        self.update()

    def show_pcc(self, shown: bool) -> None:
        """Show or hide the local correlation."""
        self._pcc = shown
        self.update()

    def _scales(self) -> tuple[Scale, Scale]:
        metrics = self.fontMetrics()
        left = metrics.horizontalAdvance("100") + 8
        right = self.width() - (metrics.horizontalAdvance("1.0") + 6 if self._shows_pcc else 6)
        bottom = self.height() - metrics.height() - 6 - _BAND
        numbers = self._track.numbers
        first, last = float(numbers[0]) - 0.5, float(numbers[-1]) + 0.5
        return Scale(first, last, left, right), Scale(0.0, 100.0, bottom, 8)

    @property
    def _shows_pcc(self) -> bool:
        return self._pcc and self._track is not None and np.isfinite(self._track.local_pcc).any()

    def draw(self, painter: QPainter) -> None:
        """Bars, limit, correlation, what is selected."""
        track = self._track
        if track is None or not len(track):
            return
        across, up = self._scales()
        self.draw_ticks_y(painter, up, (0, 50, 70, 90, 100), across.start, across.end)
        self.draw_ticks_x(painter, across, up.start + _BAND, max(int(self.width() / 60), 2))
        self._draw_bars(painter, across, up)
        y = float(up.pixel(self._limit))
        painter.setPen(QPen(self.fainter(0.7), 1, Qt.PenStyle.DashLine))
        painter.drawLine(QPointF(across.start, y), QPointF(across.end, y))
        if self._shows_pcc:
            self._draw_pcc(painter, across, up)
        self._draw_selected(painter, across, up)
        if self._press is not None and self._drag is not None:
            color = self.palette().color(QPalette.ColorRole.Highlight)
            color.setAlphaF(0.3)
            low, high = sorted((self._press, self._drag))
            painter.fillRect(QRectF(low, up.end, max(high - low, 1), up.start - up.end), color)
        if self.hasFocus():
            x = float(across.pixel(float(track.numbers[self._cursor])))
            painter.setPen(QPen(self.fainter(0.8), 1))
            painter.drawLine(QPointF(x, up.end - 4), QPointF(x, up.start))

    def _draw_bars(self, painter: QPainter, across: Scale, up: Scale) -> None:
        track = self._track
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        edges = across.pixel(np.stack([track.numbers - 0.5, track.numbers + 0.5]).astype(float))
        left, right = np.round(edges).astype(int)
        gap = 1 if (across.end - across.start) / max(len(track), 1) >= 5 else 0
        heights = np.nan_to_num(track.confidence, nan=0.0)
        tops = np.round(up.pixel(np.clip(heights, 0, 100))).astype(int)
        base = round(up.start)
        for x0, x1, top, color in zip(left, right, tops, self._colors):
            wide = max(int(x1 - x0) - gap, 1)
            painter.fillRect(
                int(x0), int(top), wide, max(base - int(top), 1), QColor(*map(int, color))
            )
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)

    def _draw_pcc(self, painter: QPainter, across: Scale, up: Scale) -> None:
        """Correlation from 0 to 1 over the height of the bars, in ink; labels at the right."""
        track, path, drawing = self._track, QPainterPath(), False
        scale = Scale(0.0, 1.0, up.start, up.end)
        for number, value in zip(track.numbers, track.local_pcc):
            if np.isnan(value):
                drawing = False
                continue
            point = QPointF(float(across.pixel(float(number))),
                            float(scale.pixel(min(max(float(value), 0.0), 1.0))))  # fmt: skip
            (path.lineTo if drawing else path.moveTo)(point)
            drawing = True
        painter.setBrush(Qt.BrushStyle.NoBrush)
        halo = self.palette().color(QPalette.ColorRole.Window)
        halo.setAlphaF(0.75)
        painter.setPen(QPen(halo, 2.6))
        painter.drawPath(path)
        painter.setPen(QPen(self.fainter(0.85), 1.1))
        painter.drawPath(path)
        painter.setPen(self.fainter(0.65))
        ascent = painter.fontMetrics().ascent()
        for value in (0.0, 0.5, 1.0):
            y = float(scale.pixel(value)) + ascent / 2 - 1
            painter.drawText(QPointF(across.end + 4, y), f"{value:.1f}")

    def _draw_selected(self, painter: QPainter, across: Scale, up: Scale) -> None:
        numbers = self._track.numbers
        green = QColor(20, 200, 60)
        for first, last in runs(self._selected, numbers):
            x0 = float(across.pixel(numbers[first] - 0.5))
            x1 = float(across.pixel(numbers[last] + 0.5))
            wide = max(x1 - x0, 2.0)
            painter.fillRect(QRectF(x0, up.start + 1, wide, _BAND - 1), green)
            if self._selected.all():
                continue  # a tint everywhere says nothing
            shade = QColor(green)
            shade.setAlphaF(0.16)
            painter.fillRect(QRectF(x0, up.end, wide, up.start - up.end), shade)

    def mousePressEvent(self, event) -> None:  # noqa: N802, Qt's name
        """Begin a click or a drag."""
        if event.button() == Qt.MouseButton.LeftButton and self._track is not None:
            self._press = event.position().x()

    def mouseMoveEvent(self, event) -> None:  # noqa: N802
        """Drag, or tell of the residue under the mouse."""
        if self._track is None or not len(self._track):
            return
        across, _ = self._scales()
        if self._press is not None and abs(event.position().x() - self._press) > 3:
            self._drag = event.position().x()
            self.update()
        index = self._track.nearest(across.value(event.position().x()))
        self.tip(event.position().toPoint(), self._track.told(index))

    def mouseReleaseEvent(self, event) -> None:  # noqa: N802
        """Give away what was clicked or dragged over."""
        if self._press is None or self._track is None or not len(self._track):
            return
        across, _ = self._scales()
        pressed, dragged = self._press, self._drag
        self._press = self._drag = None
        self.update()
        add = bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier)
        if dragged is None:
            index = self._track.nearest(across.value(pressed))
            self._cursor = index
            self.picked.emit(index, index, add)
            return
        found = self._track.stretch(across.value(pressed), across.value(dragged))
        if found is not None:
            self._cursor = found[0]
            self.picked.emit(*found, add)

    def keyPressEvent(self, event) -> None:  # noqa: N802
        """Arrows move from residue to residue, Enter or space selects."""
        key, track = event.key(), self._track
        if track is None or not len(track):
            return
        steps = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
        if key in steps:
            self._cursor = min(max(self._cursor + steps[key], 0), len(track) - 1)
            self.update()
            across, up = self._scales()
            x = float(across.pixel(float(track.numbers[self._cursor])))
            self.tip(QPointF(x, up.end).toPoint(), track.told(self._cursor))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.picked.emit(self._cursor, self._cursor, False)
        else:
            super().keyPressEvent(event)

    def values_text(self) -> str:
        """Residue, confidence, correlation."""
        track = self._track
        if track is None:
            return ""
        rows = zip(track.numbers, track.names, track.confidence, track.local_pcc)
        lines = (f"{n}\t{name}\t{c:.1f}\t{p:.3f}" for n, name, c, p in rows)
        return "residue\tname\tconfidence\tlocal_pcc\n" + "\n".join(lines)
