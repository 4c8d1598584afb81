"""Sequences from FASTA files as people have them."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from critasser.errors import InputError
from critasser.fasta_text import (
    MOST_COPIES,
    Record,
    asked_copies,
    chains_named,
    decoded,
    is_nucleic,
    letters_of,
    names_of,
    other_molecule,
    records_of,
)
from critasser.input_files import read_bytes
from critasser.structure.alphabet import AMINO_ACIDS
from critasser.structure.sequence import Sequence, Target

__all__ = ["NucleicRecord", "SequenceFile", "read_fasta", "read_sequences"]

MAX_BYTES = 1 << 20
RICH_TEXT = b"{\\rtf"
"""What text editors of a Mac save unless they are told otherwise."""

COORDINATES = (b"HEADER ", b"TITLE ", b"REMARK ", b"CRYST1 ", b"MODEL ", b"ATOM  ", b"data_")
"""What coordinate files begin with."""

MOST_TOLD = 8
"""Names or places in a message."""

READ_AS = {"U": ("selenocysteine", "C"), "O": ("pyrrolysine", "K")}
UNKNOWN = "X"
UNKNOWN_AS = "A"
"""What is built of an unknown residue: backbone and Cβ."""

REMEDIES = {
    "B": "Asx, either D or N: write the one that is there",
    "Z": "Glx, either E or Q: write the one that is there",
    "J": "either I or L: write the one that is there",
    "*": "a stop: give the sequence of one protein",
    "-": "a gap: give the sequence without an alignment",
    ".": "a gap: give the sequence without an alignment",
    "?": "unknown: write X for a residue that is not known",
    "(": "no letter: write a modified residue as the one that it is made of",
    "[": "no letter: write a modified residue as the one that it is made of",
    ":": "between chains in some programs: give each chain a line '>name' of its own",
    "/": "between chains in some programs: give each chain a line '>name' of its own",
}


NAMES_OF_OTHERS = {"smiles": "ligand", "ccd": "ligand"}
"""Of what headers say in other words."""


@dataclass(frozen=True)
class NucleicRecord:
    """A record of DNA or RNA, which is not built.

    Attributes
    ----------
    name : str
    nucleotides : int
        Of one copy.
    """

    name: str
    nucleotides: int


@dataclass(frozen=True)
class SequenceFile:
    """What is in a FASTA file.

    Attributes
    ----------
    target : Target
    notes : tuple of str
        What was read otherwise than it stands there, each in a line.
    nucleic : tuple of NucleicRecord
        Records of DNA or RNA beside those of protein.
    """

    target: Target
    notes: tuple[str, ...] = ()
    nucleic: tuple[NucleicRecord, ...] = ()


@dataclass(frozen=True)
class _Record:
    header: str
    name: str
    number: int
    letters: str

    @classmethod
    def of(cls, record: Record, number: int, name: str, letters: str) -> _Record:
        return cls(record.header or "", name or f"chain {number}", number, letters)

    @property
    def is_nucleic(self) -> bool:
        """By header or letters; a header that says protein decides."""
        return is_nucleic(self.header, self.letters)


def read_fasta(path: str | os.PathLike, *, protein: bool = False) -> Target:
    """The target of a FASTA file; parameters and errors as `read_sequences`."""
    return read_sequences(path, protein=protein).target


def read_sequences(path: str | os.PathLike, *, protein: bool = False) -> SequenceFile:
    """Read the sequences to be built, one for every chain in the map.

    Parameters
    ----------
    path : path
        Plain or gzipped text in UTF-8, UTF-16 or Latin-1. Chains of the same sequence stand there
        as often as they are in the map, or once with ``copies=2`` in the header, or with the
        header of the RCSB (``Chains A, B``). Names need not differ, but equal ones are told.
    protein : bool
        Take sequences of A, C, G and T for protein.

    Returns
    -------
    SequenceFile
        Selenocysteine is read as cysteine, pyrrolysine as lysine, and an unknown residue (X) as
        alanine, see `Sequence.unknown`. DNA and RNA beside protein are listed apart.

    Raises
    ------
    InputError
        There is no such file; it is no FASTA file or far too large; a sequence is empty, or has a
        letter that is no amino acid; all are of nucleotides.
    """
    path = Path(path)
    records = _records(_text(path), path)
    for record in records:
        if what := other_molecule(record.header):
            raise InputError(
                f"{path}, sequence {record.name!r} is of a {NAMES_OF_OTHERS.get(what, what)}: only "
                "proteins are built. Leave it out."
            )
    nucleic = [record for record in records if not protein and record.is_nucleic]
    if nucleic and len(nucleic) == len(records):
        raise InputError(
            f"{path}, {_told(nucleic)}: only proteins are built. Give the protein's sequence, or "
            "write 'protein' in its header, or give --protein, if it is one."
        )
    notes: list[str] = []
    if nucleic:
        notes.append(
            f"{path.name}, {_told(nucleic)}: not built; write 'protein' in the header, or give "
            "--protein, if it is one"
        )
        records = [record for record in records if not record.is_nucleic]
    sequences: list[Sequence] = []
    for record in records:
        sequence = _sequence(record, path, notes)
        sequences += [sequence] * _copies(record, path, notes)
    if not sequences:
        raise InputError(f"{path} is empty: give the sequence in FASTA format.")
    notes += _same_names(records, path)
    return SequenceFile(
        Target(tuple(sequences)),
        tuple(notes),
        tuple(NucleicRecord(record.name, len(record.letters)) for record in nucleic),
    )


def _same_names(records: list[_Record], path: Path) -> list[str]:
    """A line for each name that several records have."""
    notes = []
    for name in dict.fromkeys(record.name for record in records):
        own = [record for record in records if record.name == name]
        if len(own) == 1:
            continue
        which = ", ".join(str(record.number) for record in own[:MOST_TOLD])
        which += ", …" if len(own) > MOST_TOLD else ""
        alike = len({record.letters for record in own}) == 1
        notes.append(
            f"{path.name}: records {which} are all named {name!r} and have "
            + (
                f"one sequence: {len(own)} copies or more are built; leave out records that are "
                "there by mistake"
                if alike
                else "different sequences: each is built; give them names of their own to tell "
                "their chains apart"
            )
        )
    return notes


def _told(nucleic: list[_Record]) -> str:
    """Names of records of nucleic acid, and how they were told."""
    names = ", ".join(repr(record.name) for record in nucleic[:MOST_TOLD])
    names += ", …" if len(nucleic) > MOST_TOLD else ""
    letters = ", ".join(sorted(set("".join(record.letters for record in nucleic).upper())))
    if len(nucleic) == 1:
        return f"sequence {names} is DNA or RNA (only {letters})"
    return f"sequences {names} are DNA or RNA (only {letters})"


def _text(path: Path) -> str:
    raw = read_bytes(
        path, MAX_BYTES, "too long for one map; give only the sequences of the chains in it."
    )
    if raw.startswith(RICH_TEXT):
        raise InputError(f"{path} is rich text: save it as plain text.")
    if raw.startswith(COORDINATES):
        raise InputError(
            f"{path} is a coordinate file: give the sequences in FASTA format; the structure may "
            "be a template."
        )
    text = decoded(raw)
    if text is None:
        raise InputError(f"{path} is not a text file: give the sequence in FASTA format.")
    return text


def _records(text: str, path: Path) -> list[_Record]:
    records = records_of(text)
    if records and records[0].header is None:
        stray = records[0]
        raise InputError(
            f"{path}, line {stray.line}: a FASTA file begins with a line such as '>name', not "
            f"{stray.lines[0].strip()[:20]!r}: put one before each sequence, or save it as FASTA."
        )
    letters = [letters_of(record.lines) for record in records]
    names = names_of([(record.header or "", own) for record, own in zip(records, letters)])
    numbers = range(1, len(records) + 1)
    found = [_Record.of(*one) for one in zip(records, numbers, names, letters)]
    for record in found:
        if not record.letters:
            raise InputError(
                f"{path}, sequence {record.name!r} is empty: write its residues below its name."
            )
    return found


def _sequence(record: _Record, path: Path, notes: list[str]) -> Sequence:
    """The letters, those that are no amino acid stood in for; or InputError about the first."""
    where = f"sequence {record.name!r}"
    letters, unknown = [], []
    for position, letter in enumerate(record.letters, start=1):
        if letter == UNKNOWN:
            unknown.append(position - 1)
            letter = UNKNOWN_AS
        elif letter in READ_AS:
            name, other = READ_AS[letter]
            notes.append(
                f"{path.name}, {where}, position {position}: {letter}, {name}, is built as {other}"
            )
            letter = other
        elif letter not in AMINO_ACIDS:
            raise InputError(f"{path}, {where}, position {position}: {_remedy(letter)}.")
        letters.append(letter)
    if len(unknown) == len(letters):
        raise InputError(f"{path}, {where} has only unknown residues (X): write what "
            "they are, or leave it out.")
    if unknown:
        more = ", …" if len(unknown) > MOST_TOLD else ""
        shown = ", ".join(str(k + 1) for k in unknown[:MOST_TOLD]) + more
        notes.append(
            f"{path.name}, {where}: {len(unknown)} unknown residues (X at {shown}) are built "
            "without side chains, as UNK"
        )
    return Sequence(record.name, "".join(letters), tuple(unknown))


def _copies(record: _Record, path: Path, notes: list[str]) -> int:
    """How often a record's sequence is in the map, by its header."""
    asked = asked_copies(record.header)
    if asked is not None:
        if not 1 <= asked <= MOST_COPIES:
            raise InputError(
                f"{path}, sequence {record.name!r}: copies={asked}: give a number from 1 to "
                f"{MOST_COPIES}."
            )
        return asked
    names = chains_named(record.header)
    count = min(max(len(names), 1), MOST_COPIES)
    if count > 1:
        told = ", ".join(names[:MOST_TOLD]) + (", …" if count > MOST_TOLD else "")
        notes.append(
            f"{path.name}, sequence {record.name!r}: its header names the chains {told}: {count} "
            "copies are built; write copies=1 in the header where the map holds one"
        )
    return count


def _remedy(letter: str) -> str:
    if letter in REMEDIES:
        return f"{letter} is {REMEDIES[letter]}"
    if letter.isdigit():
        return f"{letter} is a digit: write one letter for a residue, without numbers"
    if letter.upper() in AMINO_ACIDS or letter.upper() in {*REMEDIES, *READ_AS, UNKNOWN}:
        return (
            f"{letter} is in lower case, which often marks residues that are masked or not there: "
            "write those that are there in capitals and leave out the others"
        )
    if not letter.isascii():
        return (
            f"{letter!r} is no amino acid: it is the character U+{ord(letter):04X}, which may only "
            "look like one; type it again"
        )
    return f"{letter!r} is no amino acid: use the letters {AMINO_ACIDS}"
