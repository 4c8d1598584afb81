"""Menu of a double click on a region."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from chimerax.core.commands import run

__all__ = ["register_menu_entries"]

_registered = False


def register_menu_entries(selected: Callable[..., Sequence]) -> None:
    """Add to the menu of double clicks, once.

    Parameters
    ----------
    selected : callable
        Gives the selected regions of a session.
    """
    global _registered
    if _registered:
        return
    _registered = True
    from chimerax.mouse_modes import SelectContextMenuAction, SelectMouseMode

    class Entry(SelectContextMenuAction):
        """A command on the selected regions."""

        def __init__(self, text, command, least, dangerous=False):
            self._text = text
            self._command = command
            self._least = least
            self.dangerous = dangerous

        def label(self, session, event=None):
            count = len(selected(session))
            return self._text if count == 1 else self._text.replace("region", f"{count} regions")

        def criteria(self, session, event=None):
            return len(selected(session)) >= self._least

        def callback(self, session, event=None):
            run(session, self._command)

    for entry in (
        Entry("Merge region", "critasser segment merge", 2),
        Entry("Split region", "critasser segment split", 1),
        Entry("Select symmetry mates of region", "critasser segment mates", 1),
        Entry("Build a model in region", 'ui tool show "Critasser Segments"', 1),
        Entry("Delete region", "critasser segment delete", 1, dangerous=True),
    ):
        SelectMouseMode.register_menu_entry(entry)
