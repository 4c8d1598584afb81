"""Take over a file of predicted contacts (CASP RR format), as the engine reads it."""

from __future__ import annotations

import re
from pathlib import Path

from chimerax.core.errors import UserError

from ..session.files import read_regular

__all__ = ["read_contacts", "write_contacts"]

_LARGEST = 256 << 20
"""Bytes of the largest file that the engine reads: all pairs of 4,000 residues."""

_CONTACT = re.compile(r"\s*\d+\s+\d+\s+[\d.]+\s+[\d.]+\s+[\d.]+(e-?\d+)?\b", re.IGNORECASE)


def read_contacts(path: str | Path) -> bytes:
    """A file of contacts, once it is known to be one.

    Raises
    ------
    UserError
        It cannot be read, is too large, or has no line of a contact.
    """
    path = Path(path)
    try:
        content = read_regular(path, _LARGEST)
    except OSError as error:
        raise UserError(f"contacts {path}: cannot be read, {error.strerror}") from None
    lines = content.decode("utf-8-sig", errors="replace").splitlines()
    if not any(_CONTACT.match(line) for line in lines):
        raise UserError(
            f"contacts {path}: no contact in it; give lines 'i j 0 8 probability' (CASP RR)"
        )
    return content


def write_contacts(folder: Path, content: bytes) -> Path:
    """Put contacts where the engine may read them.

    Raises
    ------
    OSError
    """
    path = folder / "contacts.txt"
    path.write_bytes(content)
    return path
