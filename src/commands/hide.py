"""``critasser hide``: hide one class of a job's results."""

from __future__ import annotations

from chimerax.core.commands import CmdDesc, EmptyArg, EnumOf, ListOf, ModelsArg, Or

from ..views.results import CLASSES
from .show import groups_of

__all__ = ["command", "description"]


def description():
    """How the command is typed."""
    return CmdDesc(
        required=[("models", Or(ModelsArg, EmptyArg)), ("what", ListOf(EnumOf(tuple(CLASSES))))],
        synopsis="Hide a class of a job's results",
    )


def command(session, models=None, what=()) -> None:
    """Hide traces, templates, models, positions or maps of probability; they stay open.

    Parameters
    ----------
    session : chimerax.core.session.Session
    models : list of Model, optional
        Groups of jobs, or anything in them; all groups unless given.
    what : list of str
        Of `chimerax.critasser.models.results.CLASSES`.
    """
    for group in groups_of(session, models):
        for name in what:
            kind, files = CLASSES[name]
            for model in group.parts(kind):
                if kind != "map" or model.critasser_file == files[0][0]:
                    model.display = False
