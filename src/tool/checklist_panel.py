"""The checklist: what is unusual in a model, to be looked at and ticked off one by one."""

from __future__ import annotations

from chimerax.core.commands import run
from Qt.QtCore import Qt, QTimer
from Qt.QtWidgets import QTableWidgetItem

from ..models.validation.checklist import CHANGED, checklist_of
from ..session.quoting import command_text
from .layout import Section, button, buttons, small
from .tables import fit_height, row_table

__all__ = ["ChecklistPanel"]

_ROWS = 8
_MOST = 1000
"""Places that the table lists."""

_DONE, _NUMBER, _PLACE = range(3)


class ChecklistPanel(Section):
    """A table of places, and buttons that hand the model over to be refined.

    Parameters
    ----------
    session : chimerax.core.session.Session
    model : callable
        Gives the model that the page is about, or None.
    """

    def __init__(self, session, model) -> None:
        super().__init__("Validation")
        self._session = session
        self._model = model
        self._filling = False
        self._checklist = checklist_of(session)
        self._told = small()
        self.body.addWidget(self._told)
        self.table = row_table("Validation", ("✓", "Residue", "What"), _PLACE)
        self.table.itemSelectionChanged.connect(self._row_chosen)
        self.table.itemChanged.connect(self._ticked)
        self.body.addWidget(self.table)
        self.body.addWidget(
            buttons(
                button("Chec&k model", "Check backbone, side chains, clashes: critasser validate",
                       lambda: self._run("critasser validate")),
                button("◀", "Go to the previous place", lambda: self._step("previous")),
                button("▶", "Go to the next place", lambda: self._step("next")),
                button("End", "Leave the list and restore the view", lambda: self._step("end")),
                button("&ISOLDE", "Hand model and map over to ISOLDE",
                       lambda: self._run("critasser refine")),
                button("Pheni&x", "Refine the model in its map by Phenix",
                       lambda: self._run("critasser refine", "with phenix")),
            )
        )  # fmt: skip
        self._handler = self._checklist.triggers.add_handler(CHANGED, lambda *_: self.fill())
        self.fill()

    def close(self) -> None:
        """Hear of nothing any more."""
        self._handler.remove()

    def fill(self) -> None:
        """Show the list as it is."""
        places = self._checklist.places[:_MOST]
        self._filling = True
        self.table.setRowCount(len(places))
        for number, place in enumerate(places):
            done = QTableWidgetItem()
            done.setFlags(Qt.ItemFlag.ItemIsUserCheckable | Qt.ItemFlag.ItemIsEnabled)
            ticked = self._checklist.ticked(place)
            done.setCheckState(Qt.CheckState.Checked if ticked else Qt.CheckState.Unchecked)
            done.setToolTip("Checked")
            self.table.setItem(number, _DONE, done)
            where, _, what = str(place).partition(", ")
            for column, text in ((_NUMBER, where), (_PLACE, what)):
                item = QTableWidgetItem(text)
                item.setFlags(Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsEnabled)
                item.setToolTip(f"{place.structure}: {place}")
                self.table.setItem(number, column, item)
        fit_height(self.table, _ROWS)
        self.table.setVisible(bool(places))
        self._filling = False
        self._tell(places)

    def _tell(self, places) -> None:
        found = self._checklist.found
        if not found:
            self._told.setText("Lists clashes and outliers of backbone, side chains, peptides.")
            return
        done = sum(map(self._checklist.ticked, places))
        said = "\n".join(f"{one.structure}: {one}" for one in found)
        self._told.setText(f"{said}\n{done} of {len(places)} checked")

    def _row_chosen(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if not self._filling and rows:
            run(self._session, command_text("critasser validate place", rows[0].row() + 1))

    def _ticked(self, item: QTableWidgetItem) -> None:
        if self._filling or item.column() != _DONE:
            return
        done = item.checkState() == Qt.CheckState.Checked
        self._checklist.tick(self._checklist.places[item.row()], done)

    def _step(self, where: str) -> None:
        run(self._session, command_text("critasser validate", where))

    def _run(self, command: str, *words: str) -> None:
        model = self._model()
        if model is None:
            self._told.setText("Open a model first, or choose one under “Confidence of residues”.")
            return
        run(self._session, command_text(command, model, *words))
        QTimer.singleShot(0, self.go_there)
