"""Plots, drawn with the fonts and colours of the window.

They are painted by Qt itself: importing matplotlib takes seconds, and drawing with it longer than
a window may stand still.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from Qt.QtCore import QMarginsF, QPoint, QPointF, QRectF, QSize, QSizeF, Qt
from Qt.QtGui import QColor, QImage, QPainter, QPainterPath, QPalette, QPen
from Qt.QtWidgets import QFileDialog, QMenu, QSizePolicy, QToolTip, QWidget

from .curves import Scale, format_tick, matrix_color, nice_ticks
from .layout import BLUE
from .stages import Energies

__all__ = ["EnergyPlot", "MatrixPlot", "Plot"]

_SHARPER = 3
"""Pixels of a saved picture for each of the screen."""


class Plot(QWidget):
    """Paper for plots: margins, scales, ticks, a context menu that saves them.

    Parameters
    ----------
    name : str
        What is plotted, for file names and for those who do not see it.
    height : int
        Least height in pixels.
    """

    def __init__(self, name: str, height: int) -> None:
        super().__init__()
        self._name = name
        self.setMinimumHeight(height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self.setAccessibleName(name)

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """As wide as there is room."""
        return QSize(260, self.minimumHeight())

    @property
    def ink(self) -> QColor:
        """Colour of text and lines."""
        return self.palette().color(QPalette.ColorRole.WindowText)

    def fainter(self, share: float) -> QColor:
        """Ink with so much of its strength."""
        color = QColor(self.ink)
        color.setAlphaF(share)
        return color

    def begin(self, device=None) -> QPainter:
        """A painter with a smaller font."""
        painter = QPainter(self if device is None else device)
        self.prepare(painter)
        return painter

    def prepare(self, painter: QPainter) -> None:
        """Smooth lines, small font."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = self.font()
        font.setPointSizeF(max(font.pointSizeF() * 0.85, 7.0))
        painter.setFont(font)

    def paintEvent(self, event) -> None:  # noqa: N802
        """Draw the plot."""
        painter = self.begin()
        self.draw(painter)
        painter.end()

    def draw(self, painter: QPainter) -> None:
        """Draw the plot; for subclasses."""
        raise NotImplementedError

    def draw_ticks_x(self, painter: QPainter, scale: Scale, bottom: float, most: int) -> None:
        """Labels below an axis."""
        metrics = painter.fontMetrics()
        painter.setPen(self.fainter(0.65))
        for value in nice_ticks(scale.low, scale.high, most):
            if value != round(value):
                continue
            text = format_tick(value)
            x = float(scale.pixel(value))
            wide = metrics.horizontalAdvance(text)
            left = min(max(x - wide / 2, 0), self.width() - wide)
            painter.drawText(QPointF(left, bottom + metrics.ascent() + 4), text)

    def draw_ticks_y(self, painter: QPainter, scale: Scale, ticks, left: float, right: float):
        """Labels left of an axis, and faint lines across."""
        metrics = painter.fontMetrics()
        for value in ticks:
            y = float(scale.pixel(value))
            painter.setPen(QPen(self.fainter(0.12), 1))
            painter.drawLine(QPointF(left, y), QPointF(right, y))
            painter.setPen(self.fainter(0.65))
            text = format_tick(value)
            x = left - 6 - metrics.horizontalAdvance(text)
            painter.drawText(QPointF(x, y + metrics.ascent() / 2 - 1), text)

    def values_text(self) -> str:
        """The plotted numbers as a table with tabs; for subclasses."""
        return ""

    def contextMenuEvent(self, event) -> None:  # noqa: N802
        """Save the picture, copy the numbers."""
        menu = QMenu(self)
        menu.addAction("Save picture…").triggered.connect(lambda *_: self._save())
        menu.addAction("Copy picture").triggered.connect(lambda *_: self._copy(self.picture()))
        text = self.values_text()
        if text:
            menu.addAction("Copy numbers").triggered.connect(lambda *_: self._copy(text))
        menu.exec(event.globalPos())

    def _copy(self, what) -> None:
        from Qt.QtWidgets import QApplication

        clipboard = QApplication.clipboard()
        (clipboard.setText if isinstance(what, str) else clipboard.setImage)(what)

    def picture(self) -> QImage:
        """The plot on its window's colour, sharp enough for print."""
        image = QImage(self.size() * _SHARPER, QImage.Format.Format_ARGB32)
        image.setDevicePixelRatio(_SHARPER)
        image.fill(self.palette().color(QPalette.ColorRole.Window))
        painter = self.begin(image)
        self.draw(painter)
        painter.end()
        return image

    def _save(self) -> None:
        path, _ = QFileDialog.getSaveFileName(
            self, "Save picture", self._name.lower().replace(" ", "_"), "PNG (*.png);;PDF (*.pdf)"
        )
        if path:
            self.save(path)

    def save(self, path: str) -> None:
        """Save as PDF or, by any other name, as PNG."""
        if not path.lower().endswith(".pdf"):
            self.picture().save(path if path.lower().endswith(".png") else f"{path}.png")
            return
        from Qt.QtGui import QPageSize, QPdfWriter

        writer = QPdfWriter(path)
        writer.setResolution(96)
        points = QSizeF(self.width() * 0.75, self.height() * 0.75)
        writer.setPageSize(QPageSize(points, QPageSize.Unit.Point))
        writer.setPageMargins(QMarginsF(0, 0, 0, 0))
        painter = self.begin(writer)
        painter.fillRect(self.rect(), self.palette().color(QPalette.ColorRole.Window))
        self.draw(painter)
        painter.end()

    def tip(self, position: QPoint, text: str) -> None:
        """Show or hide what is under the mouse."""
        if text:
            QToolTip.showText(self.mapToGlobal(position), text, self)
        else:
            QToolTip.hideText()


class EnergyPlot(Plot):
    """Energy against cycle: the lowest of all temperatures, and their mean."""

    def __init__(self) -> None:
        super().__init__("Energy of the assembly", 150)
        self._energies = Energies.of({})

    def show_energies(self, energies: Energies) -> None:
        """Show others, or more of them."""
        if len(energies) == len(self._energies) and np.array_equal(
            energies.lowest, self._energies.lowest
        ):
            return
        self._energies = energies
        self.update()

    def _scales(self, painter: QPainter) -> tuple[Scale, Scale, list[float]]:
        energies = self._energies
        both = np.concatenate([energies.lowest, energies.mean])
        both = both[np.isfinite(both)]
        low, high = (float(both.min()), float(both.max())) if len(both) else (0.0, 1.0)
        spare = max(high - low, 1e-6) * 0.06
        metrics = painter.fontMetrics()
        ticks = nice_ticks(low - spare, high + spare, 4)
        wide = max((metrics.horizontalAdvance(format_tick(tick)) for tick in ticks), default=10)
        bottom = self.height() - metrics.height() - 6
        first, last = float(energies.cycle[0]), float(energies.cycle[-1])
        return (
            Scale(first, last, wide + 10, self.width() - 8),
            Scale(low - spare, high + spare, bottom, metrics.height() + 4),
            ticks,
        )

    def draw(self, painter: QPainter) -> None:
        """Two lines with their names."""
        energies = self._energies
        if len(energies) < 2:
            return
        across, up, ticks = self._scales(painter)
        self.draw_ticks_y(painter, up, ticks, across.start, across.end)
        self.draw_ticks_x(painter, across, up.start, max(int(self.width() / 70), 2))
        metrics = painter.fontMetrics()
        x = across.start
        for values, color, word in (
            (energies.mean, self.fainter(0.4), "mean"),
            (energies.lowest, BLUE, "lowest"),
        ):
            known = np.isfinite(values)
            if not known.any():
                continue
            path = QPainterPath()
            points = zip(across.pixel(energies.cycle[known].astype(float)), up.pixel(values[known]))
            for number, point in enumerate(points):
                (path.lineTo if number else path.moveTo)(QPointF(*map(float, point)))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(color, 1.8))
            painter.drawPath(path)
            painter.drawLine(QPointF(x, 8), QPointF(x + 14, 8))
            painter.setPen(self.fainter(0.8))
            painter.drawText(QPointF(x + 18, 8 + metrics.ascent() / 2 - 1), word)
            x += 30 + metrics.horizontalAdvance(word)
        text = "cycle"
        painter.setPen(self.fainter(0.65))
        wide = metrics.horizontalAdvance(text)
        painter.drawText(QPointF(self.width() - 8 - wide, 8 + metrics.ascent() / 2 - 1), text)

    def mouseMoveEvent(self, event) -> None:  # noqa: N802
        """Tell the numbers of the cycle under the mouse."""
        energies = self._energies
        if len(energies) < 2:
            return
        painter = self.begin(QImage(1, 1, QImage.Format.Format_ARGB32))
        across = self._scales(painter)[0]
        painter.end()
        place = int(np.argmin(np.abs(energies.cycle - across.value(event.position().x()))))
        text = (
            f"cycle {energies.cycle[place]}: lowest {format_tick(round(energies.lowest[place], 1))}"
        )
        if np.isfinite(energies.mean[place]):
            text += f", mean {format_tick(round(energies.mean[place], 1))}"
        self.tip(event.position().toPoint(), text)

    def values_text(self) -> str:
        """Cycle, lowest, mean."""
        rows = zip(self._energies.cycle, self._energies.lowest, self._energies.mean)
        return "cycle\tlowest\tmean\n" + "\n".join(f"{c}\t{a:g}\t{b:g}" for c, a, b in rows)


class MatrixPlot(Plot):
    """TM-scores between models; a click on a cell gives both to `clicked`.

    Parameters
    ----------
    clicked : callable
        Given the ranks of the two models.
    """

    def __init__(self, clicked: Callable[[int, int], object]) -> None:
        super().__init__("TM-scores between models", 120)
        self._tm: np.ndarray | None = None
        self._rmsd: np.ndarray | None = None
        self._clicked = clicked

    def show_matrix(self, tm: np.ndarray | None, rmsd: np.ndarray | None) -> None:
        """Show others."""
        self._tm, self._rmsd = tm, rmsd
        self.setVisible(tm is not None)
        if tm is not None:
            line = self.fontMetrics().height()
            self.setFixedHeight(round(len(tm) * max(line * 1.5, 18) + line + 8))
        self.update()

    def _box(self) -> QRectF:
        """Where the cells are."""
        line = self.fontMetrics().height()
        left = self.fontMetrics().horizontalAdvance("00") + 8
        wide = min(self.width() - left - 2, len(self._tm) * line * 3.2)
        return QRectF(left, line + 4, wide, self.height() - line - 6)

    def draw(self, painter: QPainter) -> None:
        """Cells with their numbers; the models' ranks at the left and above."""
        if self._tm is None:
            return
        box, size = self._box(), len(self._tm)
        wide, high = box.width() / size, box.height() / size
        middle = Qt.AlignmentFlag.AlignCenter
        for row in range(size):
            painter.setPen(self.fainter(0.65))
            painter.drawText(QRectF(0, box.y() + row * high, box.x() - 6, high),
                             Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter,
                             str(row + 1))  # fmt: skip
            painter.drawText(QRectF(box.x() + row * wide, 0, wide, box.y() - 2), middle,
                             str(row + 1))  # fmt: skip
            for place in range(size):
                cell = QRectF(box.x() + place * wide, box.y() + row * high, wide, high)
                color = QColor(*matrix_color(float(self._tm[row, place])))
                painter.fillRect(cell.adjusted(0.5, 0.5, -0.5, -0.5), color)
                text = f"{self._tm[row, place]:.2f}"
                if painter.fontMetrics().horizontalAdvance(text) < wide - 2:
                    light = color.lightnessF() < 0.6
                    painter.setPen(QColor(255, 255, 255) if light else QColor(30, 40, 55))
                    painter.drawText(cell, middle, text)

    def _cell(self, position) -> tuple[int, int] | None:
        if self._tm is None:
            return None
        box, size = self._box(), len(self._tm)
        if not box.contains(position):
            return None
        row = int((position.y() - box.y()) / box.height() * size)
        place = int((position.x() - box.x()) / box.width() * size)
        return min(row, size - 1), min(place, size - 1)

    def mouseMoveEvent(self, event) -> None:  # noqa: N802
        """Tell both scores."""
        cell = self._cell(event.position())
        text = ""
        if cell is not None and cell[0] != cell[1]:
            text = f"models {cell[0] + 1} and {cell[1] + 1}: TM-score {self._tm[cell]:.2f}"
            if self._rmsd is not None:
                text += f", RMSD {self._rmsd[cell]:.1f} Å"
            text += "; click to show both"
        self.tip(event.position().toPoint(), text)

    def mousePressEvent(self, event) -> None:  # noqa: N802
        """Show both models."""
        cell = self._cell(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._clicked(cell[0] + 1, cell[1] + 1)

    def values_text(self) -> str:
        """The matrix."""
        if self._tm is None:
            return ""
        return "\n".join("\t".join(f"{value:.4f}" for value in row) for row in self._tm)
