"""``critasser confidence``: colour models by confidence, density fit or other values."""

from __future__ import annotations

from chimerax.atomic import AtomicStructure, AtomicStructuresArg, all_atomic_structures
from chimerax.core.commands import BoolArg, Bounded, CmdDesc, EmptyArg, EnumOf, FloatArg, Or, run
from chimerax.core.errors import UserError

from ..models.attributes import SCHEMES
from ..models.coloring import color_models
from ..session.quoting import any_of, command_text
from ..session.settings import remember_low

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("structures", Or(AtomicStructuresArg, EmptyArg))],
        keyword=[
            ("show", EnumOf(tuple(SCHEMES))),
            ("key", BoolArg),
            ("transparency", Bounded(FloatArg, min=0.0, max=100.0)),
            ("below", Bounded(FloatArg, min=0.0, max=100.0)),
            ("select", BoolArg),
        ],
        synopsis="Color models by confidence",
    )


def command(
    session,
    structures=None,
    *,
    show="confidence",
    key=True,
    transparency=None,
    below=None,
    select=False,
) -> None:
    """Colour models by their confidence, or something akin to it, and show the key.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structures : chimerax.atomic.AtomicStructures, optional
        All that have what is shown unless given. Models that were opened from a job's files by
        other means have a confidence too.
    show : str
        Of `chimerax.critasser.models.attributes.SCHEMES`.
    key : bool
        Show the key.
    transparency : float, optional
        Percent.
    below : float, optional
        Confidence of 0 to 100 below which residues are called low, by the selector
        ``critasser-low`` and by ``critasser confidence next``; it is remembered.
    select : bool
        Select the residues that are low.
    """
    wanted = all_atomic_structures(session) if structures is None else structures
    proteins = [structure for structure in wanted if isinstance(structure, AtomicStructure)]
    if structures is not None and not proteins:
        raise UserError("no atomic models specified")
    if below is not None:
        remember_low(session, below)
    found = color_models(session, proteins, show, key=key, transparency=transparency)
    if select:
        _select(session, found)


def _select(session, structures) -> None:
    run(session, command_text("select", any_of(*structures), "& critasser-low"))
