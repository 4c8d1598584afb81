"""``critasser validate``: find what is unusual in a model, mark it and list it."""

from __future__ import annotations

from html import escape

from chimerax.atomic import AtomicStructure, AtomicStructuresArg, all_atomic_structures
from chimerax.core.commands import BoolArg, CmdDesc, EmptyArg, Or
from chimerax.core.errors import UserError

from ..models.validation.checklist import checklist_of
from ..models.validation.markup import COLORS
from ..session.messages import tell
from ..session.quoting import command_link

__all__ = ["command", "description"]

_MOST_TOLD = 30
"""Places that the log lists; the panel has them all."""


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("structures", Or(AtomicStructuresArg, EmptyArg))],
        keyword=[("markup", BoolArg)],
        synopsis="Check the geometry of models",
    )


def command(session, structures=None, *, markup=True):
    """Judge backbone torsions, side chains, peptides and clashes, mark them, and list them.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structures : chimerax.atomic.AtomicStructures, optional
        Those that are displayed unless given. Residues get the attributes
        `critasser_ramachandran`, `critasser_rotamer` and `critasser_clashes`; nothing else about
        them changes.
    markup : bool
        Put marks into the models.

    Returns
    -------
    list of Place
        The worst first.
    """
    wanted = all_atomic_structures(session) if structures is None else structures
    models = [
        one
        for one in wanted
        if isinstance(one, AtomicStructure) and (structures is not None or one.visible)
    ]
    if not models:
        raise UserError("no atomic model is displayed" if structures is None else "no atomic model")
    checklist = checklist_of(session)
    for found in checklist.judge(models, markup=markup):
        tell(session, f"{found.structure}: {found}")
    places = checklist.places
    _list(session, places, markup)
    return places


def _list(session, places, markup: bool) -> None:
    """The worst of them in the log, with links that go there."""
    if not places:
        return
    shown = places[:_MOST_TOLD]
    if not session.ui.is_gui:
        session.logger.info("\n".join(f"{n}: {place}" for n, place in enumerate(shown, 1)))
        return
    lines = [
        command_link(str(number), "critasser validate place", number) + f" {escape(str(place))}"
        for number, place in enumerate(shown, 1)
    ]
    if len(places) > len(shown):
        lines.append(f"and {len(places) - len(shown)} more")
    if markup:
        names = ("red", "yellow", "orange", "pink")
        lines.append("Marks: " + ", ".join(f"{c} {what}" for c, what in zip(names, COLORS)))
    session.logger.info("<br>".join(lines), is_html=True)
