"""What the colours of the colour key are of, written above it."""

from __future__ import annotations

from chimerax.core.models import REMOVE_MODELS

__all__ = ["drop_title", "show_title"]

_NAME = "critasser key title"
"""Of the label, by which a session knows it again."""

_SIZE = 16
"""Of its letters, as of those of the key."""


def show_title(session, text: str, x: float, y: float) -> None:
    """Write a title, in the place of the one before; not where nothing can be written, without Qt.

    Parameters
    ----------
    session : chimerax.core.session.Session
    text : str
    x, y : float
        Lower left corner, as parts of the window's width and height.
    """
    drop_title(session)
    if not can_write():
        return
    from chimerax.label.label2d import label_create

    label_create(session, _NAME, text=text, xpos=x, ypos=y, size=_SIZE)
    _go_with_the_key(session)


def can_write() -> bool:
    """Whether ChimeraX can write into its pictures, for which it needs Qt."""
    try:
        from Qt.QtGui import QImage  # noqa: F401
    except ImportError:
        return False
    return True


def drop_title(session) -> None:
    """Take the title away, if there is one."""
    from chimerax.label.label2d import find_label

    if (present := find_label(session, _NAME)) is not None:
        present.delete()


def _go_with_the_key(session) -> None:
    """Whoever closes the key, its title goes with it."""
    if getattr(session, "_critasser_key_closed", None) is not None:
        return

    def closed(_, models) -> None:
        if any(type(model).__name__ == "ColorKeyModel" for model in models):
            drop_title(session)

    session._critasser_key_closed = session.triggers.add_handler(REMOVE_MODELS, closed)
