"""What a rebuild moved, with buttons that show the model before and after."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.commands import run

from ..models.origin import origin_of
from ..views.rebuilt import rebuilt
from .layout import Notice, button, buttons

__all__ = ["RebuiltBox"]

_TIPS = {
    "before": "Show the model as it was",
    "after": "Show the rebuilt model",
    "both": "Show both, one over the other",
    "compare": "Colour both by how far they are apart, and list where they differ",
}


class RebuiltBox(Notice):
    """Is seen while the chosen job is a rebuild whose model is open.

    Parameters
    ----------
    session : chimerax.core.session.Session
    """

    def __init__(self, session) -> None:
        super().__init__()
        self._session = session
        self._shown: tuple = ()
        self._buttons = None
        self.tell("")

    def look(self, folder: Path | None, after) -> None:
        """Show what became of a job's first model; None where that is not open."""
        before = None if folder is None or after is None else origin_of(self._session, folder)
        seen = (folder, after, before)
        if seen == self._shown:
            return
        self._shown = seen
        found = None if folder is None or after is None else rebuilt(self._session, folder, after)
        self.tell("" if found is None else found.told)
        if self._buttons is not None:
            self._buttons.hide()
            self._buttons.deleteLater()
            self._buttons = None
        if found is not None and found.commands:
            self._buttons = buttons(*(
                # Not of stretches: chains a and A are two.
                button(label.capitalize() if label in _TIPS else label.replace("&", "&&"),
                       _TIPS.get(label, "Go there"), lambda one=command: run(self._session, one))
                for label, command in found.commands
            ))  # fmt: skip
            self.layout().addWidget(self._buttons)
