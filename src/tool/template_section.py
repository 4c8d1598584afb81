"""The templates of a build on the page Results: a table of those used and of those refused."""

from __future__ import annotations

from Qt.QtWidgets import QTableWidgetItem

from ..views.used_templates import HEADS
from .layout import Section, small
from .outcome import Outcome
from .tables import fit_height, row_table

__all__ = ["TemplateSection"]

_TIPS = (
    "Number of a template that is used",
    "What it is: given, or a known fold that was found in the library",
    "z-score of the sequence threaded on a known fold",
    "Deviations by which a known fold suits the map better than others do",
    "Agreement with the Cα positions of the map",
    "Residues of the target that it has",
)
"""Of the columns, in the order of `HEADS`."""

_NAME = 1
"""The column that says what a template is."""

_LINES = 6
"""Of the table that are seen at once."""


class TemplateSection(Section):
    """What was tried as a template, and a sentence on known folds."""

    def __init__(self) -> None:
        super().__init__("Templates", open=True)
        self.note = small()
        self.body.addWidget(self.note)
        self.table = row_table("Templates", HEADS, _NAME)
        for place, tip in enumerate(_TIPS):
            self.table.horizontalHeaderItem(place).setToolTip(tip)
        self.body.addWidget(self.table)

    def show_outcome(self, outcome: Outcome | None) -> None:
        """Show those of a job; nothing at all where there is nothing to tell."""
        rows, known_folds = (outcome.templates, outcome.known_folds) if outcome else ((), "")
        self.note.setText(known_folds)
        self.note.setVisible(bool(known_folds))
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            for place, text in enumerate(row.cells):
                if row.reason and place == _NAME:
                    text = f"not used: {text}"
                item = QTableWidgetItem(text)
                item.setToolTip(f"not used: {row.reason}" if row.reason else text)
                if row.reason:
                    font = item.font()
                    font.setItalic(True)
                    item.setFont(font)
                self.table.setItem(number, place, item)
        for place in range(len(HEADS)):
            empty = not any(row.cells[place] for row in rows)
            self.table.setColumnHidden(place, empty)
        fit_height(self.table, _LINES)
        self.table.setVisible(bool(rows))
        self.setVisible(bool(rows or known_folds))
