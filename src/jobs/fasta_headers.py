"""What headers of FASTA records and lines of letters mean, as the engine has it.

The engine's rules are in `critasser.structure.fasta`; a test compares the two.
"""

from __future__ import annotations

import re
import unicodedata

__all__ = ["copies_of", "is_nucleic", "line_letters", "name_of", "says_protein", "text_of"]

MOST_COPIES = 200
"""That a header may ask for."""

_NUCLEOTIDES = "ACGTUN"
_AMBIGUOUS = "RYKMSWBDHVX"
_LEAST_SHARE = 0.8
_FEWEST_BASES = 3
_LONGEST_PEPTIDE = 10

_NUCLEIC = re.compile(
    r"mol:na\b|\b[35]'-|\b(?:m|t|r|si|mi|lnc|cr|sg|g)?RNA\b(?!{0})|\b(?:ss|ds|c)?DNA\b(?!{0})|"
    r"\baptamer\b".format(r"[- ]\w*(?:ase|ing|ed|protein|factor)\b"),
    re.IGNORECASE,
)
_PROTEIN = re.compile(
    r"mol:protein|protein\b|peptide\b|\bpoly[- ]?(?:ala|gly|cys|thr)", re.IGNORECASE
)
_CHAINS = re.compile(r"^[^|]*\|\s*(?:Chain|Chains)\s+([^|]*)", re.IGNORECASE)
_AUTHOR = re.compile(r"\[auth[^\]]*\]", re.IGNORECASE)
_COPIES = re.compile(r"\bcopies\s*[=:]\s*(\d{1,9})", re.IGNORECASE)
_NUMBERED = re.compile(r"^\s*\d+((?:\s+[A-Za-z*]{1,10})+)\s*\d*\s*$")


def text_of(raw: bytes) -> str:
    """Text in UTF-8, UTF-16 or Latin-1 without marks that cannot be seen; one with NUL for what is
    no text."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        encodings = ("utf-16",)
    elif b"\0" in raw[:2]:
        encodings = ("utf-16-le" if raw[1:2] == b"\0" else "utf-16-be",)
    else:
        encodings = ("utf-8-sig", "latin-1")
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(unicodedata.category(c) == "Cc" and not c.isspace() for c in text):
            return "\0"
        return "".join(c for c in text if unicodedata.category(c) != "Cf")
    return "\0"


def name_of(header: str) -> str:
    """The first word, or all before the chains of a header of the RCSB."""
    if _CHAINS.match(header):
        return header.split("|")[0].strip()
    words = header.split()
    return words[0] if words else ""


def copies_of(header: str) -> int:
    """How many chains a header names, or ``copies=2`` says; 1 where it says nothing."""
    if given := _COPIES.search(header):
        return min(max(int(given[1]), 1), MOST_COPIES)
    chains = _CHAINS.match(header)
    if chains is None:
        return 1
    names = [name for name in _AUTHOR.sub("", chains[1]).split(",") if name.strip()]
    return min(max(len(names), 1), MOST_COPIES)


def line_letters(line: str) -> str:
    """Letters of a line: of one of GenPept without its number, of any other without spaces."""
    blocks = _NUMBERED.match(line)
    return "".join((blocks[1] if blocks else line).split())


def says_protein(header: str) -> bool:
    """Whether a header says that its letters are a protein's."""
    return bool(_PROTEIN.search(header)) and not _NUCLEIC.search(header)


def is_nucleic(header: str, letters: str) -> bool:
    """Whether letters are of DNA or RNA, by their header or by themselves."""
    used = set(letters.upper())
    if says_protein(header) or not used or used - set(_NUCLEOTIDES + _AMBIGUOUS):
        return False
    if _NUCLEIC.search(header):
        return True
    only = not used - set(_NUCLEOTIDES)
    if len(letters) > _LONGEST_PEPTIDE:
        count = sum(letter in _NUCLEOTIDES for letter in letters.upper())
        different = len(used & set("ACGTU"))
        return only or (count >= _LEAST_SHARE * len(letters) and different >= _FEWEST_BASES)
    return len(letters) > 2 and only and (used <= {"T"} or "U" in used)
