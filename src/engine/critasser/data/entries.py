"""The list of pairs to prepare: a table of EMDB and PDB ids."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from pathlib import Path

from critasser.errors import InputError
from critasser.input_files import read_bytes

__all__ = ["SPLITS", "Entry", "read_entries"]

MOST_BYTES = 64 << 20
"""Of a list; all of EMDB with its models is less than 2 MB."""

SPLITS = ("train", "val", "library", "bench")
"""Train and val are learnt from and validated on; the others are kept out of both."""

SHA256 = re.compile(r"[0-9a-f]{64}")
EMDB = re.compile(r"(?:EMD-?)?(\d{4,6})", re.IGNORECASE)
PDB = re.compile(r"(?:pdb_0000)?([0-9][a-z0-9]{3})", re.IGNORECASE)


@dataclass(frozen=True)
class Entry:
    """A map and its model.

    Attributes
    ----------
    emdb : str
        ``EMD-1234``; "" where there is only a model, which gives chains to simulate.
    pdb : str
        ``1abc``.
    split : str
        One of `SPLITS` where the list says it, else "".
    cluster : str
        Entries of one cluster stay together, whatever their sequences; "" where the list has none.
    resolution : float or None
        Å, in place of what the model's file says.
    map_sha256, model_sha256 : str
        Checksums of the files as they lie in the archives; "" where the list has none.
    """

    emdb: str
    pdb: str
    split: str = ""
    cluster: str = ""
    resolution: float | None = None
    map_sha256: str = ""
    model_sha256: str = ""

    @property
    def name(self) -> str:
        """Of files that belong to the entry."""
        return f"{self.emdb}_{self.pdb}" if self.emdb else self.pdb


def read_entries(path: Path) -> list[Entry]:
    """Read a list, tab- or comma-separated, with a line of column names.

    Columns: ``pdb`` and ``emdb`` (empty for a model alone), and if wanted ``split``, ``cluster``,
    ``resolution``, ``map_sha256``, ``model_sha256``; others are not looked at. Of a pair that is
    there twice the first counts.

    Raises
    ------
    InputError
        There is no such file, a column is missing, or a line says what cannot be.
    """
    try:
        text = read_bytes(path, MOST_BYTES, "give a table of ids.").decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path}: not a table in UTF-8; save it as text") from None
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        raise InputError(f"{path}: empty; give a table with the columns 'emdb' and 'pdb'")
    separator = "\t" if "\t" in lines[0] else ","
    names = [name.strip().lower() for name in lines[0].split(separator)]
    if not {"emdb", "pdb"} <= set(names):
        raise InputError(f"{path}: its first line must name the columns 'emdb' and 'pdb'")
    entries: dict[tuple[str, str], Entry] = {}
    try:
        rows = list(csv.DictReader(lines[1:], names, delimiter=separator))
    except csv.Error as error:
        raise InputError(f"{path}: not a table ({error})") from None
    for number, row in enumerate(rows, start=2):
        entry = _entry({key: (row.get(key) or "").strip() for key in names}, f"{path}:{number}")
        entries.setdefault((entry.emdb, entry.pdb), entry)
    if not entries:
        raise InputError(f"{path}: no pair in it; give a line for each")
    return list(entries.values())


def _entry(row: dict[str, str], where: str) -> Entry:
    emdb, pdb = EMDB.fullmatch(row["emdb"]), PDB.fullmatch(row["pdb"])
    if row["emdb"] and not emdb:
        raise InputError(f"{where}: {row['emdb']!r} is no EMDB id such as EMD-1234")
    if not pdb:
        raise InputError(f"{where}: {row['pdb']!r} is no PDB id such as 1abc")
    split = row.get("split", "")
    if split and split not in SPLITS:
        raise InputError(f"{where}: split {split!r}; give one of {', '.join(SPLITS)}, or nothing")
    for column in ("map_sha256", "model_sha256"):
        if row.get(column) and not SHA256.fullmatch(row[column].lower()):
            raise InputError(f"{where}: {column} is not 64 hexadecimal digits")
    return Entry(
        f"EMD-{int(emdb[1]):04d}" if emdb else "",
        pdb[1].lower(),
        split,
        row.get("cluster", ""),
        _resolution(row.get("resolution", ""), where),
        row.get("map_sha256", "").lower(),
        row.get("model_sha256", "").lower(),
    )


def _resolution(text: str, where: str) -> float | None:
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise InputError(f"{where}: resolution {text!r}; give Å, or nothing")
    return value
