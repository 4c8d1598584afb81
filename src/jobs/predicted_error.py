"""Predicted aligned errors (PAE) of models: those that lie beside them, and those given."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.files import read_regular

__all__ = [
    "check_pae",
    "copy_pae",
    "error_beside",
    "error_file_name",
    "error_length",
    "error_path",
]

_MODEL = re.compile(r"(AF-[\w-]+-)model(_v\d+)\.cif", re.IGNORECASE)
"""Names of the AlphaFold Database."""

_LARGEST = 200 << 20
"""Bytes of the largest file that is looked into."""

_PAE = re.compile(r"\.(json|npz)(\.gz)?$", re.IGNORECASE)
"""Endings of predicted aligned errors."""

_KEYS = ("predicted_aligned_error", "pae")


def error_path(model: Path) -> Path | None:
    """Where the AlphaFold Database's file for a model lies if it is beside it."""
    match = _MODEL.fullmatch(model.name)
    if match is None:
        return None
    return model.with_name(f"{match[1]}predicted_aligned_error{match[2]}.json")


def error_length(path: Path) -> int | None:
    """For how many residues a JSON file has errors; None where it is no such file."""
    try:
        content = json.loads(read_regular(path, _LARGEST))
    except (OSError, ValueError, RecursionError):
        return None
    if isinstance(content, list) and content:
        content = content[0]
    if not isinstance(content, dict):
        return None
    tables = [content[key] for key in _KEYS if isinstance(content.get(key), list)]
    return len(tables[0]) if tables else None


def error_beside(structure) -> Path | None:
    """The file beside that of an open model, if it is of as many residues as the model has.

    Parameters
    ----------
    structure : chimerax.atomic.AtomicStructure
    """
    name = getattr(structure, "filename", None)
    path = error_path(Path(name)) if isinstance(name, str) else None
    if path is None or not path.is_file():
        return None
    residues = sum(len(chain.existing_residues) for chain in structure.chains)
    return path if error_length(path) == residues else None


def error_file_name(path: Path) -> str:
    """What a copy of it is called in a job's folder: the engine goes by the suffix."""
    name = path.name.lower()
    if name.endswith(".json.gz"):
        return "pae.json.gz"
    return "pae.npz" if name.endswith(".npz") else "pae.json"


def check_pae(
    pae: Sequence | None, structures: Sequence | None, *, one: bool = False
) -> None:
    """Refuse predicted aligned errors that are not one for each template.

    Parameters
    ----------
    pae : sequence of str or path, or None
    structures : sequence of chimerax.atomic.AtomicStructure, or None
        The templates.
    one : bool
        It is that of the one model of a job, and not of templates.

    Raises
    ------
    UserError
    """
    if pae is None:
        return
    if one and len(pae) != 1:
        raise UserError(f"{len(pae)} pae files for one model: give one")
    if structures is None and not one:
        raise UserError("pae is of templates; give templates too")
    if not one and len(pae) != len(structures):
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
