"""The tool Critasser: one window, kept in sessions; Qt is imported when it is made."""

from __future__ import annotations

from chimerax.core.tools import ToolInstance, get_singleton

__all__ = ["CritasserTool", "press_button", "show_panel"]

_VERSION = 1
_HELP = "help:user/tools/critasser.html"


def show_panel(session, name: str):
    """The panel, made if there is none."""
    return get_singleton(session, CritasserTool, name, create=True, display=True)


def press_button(session, name: str) -> None:
    """What the button in the toolbar does."""
    from chimerax.core.commands import run

    run(session, "ui tool show Critasser")


class CritasserTool(ToolInstance):
    """Set up builds, follow them, look at what they made.

    Parameters
    ----------
    session : chimerax.core.session.Session
    tool_name : str
    """

    SESSION_SAVE = True
    SESSION_ENDURING = False
    help = _HELP

    def __init__(self, session, tool_name: str) -> None:
        super().__init__(session, tool_name)
        from .pages import Pages

        self.pages = Pages(self)
        self.tool_window = self.pages.window

    def delete(self) -> None:
        """Close the window."""
        self.pages.close()
        super().delete()

    def take_snapshot(self, session, flags):
        """What a session keeps: plain values, so that any version can read them."""
        return {
            "version": _VERSION,
            "tool": super().take_snapshot(session, flags),
            "pages": self.pages.snapshot(),
        }

    @classmethod
    def restore_snapshot(cls, session, data):
        """The panel of a session; one of a newer version is opened as a new one would be."""
        if not session.ui.is_gui:
            return None
        name = data.get("tool", {}).get("name", "Critasser")
        tool = get_singleton(session, cls, name, create=True)
        if data.get("version") != _VERSION:
            session.logger.warning(
                "the session was saved by another version of Critasser: what was set in its "
                "panel is not restored"
            )
            return tool
        if "shown" in data["tool"]:
            tool.display(data["tool"]["shown"])
        tool.pages.restore(data.get("pages", {}))
        return tool
