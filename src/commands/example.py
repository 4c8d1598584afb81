"""``critasser example``: the tutorial, from a shipped map to a model of it."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.errors import UserError

__all__ = ["command", "description"]

_NAME = "EMD-5925"
_RESOLUTION = 3.64
_LEVEL = 0.04
"""Contour at which the density of main chain and larger side chains is seen."""


def description():
    """How the command is typed."""
    from chimerax.core.commands import BoolArg, CmdDesc, SaveFolderNameArg

    return CmdDesc(
        keyword=[("folder", SaveFolderNameArg), ("wait", BoolArg)],
        synopsis="Open the shipped example and build a model of it",
    )


def command(session, *, folder=None, wait=None):
    """Open the example's map and sequence and build, by commands that can be read in the log.

    Parameters
    ----------
    session : chimerax.core.session.Session
    folder : str, optional
        The job folder to make.
    wait : bool, optional
        Come back when the build is over.

    Returns
    -------
    BuildJob
    """
    from chimerax.core.commands import FileNameArg, run

    from ..jobs.engine import configured_python

    configured_python(session)  # nothing is opened where nothing can be built
    files = example_folder()
    density, sequence = (
        FileNameArg.unparse(str(files / name)) for name in ("map.mrc.gz", "sequence.fasta")
    )
    opened = run(session, f"open {density} name {_NAME}")
    volume = opened[0]
    spec = volume.atomspec
    run(session, f"volume {spec} level {_LEVEL} style surface color #b4c8dc transparency 0.6")
    run(session, "lighting soft; graphics silhouettes true")
    run(session, f"view {spec}")
    run(session, f"open {sequence}")
    words = f"critasser build {spec} {sequence} quality draft resolution {_RESOLUTION}"
    if folder is not None:
        words += f" folder {FileNameArg.unparse(folder)}"
    if wait is not None:
        words += f" wait {str(wait).lower()}"
    return run(session, words)


def example_folder() -> Path:
    """Where the example's files are: in the bundle, or in the sources that it is made from.

    Raises
    ------
    UserError
        The bundle is not whole.
    """
    package = Path(__file__).resolve().parents[1]
    for parent in (package, package.parent):
        folder = parent / "examples" / "emd_5925"
        if (folder / "map.mrc.gz").is_file():
            return folder
    raise UserError("the example is missing from the bundle: install Critasser again")
