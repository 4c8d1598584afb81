"""Prepare one entry: bring its files, check them, cut boxes, and write down what came of it."""

from __future__ import annotations

import contextlib
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from critasser.data.agreement import Agreement, Limits, compare, whole_map_fault
from critasser.data.archive import (
    MOST_MODEL,
    Archive,
    Website,
    map_path,
    model_path,
    whole_checksum,
)
from critasser.data.boxes import (
    box_around,
    part_of_chain,
    residues_in_box,
    write_box,
    write_chain,
)
from critasser.data.deposited import (
    MODELLED,
    MOST_UNPACKED,
    SHORTEST,
    Deposited,
    DepositedChain,
    read_deposited,
)
from critasser.data.entries import Entry
from critasser.data.refusal import LONGEST_REASON, Refusal
from critasser.density import Grid, read_map
from critasser.errors import Cancelled, InputError
from critasser.text import printable

__all__ = ["Settings", "prepare_entry"]

RESOLUTIONS = (1.0, 10.0)
"""Å that the networks are made for."""

HEADER_SLACK = 128 << 20
"""Bytes of a map's file beside its values."""

Check = Callable[..., None]


@dataclass(frozen=True)
class Settings:
    """How entries are prepared.

    Attributes
    ----------
    limits : Limits
    modelled : float
        Share of its sequence that a chain must show.
    most_chains : int
        Boxes of an entry at most, those of its longest chains.
    most_packed, most_unpacked : int
        Bytes of a map, as it is in the archive and as it is.
    keep_downloads : bool
    """

    limits: Limits = field(default_factory=Limits)
    modelled: float = MODELLED
    most_chains: int = 8
    most_packed: int = 2 << 30
    most_unpacked: int = 2 << 30
    keep_downloads: bool = False


def prepare_entry(
    entry: Entry, archive: Archive, folder: Path, settings: Settings, check: Check
) -> dict[str, Any]:
    """Prepare an entry in a data folder.

    Parameters
    ----------
    entry : Entry
    archive : Archive
    folder : Path
    settings : Settings
    check : callable
        Called often, with any arguments; raises to stop.

    Returns
    -------
    dict
        The entry's record: ``boxes`` and ``structures`` with their figures, ``refused`` with
        reasons, ``sequences`` of all chains, ``seconds``, ``downloaded`` (bytes), ``again`` where
        a later run may have more luck.
    """
    started, processor = time.monotonic(), time.process_time()
    record: dict[str, Any] = {
        "entry": asdict(entry), "boxes": [], "structures": [], "refused": [], "sequences": [],
        "downloaded": 0, "again": False,
    }  # fmt: skip
    downloads = folder / "downloads" / entry.name
    try:
        _prepare(entry, archive, folder, settings, check, record)
    except Refusal as refusal:
        record["refused"].append({"chain": "", "reason": refusal.reason})
        record["again"] = refusal.again
    except MemoryError:
        record["refused"].append({"chain": "", "reason": "out of memory"})
        record["again"] = True
    except (Cancelled, OSError):
        raise
    except Exception as error:
        # One file of thousands that we cannot handle must not end the others' work.
        told = f"failed, {type(error).__name__}: {error}"
        record["refused"].append({"chain": "", "reason": printable(told)[:LONGEST_REASON]})
        record["again"] = True
        record["traceback"] = traceback.format_exc()
    if not settings.keep_downloads and not record["again"]:
        _remove(downloads)
    record["seconds"] = round(time.monotonic() - started, 2)
    record["processor_seconds"] = round(time.process_time() - processor, 2)
    return record


def _remove(folder: Path) -> None:
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()


def _prepare(
    entry: Entry, archive: Archive, folder: Path, settings: Settings, check: Check,
    record: dict[str, Any],
) -> None:  # fmt: skip
    downloads = folder / "downloads" / entry.name
    limits = MOST_MODEL, MOST_UNPACKED
    path = _file(archive, model_path(entry.pdb), downloads, limits, entry.model_sha256, check,
                 record)  # fmt: skip
    model = read_deposited(path)
    check()
    resolution = entry.resolution or model.resolution
    if resolution is None:
        raise Refusal("no resolution: neither the model's file nor the list has one")
    low, high = RESOLUTIONS
    if not low <= resolution <= high:
        raise Refusal(f"resolution {resolution:g} Å, not from {low:g} to {high:g} Å")
    record["resolution"] = resolution
    record["sequences"] = sorted(
        {one.sequence for one in model.chains if len(one.sequence) >= SHORTEST}
    )
    chosen = []
    for one in model.different():
        try:
            one.check(settings.modelled)
            chosen.append(one)
        except Refusal as refusal:
            record["refused"].append({"chain": one.chain.name, "reason": refusal.reason})
    for one in chosen[settings.most_chains :]:
        reason = f"more than {settings.most_chains} different chains"
        record["refused"].append({"chain": one.chain.name, "reason": reason})
    chosen = chosen[: settings.most_chains]
    if not entry.emdb:
        for one in chosen:
            _add_structure(entry, folder, one, record)
        return
    limits = settings.most_packed, settings.most_unpacked + HEADER_SLACK
    path = _file(archive, map_path(entry.emdb), downloads, limits, entry.map_sha256, check, record)
    try:
        grid = read_map(path, settings.most_unpacked)
    except InputError as error:
        raise Refusal(str(error)) from None
    check()
    _box_chains(entry, folder, settings, grid, (model, chosen), record, check)


def _file(
    archive: Archive, name: str, downloads: Path, limits: tuple[int, int], sha256: str,
    check: Check, record: dict[str, Any],
) -> Path:  # fmt: skip
    """A file of the archive, whole and as the list says."""
    packed, unpacked = limits
    path = archive.fetch(name, downloads, packed, check)
    try:
        found = whole_checksum(path, unpacked, check)
        if sha256 and found != sha256:
            raise Refusal(f"{path.name}: another checksum than the list's", again=True)
    except Refusal:
        if isinstance(archive, Website):
            path.unlink(missing_ok=True)
        raise
    record.setdefault("sha256", {})[path.name] = found
    if isinstance(archive, Website):
        record["downloaded"] += path.stat().st_size
    return path


def _box_chains(
    entry: Entry, folder: Path, settings: Settings, grid: Grid,
    chains: tuple[Deposited, list[DepositedChain]], record: dict[str, Any], check: Check,
) -> None:  # fmt: skip
    model, chosen = chains
    resolution = record["resolution"]
    fault: str | None = None
    for one in chosen:
        check()
        try:
            box = box_around(grid, one.chain)
            inside = ((model.positions >= box.origin) & (model.positions <= box.upper)).all(axis=1)
            found = compare(box, model.positions[inside], model.amplitudes[inside], resolution)
            found.check(resolution, settings.limits)
        except Refusal as refusal:
            if fault is None:
                check()
                fault = whole_map_fault(grid, model.positions, model.amplitudes, resolution)
            reason = f"{refusal.reason}; {fault}" if fault else refusal.reason
            record["refused"].append({"chain": one.chain.name, "reason": reason})
            continue
        _add_box(entry, folder, (model, one), box, found, record)
        _add_structure(entry, folder, one, record)


def _add_box(
    entry: Entry, folder: Path, chains: tuple[Deposited, DepositedChain], box: Grid,
    found: Agreement, record: dict[str, Any],
) -> None:  # fmt: skip
    model, one = chains
    name = f"{entry.name}_{_safe(one.chain.name)}"
    parts = [one.chain]
    for other in model.chains:
        kept = residues_in_box(box, other.chain)
        if other is not one and kept.any():
            parts.append(part_of_chain(other.chain, kept))
    # The table of all boxes is written last: until then nobody reads this one.
    (folder / "maps" / name / "meta.json").unlink(missing_ok=True)
    write_box(folder / "maps" / name, box, parts)
    size = sum(path.stat().st_size for path in (folder / "maps" / name).iterdir())
    record["boxes"].append(
        {
            "name": name,
            "chain": one.chain.name,
            "sequence": one.sequence,
            "residues": sum(len(part) for part in parts),
            "modelled": round(one.modelled, 3),
            "correlation": round(found.correlation, 3),
            "fsc_half": round(found.half, 2),
            "shift": round(found.shift, 2),
            "voxel": np.round(box.voxel_size, 4).tolist(),
            "shape": list(box.shape),
            "bytes": size,
        }
    )


def _add_structure(
    entry: Entry, folder: Path, one: DepositedChain, record: dict[str, Any]
) -> None:
    name = f"{entry.pdb}_{_safe(one.chain.name)}"
    path = folder / "structures" / "pdb" / f"{name}.pdb.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    write_chain(path, [one.chain])
    record["structures"].append(
        {
            "id": name,
            "chain": one.chain.name,
            "length": len(one.chain),
            "file": f"pdb/{path.name}",
            "sequence": one.sequence,
            "letters": one.chain.letters,
        }
    )


def _safe(chain: str) -> str:
    """A chain's name as part of a file's: capitals and digits; others by their codes.

    Chains ``A`` and ``a`` are two, which not every file system tells apart.
    """
    plain = (c.isascii() and (c.isupper() or c.isdigit()) for c in chain)
    return "".join(c if ok else f"-{ord(c):x}" for c, ok in zip(chain, plain)) or "0"
