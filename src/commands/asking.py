"""Ask before something is done that was hardly meant so."""

from __future__ import annotations

__all__ = ["sure"]


def sure(session, question: str, verb: str) -> bool:
    """Whether the person wants it; in scripts and without a GUI nobody is asked, and it is wanted.

    Parameters
    ----------
    session : chimerax.core.session.Session
    question : str
    verb : str
        On the button that goes on.
    """
    if not session.ui.is_gui or session.in_script:
        session.logger.info(question)
        return True
    from chimerax.ui.ask import ask  # Qt, which is not there without a window

    return ask(session, question, [verb, "cancel"], default="cancel") == verb
