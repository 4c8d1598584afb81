"""Pack chains of known structures into complexes that touch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import gemmi
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from critasser.structure import chain_names

__all__ = ["packed"]

TOUCHING = 3.4
"""Å between atoms of chains that touch."""

STEP = 0.7
"""Å by which a chain is moved away until it no longer clashes."""


def packed(paths: Sequence[Path], rng: np.random.Generator, *, ways: int = 1) -> gemmi.Structure:
    """The first chains of structures, turned by chance and brought together until they touch.

    Parameters
    ----------
    paths : sequence of Path
        A file may stand there several times.
    rng : numpy.random.Generator
    ways : int
        Directions from which each chain is tried; it stays where it comes nearest to the middle,
        so that more make the complex denser.

    Returns
    -------
    gemmi.Structure
        Chains A, B, … in the order of `paths`, without hydrogen and second conformations.
    """
    whole = gemmi.Structure()
    model = gemmi.Model(1)
    placed = np.zeros((0, 3))
    for path, name in zip(paths, chain_names(len(paths))):
        structure = gemmi.read_structure(str(path))
        structure.remove_alternative_conformations()
        structure.remove_hydrogens()
        chain = structure[0][0]
        chain.name = name
        turn = Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()
        own = np.array([atom.pos.tolist() for residue in chain for atom in residue])
        centre = own.mean(axis=0)
        own = (own - centre) @ turn.T
        if len(placed):
            own = own + _beside(placed, own, rng, ways)
        atoms = (atom for residue in chain for atom in residue)
        for atom, position in zip(atoms, own):
            atom.pos = gemmi.Position(*position)
        placed = np.concatenate([placed, own])
        model.add_chain(chain)
    whole.add_model(model)
    return whole


def _beside(
    placed: NDArray[np.float64], own: NDArray[np.float64], rng: np.random.Generator, ways: int
) -> NDArray[np.float64]:
    """The shift that brings a chain, centred on 0, beside what is placed."""
    tree, middle = cKDTree(placed), placed.mean(axis=0)
    shifts = []
    for way in rng.normal(size=(ways, 3)):
        step = STEP * way / np.linalg.norm(way)
        shift = middle
        while np.isfinite(tree.query(own + shift, distance_upper_bound=TOUCHING)[0]).any():
            shift = shift + step
        shifts.append(shift)
    return min(shifts, key=lambda shift: float(np.linalg.norm(shift - middle)))
