"""Widgets of the pages: rows, notices, sections, and a layout that wraps."""

from __future__ import annotations

from collections.abc import Callable

from Qt.QtCore import QPoint, QRect, QSize, Qt, QTimer
from Qt.QtGui import QColor, QFontDatabase, QPainter, QPalette, QTextOption
from Qt.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QPlainTextEdit,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

__all__ = [
    "CommandLine",
    "Flow",
    "Notice",
    "Section",
    "bring_into_view",
    "button",
    "buttons",
    "column",
    "heading",
    "labelled",
    "mixed",
    "narrow",
    "scrolled",
    "small",
]

GAP = 6
"""Pixels between widgets that belong together; twice as many between those that do not."""

AMBER = QColor(230, 159, 0)
BLUE = QColor(58, 122, 196)


def mixed(palette: QPalette, color: QColor, share: float) -> QColor:
    """A colour on the window's own, so that it suits light and dark themes."""
    base = palette.color(QPalette.ColorRole.Window)
    parts = zip(base.getRgb()[:3], color.getRgb()[:3])
    return QColor(*(round(b + share * (c - b)) for b, c in parts))


def scrolled() -> QScrollArea:
    """Holds a page that is as wide as the panel and scrolls up and down."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setMinimumWidth(240)
    return area


def column(page: QWidget) -> QVBoxLayout:
    """The layout of a page."""
    layout = QVBoxLayout(page)
    layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
    layout.setSpacing(GAP)
    return layout


def heading(text: str) -> QLabel:
    """A bold line."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)  # names of jobs and files are no HTML
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    return label


def small(text: str = "") -> QLabel:
    """A line or more of smaller text that wraps and may be copied."""
    label = QLabel(text)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    font = label.font()
    font.setPointSizeF(max(font.pointSizeF() * 0.9, 7.0))
    label.setFont(font)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setMinimumWidth(1)
    return label


def labelled(text: str, widget: QWidget, *more: QWidget, tip: str = "") -> QHBoxLayout:
    """A label with an accelerator, the widget that it is of, and what stands right of it."""
    row = QHBoxLayout()
    row.setSpacing(GAP)
    label = QLabel(text)
    label.setBuddy(widget)
    label.setToolTip(tip)
    label.setMinimumWidth(label.fontMetrics().horizontalAdvance("Resolution  "))
    widget.setToolTip(tip)
    if not widget.accessibleName():
        widget.setAccessibleName(text.replace("&", ""))
    row.addWidget(label)
    row.addWidget(widget, 1)
    for one in more:
        row.addWidget(one)
    return row


class _Button(QPushButton):
    """A push button that takes no more room than its text."""

    def sizeHint(self) -> QSize:  # noqa: N802, Qt's name
        """Styles make short buttons wide, so that few are in a row."""
        hint = super().sizeHint()
        text = self.fontMetrics().horizontalAdvance(self.text().replace("&", ""))
        hint.setWidth(min(hint.width(), text + (36 if self.menu() else 22)))
        return hint

    def minimumSizeHint(self) -> QSize:  # noqa: N802
        """No narrower than its text."""
        return self.sizeHint()


def narrow(menu: QPushButton) -> None:
    """Let a menu of models be narrower than its text, which is smaller so that more is seen."""
    menu.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
    menu.setMinimumWidth(60)
    font = menu.font()
    font.setPointSizeF(max(font.pointSizeF() * 0.9, 7.0))
    menu.setFont(font)


def button(text: str, tip: str, clicked: Callable[[], object]) -> QPushButton:
    """A compact push button."""
    made = _Button(text)
    made.setToolTip(tip)
    made.clicked.connect(lambda *_: clicked())
    made.setAutoDefault(False)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    return made


def buttons(*widgets: QWidget) -> QWidget:
    """Buttons in a row that wraps."""
    row = QWidget()
    flow = Flow(row)
    for widget in widgets:
        flow.addWidget(widget)
    policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    policy.setHeightForWidth(True)
    row.setSizePolicy(policy)
    return row


class Flow(QLayout):
    """Lays its items side by side and goes on in the next line where the width ends."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setContentsMargins(0, 0, 0, 0)
        self._items: list = []

    def addItem(self, item) -> None:  # noqa: N802, Qt's name
        """Take an item."""
        self._items.append(item)

    def count(self) -> int:
        """How many items."""
        return len(self._items)

    def itemAt(self, index: int):  # noqa: N802
        """An item, or None."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int):  # noqa: N802
        """Give an item away."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:  # noqa: N802
        """None."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:  # noqa: N802
        """The narrower, the higher."""
        return True

    def heightForWidth(self, width: int) -> int:  # noqa: N802
        """Pixels."""
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:  # noqa: N802
        """Place the items."""
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:  # noqa: N802
        """All in one line."""
        shown = [item.sizeHint() for item in self._items if not item.isEmpty()]
        width = sum(size.width() for size in shown) + GAP * max(len(shown) - 1, 0)
        return QSize(width, max((size.height() for size in shown), default=0))

    def minimumSize(self) -> QSize:  # noqa: N802
        """The widest item."""
        size = QSize()
        for item in self._items:
            if not item.isEmpty():
                size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        """Place the items, or only find the height that they take."""
        x, y, line = rect.x(), rect.y(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            size = item.sizeHint()
            if line and x + size.width() > rect.right() + 1:
                x, y, line = rect.x(), y + line + GAP, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), size))
            x += size.width() + GAP
            line = max(line, size.height())
        return y + line - rect.y()


def bring_into_view(widget: QWidget) -> None:
    """Scroll the page so that as much of a widget is seen as can be."""
    area = widget.parentWidget()
    while area is not None and not isinstance(area, QScrollArea):
        area = area.parentWidget()
    if area is not None:
        top = widget.mapTo(area.widget(), QPoint(0, 0)).y()
        bar = area.verticalScrollBar()
        low = top + widget.height() - area.viewport().height()
        bar.setValue(min(top, max(low, bar.value())))


class Section(QWidget):
    """A heading that shows or hides what is below it.

    Not ChimeraX's `CollapsiblePanel`, which resizes the window that the panel is docked in.

    Parameters
    ----------
    title : str
    open : bool
    """

    def __init__(self, title: str, *, open: bool = False) -> None:
        super().__init__()
        self.header = QToolButton()
        self.header.setText(title)
        self.header.setAutoRaise(True)  # a style sheet would not follow a change of the theme
        self.header.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        font = self.header.font()
        font.setBold(True)
        self.header.setFont(font)
        self.content = QWidget()
        self.body = QVBoxLayout(self.content)
        self.body.setContentsMargins(0, 0, 0, GAP)
        self.body.setSpacing(GAP)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP // 2)
        layout.addWidget(self.header)
        layout.addWidget(self.content)
        self.header.clicked.connect(lambda *_: self._turn())
        self.unfold(open)

    @property
    def is_open(self) -> bool:
        """Whether the content is shown."""
        return self._open

    def _turn(self) -> None:
        """Show the content and go there, or hide it."""
        self.unfold(not self.is_open)
        if self.is_open:
            QTimer.singleShot(0, self.go_there)  # when there is room for it

    def go_there(self) -> None:
        """Scroll the page so that as much of this is seen as can be."""
        bring_into_view(self)

    def unfold(self, shown: bool = True) -> None:
        """Show the content, or hide it."""
        self._open = shown
        arrow = Qt.ArrowType.DownArrow if shown else Qt.ArrowType.RightArrow
        self.header.setArrowType(arrow)
        self.content.setVisible(shown)


class CommandLine(QPlainTextEdit):
    """A command to be read and copied; long words, such as sequences, are broken."""

    def __init__(self) -> None:
        super().__init__()
        self.setReadOnly(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWordWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.document().setDocumentMargin(0)
        self.viewport().setAutoFillBackground(False)
        font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
        font.setPointSizeF(max(self.font().pointSizeF() * 0.85, 7.0))
        self.setFont(font)

    def setPlainText(self, text: str) -> None:  # noqa: N802, Qt's name
        """Show another command."""
        if text != self.toPlainText():
            super().setPlainText(text)
            self._fit()

    def resizeEvent(self, event) -> None:  # noqa: N802
        """The narrower, the higher."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """As high as the text, at most five lines."""
        lines = max(round(self.document().size().height()), 1)
        height = min(lines, 5) * self.fontMetrics().lineSpacing() + 4
        if height != self.height():
            self.setFixedHeight(height)


class Notice(QFrame):
    """A tinted box with a sentence and buttons: what is to be known, or to be done next.

    Parameters
    ----------
    color : QColor
    """

    def __init__(self, color: QColor = BLUE) -> None:
        super().__init__()
        self._color = color
        self.label = small()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, GAP, GAP, GAP)
        layout.setSpacing(GAP)
        layout.addWidget(self.label)

    def add(self, *widgets: QWidget) -> Notice:
        """Put buttons below the sentence."""
        self.layout().addWidget(buttons(*widgets))
        return self

    def tell(self, text: str) -> None:
        """Show a sentence; nothing at all for an empty one."""
        self.label.setText(text)
        self.setVisible(bool(text))

    def paintEvent(self, event) -> None:  # noqa: N802
        """A tint, and a bar of the full colour at the left."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(mixed(self.palette(), self._color, 0.14))
        painter.drawRoundedRect(self.rect(), 4, 4)
        painter.setBrush(self._color)
        painter.drawRoundedRect(QRect(0, 0, 4, self.height()), 2, 2)
