"""Maps for users of the package: read, simulate from a model, write."""

from __future__ import annotations

import os
from collections.abc import Sequence

import numpy as np

from critasser import density
from critasser.density import Grid
from critasser.errors import InputError
from critasser.options import check_resolution
from critasser.structure import AtomicModel, ProteinChain, read_chains

__all__ = ["read_map", "simulate", "write_map"]

FINEST_VOXEL = 0.1
"""Å; smaller voxels tell no more of atoms and fill the memory."""


def read_map(path: str | os.PathLike[str]) -> Grid:
    """Read an MRC or CCP4 map, gzipped or not, with any axis order.

    Parameters
    ----------
    path : path

    Returns
    -------
    Grid
        ``values`` (nz, ny, nx) float32, indexed z, y, x; ``origin`` (3,) of the first voxel and
        ``voxel_size`` (3,), x, y, z in Å, in the frame in which ChimeraX shows the map.

    Raises
    ------
    InputError
        Not a map, damaged, too large, without a voxel size, or empty.

    Examples
    --------
    >>> density = critasser.read_map("map.mrc")
    >>> density.shape
    (46, 34, 30)
    >>> density.voxel_size
    array([1., 1., 1.])
    """
    return density.read_map(path)


def write_map(path: str | os.PathLike[str], grid: Grid) -> None:
    """Write a map as MRC2014; the file appears whole, by atomic rename.

    Parameters
    ----------
    path : path
        Ends in ``.mrc``.
    grid : Grid

    Raises
    ------
    ValueError
        The name does not end in ``.mrc``.

    Examples
    --------
    >>> density = critasser.read_map("map.mrc")
    >>> critasser.write_map("doubled.mrc", density.with_values(2 * density.values))
    >>> critasser.read_map("doubled.mrc").same_frame(density)
    True
    """
    density.write_map(path, grid)


def simulate(
    model: str | os.PathLike[str] | AtomicModel | Sequence[ProteinChain],
    resolution: float,
    *,
    voxel_size: float = 1.0,
    like: Grid | None = None,
) -> Grid:
    """Simulate the map of a model: each atom a Gaussian, weighted by its atomic number.

    Parameters
    ----------
    model : path, AtomicModel or sequence of ProteinChain
        A PDB or mmCIF file, or what `read_model` or `build_atoms` returned. Protein only.
    resolution : float
        1 to 20 Å.
    voxel_size : float
        Å, of the box around the model.
    like : Grid, optional
        The frame of the result, in place of a box around the model.

    Returns
    -------
    Grid

    Raises
    ------
    InputError
        The file is no model or has no protein; resolution or voxel size make no sense.

    References
    ----------
    Zhang et al., Nat. Methods 19, 195 (2022), eq. 2; ChimeraX ``molmap`` uses the same width.

    Examples
    --------
    >>> simulated = critasser.simulate("model.pdb", 3.0)
    >>> simulated.shape
    (46, 34, 30)
    """
    check_resolution(resolution)
    if not FINEST_VOXEL <= voxel_size <= resolution:
        raise InputError(
            f"voxel size {voxel_size}: give one from {FINEST_VOXEL} Å to the resolution, "
            f"{resolution} Å"
        )
    if isinstance(model, AtomicModel):
        positions, amplitudes = model.positions, model.amplitudes
    else:
        chains = read_chains(model) if isinstance(model, (str, os.PathLike)) else model
        if not chains:
            raise InputError(f"{model}: no protein in it; give a protein model")
        positions = np.concatenate([chain.positions for chain in chains])
        amplitudes = np.concatenate([chain.amplitudes for chain in chains])
    return density.simulate(positions, amplitudes, resolution, like=like, voxel_size=voxel_size)
