"""Messages in the log, with links to what one may do next."""

from __future__ import annotations

from html import escape
from pathlib import Path

from .quoting import command_link, quotable

__all__ = ["Link", "duration", "open_words", "state_word", "tell"]

Link = tuple[str | tuple, str]
"""A command, or its words as `command_text` takes them, and the label of the link that runs it."""


def duration(seconds: float) -> str:
    """A time for people, as the engine tells it: 8 s, 3 min 20 s, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def tell(session, text: str, *links: Link) -> None:
    """A line in the log, with links where there is a log to click in.

    Commands that cannot be said, as those with a folder of an impossible name, are left out.

    Parameters
    ----------
    session : chimerax.core.session.Session
    text : str
        Plain.
    *links : Link
        Commands that one may want next.
    """
    named = [(quotable(*_words(words)), label) for words, label in links]
    known = [(command, label) for command, label in named if command is not None]
    if session.ui.is_gui:
        html = " · ".join(command_link(label, command) for command, label in known)
        session.logger.info(escape(text) + (f" ({html})" if html else ""), is_html=True)
    else:
        typed = "".join(f"\n  {label}: {command}" for command, label in known)
        session.logger.info(text + typed)


def state_word(state: str) -> str:
    """The state of a job for people: as it is, but what `critasser stop` did is called so."""
    return "stopped" if state == "cancelled" else state


def open_words(folder: Path) -> tuple:
    """The command that shows what a job has made together with its map."""
    return "critasser open", folder, "withMap true"


def _words(words: str | tuple) -> tuple:
    return words if isinstance(words, tuple) else (words,)
