"""``critasser example``: open the shipped map and build a model of it."""

from __future__ import annotations

import gzip
from pathlib import Path

from chimerax.core.commands import BoolArg, CmdDesc, SaveFolderNameArg, run
from chimerax.core.errors import UserError

from ..installation.environment import configured_python
from ..jobs.new_job import jobs_home
from ..session.quoting import command_text

__all__ = ["command", "description"]

_NAME = "emd_5925"
_RESOLUTION = 3.64
_LEVEL = 0.25
"""Contour at which the density of main chain and larger side chains is seen."""


def description():
    """How the command is typed."""
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
    EngineJob
    """
    configured_python(session)  # nothing is opened where nothing can be built
    density, sequence = unpack(example_folder(), jobs_home() / "example")
    volume = run(session, command_text("open", density))[0]
    look = "style surface color #b4c8dc transparency 0.6"
    run(session, command_text("volume", volume, "level", _LEVEL, look))
    run(session, "graphics silhouettes true")
    run(session, command_text("view", volume))
    words = ["critasser build", volume, sequence, "quality draft resolution", _RESOLUTION]
    words.append("templates none")  # the same on every computer, and nobody is asked anything
    if folder is not None:
        words += ["folder", Path(folder)]
    if wait is not None:
        words += ["wait", wait]
    job = run(session, command_text(*words))
    if session.ui.is_gui:
        run(session, "ui tool show Critasser")
    return job


def unpack(source: Path, folder: Path) -> tuple[Path, Path]:
    """Map and sequence in a folder of the person's, where they stay when the bundle is replaced.

    ChimeraX opens no compressed maps.

    Raises
    ------
    UserError
        The folder cannot be written to.
    """
    density, sequence = folder / f"{_NAME}.mrc", folder / f"{_NAME}.fasta"
    part = folder / f".{_NAME}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, packed in ((density, "map.mrc.gz"), (sequence, "sequence.fasta")):
            opener = gzip.open if packed.endswith(".gz") else open
            with opener(source / packed, "rb") as file:
                content = file.read()
            # Windows replaces no file that ChimeraX has open.
            if not path.exists() or path.read_bytes() != content:
                part.write_bytes(content)
                part.replace(path)
    except OSError as error:
        raise UserError(f"{folder}: cannot write the example there, {error.strerror}") from None
    return density, sequence


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
