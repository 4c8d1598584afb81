"""The stages of a job, drawn with their times."""

from __future__ import annotations

from collections.abc import Sequence

from Qt.QtCore import QPointF, QRectF, QSize, Qt
from Qt.QtGui import QColor, QPainter, QPalette, QPen
from Qt.QtWidgets import QSizePolicy, QWidget

from ..session.messages import duration
from .layout import AMBER, BLUE
from .stages import StageRow, of_about, overdue

__all__ = ["StageList"]

_GREEN = QColor(46, 148, 84)
_RED = QColor(214, 69, 65)


class StageList(QWidget):
    """A line for each stage."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: Sequence[StageRow] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.setAccessibleName("Stages")

    def show_rows(self, rows: Sequence[StageRow]) -> None:
        """Show other stages, or the same ones further on."""
        if list(rows) == list(self._rows):
            return
        resized = len(rows) != len(self._rows)
        self._rows = tuple(rows)
        self.setAccessibleDescription(", ".join(f"{r.title}: {r.state}" for r in rows))
        if resized:
            self.updateGeometry()
        self.update()

    @property
    def _line(self) -> int:
        return round(self.fontMetrics().height() * 1.55)

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """As high as its lines."""
        return QSize(220, self._line * len(self._rows))

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """As high, but narrow."""
        return QSize(120, self.sizeHint().height())

    def event(self, event) -> bool:
        """A tip with both times."""
        if event.type() == event.Type.ToolTip:
            index = int(event.pos().y() // self._line)
            row = self._rows[index] if 0 <= index < len(self._rows) else None
            self.setToolTip("" if row is None else _told(row))
        return super().event(event)

    def paintEvent(self, event) -> None:  # noqa: N802
        """Draw the lines."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        palette = self.palette()
        plain = palette.color(QPalette.ColorRole.WindowText)
        faint = QColor(plain)
        faint.setAlphaF(0.45)
        metrics = self.fontMetrics()
        for number, row in enumerate(self._rows):
            top = number * self._line
            size = metrics.height() * 0.82
            _draw_mark(painter, row, QRectF(2, top + (self._line - size) / 2, size, size), faint)
            times = _times(row)
            wide = metrics.horizontalAdvance(times)
            left = round(size) + 10
            painter.setPen(faint if row.state == "waiting" else plain)
            font = self.font()
            font.setBold(row.state == "running")
            painter.setFont(font)
            room = self.width() - left - wide - 8
            title = painter.fontMetrics().elidedText(row.title, Qt.TextElideMode.ElideRight, room)
            middle = Qt.AlignmentFlag.AlignVCenter
            painter.drawText(QRectF(left, top, room, self._line), middle, title)
            painter.setFont(self.font())
            painter.setPen(faint if row.state != "running" else plain)
            right = Qt.AlignmentFlag.AlignRight | middle
            painter.drawText(QRectF(self.width() - wide - 2, top, wide, self._line), right, times)


def _times(row: StageRow) -> str:
    """What is shown at the right of a line."""
    if row.state == "waiting":
        if row.expected is None:
            return ""
        return f"about {duration(row.expected)}" if row.expected >= 0.5 else "less than 1 s"
    elapsed = "" if row.elapsed is None else duration(row.elapsed)
    if row.state == "running" and row.expected is not None and elapsed:
        return of_about(row.elapsed, row.expected)
    return elapsed


def _told(row: StageRow) -> str:
    """Both times in words."""
    parts = [f"{row.title}: {row.state}"]
    if row.elapsed is not None:
        parts.append(f"took {duration(row.elapsed)}" if row.state == "done"
                     else f"so far {duration(row.elapsed)}")  # fmt: skip
    if row.expected is not None and not overdue(row.elapsed, row.expected):
        parts.append(f"expected {duration(row.expected)}")
    return ", ".join(parts)


def _draw_mark(painter: QPainter, row: StageRow, box: QRectF, faint: QColor) -> None:
    """A tick, a pie, a ring, a cross or a bar."""
    if row.state == "waiting":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(faint, 1.4))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        return
    if row.state == "running":
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(BLUE, 1.6))
        painter.drawEllipse(box.adjusted(1, 1, -1, -1))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(BLUE)
        turn = -round(360 * 16 * max(row.fraction, 0.03))
        painter.drawPie(box.adjusted(3.5, 3.5, -3.5, -3.5), 90 * 16, turn)
        return
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush({"done": _GREEN, "failed": _RED}.get(row.state, AMBER))
    painter.drawEllipse(box)
    white = QPen(QColor(255, 255, 255), max(box.width() * 0.13, 1.4))
    white.setCapStyle(Qt.PenCapStyle.RoundCap)
    white.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
    painter.setPen(white)

    def at(x: float, y: float) -> QPointF:
        return QPointF(box.x() + x * box.width(), box.y() + y * box.height())

    if row.state == "done":
        painter.drawPolyline([at(0.28, 0.53), at(0.44, 0.69), at(0.73, 0.34)])
    elif row.state == "failed":
        painter.drawLine(at(0.33, 0.33), at(0.67, 0.67))
        painter.drawLine(at(0.67, 0.33), at(0.33, 0.67))
    else:
        painter.drawLine(at(0.3, 0.5), at(0.7, 0.5))
