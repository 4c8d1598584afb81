"""Tells those who look, such as the panel, that something about a job has changed."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["announce", "on_news"]

_CHANGED = "critasser job changed"


def announce(session, job) -> None:
    """A job has begun, has told something, or is over; in the main thread."""
    if session is not None and session.triggers.has_trigger(_CHANGED):
        session.triggers.activate_trigger(_CHANGED, job)


def on_news(session, heard: Callable):
    """Have `heard(job)` called in the main thread when something about a job has changed.

    Returns
    -------
    object
        `remove()` of it ends that.
    """
    if not session.triggers.has_trigger(_CHANGED):
        session.triggers.add_trigger(_CHANGED)
    return session.triggers.add_handler(_CHANGED, lambda _, job: heard(job))
