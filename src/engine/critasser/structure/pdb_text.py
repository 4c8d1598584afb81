"""PDB files as programs write them, to what gemmi reads."""

from __future__ import annotations

import re
from pathlib import Path

import gemmi

from critasser.errors import InputError
from critasser.structure.residue_names import three_letters

__all__ = ["read_pdb"]

ATOMS = (b"ATOM", b"HETATM")
NAME = slice(17, 21)
"""Columns of the residue name, with the one that only names of four letters use."""

ATOM_AND_RESIDUE = slice(12, 20)
FOURTH = 20
NUMBER = slice(22, 26)
POSITION = (slice(30, 38), slice(38, 46), slice(46, 54))
NOWHERE = b"9999.000"
"""In place of a number that did not fit into its columns."""

LEAST_LENGTH = 54
"""Characters of an atom's line up to the end of its position."""

SEGMENT, ELEMENT = slice(72, 76), slice(76, 78)
FOUR_DIGITS = range(1000, 10_000)
"""What the columns of the residue number hold of one of five digits, the last of which stands where
the insertion code does."""

ATOM_WORD = re.compile(rb"(?:ATOM|HETATM)\d*$", re.IGNORECASE)
"""The first word of an atom's line, with its serial number where that has six digits; programs
write scores below the atoms under names such as ATOM_pair_constraint."""


def read_pdb(raw: bytes, path: Path) -> list[gemmi.Structure]:
    """Structures of a PDB file; more than one where files were written one after another.

    A chain that is parted by TER stands there as several chains of one name.

    Parameters
    ----------
    raw : bytes
        ASCII.
    path : Path
        For messages.

    Raises
    ------
    InputError
        An atom has no residue number.
    RuntimeError, ValueError, IndexError
        gemmi cannot read it.
    """
    structures = []
    for lines in _files(raw, path):
        text = b"\n".join(lines) + b"\n"
        structure = gemmi.read_pdb_string(text, split_chain_on_ter=True)
        _number_on(structure)
        structures.append(structure)
    return structures


def _number_on(structure: gemmi.Structure) -> None:
    """Read numbers of five digits, of which the last is in the column of the insertion code."""
    for model in structure:
        for chain in model:
            for residue in chain:
                number, code = residue.seqid.num, residue.seqid.icode
                if code.isdigit() and number in FOUR_DIGITS:
                    residue.seqid = gemmi.SeqId(10 * number + int(code), " ")


def _files(raw: bytes, path: Path) -> list[list[bytes]]:
    """Lines of each file that is in there, each ended by END, those without atoms left out."""
    files: list[list[bytes]] = []
    lines: list[bytes] = []
    atoms = models = 0
    every = raw.splitlines()
    long_names = not _has_long_chain_names(every)
    for number, line in enumerate(every, start=1):
        tag = line[:6].rstrip().upper()
        if tag[:4] in (b"ATOM", b"HETA"):
            if not ATOM_WORD.match(line.split(None, 1)[0]):
                continue
            atoms += 1
            line = _mended(line, number, path, long_names)
        elif tag == b"MODEL":
            # Numbers that are missing or occur twice are no reason to stop.
            models += 1
            line = b"MODEL     %4d" % models
        elif tag == b"END":
            if atoms:
                files.append(lines)
                lines, atoms, models = [], 0, 0
            continue
        lines.append(line)
    if atoms or not files:
        files.append(lines)
    return files


def _has_long_chain_names(lines: list[bytes]) -> bool:
    """Whether the fourth letter of residue names is the first of chain names in this file."""
    atoms = [line for line in lines if line.startswith(ATOMS)]
    taken = sum(line[FOURTH] not in b" " for line in atoms if len(line) >= LEAST_LENGTH)
    return 2 * taken > len(atoms)


def _mended(line: bytes, number: int, path: Path, long_names: bool) -> bytes:
    if len(line) >= LEAST_LENGTH and not line[NUMBER].strip():
        raise InputError(
            f"{path}, line {number}: an atom without a residue number: number the residues (PyMOL, "
            "ChimeraX and Coot can) or save the model as mmCIF."
        )
    if len(line) >= LEAST_LENGTH:
        line = _placed(line, number, path)
    if line[SEGMENT][:3].isspace() and line[SEGMENT][3:].isalpha() and not line[ELEMENT].strip():
        # Segments stand at the left of their columns: this is the element, one column too early.
        line = line[: SEGMENT.start] + b"    " + line[SEGMENT][3:].rjust(2)
    if line[ATOM_AND_RESIDUE].islower():
        line = (
            line[: ATOM_AND_RESIDUE.start]
            + line[ATOM_AND_RESIDUE].upper()
            + line[ATOM_AND_RESIDUE.stop :]
        )
    name = line[NAME]
    if long_names and len(name) == 4 and b" " not in name:
        short = three_letters(name.decode("ascii", "replace"))
        if short is not None:
            line = line[: NAME.start] + short.encode().ljust(4) + line[NAME.stop :]
    return line


def _placed(line: bytes, number: int, path: Path) -> bytes:
    """The line with a position of three numbers; gemmi takes the first digits of what is none."""
    for part in POSITION:
        text = line[part].strip()
        try:
            float(text)
        except ValueError:
            if text.strip(b"*"):
                raise InputError(
                    f"{path}, line {number}: the position {text.decode('ascii')!r} is no number: "
                    "save it without commas in its numbers, or as mmCIF where columns are full."
                ) from None
            line = line[: part.start] + NOWHERE + line[part.stop :]
    return line
