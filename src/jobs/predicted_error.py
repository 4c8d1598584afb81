"""Predicted aligned errors of templates, which a person gives."""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from chimerax.core.errors import UserError

__all__ = ["check_pae", "copy_pae"]

_PAE = re.compile(r"\.(json|npz)(\.gz)?$", re.IGNORECASE)
"""Endings of predicted aligned errors."""


def check_pae(pae: Sequence | None, structures: Sequence | None) -> None:
    """Refuse predicted aligned errors that are not one for each template.

    Parameters
    ----------
    pae : sequence of str or path, or None
    structures : sequence of chimerax.atomic.AtomicStructure, or None
        The templates.

    Raises
    ------
    UserError
    """
    if pae is None:
        return
    if structures is None:
        raise UserError("pae is of templates; give templates too")
    if len(pae) != len(structures):
        raise UserError(f"{len(pae)} pae files for {len(structures)} templates: give as many, in "
                        "the same order")  # fmt: skip
    for path in map(Path, pae):
        if not _PAE.search(path.name):
            raise UserError(f"{path}: give a predicted aligned error as .json or .npz")


def copy_pae(folder: Path, pae: Sequence | None) -> list[Path]:
    """Copy predicted aligned errors to where the engine may read them."""
    paths = []
    for number, path in enumerate(map(Path, pae or ()), start=1):
        kept = folder / f"pae_{number:02d}{_PAE.search(path.name).group().lower()}"
        shutil.copyfile(path, kept)
        paths.append(kept)
    return paths
