"""Whether known structures are looked for, and where: asked once, and remembered."""

from __future__ import annotations

from ..session.settings import KNOWN, remember_known, settings
from .looking import what_is_sent

__all__ = ["says_none", "where_to_look"]

_ANSWERS = {"search online": "auto", "only here": "local", "no": "none"}


def says_none(session, asked: str | None) -> bool:
    """Whether no known folds are to be looked for either: the command says so, or the person has
    said so before, where the command says nothing and is not a script's."""
    if asked is None and session.ui.is_gui and not session.in_script:
        return settings(session).known == "none"
    return asked == "none"


def where_to_look(session, asked: str | None) -> str:
    """One of `KNOWN`: as was asked for, else as the person has said before, else asks.

    Nothing is sent before the person was told. In scripts and without a window nobody can be
    asked: there nothing is looked for unless the command says so, and saying so is leave.

    Parameters
    ----------
    session : chimerax.core.session.Session
    asked : str or None
        What the command says.
    """
    alone = not session.ui.is_gui or bool(session.in_script)
    remembered = settings(session).known
    if asked in ("local", "none"):
        return asked
    if alone:
        return asked or "none"
    if remembered == "auto" or (remembered in KNOWN and asked is None):
        return remembered
    from chimerax.ui.ask import ask  # Qt, which is not there without a window

    answer = ask(
        session,
        "Search for known and predicted structures of these sequences, to use as templates?",
        list(_ANSWERS),
        default="only here",
        info=f"In a search online, {what_is_sent()}; nothing else leaves this computer. “Only "
        "here” searches open models and files that ChimeraX has fetched before, “no” nothing, also "
        "not the known folds that ship. The answer is remembered; the panel Critasser changes it.",
        title="Critasser",
    )
    if answer not in _ANSWERS:
        return "none"
    remember_known(session, _ANSWERS[answer])
    return _ANSWERS[answer]
