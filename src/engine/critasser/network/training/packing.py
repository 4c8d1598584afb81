"""Pack structures and map–model pairs, once, into compact arrays for training."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import multiprocessing
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

import gemmi
import numpy as np

from critasser.density import crop, normalise, read_map, resample
from critasser.errors import InputError
from critasser.network.training.stored_maps import StoredMap, map_file, stored, write_maps
from critasser.structure import AMINO_ACIDS, THREE_TO_ONE, assign_secondary_structure
from critasser.writing import appearing

__all__ = [
    "Atoms",
    "Pair",
    "TrainingData",
    "atoms_of",
    "packed_pairs",
    "packed_structures",
    "read_structure",
]

_PACK_VERSION = 3
_SHORTEST = 30
"""Residues; shorter chains teach little of folds."""

_BOX_MARGIN = 16
"""Å of an experimental map kept around its model."""

MANY_PAIRS, MOST_READERS = 64, 16
"""Pairs from which several processes read them, and how many; so many wait at most."""

NOTHING = np.empty((0, 0, 0), np.float16)

_KIND = {"N": 0, "CA": 1, "C": 2, "O": 3}


@dataclass(frozen=True)
class Atoms:
    """Heavy atoms of one or many chains, one after the other.

    Attributes
    ----------
    positions : (n, 3) float32
        x y z in Å.
    amplitude : (n,) float32
        Atomic numbers.
    kind : (n,) uint8
        0 N, 1 Cα, 2 C, 3 O, 4 side chain.
    residue : (n,) int32
        Index of the atom's residue.
    carboxylate : (n,) bool
        Side-chain oxygen of Asp or Glu, which electrons hardly see.
    residue_type, residue_structure : (m,) uint8
        Index into `AMINO_ACIDS`; 0 helix, 1 strand, 2 coil.
    calpha : (m,) int32
        The atom that is the residue's Cα.
    """

    positions: np.ndarray
    amplitude: np.ndarray
    kind: np.ndarray
    residue: np.ndarray
    carboxylate: np.ndarray
    residue_type: np.ndarray
    residue_structure: np.ndarray
    calpha: np.ndarray


@dataclass(frozen=True)
class Pair:
    """An experimental map and its model.

    Attributes
    ----------
    density : (nz, ny, nx) float16 or float32
        Normalised map at 1 Å. Of a pack it lies on the disk, and is read where it is looked at.
    origin : (3,) float64
        x y z of voxel [0, 0, 0], Å.
    atoms : Atoms
    resolution : float
        Å.
    place : StoredMap or None
        Where the density lies on the disk; other processes are sent this in its place.
    """

    name: str
    density: np.ndarray
    origin: np.ndarray
    atoms: Atoms
    resolution: float
    place: StoredMap | None = None

    def __getstate__(self) -> dict[str, object]:
        state = dict(vars(self))
        if self.place is not None:
            del state["density"]
        return state

    def __setstate__(self, state: dict[str, object]) -> None:
        vars(self).update(state)
        if self.place is not None:
            vars(self)["density"] = self.place.open()


@dataclass(frozen=True)
class TrainingData:
    """What is learnt from, and what is held out to validate on.

    `about` says where it came from, for the card.
    """

    chains: list[Atoms]
    held_out: list[Atoms]
    pairs: list[Pair]
    held_out_pairs: list[Pair]
    about: dict[str, object] = field(default_factory=dict)


def atoms_of(structure: gemmi.Structure) -> Atoms:
    """Pack the amino-acid residues with a Cα of a structure's first model."""
    position, amplitude, kind, owner, carboxylate = [], [], [], [], []
    types, secondary, calpha = [], [], []
    for chain in structure[0]:
        residues = [
            r
            for r in chain.first_conformer()
            if THREE_TO_ONE.get(r.name, "?") in AMINO_ACIDS and r.find_atom("CA", "*")
        ]
        if not residues:
            continue
        trace = np.array([r.find_atom("CA", "*").pos.tolist() for r in residues])
        secondary.extend(assign_secondary_structure(trace))
        for residue in residues:
            for atom in residue:
                if atom.element.is_hydrogen:
                    continue
                if atom.name == "CA":
                    calpha.append(len(position))
                position.append(atom.pos.tolist())
                amplitude.append(atom.element.atomic_number)
                kind.append(_KIND.get(atom.name, 4))
                owner.append(len(types))
                carboxylate.append(
                    atom.name in ("OD1", "OD2", "OE1", "OE2") and residue.name in ("ASP", "GLU")
                )
            types.append(AMINO_ACIDS.index(THREE_TO_ONE[residue.name]))
    return Atoms(
        np.array(position, np.float32).reshape(-1, 3),
        np.array(amplitude, np.float32),
        np.array(kind, np.uint8),
        np.array(owner, np.int32),
        np.array(carboxylate, bool),
        np.array(types, np.uint8),
        np.array(secondary, np.uint8),
        np.array(calpha, np.int32),
    )


def read_structure(path: Path) -> gemmi.Structure:
    """Read a structure without alternative conformations.

    Raises
    ------
    InputError
        The file is no structure.
    """
    try:
        structure = gemmi.read_structure(str(path))
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: not a structure ({str(error).splitlines()[0]})") from error
    structure.setup_entities()
    structure.remove_alternative_conformations()
    return structure


def packed_structures(
    folder: Path, split: str, pack: Path, *, report: Callable[[str], None] = print
) -> list[Atoms]:
    """Chains that ``index.tsv`` (columns ``file`` and ``split``) of a folder lists under a split.

    They are read from the file `pack` (``.npz`` of plain arrays), which is made where it is missing
    or of another table or version.

    Raises
    ------
    InputError
        There is no such table, no chain of that split in it, or a file is no structure.
    """
    table = folder / "index.tsv"
    if not table.is_file():
        raise InputError(f"{table}: no split table; it needs the columns 'file' and 'split'")
    text = table.read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines(), delimiter="\t"))
    if not rows or not {"file", "split"} <= set(rows[0]):
        raise InputError(f"{table}: not a split table; it needs the columns 'file' and 'split'")
    files = [row["file"] for row in rows if row["split"] == split]
    if not files:
        raise InputError(f"{table}: no chain of split {split!r}")
    source = _source(folder, split, text)
    data = _load(pack, source)
    if data is None:
        chains = (atoms_of(read_structure(folder / file)) for file in files)
        chains = [chain for chain in chains if len(chain.calpha) >= _SHORTEST]
        if not chains:
            raise InputError(f"{table}: no chain of split {split!r} has {_SHORTEST} residues")
        _write_pack(pack, source, chains)
        report(f"packed {len(chains)} chains of {split} into {pack}")
        return chains
    return list(_unpack(data))


def packed_pairs(
    folder: Path, split: str, pack: Path, *, report: Callable[[str], None] = print
) -> list[Pair]:
    """Map–model pairs of a split, from `pack`, which is made as by `packed_structures`.

    Each is a folder with ``map.mrc.gz``, ``model.pdb.gz`` and ``meta.json`` (``split``,
    ``resolution_A``).

    Raises
    ------
    InputError
        No folder has such a description, or a file is not what it should be.
    """
    texts = {meta: meta.read_text(encoding="utf-8") for meta in sorted(folder.glob("*/meta.json"))}
    try:
        about = {meta.parent: json.loads(text) for meta, text in texts.items()}
        chosen = {f: float(a["resolution_A"]) for f, a in about.items() if a["split"] == split}
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"{folder}: a meta.json without split or resolution_A") from error
    if not about:
        raise InputError(f"{folder}: no folder in it has a meta.json; see critasser train --help")
    if not chosen:
        return []
    source = _source(folder, split, "".join(texts.values()))
    data, file = _load(pack, source), map_file(pack)
    if data is None:
        data = _pack_pairs(chosen, pack, source)
        report(f"packed {len(chosen)} maps of {split} into {pack}")
    places = stored(file, data["shape"])
    if places is None:
        raise InputError(f"{file}: damaged; remove it and {pack}")
    columns = zip(data["name"], places, data["origin"], _unpack(data), data["resolution"])
    return [
        Pair(str(name), place.open(), origin, atoms, float(resolution), place)
        for name, place, origin, atoms, resolution in columns
    ]


def _pack_pairs(chosen: dict[Path, float], pack: Path, source: str) -> dict[str, np.ndarray]:
    """Write the pack of some pairs, of which only a few are in memory at a time."""
    pack.parent.mkdir(parents=True, exist_ok=True)
    kept: list[Pair] = []
    shapes: list[tuple[int, ...]] = []

    def densities() -> Iterator[np.ndarray]:
        for pair in _read_pairs(list(chosen.items())):
            yield pair.density
            shapes.append(pair.density.shape)
            kept.append(replace(pair, density=NOTHING))

    write_maps(map_file(pack), densities())
    _write_pack(
        pack,
        source,
        [pair.atoms for pair in kept],
        name=np.array([pair.name for pair in kept]),
        origin=np.array([pair.origin for pair in kept]),
        resolution=np.array([pair.resolution for pair in kept]),
        shape=np.array(shapes),
    )
    data = _load(pack, source)
    assert data is not None
    return data


def _read_pairs(chosen: list[tuple[Path, float]]) -> Iterator[Pair]:
    """Read pairs in order, many of them by several processes."""
    workers = min(MOST_READERS, os.cpu_count() or 1)
    if workers == 1 or len(chosen) < MANY_PAIRS:
        yield from itertools.starmap(_read_pair, chosen)
        return
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        # Pools run ahead of whoever takes the results; a part at a time bounds what waits.
        for first in range(0, len(chosen), MANY_PAIRS):
            yield from pool.starmap(_read_pair, chosen[first : first + MANY_PAIRS])


def _read_pair(folder: Path, resolution: float) -> Pair:
    atoms = atoms_of(read_structure(folder / "model.pdb.gz"))
    lower, upper = atoms.positions.min(0) - _BOX_MARGIN, atoms.positions.max(0) + _BOX_MARGIN
    grid = normalise(resample(crop(read_map(folder / "map.mrc.gz"), lower, upper)))
    return Pair(folder.name, grid.values.astype(np.float16), grid.origin, atoms, resolution)


def _source(folder: Path, split: str, tables: str) -> str:
    """What a pack must have been made from to be still good."""
    digest = hashlib.sha256(tables.encode()).hexdigest()
    return json.dumps([_PACK_VERSION, str(folder.resolve()), split, digest])


def _load(pack: Path, source: str) -> dict[str, np.ndarray] | None:
    """The arrays of a pack, None if it is not there or not of that source."""
    if not pack.exists():
        return None
    with np.load(pack, allow_pickle=False) as file:
        if "source" not in file.files or str(file["source"]) != source:
            return None
        return dict(file)


def _write_pack(out: Path, source: str, chains: list[Atoms], **extra: np.ndarray) -> None:
    arrays = {f.name: np.concatenate([getattr(c, f.name) for c in chains]) for f in fields(Atoms)}
    out.parent.mkdir(parents=True, exist_ok=True)
    with appearing(out) as temporary:
        np.savez(
            temporary,
            source=np.array(source),
            atom_start=np.cumsum([0] + [len(c.positions) for c in chains]),
            residue_start=np.cumsum([0] + [len(c.calpha) for c in chains]),
            **arrays,
            **extra,
        )


def _unpack(data: dict[str, np.ndarray]) -> Iterator[Atoms]:
    atoms, residues = data["atom_start"], data["residue_start"]
    per_residue = ("residue_type", "residue_structure", "calpha")
    for k in range(len(atoms) - 1):
        yield Atoms(
            **{
                f.name: data[f.name][residues[k] : residues[k + 1]]
                if f.name in per_residue
                else data[f.name][atoms[k] : atoms[k + 1]]
                for f in fields(Atoms)
            }
        )

