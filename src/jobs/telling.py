"""How the end of a job is told, and what to do next."""

from __future__ import annotations

from html import escape
from pathlib import Path

from ..session.quoting import command_link, quotable
from .advice import advice
from .folder import last_line
from .wording import in_chimerax

__all__ = ["Link", "duration", "tell", "why_failed"]

Link = tuple[str | tuple, str]
"""A command, or its words as `command_text` takes them, and the label of the link that runs it."""


def duration(seconds: float) -> str:
    """A time for people: 8 s, 3 min, 2 h 05 min."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
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


def _words(words: str | tuple) -> tuple:
    return words if isinstance(words, tuple) else (words,)


def why_failed(folder: Path, name: str, status: int | None, said: str) -> str:
    """Why a job failed, what to do, and where to read more.

    Parameters
    ----------
    folder : Path
    name : str
        Of the job.
    status : int or None
        The engine's exit status, negative for a signal; None where it is not known.
    said : str
        State that its last line of progress told.
    """
    if not folder.is_dir():
        return (
            f"critasser {name}: its folder {folder} has vanished while it ran. What is shown "
            "stays; save it, or put the folder back and go on by: critasser resume"
        )
    line = in_chimerax(last_line(folder) or "nothing")
    remedy = advice(line, status)
    if status is not None and status < 0:
        line = f"the engine was ended by signal {-status}; it said last: {line}"
    elif status is None and said == "running":
        line = f"the engine ended without a word of why; it said last: {line}"
    parts = [f"critasser {name}: {line}", remedy, f"More in {folder / 'log.txt'}"]
    return "\n".join(part for part in parts if part)
