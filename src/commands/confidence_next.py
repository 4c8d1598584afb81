"""``critasser confidence next``: go to the next residues of low confidence."""

from __future__ import annotations

from chimerax.atomic import AtomicStructuresArg
from chimerax.core.commands import BoolArg, Bounded, CmdDesc, FloatArg

from ..models.places import places_of
from ..models.uncertain_regions import uncertain_places
from ..session.settings import settings

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        optional=[("structures", AtomicStructuresArg)],
        keyword=[("below", Bounded(FloatArg, min=0.0, max=100.0)), ("zone", BoolArg)],
        synopsis="Go to the next uncertain place",
    )


def command(session, structures=None, *, below=None, zone=True, step=1):
    """Zoom to the next stretch of low confidence, the least certain one first.

    Parameters
    ----------
    session : chimerax.core.session.Session
    structures : chimerax.atomic.AtomicStructures, optional
        Those that are displayed unless given.
    below : float, optional
        Confidence of 0 to 100 below which a residue is of such a stretch; as remembered by
        `critasser confidence` unless given.
    zone : bool
        Show the density around the stretch only, as a mesh.
    step : {1, -1}
        Onwards or back.

    Returns
    -------
    Place
    """
    if below is None:
        below = settings(session).low_confidence
    found = uncertain_places(session, structures, below)
    return places_of(session).step(found, step, zone=zone, command="critasser confidence")
