"""Read and cut mmCIF files of databases: sequences of their chains, and one chain of many."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["one_chain", "sequences_of"]

_TOKEN = re.compile(
    r"\s*(?:'((?:[^'\n]|'(?=\S))*)'|\"((?:[^\"\n]|\"(?=\S))*)\"|(\S+))"
)
"""A value in single quotes, in double quotes, or without."""

_NAMES = (
    "ALA ARG ASN ASP CYS GLN GLU GLY HIS ILE LEU LYS MET PHE PRO SER THR TRP TYR VAL MSE"
)
_THREE = dict(zip(_NAMES.split(), "ARNDCQEGHILKMFPSTWYVM"))
_PEPTIDE = "polypeptide(l)"


def sequences_of(text: str) -> dict[str, str]:
    """Letters of each protein entity of an mmCIF file, or of each chain of a PDB file.

    Parameters
    ----------
    text : str
        The file, or as much of its beginning as there is.
    """
    if "_entity_poly." not in text:
        return _from_atoms(text)
    rows = _category(text, "_entity_poly.")
    found = {}
    for row in rows:
        letters = row.get("pdbx_seq_one_letter_code_can") or row.get("pdbx_seq_one_letter_code", "")
        kind = row.get("type", _PEPTIDE).lower()
        letters = re.sub(r"\([^)]*\)", "X", "".join(letters.split())).upper()
        if kind == _PEPTIDE and letters and set(letters) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
            found[row.get("entity_id", "1")] = letters
    return found


def _from_atoms(text: str) -> dict[str, str]:
    """Letters of the residues with a Cα in ATOM lines of a PDB file."""
    chains: dict[str, list[str]] = {}
    seen: set[str] = set()
    for line in text.splitlines():
        if line.startswith("ENDMDL"):
            break
        if line.startswith(("ATOM  ", "HETATM")) and line[12:16].strip() == "CA":
            key = line[21:27]
            if key not in seen and line[17:20] in _THREE:
                seen.add(key)
                chains.setdefault(line[21], []).append(_THREE[line[17:20]])
    return {name.strip() or "_": "".join(letters) for name, letters in chains.items()}


def one_chain(text: str, entity: str) -> str:
    """An mmCIF file with the atoms of the first chain of an entity, in its first model.

    Parameters
    ----------
    text : str
        The whole file.
    entity : str

    Raises
    ------
    ValueError
        It has no such chain.
    """
    lines = text.splitlines()
    start = next((k for k, line in enumerate(lines) if line.startswith("_atom_site.")), None)
    if start is None:
        raise ValueError("no atoms in it")
    columns = []
    at = start
    while at < len(lines) and lines[at].startswith("_atom_site."):
        columns.append(lines[at].split()[0].partition(".")[2])
        at += 1
    if "label_entity_id" not in columns or "label_asym_id" not in columns:
        raise ValueError("its atoms belong to no entities")
    owner, chain = columns.index("label_entity_id"), columns.index("label_asym_id")
    model = columns.index("pdbx_PDB_model_num") if "pdbx_PDB_model_num" in columns else None
    kept, first, number = [], None, None
    for line in lines[at:]:
        if not line.startswith(("ATOM", "HETATM")):
            break
        words = [a or b or c for a, b, c in _TOKEN.findall(line)]
        if len(words) != len(columns):
            raise ValueError("its atoms are not in lines of their own")
        if words[owner] != entity:
            continue
        first = first or words[chain]
        number = number or (words[model] if model is not None else "1")
        if words[chain] == first and (model is None or words[model] == number):
            kept.append(line)
    if not kept:
        raise ValueError(f"no chain of entity {entity} in it")
    return "\n".join(["data_known", "loop_", *lines[start:at], *kept, "#", ""])


def _category(text: str, prefix: str) -> list[dict[str, str]]:
    """Rows of a category of an mmCIF file, as a table or as pairs."""
    start = text.find(prefix)
    looped = text[:start].rstrip().endswith("loop_")
    names: list[str] = []
    values: list[str] = []
    for kind, token in _tokens(text[start:]):
        if kind == "value":
            values.append(token)
        elif kind == "name" and token.startswith(prefix) and (not looped or not values):
            names.append(token[len(prefix) :])
        else:
            break
    width = len(names)
    rows = (values[k : k + width] for k in range(0, len(values) - width + 1, width))
    return [dict(zip(names, row)) for row in rows]


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    """Names, values and words of mmCIF, texts of several lines joined."""
    lines = iter(text.splitlines(keepends=True))
    for line in lines:
        if line.startswith(";"):
            block = [line[1:]]
            for more in lines:
                if more.startswith(";"):
                    break
                block.append(more)
            yield "value", "".join(block)
            continue
        if line.startswith("#"):
            yield "end", ""
            continue
        for one, two, plain in _TOKEN.findall(line):
            if plain.startswith("_"):
                yield "name", plain
            elif plain == "loop_" or plain.startswith("data_"):
                yield "word", plain
            else:
                yield "value", plain or one or two
