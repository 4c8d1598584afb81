"""mmCIF files with fewer columns than the PDB's, to what gemmi reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gemmi

from critasser.errors import InputError
from critasser.structure.residue_names import is_amino_acid

__all__ = ["INSTANCE", "read_mmcif"]

INSTANCE = "\x7f"
"""Between a chain's name and a number where the file begins its residues again: such a chain is
told apart from the first of its name, and named in `parting`."""

PREFIX = "_atom_site."
NULL = (".", "?")
FRACTION = ".0"
NAMES = ("label_atom_id", "label_comp_id")
POSITION = ("Cartn_x", "Cartn_y", "Cartn_z")

STAND_INS = {
    "label_atom_id": "auth_atom_id",
    "label_comp_id": "auth_comp_id",
    "label_asym_id": "auth_asym_id",
    "auth_asym_id": "label_asym_id",
    "auth_seq_id": "label_seq_id",
    "auth_atom_id": "label_atom_id",
    "auth_comp_id": "label_comp_id",
}
"""Columns that say the same, for those that are missing."""

DEFAULTS = {
    "group_PDB": "ATOM",
    "label_alt_id": ".",
    "label_seq_id": ".",
    "auth_seq_id": ".",
    "label_asym_id": "A",
    "auth_asym_id": "A",
    "pdbx_PDB_ins_code": "?",
    "occupancy": "1",
    "B_iso_or_equiv": "0",
    "pdbx_PDB_model_num": "1",
}
"""Of columns that are missing and that no other stands in for."""

NEEDED = {*STAND_INS, *DEFAULTS} - {"group_PDB", "occupancy", "B_iso_or_equiv"}
"""Columns that are looked at."""


def read_mmcif(raw: bytes, path: Path) -> list[gemmi.Structure]:
    """Structures of the data blocks of an mmCIF file that have atoms.

    Parameters
    ----------
    raw : bytes
        ASCII.
    path : Path
        For messages.

    Raises
    ------
    InputError
        The names or positions of the atoms are missing, or a number is none.
    RuntimeError, ValueError, IndexError
        gemmi cannot read it.
    """
    document = gemmi.cif.read_string(raw)
    structures = []
    for block in document:
        if block.find_mmcif_category(PREFIX).width():
            _complete(block, path)
            structures.append(gemmi.make_structure_from_block(block))
    return structures


def _complete(block: gemmi.cif.Block, path: Path) -> None:
    """Add the columns that are missing, and number what has no number."""
    table = block.find_mmcif_category(PREFIX)
    table.ensure_loop()
    loop = table.loop
    tags = [tag.split(".", 1)[1] for tag in loop.tags]
    # Other columns of a large file are a gigabyte of strings: read only where they are rewritten.
    columns = {tag: list(block.find_loop(PREFIX + tag)) for tag in tags if tag in NEEDED}
    count = loop.length()
    had = set(tags)
    for tag, other in STAND_INS.items():
        if tag not in columns and other in had:
            columns[tag] = list(columns[other])
    for tag, value in DEFAULTS.items():
        if tag not in {*columns, *had}:
            columns[tag] = [value] * count
    there = {*columns, *had}
    lacking = [tag for tag in (*NAMES, *POSITION) if tag not in there]
    if lacking:
        raise InputError(
            f"{path}: its atoms lack the column {PREFIX}{lacking[0]}: save the model again."
        )
    if "id" not in had:
        columns["id"] = [str(k) for k in range(1, count + 1)]
    changed = _fill_elements(columns, block)
    changed |= _fill_names(columns)
    changed |= _number(columns, path)
    new = [tag for tag in columns if tag not in had]
    if changed or new:
        old = [columns.get(tag) or list(block.find_loop(PREFIX + tag)) for tag in tags]
        loop.add_columns([PREFIX + tag for tag in new], ".")
        loop.set_all_values([*old, *(columns[tag] for tag in new)])


def _fill_elements(columns: dict[str, list[str]], block: gemmi.cif.Block) -> bool:
    """Elements by the names of the atoms where the file does not say them; whether it did not."""
    given = list(block.find_loop(PREFIX + "type_symbol")) or [NULL[0]] * len(
        columns["label_atom_id"]
    )
    if not any(symbol in NULL for symbol in given):
        return False
    columns["type_symbol"] = [
        _element(gemmi.cif.as_string(name), gemmi.cif.as_string(residue))
        if symbol in NULL
        else symbol
        for symbol, name, residue in zip(
            given, columns["label_atom_id"], columns["label_comp_id"]
        )
    ]
    return True


def _element(name: str, residue: str) -> str:
    """The element of an atom by its name."""
    letters = name.lstrip("0123456789'\"*")
    if name == residue or residue == name.rstrip("0123456789+-"):  # an ion
        return letters[:2]
    if residue == "MSE" and name == "SE":
        return "SE"
    return letters[:1] or "X"


def _fill_names(columns: dict[str, list[str]]) -> bool:
    """Chain names where only one of the two columns says them; whether that changed any."""
    changed = False
    for tag in ("auth_asym_id", "label_asym_id"):
        blank = {name for name in set(columns[tag]) if not gemmi.cif.as_string(name).strip()}
        if blank - set(NULL):
            columns[tag] = [NULL[0] if name in blank else name for name in columns[tag]]
            changed = True
    for tag, other in (("auth_asym_id", "label_asym_id"), ("label_asym_id", "auth_asym_id")):
        mine = columns[tag]
        if any(value in NULL for value in mine):
            columns[tag] = [b if a in NULL else a for a, b in zip(mine, columns[other])]
            changed |= columns[tag] != mine
    return changed


def _number(columns: dict[str, list[str]], path: Path) -> bool:
    """Number residues that have none, and tell apart chains of one name whose numbers begin again.

    Returns whether anything was changed.
    """
    numbers, changed = _numbers(columns)
    chains = columns["auth_asym_id"]
    seen: dict[tuple[str, str], set[tuple[str, str, str]]] = {}
    instance: dict[tuple[str, str], int] = {}
    before = here = None
    names = list(chains)
    rows = zip(
        columns["pdbx_PDB_model_num"], chains, numbers, columns["pdbx_PDB_ins_code"],
        columns["label_comp_id"], columns["label_alt_id"],
    )  # fmt: skip
    for k, (model, chain, number, insertion, residue, alternative) in enumerate(rows):
        whose, which = (model, chain), (number, insertion, residue)
        if (whose, which) != before:
            if not _is_whole(number):
                raise InputError(
                    f"{path}: residue number {number} of chain {chain} is no number: save the "
                    "model again."
                )
            old = seen.setdefault(whose, set())
            moved = here != (whose, number, insertion)
            if moved and which in old and alternative in NULL and is_amino_acid(residue):
                instance[whose] = instance.get(whose, 1) + 1
                old.clear()
            old.add(which)
            before, here = (whose, which), (whose, number, insertion)
        if whose in instance:
            names[k] = f"{chain}{INSTANCE}{instance[whose]}"
            changed = True
    columns["auth_asym_id"], columns["auth_seq_id"] = names, numbers
    return changed


def _numbers(columns: dict[str, list[str]]) -> tuple[list[str], bool]:
    """Residue numbers: the author's, else the label's, else counted on along the chain."""
    given = columns["auth_seq_id"], columns["label_seq_id"]
    # Tables of numbers in which some are missing are written as 12.0.
    author, label = ([number.removesuffix(FRACTION) for number in column] for column in given)
    numbers = [b if a in NULL else a for a, b in zip(author, label)]
    changed = numbers != given[0] or label != given[1]
    columns["label_seq_id"] = label
    if not any(number in NULL for number in numbers):
        return numbers, changed
    last: dict[tuple[str, str], int] = {}
    before: Sequence[str] = ()
    atoms: set[tuple[str, str]] = set()
    rows = zip(
        columns["pdbx_PDB_model_num"], columns["auth_asym_id"], columns["label_comp_id"],
        columns["label_atom_id"], columns["label_alt_id"],
    )  # fmt: skip
    for k, (model, chain, residue, name, alternative) in enumerate(rows):
        if numbers[k] not in NULL:
            if _is_whole(numbers[k]):
                last[model, chain] = int(numbers[k])
            before = ()
            continue
        if before != (model, chain, residue) or (name, alternative) in atoms:
            last[model, chain] = last.get((model, chain), 0) + 1
            before, atoms = (model, chain, residue), set()
        atoms.add((name, alternative))
        numbers[k] = str(last[model, chain])
    return numbers, True


def _is_whole(number: str) -> bool:
    return number.lstrip("+-").isdigit()
