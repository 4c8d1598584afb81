"""What a FASTA file says: its text, its records, their headers and their letters.

ChimeraX reads sequences with this module too, so that both mean the same by a file. It needs the
standard library only, and imports nothing of the engine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

__all__ = [
    "MOST_COPIES",
    "Record",
    "asked_copies",
    "chains_named",
    "copies_of",
    "decoded",
    "is_nucleic",
    "letters_of",
    "line_letters",
    "name_of",
    "names_of",
    "other_molecule",
    "records_of",
    "says_protein",
]

MOST_COPIES = 200
"""Of one sequence, that a header may ask for."""

NUCLEOTIDES = "ACGTUN"
AMBIGUOUS_NUCLEOTIDES = "RYKMSWBDHVX"
"""Codes of the IUPAC for several bases, and X for a modified one."""

LEAST_NUCLEOTIDES = 0.8
"""Share of A, C, G, T, U, N in a sequence of nucleotides with ambiguous ones."""

FEWEST_BASES = 3
"""Different ones in such a sequence; silk has glycine, alanine and serine only."""

LONGEST_PEPTIDE_OF_NUCLEOTIDES = 10

END_OF_FILE = "\x1a"
"""With which old programs of Windows end a text."""

BETWEEN_HEADERS = "\x01"
"""Of several records of the NCBI that have one sequence."""

NUCLEIC_HEADER = re.compile(
    r"mol:na\b|\b[35]'-|\b(?:m|t|r|si|mi|lnc|cr|sg|g)?RNA\b(?!{0})|\b(?:ss|ds|c)?DNA\b(?!{0})|"
    r"\baptamer\b".format(r"[- ]\w*(?:ase|ing|ed|protein|factor)\b"),
    re.IGNORECASE,
)
"""Headers of nucleic acids, and not of proteins that are named for what they do with them."""

OTHER_HEADER = re.compile(
    r"(?:[^|\s]{{1,8}}\|(?P<second>{0})\s*(?:\||$)|(?P<first>{0})\s*\|)".format(
        "ligand|smiles|ccd|glycan|ion"
    ),
    re.IGNORECASE,
)
"""Headers of what is no chain, as Boltz (``B|smiles``) and Chai (``ligand|name=x``) have them."""

PROTEIN_HEADER = re.compile(
    r"mol:protein|protein\b|peptide\b|\bpoly[- ]?(?:ala|gly|cys|thr)", re.IGNORECASE
)
RCSB_CHAINS = re.compile(r"^[^|]*\|\s*Chains?\b:?\s*([^|]*)", re.IGNORECASE)
PDBE_CHAINS = re.compile(r"^pdb\|\w{4,12}\|(\w{1,4}(?:\s+\w{1,4})+)$")
"""``pdb|7k00|A B C``; the NCBI goes on with words: ``pdb|1A3N|A Chain A, Hemoglobin``."""

AUTHOR = re.compile(r"\[auth[^\]]*\]", re.IGNORECASE)
COPIES = re.compile(r"\bcopies\s*[=:]\s*(\d+)", re.IGNORECASE)
MOST_DIGITS = 9

LONGEST_NAME = 60
"""Letters of a name that is more than the first word of a header."""

PIR = re.compile(r"^(?:P1|F1|XX);\s*(.*)$")
"""Header of a protein in the PIR format, as MODELLER has it: the line below is a title."""

NUMBERED = re.compile(r"^\s*(?:\d+\s+)?([A-Za-z*]+(?:\s+[A-Za-z*]+)*)(?:\s+\d+)?\s*$")
"""A line with a number before or behind it, as in GenPept and Clustal."""

RULER = re.compile(r"^[\s\d]+$|^//\s*$")
"""A line of UniProt's pages that counts the residues below, and the end of a record of GenPept."""

RESIDUES = {
    "ALA": "A", "CYS": "C", "ASP": "D", "GLU": "E", "PHE": "F", "GLY": "G", "HIS": "H",
    "ILE": "I", "LYS": "K", "LEU": "L", "MET": "M", "ASN": "N", "PRO": "P", "GLN": "Q",
    "ARG": "R", "SER": "S", "THR": "T", "VAL": "V", "TRP": "W", "TYR": "Y",
    "SEC": "U", "PYL": "O", "UNK": "X", "MSE": "M", "HID": "H", "HIE": "H", "HIP": "H",
    "HSD": "H", "HSE": "H", "HSP": "H", "CYX": "C", "CYM": "C", "ASH": "D", "GLH": "E", "LYN": "K",
}  # fmt: skip
"""Names in coordinate files, selenomethionine and those of force fields too, and their letters."""

NO_RESIDUE = "?"
"""In place of a name that is none of these."""

JOINED = re.compile(r"(?:[A-Z][a-z]{2}){3,}")
"""``MetAlaGly``."""

FEWEST_WORDS = 3
LEAST_NAMES = 0.8
"""Words that are names, at least so many and such a share of all; fewer are blocks of letters."""


@dataclass
class Record:
    """A header and the lines below it.

    Attributes
    ----------
    header : str or None
        None for what stands before the first header.
    line : int
        Of the header in the file, or of the first line without one; from 1.
    lines : list of str
        Without comments and the title of a PIR record.
    """

    header: str | None
    line: int
    lines: list[str] = field(default_factory=list)


def decoded(raw: bytes) -> str | None:
    """Text in UTF-8, UTF-16 or Windows' Latin-1, without marks that cannot be seen.

    Returns None for what is no text.
    """
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    elif b"\0" in raw[:2]:
        encodings = ("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be",)
    else:
        encodings = ("utf-8-sig", "cp1252", "latin-1")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        text = text.rstrip(END_OF_FILE + "\r\n").replace(BETWEEN_HEADERS, " ")
        if any(unicodedata.category(c) == "Cc" and not c.isspace() for c in text):
            return None
        # Zero-width characters and byte order marks come along when text is copied from a page.
        return "".join(c for c in text if unicodedata.category(c) != "Cf")
    return None


def records_of(text: str) -> list[Record]:
    """Records of a text, the first of which may be without a header."""
    records: list[Record] = []
    title = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith(">"):
            records.append(Record(line.lstrip()[1:].strip(), number))
            title = PIR.match(records[-1].header or "") is not None
        elif title:
            title = False
        elif line.strip() and not line.startswith(";"):
            if not records:
                records.append(Record(None, number))
            records[-1].lines.append(line)
    return records


def line_letters(line: str) -> str:
    """A line without the numbers at its ends; empty for one that only counts residues."""
    if RULER.match(line):
        return ""
    blocks = NUMBERED.match(line)
    return blocks[1] if blocks else line


def letters_of(lines: Sequence[str]) -> str:
    """Letters of a record, capitals where all are small, without stops at its end.

    Names of three letters are told by being nearly all of the words; what is no name among them is
    a question mark.
    """
    text = " ".join(map(line_letters, lines))
    words = text.replace("-", " ").split()
    if JOINED.fullmatch("".join(words)):
        joined = "".join(words)
        words = [joined[k : k + 3] for k in range(0, len(joined), 3)]
    capitals = [word.upper() for word in words]
    names = sum(word in RESIDUES for word in capitals)
    if names >= max(FEWEST_WORDS, LEAST_NAMES * len(words)) and {*map(len, words)} == {3}:
        return "".join(RESIDUES.get(word, NO_RESIDUE) for word in capitals)
    letters = "".join(text.split()).rstrip("*")
    return letters.upper() if letters.islower() else letters


def name_of(header: str) -> str:
    """The first word, or all before the chains of a header of the RCSB; may be empty."""
    if pir := PIR.match(header):
        return pir[1].strip()
    if RCSB_CHAINS.match(header):
        return header.split("|")[0].strip()
    words = header.split()
    return words[0] if words else ""


def names_of(records: Sequence[tuple[str, str]]) -> list[str]:
    """Names of records by their headers and letters.

    Where headers of different sequences begin with one word, as many as tell them apart. Copies of
    a sequence are called as the first of them.

    Examples
    --------
    >>> names_of([("5FN5 chain A, nicastrin", "MKV"), ("5FN5 chain B", "MLV"), ("6BDF a", "W")])
    ['5FN5 chain A', '5FN5 chain B', '6BDF']
    """
    names = [name_of(header) for header, _ in records]
    for name in set(names) - {""}:
        first: dict[str, list[str]] = {}
        for (header, letters), own in zip(records, names):
            if own == name:
                first.setdefault(letters, COPIES.sub("", header).split())
        longer = _told_apart(first)
        names = [
            longer.get(letters, own) if own == name else own
            for (_, letters), own in zip(records, names)
        ]
    return names


def _told_apart(words: dict[str, list[str]]) -> dict[str, str]:
    """As few words of each header as differ from those of the others; empty where none do."""
    if len(words) > 1:
        for count in range(2, max(map(len, words.values())) + 1):
            found = {key: " ".join(own[:count]).rstrip(",;:") for key, own in words.items()}
            if max(map(len, found.values())) > LONGEST_NAME:
                break
            if len(set(found.values())) == len(found):
                return found
    return {}


def asked_copies(header: str) -> int | None:
    """The number in ``copies=2``, however large; None where none is given."""
    given = COPIES.search(header)
    return None if given is None else int(given[1][:MOST_DIGITS])


def chains_named(header: str) -> list[str]:
    """Chains that a header of the RCSB or the PDBe names: those of one sequence."""
    if pdbe := PDBE_CHAINS.match(header):
        return pdbe[1].split()
    rcsb = RCSB_CHAINS.match(header)
    if rcsb is None:
        return []
    return [one.strip() for one in AUTHOR.sub("", rcsb[1]).split(",") if one.strip()]


def copies_of(header: str) -> int:
    """How many chains a header names, or ``copies=2`` says, at most `MOST_COPIES`; else 1."""
    asked = asked_copies(header)
    return min(max(len(chains_named(header)) if asked is None else asked, 1), MOST_COPIES)


def other_molecule(header: str) -> str:
    """What a header says its record is, where that is no protein or nucleic acid; else empty.

    Examples
    --------
    >>> other_molecule("B|smiles"), other_molecule("A|protein|./msa.a3m")
    ('smiles', '')
    """
    found = OTHER_HEADER.match(header)
    return (found["first"] or found["second"]).lower() if found else ""


def says_protein(header: str) -> bool:
    """Whether a header says that its letters are a protein's."""
    return bool(PROTEIN_HEADER.search(header)) and not NUCLEIC_HEADER.search(header)


def is_nucleic(header: str, letters: str) -> bool:
    """Whether letters are of DNA or RNA, by their header or by themselves."""
    used = set(letters.upper())
    if says_protein(header) or not used or used - set(NUCLEOTIDES + AMBIGUOUS_NUCLEOTIDES):
        return False
    if NUCLEIC_HEADER.search(header):
        return True
    only = not used - set(NUCLEOTIDES)
    if len(letters) > LONGEST_PEPTIDE_OF_NUCLEOTIDES:
        count = sum(letter in NUCLEOTIDES for letter in letters.upper())
        different = len(used & set("ACGTU"))
        return only or (count >= LEAST_NUCLEOTIDES * len(letters) and different >= FEWEST_BASES)
    # No protein is of one kind of these, and U is rare beside A, C and G in one.
    return len(letters) > 2 and only and (used <= {"T"} or "U" in used)
