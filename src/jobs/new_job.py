"""A new job: its folder, and the options of the engine that commands have words for."""

from __future__ import annotations

from pathlib import Path

from chimerax.core.errors import UserError

from ..session.quoting import quoted_path
from .folder import free_folder

__all__ = ["DEVICES", "QUALITIES", "engine_options", "jobs_home", "new_folder"]

_SOURCES = (".git", "bundle_info.xml", "pyproject.toml", "setup.py")
"""One of these in a folder says that it is somebody's sources, such as a clone of ours."""

DEVICES = {"auto": "auto", "cpu": "cpu", "gpu": "cuda"}
"""What the engine calls each word for where it computes."""

QUALITIES = ("draft", "standard", "thorough")


def engine_options(
    resolution=None, device=None, quality=None, models=None, seed=None, trim=None, protein=None,
    symmetry=None,
) -> dict[str, tuple[str, ...]]:
    """Those of these that are given, as the engine's options."""
    given = {
        "--resolution": resolution,
        "--device": DEVICES[device] if device else None,
        "--quality": quality,
        "--models": models,
        "--seed": seed,
        "--symmetry": symmetry,
    }
    options = {option: (str(value),) for option, value in given.items() if value is not None}
    for word, value in (("trim", trim), ("protein", protein)):
        if value is not None:
            options[f"--{word}" if value else f"--no-{word}"] = ()
    return options


def jobs_home() -> Path:
    """The folder in which jobs are made unless another is given: ``~/critasser``, or beside it
    where that is a clone of a repository."""
    home = (Path.home() / "critasser").resolve()
    if any((home / name).exists() for name in _SOURCES):
        return home.with_name("critasser_jobs")
    return home


def new_folder(given: str | None, name: str) -> Path:
    """Make the folder of a job, the one given or a new one in the person's home.

    Links are followed, for folders of jobs are compared everywhere.

    Raises
    ------
    UserError
        It cannot be made, or is not empty.
    """
    if given is None:
        folder = free_folder(jobs_home(), name)
    else:
        folder = Path(given).expanduser().resolve()
        if folder.is_dir() and any(folder.iterdir()):
            raise UserError(
                f"{folder} is not empty: give another folder, or go on with a job that is in it "
                f"by: critasser resume {quoted_path(folder)}"
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{folder}: cannot make the job folder, {error.strerror}") from None
    return folder
