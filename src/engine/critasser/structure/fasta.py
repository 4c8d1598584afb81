"""Sequences from FASTA files as people have them."""

from __future__ import annotations

import os
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from critasser.errors import InputError
from critasser.input_files import read_bytes
from critasser.structure.alphabet import AMINO_ACIDS, THREE_TO_ONE
from critasser.structure.sequence import Sequence, Target

__all__ = ["SequenceFile", "read_fasta", "read_sequences"]

MAX_BYTES = 1 << 20
LONGEST_PEPTIDE_OF_NUCLEOTIDES = 10
MOST_COPIES = 200
MOST_TOLD = 8
"""Names or places in a message."""

NUCLEOTIDES = "ACGTUN"
AMBIGUOUS_NUCLEOTIDES = "RYKMSWBDHVX"
"""Codes of the IUPAC for several bases, and X for a modified one."""

LEAST_NUCLEOTIDES = 0.8
"""Share of A, C, G, T, U, N in a sequence of nucleotides with ambiguous ones."""

FEWEST_BASES = 3
"""Different ones in such a sequence; silk has glycine, alanine and serine only."""

END_OF_FILE = "\x1a"
"""With which old programs of Windows end a text."""

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
    ":": "between chains in some programs: give each chain a line '>name' of its own",
    "/": "between chains in some programs: give each chain a line '>name' of its own",
}

NUCLEIC_HEADER = re.compile(
    r"mol:na\b|\b[35]'-|\b(?:m|t|r|si|mi|lnc|cr|sg|g)?RNA\b(?!{0})|\b(?:ss|ds|c)?DNA\b(?!{0})|"
    r"\baptamer\b".format(r"[- ]\w*(?:ase|ing|ed|protein|factor)\b"),
    re.IGNORECASE,
)
"""Headers of nucleic acids, and not of proteins that are named for what they do with them."""

PROTEIN_HEADER = re.compile(
    r"mol:protein|protein\b|peptide\b|\bpoly[- ]?(?:ala|gly|cys|thr)", re.IGNORECASE
)
CHAINS = re.compile(r"^[^|]*\|\s*(?:Chain|Chains)\s+([^|]*)", re.IGNORECASE)
AUTHOR = re.compile(r"\[auth[^\]]*\]", re.IGNORECASE)
COPIES = re.compile(r"\bcopies\s*[=:]\s*(\d+)", re.IGNORECASE)
NUMBERED = re.compile(r"^\s*(?:\d+\s+)?([A-Za-z*]+(?:\s+[A-Za-z*]+)*)(?:\s+\d+)?\s*$")
"""A line with a number before or behind it, as in GenPept and Clustal."""

PIR = re.compile(r"^(?:P1|F1|XX);\s*(.*)$")
"""Header of a protein in the PIR format, as MODELLER has it: the line below is a title."""

FEWEST_WORDS = 3
"""Words that must all be names of three letters; fewer may be blocks of a sequence."""


@dataclass(frozen=True)
class SequenceFile:
    """What is in a FASTA file.

    Attributes
    ----------
    target : Target
    notes : tuple of str
        What was read otherwise than it stands there, each in a line.
    """

    target: Target
    notes: tuple[str, ...] = ()


@dataclass
class _Record:
    header: str
    number: int
    letters: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        if pir := PIR.match(self.header):
            return pir[1].strip() or f"chain {self.number}"
        if CHAINS.match(self.header):
            return self.header.split("|")[0].strip() or f"chain {self.number}"
        words = self.header.split()
        return words[0] if words else f"chain {self.number}"

    @property
    def is_nucleic(self) -> bool:
        """By header or letters; a header that says protein decides."""
        letters = set(self.letters.upper())
        if PROTEIN_HEADER.search(self.header) and not NUCLEIC_HEADER.search(self.header):
            return False
        bases = letters - set(NUCLEOTIDES + AMBIGUOUS_NUCLEOTIDES)
        if bases or not letters:
            return False
        if NUCLEIC_HEADER.search(self.header):
            return True
        only = not letters - set(NUCLEOTIDES)
        count = sum(letter in NUCLEOTIDES for letter in self.letters.upper())
        if len(self.letters) > LONGEST_PEPTIDE_OF_NUCLEOTIDES:
            different = len(letters & set("ACGTU"))
            return only or (
                count >= LEAST_NUCLEOTIDES * len(self.letters) and different >= FEWEST_BASES
            )
        # No protein is of one kind of these, and U is rare beside A, C and G in one.
        return len(self.letters) > 2 and only and (letters <= {"T"} or "U" in letters)


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
        alanine, see `Sequence.unknown`.

    Raises
    ------
    InputError
        There is no such file; it is no FASTA file or far too large; a sequence is empty, of
        nucleotides, or has a letter that is no amino acid.
    """
    path = Path(path)
    records = _records(_text(path), path)
    nucleic = [record for record in records if not protein and record.is_nucleic]
    if nucleic:
        raise InputError(_nucleic_message(nucleic, len(records), path))
    notes: list[str] = []
    sequences: list[Sequence] = []
    for record in records:
        sequence = _sequence(record, path, notes)
        sequences += [sequence] * _copies(record, path, notes)
    if not sequences:
        raise InputError(f"{path} is empty: give the sequence in FASTA format.")
    notes += _same_names(records, path)
    return SequenceFile(Target(tuple(sequences)), tuple(notes))


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


def _nucleic_message(nucleic: list[_Record], total: int, path: Path) -> str:
    told = ", ".join(repr(record.name) for record in nucleic[:MOST_TOLD])
    letters = ", ".join(sorted(set("".join(record.letters for record in nucleic).upper())))
    what = "is" if len(nucleic) == 1 else "are"
    advice = (
        "Leave it out" if len(nucleic) < total else "Give the protein's sequence"
    )
    return (
        f"{path}, sequence {told} {what} DNA or RNA (only {letters}): only proteins are built. "
        f"{advice}, or write 'protein' in its header, or give --protein, if it is one."
    )


def _text(path: Path) -> str:
    raw = read_bytes(
        path, MAX_BYTES, "too long for one map; give only the sequences of the chains in it."
    )
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    elif b"\0" in raw[1:2] or b"\0" in raw[:1]:
        encodings = ("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be",)
    else:
        encodings = ("utf-8-sig", "latin-1")
    text = "\0"
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    text = text.rstrip(END_OF_FILE + "\r\n")
    control = [c for c in text if unicodedata.category(c) == "Cc" and not c.isspace()]
    if control:
        raise InputError(f"{path} is not a text file: give the sequence in FASTA format.")
    # Zero-width characters and byte order marks come along when text is copied from a page.
    return "".join(c for c in text if unicodedata.category(c) != "Cf")


def _records(text: str, path: Path) -> list[_Record]:
    records: list[_Record] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(">"):
            records.append(_Record(line.lstrip()[1:].strip(), len(records) + 1))
            title = PIR.match(records[-1].header) is not None
        elif not records and line.strip() and not line.startswith(";"):
            raise InputError(
                f"{path}, line {number}: a FASTA file begins with a line such as '>name', not "
                f"{line.strip()[:20]!r}: put one before each sequence, or save it as FASTA."
            )
        elif records and title:
            title = False
        elif line.strip() and not line.startswith(";"):
            blocks = NUMBERED.match(line)
            records[-1].lines.append(blocks[1] if blocks else line)
    for record in records:
        words = " ".join(record.lines).replace("-", " ").split()
        if len(words) >= FEWEST_WORDS and all(word.upper() in THREE_TO_ONE for word in words):
            record.letters = "".join(THREE_TO_ONE[word.upper()] for word in words)
            continue
        record.letters = "".join("".join(record.lines).split()).removesuffix("*")
        if not record.letters:
            raise InputError(
                f"{path}, sequence {record.name!r} is empty: write its residues below its name."
            )
        if record.letters.islower():
            record.letters = record.letters.upper()
    return records


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
        raise InputError(f"{path}, {where} has only unknown residues (X): write what they are.")
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
    given = COPIES.search(record.header)
    if given is not None:
        count = int(given[1])
        if not 1 <= count <= MOST_COPIES:
            raise InputError(
                f"{path}, sequence {record.name!r}: copies={given[1]}: give a number from 1 to "
                f"{MOST_COPIES}."
            )
        return count
    chains = CHAINS.match(record.header)
    if chains is None:
        return 1
    names = [name for name in AUTHOR.sub("", chains[1]).split(",") if name.strip()]
    count = min(max(len(names), 1), MOST_COPIES)
    if count > 1:
        told = ", ".join(name.strip() for name in names[:MOST_TOLD])
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
    return f"{letter!r} is no amino acid: use the letters {AMINO_ACIDS}"
