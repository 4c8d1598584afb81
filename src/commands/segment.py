"""``critasser segment``: find regions of a map, to choose where to build."""

from __future__ import annotations

from chimerax.core.commands import BoolArg, Bounded, CmdDesc, FloatArg, IntArg, ObjectsArg
from chimerax.core.errors import UserError
from chimerax.map import MapArg

from ..jobs.starting import waits
from ..models.segments.choosing import labels_from
from ..models.segments.expected import chain_lengths
from ..models.segments.making import displayed_level, segment_map, segment_map_by_labels
from .arguments import BuildSequenceArg

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("volume", MapArg)],
        keyword=[
            ("level", FloatArg),
            ("smoothing", Bounded(FloatArg, min=0.1, max=100.0)),
            ("steps", Bounded(IntArg, min=1, max=50)),
            ("min_size", Bounded(FloatArg, min=0.0)),
            ("sequence", BuildSequenceArg),
            ("from_", ObjectsArg),
            ("wait", BoolArg),
        ],
        synopsis="Find regions of a map",
    )


def command(
    session,
    volume,
    *,
    level=None,
    smoothing=None,
    steps=None,
    min_size=None,
    sequence=None,
    from_=None,
    wait=None,
):
    """Find regions of about the size of a protein chain, and show them.

    Parameters
    ----------
    session : chimerax.core.session.Session
    volume : chimerax.map.Volume
        The whole of it, at full resolution, whatever is displayed.
    level : float, optional
        What is below is in no region; the displayed surface's level unless given.
    smoothing : float, optional
        Width (σ) of the widest Gaussian, in Å; else the one that makes regions as large as chains.
    steps : int, optional
        Steps to that width.
    min_size : float, optional
        Å³ of the smallest region; smaller ones go to their neighbours.
    sequence : Path or list of chimerax.atomic.Sequence, optional
        Of the chains; tells how large a region should be, each as one of the chains where they
        differ.
    from_ : chimerax.core.objects.Objects, optional
        Regions that are known already: a map of their numbers, or surfaces.
    wait : bool, optional
        Come back when it is done; by default in scripts and without a GUI.

    Returns
    -------
    Segmentation or None
        None when it appears later, or when nothing was found.
    """
    waiting = waits(session, wait)
    if from_ is not None:
        others = (level, smoothing, steps, min_size, sequence)
        if any(given is not None for given in others):
            raise UserError("from takes regions as they are: no other option goes with it")

        return segment_map_by_labels(session, volume, labels_from(volume, from_), wait=waiting)
    if steps is not None and smoothing is None:
        raise UserError("steps lead to a smoothing; give that too")
    if smoothing is not None and sequence is not None:
        raise UserError("give either smoothing or a sequence, from which the smoothing follows")
    lengths = None if sequence is None else chain_lengths(sequence)
    return segment_map(
        session,
        volume,
        displayed_level(volume) if level is None else level,
        wait=waiting,
        smoothing=smoothing,
        steps=steps,
        least=min_size,
        chain_residues=None if lengths is None else sum(lengths) / len(lengths),
        chains=1 if lengths is None else len(lengths),
        sizes=lengths,
    )
