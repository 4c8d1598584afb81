"""Remove the engine's environment: thousands of files, so a task of its own."""

from __future__ import annotations

from pathlib import Path

from ..session.background import BackgroundWork
from ..session.settings import settings
from .marker import check_removable, remove

__all__ = ["Removal"]


class Removal(BackgroundWork):
    """Removes an environment that carries our marker.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : Path

    Raises
    ------
    UserError
        It was not made by `critasser install`, or is at work.
    """

    def __init__(self, session, folder: Path) -> None:
        check_removable(folder)
        super().__init__(session, "install remove")
        self.folder = folder

    def work(self) -> None:
        """Remove it; in a thread."""
        self.in_main(self._forget)
        self.in_main(self._log, "status", f"removing {self.folder}")
        left = remove(self.folder)
        told = f"{self.folder} was removed"
        if left:
            told += f", but for what was not made by Critasser: {', '.join(left)}"
        self.in_main(self._log, "info", told)

    def _forget(self) -> None:
        """The place is no place for an engine any more; in the main thread."""
        kept = settings(self.session)
        if kept.python and Path(kept.python).is_relative_to(self.folder):
            kept.python = ""
            kept.checked = []
            kept.save("python")
