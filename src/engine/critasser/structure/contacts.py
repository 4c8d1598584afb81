"""Predicted contacts from a file."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.input_files import read_bytes

__all__ = ["read_contacts"]

MAX_BYTES = 256 << 20
"""All pairs of 4,000 residues."""

_KEYWORDS = ("PFRMAT", "TARGET", "AUTHOR", "REMARK", "METHOD", "MODEL", "RMODE", "END", "#")


def read_contacts(path: str | os.PathLike, length: int) -> NDArray[np.float64]:
    """Read a contact file in the CASP RR format.

    Lines are ``i j lower upper probability`` with residues counted from 1, over all chains laid
    end to end; keyword lines, and the sequence that CASP puts on lines of its own, are skipped.

    Parameters
    ----------
    path : path
    length : int
        Residues of the target, L.

    Returns
    -------
    ndarray (L, L) float64
        Symmetric probabilities of contact (Cβ nearer than 8 Å as a rule); 0 where nothing is said.

    Raises
    ------
    InputError
        Not readable, no contact in it, or a residue or probability out of range.
    """
    path = Path(path)
    raw = read_bytes(path, MAX_BYTES, "give only the contacts that are likely.")
    try:
        lines = raw.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise InputError(f"{path}: cannot read contacts (not a text file)") from None
    contacts = np.zeros((length, length))
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or line.startswith(_KEYWORDS) or (len(words) == 1 and words[0].isalpha()):
            continue
        try:
            i, j, probability = int(words[0]), int(words[1]), float(words[4])
        except (ValueError, IndexError):
            raise InputError(
                f"{path}, line {number}: not a contact; give lines 'i j 0 8 probability' (CASP RR)"
            ) from None
        if not (1 <= i <= length and 1 <= j <= length) or i == j:
            raise InputError(
                f"{path}, line {number}: residues {i} and {j} are no pair of a sequence of {length}"
            )
        if not 0 <= probability <= 1:
            raise InputError(f"{path}, line {number}: probability {words[4]} is not in 0 … 1")
        contacts[i - 1, j - 1] = contacts[j - 1, i - 1] = probability
    if not contacts.any():
        raise InputError(f"{path}: no contacts in it; give lines 'i j 0 8 probability' (CASP RR)")
    return contacts
