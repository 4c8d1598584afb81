"""Write a person's model again with its parts moved as rigid bodies."""

from __future__ import annotations

import os
from collections.abc import Sequence

import gemmi
import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.spatial import cKDTree

from critasser.structure.mmcif import assembly_of, mmcif_document
from critasser.structure.modelfile import ModelFile
from critasser.structure.symmetry import Symmetry
from critasser.writing import appearing

__all__ = ["write_moved"]


def write_moved(
    path: str | os.PathLike,
    file: ModelFile,
    body: ArrayLike,
    moves: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
    *,
    title: str,
    symmetry: Symmetry | None = None,
) -> None:
    """Write a model as mmCIF, each residue moved with its body; everything else stays.

    Chains, numbers, B-factors and all conformations are kept. Ligands, water and nucleic acids go
    with the residue of protein nearest to them. What belongs to a crystal is left out: cell,
    symmetry, assemblies, and anisotropic B-factors, which do not turn with their atoms.

    Parameters
    ----------
    path : path
        Appears whole, by atomic rename.
    file : ModelFile
    body : array_like (n,) int64
        Index into `moves` of each of the n residues of protein, in the order of ``file.chains``.
    moves : sequence of (ndarray (3, 3), ndarray (3,))
        Rotation and shift in Å of each body: ``moved = positions @ rotation.T + shift``.
    title : str
    symmetry : Symmetry, optional
        Operations that make the whole molecule of the moved model; written as assembly 1.
    """
    structure = file.structure.clone()
    residues = [residue for chain in structure[0] for residue in chain]
    owner = _owners(file, np.asarray(body, dtype=np.int64), residues)
    for residue, k in zip(residues, owner):
        rotation, shift = moves[k]
        for atom in residue:
            atom.pos = gemmi.Position(*(rotation @ np.array(atom.pos.tolist()) + shift).tolist())
            atom.aniso = gemmi.SMat33f(0, 0, 0, 0, 0, 0)
    structure.cell = gemmi.UnitCell()
    structure.spacegroup_hm = ""
    structure.assemblies.clear()
    structure.ncs.clear()
    if symmetry is not None and len(symmetry) > 1:
        every = dict.fromkeys(residue.subchain for residue in residues)
        structure.assemblies.append(assembly_of(symmetry, list(every)))
    structure.assign_label_seq_id(True)
    structure.info = gemmi.InfoMap({"_struct.title": title})
    document = mmcif_document(structure)
    with appearing(path) as temporary:
        document.write_file(str(temporary))


def _owners(
    file: ModelFile, body: NDArray[np.int64], residues: Sequence[gemmi.Residue]
) -> NDArray[np.int64]:
    """Body of every residue of the file."""
    places = np.concatenate([chain.place for chain in file.chains]).astype(np.int64)
    owner = np.full(len(residues), -1, dtype=np.int64)
    owner[places] = body
    rest = np.flatnonzero(owner < 0)
    if not len(rest):
        return owner
    points = np.concatenate([chain.positions for chain in file.chains])
    first = np.cumsum([0, *map(len, file.chains)])
    rows = np.concatenate([at + chain.residue for at, chain in zip(first, file.chains)])
    tree = cKDTree(points)
    for i in rest:
        atoms = np.array([atom.pos.tolist() for atom in residues[i]]).reshape(-1, 3)
        atoms = atoms[np.isfinite(atoms).all(axis=1)]
        nearest = tree.query(atoms.mean(axis=0))[1] if len(atoms) else 0
        owner[i] = body[rows[nearest]]
    return owner
