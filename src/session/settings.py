"""Settings: what is remembered from one ChimeraX to the next."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.settings import Settings

__all__ = [
    "KNOWN",
    "forget_job",
    "remember_executor",
    "remember_job",
    "remember_known",
    "remember_low",
    "remember_open",
    "settings",
]

KNOWN = ("auto", "local", "none")
"""Where known structures are looked for: here and in public databases, here only, nowhere."""

_MOST_JOBS = 50


class _CritasserSettings(Settings):
    # ChimeraX reads both as class attributes.
    EXPLICIT_SAVE = {  # noqa: RUF012
        "python": "", "low_confidence": 50.0, "known": "", "executor": "",
    }  # fmt: skip
    AUTO_SAVE = {"checked": [], "recent_jobs": [], "open_jobs": []}  # noqa: RUF012


def settings(session) -> _CritasserSettings:
    """The settings, read once a session."""
    found = getattr(session, "_critasser_settings", None)
    if found is None:
        found = session._critasser_settings = _CritasserSettings(session, "Critasser")
    return found


def remember_low(session, below: float) -> None:
    """Keep below which confidence a residue is not sure, for the selector and all that asks."""
    kept = settings(session)
    if below != kept.low_confidence:
        kept.low_confidence = below
        kept.save("low_confidence")


def remember_known(session, where: str) -> None:
    """Keep where known structures are to be looked for: one of `KNOWN`, or "" to ask again."""
    kept = settings(session)
    if where != kept.known:
        kept.known = where
        kept.save("known")


def remember_executor(session, word: str) -> None:
    """Keep where builds run in parallel, as the engine's ``executor``; "" for this machine."""
    kept = settings(session)
    if word != kept.executor:
        kept.executor = word
        kept.save("executor")


def remember_job(session, folder: str) -> None:
    """Put a job folder first in the list of recent ones."""
    kept = settings(session)
    first, others = _split(kept.recent_jobs, folder)
    kept.recent_jobs = [first, *others][:_MOST_JOBS]


def forget_job(session, folder: str) -> None:
    """Take a job folder off the list of recent ones."""
    kept = settings(session)
    _, kept.recent_jobs = _split(kept.recent_jobs, folder)
    remember_open(session, folder, False)


def remember_open(session, folder: str, is_open: bool) -> None:
    """Note whether a job has still to end, for the next start of ChimeraX."""
    kept = settings(session)
    first, others = _split(kept.open_jobs, folder)
    wanted = [first, *others][:_MOST_JOBS] if is_open else others
    if wanted != kept.open_jobs:
        kept.open_jobs = wanted


def _split(paths: list[str], folder: str) -> tuple[str, list[str]]:
    """A folder without links in its path, and all other paths of a list."""
    real = str(Path(folder).resolve())
    return real, [path for path in paths if path not in (folder, real)]
