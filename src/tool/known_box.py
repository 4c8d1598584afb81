"""Choose where known structures are looked for, and which of those that are found are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from Qt.QtCore import Qt, QTimer, Signal
from Qt.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from ..jobs.sequences import Entry, complaints, not_built
from ..known.consent import where_to_look
from ..known.downloads import download_folder
from ..known.found import Found, Wanted, accession_in
from ..known.looking import Looked, look, what_is_sent
from ..known.open_models import among_open
from ..session.background import BackgroundWork
from ..session.settings import KNOWN, remember_known, settings
from .layout import bring_into_view, button, labelled, small
from .options import choice
from .plan import Plan

__all__ = ["KnownBox"]

_WORDS = ("AlphaFold DB, PDB, open models", "Open models and downloads", "None")
"""What a person sees for each of `KNOWN`: where templates are searched."""

_LIBRARY = "Where the map does not tell a sequence, known folds that ship are looked through too."

_NOTES = {"auto": _LIBRARY, "local": _LIBRARY, "none": "The map alone: no known folds either."}
"""What a person should know of each of `KNOWN`."""

_LINES = 5
"""Of the list that are seen at once."""


class _Look(BackgroundWork):
    """Looks for structures, and tells in the main thread what came of it.

    Parameters
    ----------
    session : chimerax.core.session.Session
    wanted : sequence of Wanted
    online : bool
    told : callable
        Given what was found.
    """

    def __init__(
        self, session, wanted: Sequence[Wanted], online: bool, told: Callable[[Looked], None]
    ) -> None:
        super().__init__(session, "search for known structures")
        self._wanted = wanted
        self._online = online
        self._told = told
        self._here = among_open(session, wanted)

    def work(self) -> None:
        """Look; in a thread."""
        found = look(
            self._wanted, download_folder(), online=self._online, here=self._here,
            stopped=self.stopped,
        )  # fmt: skip
        self.in_main(self._told, found)


class KnownBox(QWidget):
    """A choice of where to look, and a list of what was found with ticks.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    changed = Signal()

    def __init__(self, session) -> None:
        super().__init__()
        self._session = session
        self._entries: tuple[Entry, ...] = ()
        self._protein = False
        self._looked: tuple[Entry, ...] | None = None
        self._earlier = ""
        self._work: _Look | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.where = choice(_WORDS)
        self.where.activated.connect(self._chosen)
        self.look_button = button(
            "Search n&ow", "See what is found before building; what is ticked is used", self.look
        )
        layout.addLayout(
            labelled(
                "&Templates", self.where, self.look_button,
                tip="Where known and predicted structures of these sequences are searched, unless "
                "some are chosen under More options",
            )
        )  # fmt: skip
        self.note = small()
        layout.addWidget(self.note)
        self.list = QListWidget()
        self.list.setAccessibleName("Known structures")
        self.list.setToolTip("What is ticked is used as a template")
        self.list.setFixedHeight(self.list.fontMetrics().lineSpacing() * _LINES + 10)
        self.list.itemChanged.connect(lambda *_: self.changed.emit())
        layout.addWidget(self.list)
        self.show_setting()

    def show_plan(self, plan: Plan) -> None:
        """Show where an earlier build looked, until the person chooses."""
        self._earlier = plan.known
        self.show_setting()

    def show_setting(self) -> None:
        """Show what the person has said, here or when asked."""
        said = self._said
        self.where.setCurrentIndex(KNOWN.index(said) if said in KNOWN else 0)
        self._refresh()

    def set_entries(self, entries: Sequence[Entry], *, protein: bool = False) -> None:
        """Of these sequences; what was found of others is forgotten."""
        self._protein = protein
        self._entries = tuple(entries)
        if self._looked is not None and self._looked != self._entries:
            self._looked = None
            self.list.clear()
        self._refresh()

    @property
    def known(self) -> str:
        """The word for the command where nothing was ticked off: one of `KNOWN`, or none."""
        if self._looked is not None:
            return "none"
        return self._said if self._said in KNOWN else ""

    @property
    def _said(self) -> str:
        return self._earlier or settings(self._session).known

    @property
    def models(self) -> list:
        """Ticked open models."""
        return [one.model for one in self._ticked() if one.path is None]

    @property
    def files(self) -> tuple[Path, ...]:
        """Ticked files."""
        return tuple(one.path for one in self._ticked() if one.path is not None)

    def look(self) -> None:
        """Look for structures of the sequences, in a thread."""
        where = where_to_look(self._session, KNOWN[self.where.currentIndex()])
        if where == "none":
            self.show_setting()
            return
        left_out = not_built(self._entries, protein=self._protein)
        wanted = [
            Wanted(one.name, one.letters, accession_in(one.name))
            for one, out in zip(self._entries, left_out)
            if not out
        ]
        entries = self._entries
        self._work = _Look(
            self._session, wanted, where == "auto", lambda looked: self._fill(looked, entries)
        )
        self._work.start()
        self._refresh()

    def _chosen(self, index: int) -> None:
        """The note below has said what is sent."""
        remember_known(self._session, KNOWN[index])
        self._earlier = ""
        self._looked = None
        self.list.clear()
        self._refresh()
        self.changed.emit()

    def _fill(self, looked: Looked, entries: tuple[Entry, ...]) -> None:
        self._work = None
        if entries == self._entries:
            self._looked = entries
            self.list.clear()
            for one in looked.found:
                item = QListWidgetItem(one.told)
                item.setData(Qt.ItemDataRole.UserRole, one)
                item.setToolTip(f"{one.told}\n{one.path or one.name}")
                item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
                item.setCheckState(Qt.CheckState.Checked)
                self.list.addItem(item)
        for line in looked.trouble:
            self._session.logger.warning(f"known structures: {line}")
        self._refresh("; ".join(looked.trouble))
        self.changed.emit()
        QTimer.singleShot(0, lambda: bring_into_view(self))  # when there is room for the list

    def _ticked(self) -> list[Found]:
        items = [self.list.item(row) for row in range(self.list.count())]
        return [
            one
            for item in items
            if item.checkState() == Qt.CheckState.Checked
            and not (one := item.data(Qt.ItemDataRole.UserRole)).gone
        ]

    def _refresh(self, trouble: str = "") -> None:
        """Show what goes with the choice."""
        where = KNOWN[self.where.currentIndex()]
        whole = bool(self._entries) and not any(
            complaints(self._entries, protein=self._protein)
        )
        self.look_button.setVisible(where != "none")
        self.look_button.setEnabled(whole and self._work is None)
        self.list.setVisible(self.list.count() > 0)
        told = trouble
        if self._work is not None:
            told = "Searching…"
        elif not trouble and self._looked is not None and not self.list.count():
            told = "No structures were found."
        elif not trouble and self._looked is None:
            told = _NOTES[where]
            if where == "auto":
                told = f"{what_is_sent()}. {told}"
        self.note.setText(told)
        self.note.setVisible(bool(told))
