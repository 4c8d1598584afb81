"""A first look at a person's files, before anything is loaded that takes seconds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from critasser.errors import InputError
from critasser.input_files import opened
from critasser.options import check_file

__all__ = ["first_look"]

HEAD = 4096
"""Bytes at the beginning of a file that tell its kind."""

STAMP, STAMP_AT = b"MAP", 208
"""Of a map, and its place in the header (MRC2014)."""

STRUCTURE_LINES = (b"ATOM  ", b"HETATM", b"HEADER", b"CRYST1", b"data_")
"""Beginnings of lines in PDB and mmCIF files."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

KINDS = {
    "map": "a map", "sequence": "sequences", "mask": "a map", "half": "a map",
    "model": "a structure", "template": "a structure",
}  # fmt: skip
"""What files of a role hold."""


def first_look(files: Mapping[str, Path], *, protein: bool = False, order: str) -> None:
    """Refuse files that are not there, or of a kind other than they are given for.

    Parameters
    ----------
    files : mapping of str to Path
        By role: ``map``, ``mask``, ``half_map_1`` …, ``sequence``, ``model``, ``template_01`` …;
        of others only whether they are there.
    protein : bool
        Sequences of A, C, G and T are protein.
    order : str
        How the command wants its files, for the message.

    Raises
    ------
    InputError
        The first mistake found, in one line.
    """
    for role, path in files.items():
        check_file(path, role.split("_")[0])
    kinds = {role: _kind(path) for role, path in files.items() if role.split("_")[0] in KINDS}
    wrong = {
        role: kind
        for role, kind in kinds.items()
        if kind is not None and kind != KINDS[role.split("_")[0]]
    }
    pair = [role for role in wrong if role in ("map", "sequence", "model")]
    if len(pair) == 2 and wrong[pair[0]] == KINDS[pair[1]] and wrong[pair[1]] == KINDS[pair[0]]:
        raise InputError(
            f"{files[pair[0]]} and {files[pair[1]]} look swapped: the first holds "
            f"{wrong[pair[0]]}, the second {wrong[pair[1]]}; give {order}"
        )
    for role, kind in wrong.items():
        if role == "sequence" and kind == "a structure":
            continue  # the reader of sequences knows what to do about it
        meant = KINDS[role.split("_")[0]]
        give = order if role in ("map", "sequence", "model") else f"{meant} ({role.split('_')[0]})"
        raise InputError(f"{files[role]}: holds {kind}, not {meant}; give {give}")
    maps = [path for role, path in files.items() if KINDS.get(role.split("_")[0]) == "a map"]
    if maps:
        from critasser.density.mapfile import read_map_header

        for path in maps:
            read_map_header(path)
    if "sequence" in files:
        from critasser.structure.fasta import read_sequences

        read_sequences(files["sequence"], protein=protein)


def _kind(path: Path) -> str | None:
    """What a file holds by its first bytes; None where they do not tell."""
    with opened(path) as file:
        head = file.read(HEAD)
    if head[STAMP_AT : STAMP_AT + len(STAMP)] == STAMP:
        return "a map"
    text = head.removeprefix(BYTE_ORDER_MARK).lstrip()
    if text.startswith(b">"):
        return "sequences"
    if any(line.startswith(STRUCTURE_LINES) for line in text.splitlines()):
        return "a structure"
    return None
