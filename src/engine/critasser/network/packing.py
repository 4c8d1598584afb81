"""Structures and map–model pairs, packed once into compact arrays for training."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import gemmi
import numpy as np

from critasser.density import crop, normalise, read_map, resample
from critasser.errors import InputError
from critasser.structure import AMINO_ACIDS, THREE_TO_ONE, assign_secondary_structure

__all__ = ["Atoms", "Pair", "atoms_of", "load_pack", "pack_pairs", "pack_structures"]

_PACK_VERSION = 1
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
    density : (nz, ny, nx) float32
        Normalised map at 1 Å.
    origin : (3,) float64
        x y z of voxel [0, 0, 0], Å.
    atoms : Atoms
    resolution : float
        Å.
    """

    name: str
    density: np.ndarray
    origin: np.ndarray
    atoms: Atoms
    resolution: float


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


def _read(path: Path) -> gemmi.Structure:
    structure = gemmi.read_structure(str(path))
    structure.setup_entities()
    structure.remove_alternative_conformations()
    return structure


def pack_structures(folder: Path, split: str, out: Path, *, index: str = "index.tsv") -> int:
    """Pack the chains that `index` (columns ``file``, ``split``) lists under a split.

    Returns the number of chains. The pack is one ``.npz`` of plain arrays.
    """
    table = folder / index
    if not table.is_file():
        raise InputError(f"{table}: no split table; it needs the columns 'file' and 'split'")
    with table.open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == split]
    if not rows:
        raise InputError(f"{table}: no chain of split {split!r}")
    chains = [atoms_of(_read(folder / row["file"])) for row in rows]
    chains = [chain for chain in chains if len(chain.calpha) >= 30]
    _write_pack(out, chains)
    return len(chains)


def _write_pack(out: Path, chains: list[Atoms], **extra: np.ndarray) -> None:
    arrays = {f.name: np.concatenate([getattr(c, f.name) for c in chains]) for f in fields(Atoms)}
    atom_count = np.cumsum([0] + [len(c.positions) for c in chains])
    residue_count = np.cumsum([0] + [len(c.calpha) for c in chains])
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(
        out,
        version=_PACK_VERSION,
        atom_start=atom_count,
        residue_start=residue_count,
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


def load_pack(path: Path) -> list[Atoms]:
    """Read what `pack_structures` wrote."""
    with np.load(path, allow_pickle=False) as file:
        data = dict(file)
    if int(data["version"]) != _PACK_VERSION:
        raise InputError(f"{path}: packed by another version; delete it, it is made again")
    return list(_unpack(data))


def pack_pairs(folder: Path, split: str) -> list[Pair]:
    """Read map–model pairs: one folder each with ``map.mrc.gz``, ``model.pdb.gz``,
    ``meta.json``."""
    pairs = []
    for meta in sorted(folder.glob("*/meta.json")):
        about = json.loads(meta.read_text())
        if about["split"] != split:
            continue
        atoms = atoms_of(_read(meta.parent / "model.pdb.gz"))
        lower, upper = atoms.positions.min(0) - 16, atoms.positions.max(0) + 16
        grid = normalise(resample(crop(read_map(meta.parent / "map.mrc.gz"), lower, upper)))
        pairs.append(
            Pair(meta.parent.name, grid.values, grid.origin, atoms, float(about["resolution_A"]))
        )
    return pairs
