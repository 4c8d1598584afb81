"""Open the statistics of backbones and side chains that lie in the bundle's folder `weights`."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
from chimerax.core.errors import UserError

__all__ = ["table"]


@cache
def table(name: str) -> dict[str, np.ndarray]:
    """All arrays of a file, such as ``backbone.npz``; `weights/backbone.md` says what is in it.

    Raises
    ------
    UserError
        The bundle is not whole.
    """
    package = Path(__file__).resolve().parents[2]
    for parent in (package, package.parent):
        path = parent / "weights" / name
        if path.is_file():
            with np.load(path, allow_pickle=False) as content:
                return {key: content[key] for key in content.files}
    raise UserError(f"{name} is missing from the bundle: install Critasser again")
