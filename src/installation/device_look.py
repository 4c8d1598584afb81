"""Find out on which device a Python's torch computes; importing torch takes seconds."""

from __future__ import annotations

from pathlib import Path

from ..session.background import BackgroundWork
from .environment import environment
from .probe import torch_device

__all__ = ["DeviceLook"]


class DeviceLook(BackgroundWork):
    """Asks torch, and logs the answer.

    Parameters
    ----------
    session : chimerax.core.session.Session
    python : Path
    """

    def __init__(self, session, python: Path) -> None:
        super().__init__(session, "location")
        self._python = python

    def work(self) -> None:
        """Ask; in a thread."""
        device = torch_device(self._python, environment())
        self.in_main(self._log, "info", f"torch computes on: {device}")
