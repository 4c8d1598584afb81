"""``critasser executor``: where builds compute models and templates in parallel."""

from __future__ import annotations

import re

from chimerax.core.commands import CmdDesc, StringArg
from chimerax.core.errors import UserError

from ..session.settings import remember_executor, settings

__all__ = ["command", "description"]

_LOCAL = "local"
_WORDS = re.compile(r"local(:[1-9]\d{0,3})?|slurm|(dask|tls|tcp)://[\w.:\[\]-]+:\d{1,5}")
"""What the engine knows; it refuses ports, hosts and numbers of processes that cannot be."""


def description():
    """How the command is typed."""
    return CmdDesc(
        optional=[("where", StringArg)],
        synopsis="Choose where builds run in parallel: this machine, Dask or SLURM",
    )


def command(session, where=None) -> str:
    """Keep it for all builds and rebuilds that start from now on, or tell what is kept.

    Parameters
    ----------
    session : chimerax.core.session.Session
    where : str, optional
        ``local`` or ``local:4``, ``dask://HOST:PORT``, or ``slurm``.

    Raises
    ------
    UserError
        It is none of these.
    """
    if where is not None:
        if not _WORDS.fullmatch(where):
            raise UserError(
                f"executor {where!r}: give local, local:N for N processes, dask://HOST:PORT for a "
                "Dask scheduler, or slurm"
            )
        remember_executor(session, "" if where == _LOCAL else where)
    kept = settings(session).executor or _LOCAL
    session.logger.info(f"builds compute models in parallel by: {kept}")
    return kept
