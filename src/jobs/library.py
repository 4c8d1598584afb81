"""Take over a library of known folds, to look among for templates, as the engine reads it."""

from __future__ import annotations

import shutil
import zipfile
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.files import open_regular

__all__ = ["check_library", "copy_library"]

_HOLDS = {f"{name}.npy" for name in ("names", "ends", "codes", "steps", "structure")}
"""Among the arrays of every library."""


def check_library(path: str | Path | None, *, refused: bool = False) -> None:
    """Refuse a file that is no library, or one that would not be looked into.

    Parameters
    ----------
    path : path or None
        None for the one that ships.
    refused : bool
        No known folds are looked for at all.

    Raises
    ------
    UserError
    """
    if path is None:
        return
    if refused:
        raise UserError("templates none looks in no library: leave out templates, or library")
    try:
        with open_regular(Path(path)) as file, zipfile.ZipFile(file) as packed:
            whole = set(packed.namelist()) >= _HOLDS
    except OSError as error:
        raise UserError(f"library {path}: cannot be read, {error.strerror}") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        whole = False
    if not whole:
        raise UserError(
            f"library {path}: no template library; make one of a folder of structures by "
            "critasser data library, on the command line"
        )


def copy_library(folder: Path, path: str | Path) -> Path:
    """Put a library where the engine may read it.

    Raises
    ------
    OSError
    """
    copied = folder / "library.npz"
    shutil.copyfile(path, copied)
    return copied
