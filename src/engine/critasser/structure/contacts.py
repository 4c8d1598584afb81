"""Predicted contacts from a file, and to one."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from critasser.errors import InputError
from critasser.input_files import read_bytes
from critasser.writing import appearing

__all__ = ["ContactFile", "read_contact_file", "read_contacts", "write_contacts"]

MAX_BYTES = 256 << 20
"""All pairs of 4,000 residues."""

CONTACT = 8.0
"""Å between Cβ that CASP calls a contact."""

_KEYWORDS = ("PFRMAT", "TARGET", "AUTHOR", "REMARK", "METHOD", "MODEL", "RMODE", "END", "#")
_DISTOGRAM = 13
"""Words on a line of CASP's second format (RMODE 2): two residues, the probability of a contact,
and those of ten bins of distance."""

_FORMAT = "give lines 'i j 0 8 probability' (CASP RR)"


@dataclass(frozen=True, eq=False)
class ContactFile:
    """What is in a contact file.

    Attributes
    ----------
    probability : ndarray (L, L) float64
        Symmetric, of contact (Cβ nearer than 8 Å); 0 where nothing is said.
    notes : tuple of str
        What was read otherwise than it stands there, each in a line.
    """

    probability: NDArray[np.float64]
    notes: tuple[str, ...] = ()


def read_contacts(path: str | os.PathLike, length: int) -> NDArray[np.float64]:
    """The probabilities of a contact file; parameters and errors as `read_contact_file`."""
    return read_contact_file(path, length).probability


def read_contact_file(path: str | os.PathLike, length: int) -> ContactFile:
    """Read a contact file in one of the CASP RR formats.

    Lines are ``i j lower upper probability`` with residues counted from 1, over all chains laid
    end to end, or ``i j probability`` and ten probabilities of distances, of which the first
    counts; keyword lines, and the sequence that CASP puts on lines of its own, are skipped. Of a
    pair that is there twice the higher probability counts.

    Parameters
    ----------
    path : path
    length : int
        Residues of the target, L.

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
    uppers = Counter[float]()
    twice = 0
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or line.startswith(_KEYWORDS) or (len(words) == 1 and words[0].isalpha()):
            continue
        try:
            i, j, upper, probability = _contact(words)
        except (ValueError, IndexError):
            raise InputError(f"{path}, line {number}: not a contact; {_FORMAT}") from None
        if not (1 <= i <= length and 1 <= j <= length) or i == j:
            raise InputError(
                f"{path}, line {number}: residues {i} and {j} are no pair of a sequence of {length}"
            )
        if not 0 <= probability <= 1:
            raise InputError(
                f"{path}, line {number}: probability {probability:g} is not in 0 … 1"
            )
        uppers[upper] += 1
        before = contacts[i - 1, j - 1]
        twice += bool(before) and before != probability
        contacts[i - 1, j - 1] = contacts[j - 1, i - 1] = max(before, probability)
    if not contacts.any():
        raise InputError(f"{path}: no contacts in it; {_FORMAT}")
    return ContactFile(contacts, tuple(_notes(path, uppers, twice)))


def _contact(words: list[str]) -> tuple[int, int, float, float]:
    """Two residues, the distance in Å that makes a contact, and its probability."""
    i, j = int(words[0]), int(words[1])
    if len(words) >= _DISTOGRAM:
        return i, j, CONTACT, float(words[2])
    return i, j, float(words[3]), float(words[4])


def _notes(path: Path, uppers: Counter[float], twice: int) -> list[str]:
    notes = []
    others = uppers.total() - uppers[CONTACT]
    if others:
        farthest = max(upper for upper in uppers if upper != CONTACT)
        notes.append(
            f"{path.name}: {others} of {uppers.total()} contacts are of another distance than "
            f"{CONTACT:g} Å (up to {farthest:g} Å); all are taken for contacts within {CONTACT:g} Å"
        )
    if twice:
        notes.append(
            f"{path.name}: pairs of residues that are there twice: {twice}; of their probabilities "
            "the higher counts"
        )
    return notes


def write_contacts(
    path: str | os.PathLike, probability: NDArray[np.float64], *, least: float, fewest_apart: int
) -> int:
    """Write contacts in the CASP RR format, the likeliest first; no file where there are none.

    Parameters
    ----------
    path : path
    probability : ndarray (L, L)
        Symmetric.
    least : float
        Probability from which a contact is written.
    fewest_apart : int
        Residues that it spans at least.

    Returns
    -------
    int
        Contacts written.
    """
    first, second = np.nonzero(np.triu(probability, fewest_apart) >= least)
    value = probability[first, second]
    order = np.argsort(-value, kind="stable")
    lines = [
        f"{first[k] + 1} {second[k] + 1} 0 {CONTACT:g} {value[k]:.4f}\n" for k in order.tolist()
    ]
    if lines:
        with appearing(path) as temporary:
            temporary.write_text("PFRMAT RR\n" + "".join(lines) + "END\n", encoding="ascii")
    return len(lines)
