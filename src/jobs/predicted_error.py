"""Find the predicted aligned error (PAE) that belongs to a predicted model."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ..session.files import read_regular

__all__ = ["error_beside", "error_file_name", "error_length", "error_path"]

_MODEL = re.compile(r"(AF-[\w-]+-)model(_v\d+)\.cif", re.IGNORECASE)
"""Names of the AlphaFold Database."""

_LARGEST = 200 << 20
"""Bytes of the largest file that is looked into."""

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
