"""Copy known structures into a job: the engine stays offline, and the job can be repeated."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..session.files import write_inside
from .predicted_error import error_path

__all__ = ["LIST", "copy_known", "numbered_name", "write_list"]

LIST = "known.json"
"""In the folder of the inputs: what was found, with checksums."""

_SUFFIXES = (".cif.gz", ".pdb.gz", ".ent.gz", ".mmcif", ".cif", ".pdb", ".ent")


_NAME_LENGTH = 40
"""Characters of a person's name for a structure that its copy keeps."""


def numbered_name(kind: str, number: int, name: str, suffix: str) -> str:
    """A file's name by which a person knows a structure again: ``template_01_mine.cif``.

    Parameters
    ----------
    kind : str
        What it begins with.
    number : int
        Which makes it the only one.
    name : str
        Of the structure, or of its file; of it letters, digits and ``-`` stay.
    suffix : str
        Ending, with its dot.
    """
    ending = next((end for end in _SUFFIXES if name.lower().endswith(end)), "")
    known = re.sub(r"[^A-Za-z0-9]+", "-", name[: len(name) - len(ending)])[:_NAME_LENGTH].strip("-")
    return f"{kind}_{number:02d}{known and '_'}{known}{suffix}"


def copy_known(folder: Path, path: Path, error: Path | None, number: int) -> Path:
    """Copy a structure, and its predicted aligned error beside it.

    Files of the AlphaFold Database keep their names, by which the engine knows what belongs
    together; all others are ``known_01_name.cif`` and so on.

    Parameters
    ----------
    folder : Path
        Of the inputs.
    path, error : Path
    number : int
        Of the structure in the job, from 1.

    Raises
    ------
    OSError
    """
    beside = error_path(path)
    suffix = next((end for end in _SUFFIXES if path.name.lower().endswith(end)), ".cif")
    copy = folder / path.name
    if beside is None or copy.exists():
        copy = folder / numbered_name("known", number, path.name, suffix)
    shutil.copyfile(path, copy)
    if error is not None and (place := error_path(copy)) is not None:
        shutil.copyfile(error, place)
    return copy


def write_list(folder: Path, entries: Iterable[Mapping[str, Any]], trouble: Iterable[str]) -> None:
    """Write what was found and where it is from, with the checksum of each file.

    Parameters
    ----------
    folder : Path
        Of the inputs.
    entries : iterable of mapping
        Each with ``file``, the name of a copy, and whatever is known of it.
    trouble : iterable of str
        Why something could not be looked at.

    Raises
    ------
    OSError
    """
    told = []
    for entry in entries:
        files = [folder / str(entry["file"])]
        if (error := error_path(files[0])) is not None and error.is_file():
            files.append(error)
        sums = {one.name: hashlib.sha256(one.read_bytes()).hexdigest() for one in files}
        told.append({**entry, "sha256": sums})
    content = {"structures": told, "trouble": list(trouble)}
    write_inside(folder, LIST, json.dumps(content, indent=1) + "\n")
