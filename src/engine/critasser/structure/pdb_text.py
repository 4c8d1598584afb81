"""PDB files as programs write them, to what gemmi reads."""

from __future__ import annotations

from pathlib import Path

import gemmi

from critasser.errors import InputError
from critasser.structure.residue_names import three_letters

__all__ = ["read_pdb"]

ATOMS = (b"ATOM", b"HETATM")
NAME = slice(17, 21)
"""Columns of the residue name, with the one that only names of four letters use."""

NUMBER = slice(22, 26)
LEAST_LENGTH = 54
"""Characters of an atom's line up to the end of its position."""


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
        structures.append(gemmi.read_pdb_string(text, split_chain_on_ter=True))
    return structures


def _files(raw: bytes, path: Path) -> list[list[bytes]]:
    """Lines of each file that is in there, each ended by END, those without atoms left out."""
    files: list[list[bytes]] = []
    lines: list[bytes] = []
    atoms = models = 0
    for number, line in enumerate(raw.splitlines(), start=1):
        tag = line[:6].rstrip().upper()
        if tag in ATOMS:
            atoms += 1
            line = _mended(line, number, path)
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


def _mended(line: bytes, number: int, path: Path) -> bytes:
    if len(line) >= LEAST_LENGTH and not line[NUMBER].strip():
        raise InputError(
            f"{path}, line {number}: an atom without a residue number: number the residues (PyMOL, "
            "ChimeraX and Coot can) or save the model as mmCIF."
        )
    name = line[NAME]
    if len(name) == 4 and name[3:] != b" " and b" " not in name:
        short = three_letters(name.decode("ascii", "replace"))
        if short is not None:
            line = line[: NAME.start] + short.encode().ljust(4) + line[NAME.stop :]
    return line
