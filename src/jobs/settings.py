"""What is remembered from one ChimeraX to the next."""

from __future__ import annotations

from chimerax.core.settings import Settings

__all__ = ["remember_job", "settings"]

_MOST_JOBS = 50


class _CritasserSettings(Settings):
    EXPLICIT_SAVE = {"python": ""}  # noqa: RUF012, ChimeraX reads it as a class attribute
    AUTO_SAVE = {"checked": [], "recent_jobs": []}  # noqa: RUF012


def settings(session) -> _CritasserSettings:
    """The settings, read once a session."""
    found = getattr(session, "_critasser_settings", None)
    if found is None:
        found = session._critasser_settings = _CritasserSettings(session, "Critasser")
    return found


def remember_job(session, folder: str) -> None:
    """Put a job folder first in the list of recent ones."""
    kept = settings(session)
    others = [path for path in kept.recent_jobs if path != folder]
    kept.recent_jobs = [folder, *others][:_MOST_JOBS]
