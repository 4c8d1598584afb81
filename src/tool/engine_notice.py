"""The notice that there is no engine yet, or that it is being installed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from Qt.QtCore import QTimer
from Qt.QtWidgets import QFileDialog

from ..jobs.queue import installing
from ..session.quoting import command_text
from ..session.settings import settings
from .layout import AMBER, Notice, button

__all__ = ["EngineNotice"]

_LOOK = 1000
"""Milliseconds between two looks whether the installation is over."""


class EngineNotice(Notice):
    """Shown while nothing can be built.

    Parameters
    ----------
    session : chimerax.core.session.Session
    run : callable
        Runs a command.
    changed : callable
        Called when an installation has ended.
    """

    def __init__(self, session, run: Callable, changed: Callable) -> None:
        super().__init__(AMBER)
        self._session = session
        self._command = run
        self._buttons = (
            button("&Install", "Make the engine's own environment: critasser install",
                   lambda: self._run("critasser install")),
            button("I &have it…", "Choose the Python in which Critasser is installed",
                   self._locate),
        )  # fmt: skip
        self.add(*self._buttons)
        self._again = QTimer(self)
        self._again.setSingleShot(True)
        self._again.setInterval(_LOOK)
        self._again.timeout.connect(changed)

    def look(self) -> None:
        """Show whether there is an engine, or one is being made just now."""
        at_work = installing(self._session)
        for one in self._buttons:
            one.setVisible(not at_work)
        if at_work:
            self.tell(
                "The engine is being installed; the status line says how far it is. Builds that "
                "are asked for meanwhile wait for it."
            )
            self._again.start()
        elif settings(self._session).python:
            self.tell("")
        else:
            self.tell(
                "The engine that builds the models is not installed yet. Install loads 0.5 GB "
                "(3 GB where there is a GPU), once."
            )

    def _run(self, command: str) -> None:
        self._command(command)
        self.look()

    def _locate(self) -> None:
        path, _ = QFileDialog.getOpenFileName(self, "The Python that runs the engine")
        if path:
            self._run(command_text("critasser location", Path(path)))
