"""Tables of the pages, whose rows are chosen as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from Qt.QtCore import Qt
from Qt.QtWidgets import QAbstractItemView, QHeaderView, QTableWidget

__all__ = ["dense", "fit_height", "row_table"]


def dense(table: QTableWidget) -> QTableWidget:
    """A table without what is not needed to read it, its lines close together."""
    table.setShowGrid(False)
    table.setTabKeyNavigation(False)
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setMinimumSectionSize(10)
    table.verticalHeader().setDefaultSectionSize(round(table.fontMetrics().height() * 1.5))
    table.horizontalHeader().setHighlightSections(False)
    table.horizontalHeader().setMinimumSectionSize(20)
    return table


def fit_height(table: QTableWidget, most: int) -> None:
    """Make a table as high as its lines, at most so many of them."""
    lines = sum(table.rowHeight(number) for number in range(min(table.rowCount(), most)))
    table.setFixedHeight(table.horizontalHeader().sizeHint().height() + lines + 4)


def row_table(
    name: str, titles: Sequence[str], stretched: int, *, editable: bool = False
) -> QTableWidget:
    """A table of text of which one row can be chosen.

    Parameters
    ----------
    name : str
        For people who hear the window instead of seeing it.
    titles : sequence of str
        Of the columns.
    stretched : int
        The column that takes what width the others leave.
    editable : bool
        Texts can be typed over.
    """
    table = dense(QTableWidget(0, len(titles)))
    table.setHorizontalHeaderLabels(list(titles))
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    if not editable:
        table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    table.setAccessibleName(name)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
    header.setSectionResizeMode(stretched, QHeaderView.ResizeMode.Stretch)
    return table
