"""The window of the panel with its three pages."""

from __future__ import annotations

import importlib
from pathlib import Path

from chimerax.core.commands import run
from chimerax.core.models import ADD_MODELS, REMOVE_MODELS
from chimerax.core.selection import SELECTION_CHANGED
from chimerax.ui import MainToolWindow
from Qt.QtCore import Qt, QTimer
from Qt.QtGui import QKeySequence, QShortcut
from Qt.QtWidgets import QSizePolicy, QStackedWidget, QTabWidget, QToolButton, QVBoxLayout, QWidget

from ..jobs.engine_job import jobs_of
from ..session.quoting import command_text
from ..session.settings import settings
from .build_page import LaunchPage
from .layout import scrolled
from .placement import beside_log
from .progress_page import ProgressPage
from .results_page import ResultsPage
from .watch import Watch

__all__ = ["Pages"]

BUILD, PROGRESS, RESULTS = range(3)

_LEAST = 200
"""Pixels in height of the page Build: no more, or windows docked beside it change with its text."""


def _unscrolled() -> QStackedWidget:
    """Holds a page that scrolls itself; of two bars one would hide its button."""
    holder = QStackedWidget()
    holder.setMinimumSize(scrolled().minimumWidth(), _LEAST)
    return holder


class Pages:
    """Builds the window and keeps its pages up to date.

    Parameters
    ----------
    tool : CritasserTool
    """

    def __init__(self, tool) -> None:
        session = self._session = tool.session
        self._tool = tool
        self.window = MainToolWindow(tool)
        self.watch = Watch(session)
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self._areas = []
        for title, tip in (
            ("Build", "Set up and start a build"),
            ("Progress", "Builds, running and past"),
            ("Results", "Models, and the confidence of each residue"),
        ):
            self._areas.append(_unscrolled() if title == "Build" else scrolled())
            self.tabs.setTabToolTip(self.tabs.addTab(self._areas[-1], title), tip)
        self._made_pages: dict[int, QWidget] = {}
        self.tabs.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.tabs.setCornerWidget(self._help_button())
        self.tabs.currentChanged.connect(self._page)
        layout = QVBoxLayout(self.window.ui_area)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.tabs)
        self._restored = None
        self._finished = False
        self._models_later = self._timer(self._models)
        self._selection_later = self._timer(self._selection)
        self._rest_later = self._timer(self._make_rest)
        self._follow(session)
        self._page(BUILD)
        if any(job.outcome in ("queued", "running") for job in jobs_of(session)):
            self.tabs.setCurrentIndex(PROGRESS)
        self.window.manage(placement=beside_log(session))
        self._rest_later.start(0)

    @property
    def launch(self) -> LaunchPage:
        """The page Build."""
        return self._page(BUILD)

    @property
    def progress(self) -> ProgressPage:
        """The page Progress."""
        return self._page(PROGRESS)

    @property
    def results(self) -> ResultsPage:
        """The page Results."""
        return self._page(RESULTS)

    def _page(self, number: int) -> QWidget:
        """A page, made when it is first needed."""
        if number not in self._made_pages:
            session = self._session
            if number == BUILD:
                page = LaunchPage(session)
                page.started.connect(lambda: self.tabs.setCurrentIndex(PROGRESS))
            elif number == PROGRESS:
                page = ProgressPage(session, self.watch)
                page.wants_again.connect(self._build_again)
            else:
                page = ResultsPage(session, self.watch)
                page.wants_build.connect(lambda: self.tabs.setCurrentIndex(BUILD))
            self._made_pages[number] = page
            area = self._areas[number]
            area.addWidget(page) if number == BUILD else area.setWidget(page)
        return self._made_pages[number]

    def _build_again(self, folder: Path) -> None:
        """Set up the build of a job again, to be changed and started."""
        self.launch.show_earlier(folder)
        self.tabs.setCurrentIndex(BUILD)

    def _make_rest(self) -> None:
        """Make the next page that is not there yet, between two turns of the event loop."""
        for number in (PROGRESS, RESULTS):
            if number not in self._made_pages:
                self._page(number)
                self._rest_later.start(0)
                return
        # Else the first build would wait for it.
        importlib.import_module("..commands.build", __package__)

    def _timer(self, function) -> QTimer:
        """Calls a function once after any number of changes in one turn."""
        timer = QTimer(self.window.ui_area)
        timer.setSingleShot(True)
        timer.timeout.connect(function)
        return timer

    def _follow(self, session) -> None:
        """Hear of what happens."""
        self.watch.made.connect(self._made)
        self.watch.chosen.connect(self._chosen)
        self.watch.opened.connect(self._opened)
        for number in range(3):
            keys = QShortcut(QKeySequence(f"Ctrl+{number + 1}"), self.window.ui_area)
            # Docked, the window is all of ChimeraX, whose own keys these may be.
            keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            keys.activated.connect(lambda n=number: self.tabs.setCurrentIndex(n))
        add = session.triggers.add_handler
        self._handlers = [
            add(ADD_MODELS, lambda *_: self._models_later.start(0)),
            add(REMOVE_MODELS, lambda *_: self._models_later.start(0)),
            add(SELECTION_CHANGED, lambda *_: self._selection_later.start(0)),
            settings(session).triggers.add_handler(
                "setting changed", lambda _, what: self._setting(what[0])
            ),
        ]

    def _setting(self, name: str) -> None:
        if name == "low_confidence" and RESULTS in self._made_pages:
            self.results.confidence.limit_changed()
        if name == "known":
            self.launch.known.show_setting()
        self.launch.refresh()

    def _help_button(self) -> QToolButton:
        button = QToolButton()
        button.setText("?")
        button.setAutoRaise(True)
        button.setToolTip("Help on this panel")
        button.setAccessibleName("Help")
        button.clicked.connect(lambda *_: run(self._session, command_text("help", self._tool.help)))
        return button

    def close(self) -> None:
        """Hear of nothing any more."""
        for handler in self._handlers:
            handler.remove()
        self._handlers = []
        for timer in (self._models_later, self._selection_later, self._rest_later):
            timer.stop()
        if self._restored is not None:
            self._restored.remove()
            self._restored = None
        if RESULTS in self._made_pages:
            self.results.checklist.close()
        self.watch.close()

    def _models(self) -> None:
        if RESULTS in self._made_pages:
            self.results.models_changed()
            self.results.checklist.fill()
        self.launch.refresh()

    def _selection(self) -> None:
        if RESULTS in self._made_pages:
            self.results.selection_changed()
        self.launch.selection_changed()

    @property
    def _is_finished(self) -> bool:
        return self.watch.line is not None and self.watch.line.state == "finished"

    def _opened(self) -> None:
        """Go to what a job has made that the person has opened."""
        if self.watch.outcome is not None and self.watch.outcome.models:
            self.tabs.setCurrentIndex(RESULTS)

    def _chosen(self) -> None:
        self._finished = self._is_finished

    def _made(self) -> None:
        """Go to the results of a job that ends while it is looked at."""
        finished = self._is_finished
        if finished and not self._finished and self.tabs.currentIndex() == PROGRESS:
            self.tabs.setCurrentIndex(RESULTS)
        self._finished = finished

    def snapshot(self) -> dict:
        """What a session keeps."""
        folder = self.watch.folder
        return {
            "page": self.tabs.currentIndex(),
            "job": "" if folder is None else str(folder),
            "build": self.launch.snapshot(),
        }

    def restore(self, kept: dict) -> None:
        """Show what a session kept, once all its models are there."""

        def when_all_is_there(*_):
            self._restored = None
            self.launch.restore(kept.get("build", {}))
            job = kept.get("job", "")
            if job and Path(job).is_dir():
                self.watch.choose(Path(job))
            self.tabs.setCurrentIndex(min(max(int(kept.get("page", 0)), BUILD), RESULTS))
            from chimerax.core.triggerset import DEREGISTER

            return DEREGISTER

        self._restored = self._session.triggers.add_handler(
            "end restore session", when_all_is_there
        )
