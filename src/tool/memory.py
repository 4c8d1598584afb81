"""Values of the panel that are remembered from one ChimeraX to the next."""

from __future__ import annotations

from chimerax.core.settings import Settings

__all__ = ["memory"]


class _PanelSettings(Settings):
    AUTO_SAVE = {  # noqa: RUF012, ChimeraX reads it as a class attribute
        "quality": "standard",
        "device": "auto",
        "models": 5,
        "seed": 1,
        "distance": 8.0,
        "local_pcc": False,
    }


def memory(session) -> _PanelSettings:
    """The settings, read once a session."""
    found = getattr(session, "_critasser_panel", None)
    if found is None:
        found = session._critasser_panel = _PanelSettings(session, "Critasser panel")
    return found
