"""``critasser confidence``: colours by what the engine is sure of."""

from __future__ import annotations

from chimerax.core.errors import UserError

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    from chimerax.atomic import AtomicStructuresArg
    from chimerax.core.commands import BoolArg, CmdDesc, EmptyArg, Or

    return CmdDesc(
        required=[("structures", Or(AtomicStructuresArg, EmptyArg))],
        keyword=[("key", BoolArg)],
        synopsis="Color models by confidence",
    )


def command(session, structures=None, *, key=True) -> None:
    """Colour models by their confidence, 0 to 100, and show the key.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structures : chimerax.atomic.AtomicStructures, optional
        All that have a confidence unless given. Models that were opened from a job's files by
        other means have one too.
    key : bool
        Show the key.
    """
    from chimerax.atomic import all_atomic_structures

    from ..models.confidence import adopt_confidence, color_by_confidence, show_key

    wanted = all_atomic_structures(session) if structures is None else structures
    found = [structure for structure in wanted if adopt_confidence(structure)]
    if not found:
        raise UserError("none of these models has a confidence of Critasser")
    for structure in found:
        color_by_confidence(structure)
    if key:
        show_key(session, replace=True)
