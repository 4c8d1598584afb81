"""Sequences from FASTA files."""

from __future__ import annotations

import os
from pathlib import Path

from critasser.errors import InputError
from critasser.structure.alphabet import AMINO_ACIDS
from critasser.structure.sequence import Sequence, Target

__all__ = ["read_fasta"]

MAX_BYTES = 1 << 20
LONGEST_PEPTIDE_OF_NUCLEOTIDES = 10

REMEDIES = {
    "X": "an unknown residue: write the residue that is there, or leave it out",
    "B": "Asx, either D or N: write the one that is there",
    "Z": "Glx, either E or Q: write the one that is there",
    "J": "either I or L: write the one that is there",
    "U": "selenocysteine: write C",
    "O": "pyrrolysine: write K",
    "*": "a stop: delete it",
    "-": "a gap: give the sequence without an alignment",
    ".": "a gap: give the sequence without an alignment",
}


def read_fasta(path: str | os.PathLike) -> Target:
    """Read the sequences to be built, one for every chain in the map.

    Parameters
    ----------
    path : path
        Chains of the same sequence stand there as often as they are in the map. Names need not
        differ.

    Returns
    -------
    Target

    Raises
    ------
    InputError
        There is no such file; it is no FASTA file or far too large; a sequence is empty, of
        nucleotides, or has a letter that is none of the twenty amino acids in capitals.
    """
    path = Path(path)
    sequences = [
        Sequence(name, _checked(letters, f"sequence {name!r}", path))
        for name, letters in _records(_text(path), path)
    ]
    if not sequences:
        raise InputError(f"{path} is empty: give the sequence in FASTA format.")
    return Target(tuple(sequences))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from None
    if len(raw) > MAX_BYTES:
        raise InputError(
            f"{path} is more than {MAX_BYTES >> 20} MB, too long for one map: give only the "
            "sequences of the chains in it."
        )
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InputError(f"{path} is not a text file: give the sequence in FASTA format.")
    return text


def _records(text: str, path: Path) -> list[tuple[str, str]]:
    """Names and raw letters."""
    records: list[tuple[str, list[str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.startswith(">"):
            words = line[1:].split()
            records.append((words[0] if words else f"chain {len(records) + 1}", []))
        elif records:
            records[-1][1].append("".join(line.split()))
        elif line.strip():
            raise InputError(
                f"{path}, line {number}: a FASTA file begins with a line such as '>name', not "
                f"{line.strip()[:20]!r}: put one before each sequence."
            )
    return [(name, "".join(lines)) for name, lines in records]


def _checked(letters: str, where: str, path: Path) -> str:
    """The letters, or InputError about the first that is wrong."""
    if not letters:
        raise InputError(f"{path}, {where} is empty: write its residues below its name.")
    if len(letters) > LONGEST_PEPTIDE_OF_NUCLEOTIDES and not set(letters.upper()) - set("ACGTUN"):
        raise InputError(
            f"{path}, {where} is DNA or RNA (only {', '.join(sorted(set(letters.upper())))}): only "
            "proteins are built. Give the protein's sequence."
        )
    for position, letter in enumerate(letters, start=1):
        if letter in AMINO_ACIDS:
            continue
        raise InputError(f"{path}, {where}, position {position}: {_told(letter)}.")
    return letters


def _told(letter: str) -> str:
    if letter in REMEDIES:
        return f"{letter} is {REMEDIES[letter]}"
    if letter.isdigit():
        return f"{letter} is a digit: write one letter for a residue, without numbers"
    if letter.upper() in AMINO_ACIDS or letter.upper() in REMEDIES:
        return (
            f"{letter} is in lower case, which often marks residues that are masked or not there: "
            "write those that are there in capitals and leave out the others"
        )
    return f"{letter!r} is no amino acid: use the letters {AMINO_ACIDS}"
