"""Read sequences as people paste, drop or type them, and write them as FASTA."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..engine.critasser.fasta_text import (
    Record,
    copies_of,
    decoded,
    is_nucleic,
    letters_of,
    names_of,
    other_molecule,
    records_of,
    says_protein,
)
from ..session.files import open_regular
from ..session.quoting import one_line

__all__ = [
    "ACCESSION",
    "Entry",
    "add_entries",
    "complaint",
    "complaints",
    "fasta_name",
    "fasta_text",
    "holds",
    "is_accession",
    "not_built",
    "parse_sequences",
    "read_sequences",
    "residue_count",
    "typed_letters",
    "write_fasta",
]

AMINO_ACIDS = "ACDEFGHIKLMNPQRSTVWY"

REPLACED = "UOX"
"""Letters that the engine takes and tells of: selenocysteine, pyrrolysine, an unknown residue."""

MOST_COPIES = 60
"""An icosahedron's worth of one chain."""

_LARGEST = 1 << 20
"""Bytes of a FASTA file, as the engine has it."""

_TYPED = 120
"""Letters up to which a sequence stands in the command itself."""

_LEAST_TYPED = 12
"""Letters below which a word might as well be the name of something that can be selected."""

ACCESSION = re.compile(
    r"[OPQ][0-9][A-Z0-9]{3}[0-9]|[A-NR-Z][0-9](?:[A-Z][A-Z0-9]{2}[0-9]){1,2}", re.IGNORECASE
)
"""Accession numbers of UniProt; source: uniprot.org/help/accession_numbers."""

_ENTRY_NAME = re.compile(r"[A-Z0-9]{1,10}_[A-Z0-9]{1,5}", re.IGNORECASE)
"""Names of its entries, such as EGFR_HUMAN."""

_LOCUS = re.compile(r"^LOCUS\s+(\S+)", re.MULTILINE)
_ORIGIN = re.compile(r"^ORIGIN.*$", re.MULTILINE)
"""Of a record of GenPept: its name, and what its sequence follows."""

_REMEDIES = {
    "B": "stands for D or N: write the one that is there",
    "Z": "stands for E or Q: write the one that is there",
    "J": "stands for I or L: write the one that is there",
    "*": "is a stop: delete it",
    "-": "is a gap: give the sequence without an alignment",
    ".": "is a gap: give the sequence without an alignment",
}


@dataclass(frozen=True)
class Entry:
    """One sequence, and how many chains of it are in the map.

    Attributes
    ----------
    name : str
    letters : str
        One-letter codes; what is wrong with them, `complaint` tells.
    copies : int
    header : str
        All that its record said, which may tell protein from DNA.
    """

    name: str
    letters: str
    copies: int = 1
    header: str = field(default="", compare=False)


def parse_sequences(text: str) -> list[Entry]:
    """Sequences in a text: FASTA records, or letters only.

    White space, numbers at the ends of pasted lines, and a last ``*`` are left out; a sequence that
    is in lower case throughout is read as capitals. Of GenPept the part after ORIGIN counts.
    Records with the same letters, and those whose headers name several chains, become copies.

    Parameters
    ----------
    text : str

    Returns
    -------
    list of Entry
        Empty when there are no letters.
    """
    if ACCESSION.fullmatch(text.strip()):
        return [Entry(text.strip(), text.strip())]  # `complaint` tells what to do with it
    records = records_of(_from_genpept(text.lstrip("\ufeff")))
    found = [(record.header or "", _letters(record)) for record in records]
    entries = [
        Entry(name, letters, min(copies_of(header), MOST_COPIES), header)
        for (header, letters), name in zip(found, names_of(found))
        if letters
    ]
    return add_entries((), entries)


def _letters(record: Record) -> str:
    """Of a record; numbers may stand at either end of lines that are pasted."""
    lines = record.lines
    if record.header is None:
        lines = [re.sub(r"^\s*\d+|\d+\s*$", "", line) for line in lines]
    return letters_of(lines)


def _from_genpept(text: str) -> str:
    """Records of GenPept as FASTA; any other text as it is."""
    if not _LOCUS.search(text) or not _ORIGIN.search(text):
        return text
    found = []
    for record in re.split(r"^//\s*$", text, flags=re.MULTILINE):
        name, origin = _LOCUS.search(record), _ORIGIN.search(record)
        if name and origin:
            found.append(f">{name[1]}\n{record[origin.end():].strip()}\n")
    return "".join(found)


def add_entries(there: Iterable[Entry], more: Iterable[Entry]) -> list[Entry]:
    """Entries with more of them; the same letters again are one copy more."""
    found = list(there)
    for entry in more:
        places = [i for i, one in enumerate(found) if one.letters == entry.letters]
        if places:
            one = found[places[0]]
            copies = min(one.copies + entry.copies, MOST_COPIES)
            found[places[0]] = replace(one, copies=copies)
        else:
            name = entry.name or f"sequence {len(found) + 1}"
            found.append(replace(entry, name=name))
    return found


def read_sequences(path: Path) -> list[Entry]:
    """Sequences of a FASTA file.

    Raises
    ------
    ValueError
        It cannot be read, or holds none; a sentence for a person.
    """
    try:
        with open_regular(path) as file:
            raw = file.read(_LARGEST + 1)
    except OSError as error:
        raise ValueError(f"{path.name} cannot be read: {error.strerror or error}") from None
    if len(raw) > _LARGEST:
        raise ValueError(f"{path.name} has more than 1 MB: give only the sequences in the map")
    text = decoded(raw)
    if text is None:
        raise ValueError(f"{path.name} is no text file: drop a FASTA file")
    entries = parse_sequences(text)
    if not entries:
        raise ValueError(f"{path.name} holds no sequence")
    return entries


def holds(path: Path, entries: Sequence[Entry]) -> bool:
    """Whether a FASTA file as it is says just these sequences, so that it can be given itself."""
    try:
        if add_entries((), read_sequences(path)) != list(entries):
            return False
        raw = path.read_text(encoding="utf-8-sig").splitlines()
        # Copies that a header names are the engine's to count only while none was changed here.
        if any(copies_of(line[1:]) > 1 for line in raw if line.startswith(">")):
            return not _LOCUS.search("\n".join(raw))
    except (OSError, ValueError):
        return False
    letters = "".join("".join(line.split()) for line in raw if not line.startswith(">"))
    whole = bool(raw) and raw[0].startswith(">") and len(letters) == residue_count(entries)
    return whole and not set(letters) - set(AMINO_ACIDS)


def is_accession(text: str) -> bool:
    """Whether a text is the accession number, or the name, of an entry of UniProt."""
    return any(one.fullmatch(text.strip()) for one in (ACCESSION, _ENTRY_NAME))


def complaint(letters: str, header: str = "", *, protein: bool = False) -> str:
    """What is wrong with a sequence, in one sentence; empty when nothing is.

    Parameters
    ----------
    letters : str
    header : str
        Of its record, which may say that it is a protein, or that it is none.
    protein : bool
        Take sequences of A, C, G and T for protein.
    """
    if not letters:
        return "no letters yet"
    if ACCESSION.fullmatch(letters):
        return (
            f"this is the number of an entry of UniProt: paste its letters, or type critasser "
            f"build … sequence {letters}, which fetches them and needs the network"
        )
    if other_molecule(header):
        return "this is a ligand and no protein: leave it out"
    if not protein and is_nucleic(header, letters):
        return (
            "this is DNA or RNA: give the protein's sequence, or the words protein true if it is "
            "one"
        )
    # All letters small is how some programs write; small ones among capitals mark something.
    written = letters.upper() if letters.islower() else letters
    for position, letter in enumerate(written, start=1):
        if letter not in AMINO_ACIDS + REPLACED:
            return f"position {position}: {_told(letter)}"
    if set(written) == {"X"}:
        return "all residues are unknown (X): write what they are"
    return ""


def not_built(entries: Iterable[Entry], *, protein: bool = False) -> list[bool]:
    """Which entries are DNA or RNA beside protein: such may stand there, and are not built.

    Parameters
    ----------
    entries : iterable of Entry
    protein : bool
        Take sequences of A, C, G and T for protein.
    """
    nucleic = [not protein and is_nucleic(one.header, one.letters) for one in entries]
    return [False] * len(nucleic) if all(nucleic) else nucleic


def complaints(entries: Sequence[Entry], *, protein: bool = False) -> list[str]:
    """What is wrong with each entry, in one sentence; empty where nothing is."""
    return [
        "" if left_out else complaint(one.letters, one.header, protein=protein)
        for one, left_out in zip(entries, not_built(entries, protein=protein))
    ]


def _told(letter: str) -> str:
    if letter in _REMEDIES:
        return f"{letter} {_REMEDIES[letter]}"
    if letter.isdigit():
        return f"{letter} is a digit: one letter for each residue, without numbers"
    if letter.upper() in AMINO_ACIDS or letter.upper() in _REMEDIES:
        return (
            f"{letter} is in lower case, which often marks residues that are not there: "
            "use capitals for those that are, and delete the others"
        )
    return f"“{letter}” is no amino acid"


def residue_count(entries: Iterable[Entry]) -> int:
    """Residues of all copies."""
    return sum(len(entry.letters) * entry.copies for entry in entries)


def typed_letters(entries: Sequence[Entry]) -> str | None:
    """All chains as letters with commas, where that is short enough for a command, else None."""
    chains = [entry.letters for entry in entries for _ in range(entry.copies)]
    short = sum(map(len, chains)) <= _TYPED and all(len(c) >= _LEAST_TYPED for c in chains)
    # Only a record's header can say that such letters are a protein's.
    short = short and not any(is_nucleic("", one) for one in chains)
    return ",".join(chains) if chains and short else None


def fasta_text(entries: Iterable[Entry]) -> str:
    """A record for every chain."""
    lines = []
    for entry in entries:
        name = one_line(entry.name.replace(">", " ")) or "sequence"
        if says_protein(entry.header):
            name += " protein"
        elif is_nucleic(entry.header, entry.letters) and not is_nucleic(name, entry.letters):
            name += " mol:na"
        for copy in range(1, entry.copies + 1):
            lines.append(f">{name}" if entry.copies == 1 else f">{name} copy {copy}")
            lines += [entry.letters[i : i + 60] for i in range(0, len(entry.letters), 60)]
    return "\n".join(lines) + "\n"


def fasta_name(entries: Sequence[Entry]) -> str:
    """Name of a file for these sequences: always the same for the same ones."""
    stem = re.sub(r"[^\w-]+", "_", entries[0].name)[:40].strip("_") or "sequence"
    digest = hashlib.sha256(fasta_text(entries).encode()).hexdigest()[:8]
    return f"{stem}_{digest}.fasta"


def write_fasta(folder: Path, entries: Sequence[Entry]) -> Path:
    """Write sequences into a folder, so that a logged command can be run again.

    Raises
    ------
    OSError
    """
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / fasta_name(entries)
    text = fasta_text(entries)
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        part = path.with_suffix(".part")
        part.write_text(text, encoding="utf-8")
        part.replace(path)
    return path
