"""The page Progress: the list of jobs, and the stages of the chosen one."""

from __future__ import annotations

import time
from pathlib import Path

from chimerax.core.commands import run
from Qt.QtCore import QDateTime, Qt, QUrl, Signal
from Qt.QtGui import QDesktopServices
from Qt.QtWidgets import (
    QInputDialog,
    QMenu,
    QProgressBar,
    QTableWidgetItem,
    QWidget,
)

from ..jobs.folder import job_kind
from ..session.files import inside
from ..session.messages import duration
from ..session.quoting import command_text, quoted_text
from .layout import (
    AMBER,
    Notice,
    Section,
    button,
    buttons,
    column,
    heading,
    small,
)
from .plots import EnergyPlot
from .stage_list import StageList
from .tables import fit_height, row_table
from .watch import Watch

__all__ = ["ProgressPage", "when"]

_ROWS = 5
_MARKS = {
    "running": "▶ running", "queued": "… queued", "finished": "✓ finished",
    "cancelled": "■ stopped", "failed": "✕ failed",
}  # fmt: skip


def when(seconds: float) -> str:
    """A time as short as it is clear."""
    moment = QDateTime.fromSecsSinceEpoch(round(seconds))
    days = moment.daysTo(QDateTime.currentDateTime())
    if days < 1:
        return moment.toString("HH:mm")
    return moment.toString("d MMM" if days < 300 else "MMM yyyy")


class ProgressPage(QWidget):
    """Jobs, and the progress of one.

    Parameters
    ----------
    session : chimerax.core.session.Session
    watch : Watch
    """

    wants_again = Signal(object)
    """The folder of a build that is to be set up again."""

    def __init__(self, session, watch: Watch) -> None:
        super().__init__()
        self._session = session
        self._watch = watch
        self._filling = False
        layout = column(self)
        layout.addWidget(heading("Jobs"))
        self._none = Notice()
        layout.addWidget(self._none)
        self.table = row_table("Jobs", ("Name", "State", "Began", "Took"), 0)
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.itemSelectionChanged.connect(self._row_chosen)
        self.table.itemDoubleClicked.connect(lambda *_: self._command("open"))
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(self._menu)
        layout.addWidget(self.table)
        self._job = QWidget()
        layout.addWidget(self._job)
        layout.addStretch(1)
        self._fill_job(column(self._job))
        self._job.layout().setContentsMargins(0, 4, 0, 0)
        watch.listed.connect(self._list)
        watch.listed.connect(self._tell)
        watch.aged.connect(self._renew_times)
        watch.chosen.connect(self._list)
        watch.told.connect(self._tell)
        watch.made.connect(self._tell)
        self._list()
        self._tell()

    def _fill_job(self, layout) -> None:
        self._title = heading("")
        self._title.setWordWrap(True)
        layout.addWidget(self._title)
        self.bar = QProgressBar()
        self.bar.setRange(0, 1000)
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(10)
        self.bar.setAccessibleName("Progress")
        layout.addWidget(self.bar)
        self._message = small()
        layout.addWidget(self._message)
        self.stop = button("S&top", "Stop this build; what it has finished is kept", self._stop)
        self.resume = button("&Resume", "Go on from the last finished stage",
                             lambda: self._command("resume"))  # fmt: skip
        self.show_button = button("&Show", "Open what the job has made so far",
                                  lambda: self._command("open"))  # fmt: skip
        self.report = button("Re&port", "Open the report in the web browser",
                             lambda: self._command("report"))  # fmt: skip
        self.again = button("Build a&gain…", "Set this build up again, to be changed and started",
                            lambda: self.wants_again.emit(self._watch.folder))  # fmt: skip
        self.log = button("&Log", "Open what the engine said", lambda: self._open("log.txt"))
        self.folder = button("F&older", "Open the folder of the job", lambda: self._open(""))
        layout.addWidget(
            buttons(self.stop, self.resume, self.show_button, self.again, self.report, self.log,
                    self.folder)
        )  # fmt: skip
        self._failure = Notice(AMBER)
        layout.addWidget(self._failure)
        self.stages = StageList()
        layout.addSpacing(4)
        layout.addWidget(self.stages)
        self._plot = Section("Energy (arbitrary units)", open=True)
        self.energy = EnergyPlot()
        self._plot.body.addWidget(self.energy)
        layout.addWidget(self._plot)
        self._warnings = Notice(AMBER)
        layout.addWidget(self._warnings)

    def showEvent(self, event) -> None:  # noqa: N802, Qt's name
        """Jobs of other ChimeraXes may have come or ended."""
        super().showEvent(event)
        self._watch.list_again()

    def _list(self) -> None:
        """Fill the table of jobs."""
        self._filling = True
        lines = self._watch.lines
        self._none.tell("" if lines else "No builds yet. Set one up under Build.")
        self.table.setVisible(bool(lines))
        self.table.setRowCount(len(lines))
        for number, line in enumerate(lines):
            took = "" if line.took is None else duration(line.took)
            for place, text in enumerate((line.name, _MARKS.get(line.state, line.state),
                                          when(line.when), took)):  # fmt: skip
                item = QTableWidgetItem(text)
                item.setToolTip(str(line.folder))
                self.table.setItem(number, place, item)
            if line.folder == self._watch.folder:
                self.table.selectRow(number)
        fit_height(self.table, _ROWS)
        self._filling = False

    def _renew_times(self) -> None:
        for number, line in enumerate(self._watch.lines):
            if (item := self.table.item(number, 2)).text() != (text := when(line.when)):
                item.setText(text)

    def _row_chosen(self) -> None:
        rows = self.table.selectionModel().selectedRows()
        if not self._filling and rows:
            self._watch.choose(self._watch.lines[rows[0].row()].folder)

    def _menu(self, position) -> None:
        """What can be done with a job of the table."""
        item = self.table.itemAt(position)
        if item is None:
            return
        line = self._watch.lines[item.row()]
        self._watch.choose(line.folder)
        menu = QMenu(self)
        alive = line.state in ("queued", "running")
        for text, wanted, function in (
            ("Stop", alive and line.number is not None, self._stop),
            ("Stop all jobs", alive, lambda: run(self._session, "critasser stop all")),
            ("Show", line.state != "queued", lambda: self._command("open")),
            ("Resume", line.state in ("cancelled", "failed"), lambda: self._command("resume")),
            ("Build again…", line.state != "queued",
             lambda: self.wants_again.emit(self._watch.folder)),
            ("Rename…", True, self._rename),
            ("Folder", True, lambda: self._open("")),
            ("Remove from this list", not alive, lambda: self._command("jobs clear")),
            ("Clear this list", True, lambda: run(self._session, "critasser jobs clear")),
            ("Delete…", not alive, lambda: self._command("jobs delete")),
        ):  # fmt: skip
            if wanted:
                menu.addAction(text).triggered.connect(lambda *_, f=function: f())
        menu.exec(self.table.viewport().mapToGlobal(position))

    def _rename(self) -> None:
        """Ask for another name of the chosen job."""
        if (line := self._watch.line) is None:
            return
        name, wanted = QInputDialog.getText(self, "Rename job", "Name", text=line.name)
        if wanted and name.strip():
            words = ("critasser jobs rename", line.folder, quoted_text(name.strip()))
            run(self._session, command_text(*words))

    def _tell(self) -> None:
        """Show where the chosen job stands."""
        watch, line = self._watch, self._watch.line
        self._job.setVisible(watch.folder is not None)
        if watch.folder is None:
            return
        history, runs = watch.history, watch.runs
        state = line.state if line is not None else ""
        mine = line is not None and line.number is not None
        self._title.setText(line.name if line is not None else watch.folder.name)
        self.bar.setValue(round(1000 * (1.0 if state == "finished" else history.fraction)))
        self.bar.setVisible(state == "running" or (state == "queued" and mine))
        self._message.setText(_told(history, state, watch.outcome, line.waits if line else ""))
        self._failure.tell(watch.failure)
        self.stages.show_rows(history.rows(time.time() if runs else None, runs=runs))
        self.stages.setVisible(bool(history.stage))
        energies = watch.energies
        self._plot.setVisible(len(energies) > 1)
        self.energy.show_energies(energies)
        self._warnings.tell("\n".join(watch.warnings))
        self.stop.setVisible(state in ("running", "queued") and mine)
        forgotten = state == "queued" and not line.waits
        self.resume.setVisible(state in ("cancelled", "failed") or forgotten)
        self.show_button.setVisible(state != "queued" and not (state == "running" and mine))
        self.show_button.setText("&Follow" if state == "running" else "&Show")
        over = state not in ("queued", "running")
        self.again.setVisible(over and job_kind(watch.folder) == "build")
        self.report.setVisible(inside(watch.folder, "report.html") is not None)
        self.log.setVisible(inside(watch.folder, "log.txt") is not None)

    def _stop(self) -> None:
        if self._watch.line is not None and self._watch.line.number is not None:
            run(self._session, command_text("critasser stop", self._watch.line.number))

    def _command(self, name: str) -> None:
        if self._watch.folder is not None:
            run(self._session, command_text("critasser", name, self._watch.folder))

    def _open(self, relative: str) -> None:
        """Open a file, or the folder, with what the system has for it."""
        folder: Path | None = self._watch.folder
        path = folder if folder is None or not relative else inside(folder, relative)
        if path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))


def _told(history, state: str, outcome, waits: str) -> str:
    """One line on where the job stands."""
    if state == "queued":
        if waits:
            return f"waits for {waits}"
        return "not started: it was queued when ChimeraX was closed; Resume starts it"
    if state == "running":
        parts = [f"{history.fraction:.0%}"]
        if history.remaining is not None:
            parts.append(f"about {duration(history.remaining)} left")
        parts.append(history.message or "the engine starts")
        return " · ".join(parts)
    if state == "finished":
        seconds = sum((outcome.timings or {}).values()) if outcome is not None else 0
        return f"finished in {duration(seconds)}" if seconds else "finished"
    if state == "cancelled":
        return "stopped; what it finished is kept"
    if state == "failed":
        return "failed; what it finished is kept" if history.stage else "failed"
    return ""
