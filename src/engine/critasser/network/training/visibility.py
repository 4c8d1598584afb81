"""Measure how much of each atom experiments show, and fade simulated side chains likewise.

Electrons see little of negative charge and of sulphur, radiation takes carboxylates off, and tips
of side chains move: in maps leucines are smaller than by their atoms, and aspartates half gone,
while rings stay. A network that learnt side chains by atomic numbers alone misreads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from scipy.ndimage import map_coordinates
from torch import Tensor

from critasser.network.training.packing import Pair
from critasser.network.training.simulation import Molecules
from critasser.network.training.transfer import FREQUENCIES, MapAndAtoms, Transfer, shells

__all__ = ["Visibility", "fade_side_chains", "measure_visibility"]

REACHES = (2.0, 3.0, 4.2, 5.4)
"""Å from the Cα; edges of the bins in which atoms of side chains count together."""

SPREAD = 0.25
"""Of the logarithm of side chains' amplitudes from residue to residue."""

PRIOR = 7.0
"""Weight, in atoms, of the mean over all side chains in the mean of each kind."""

LEAST_BACKBONE = 0.2
"""Of the median density at backbones; residues with less tell nothing of their side chains."""

SIDE_CHAIN_BOUNDS, OXYGEN_BOUNDS = (0.15, 1.1), (0.3, 1.1)
"""Of the measured amplitudes; outside them the density is something else."""

TINY = 1e-6

_BACKBONE, _OXYGEN, _SIDE_CHAIN = 2, 3, 4
"""`Atoms.kind`: N, Cα and C up to 2, backbone oxygen, side chain."""


@dataclass(frozen=True)
class Visibility:
    """Amplitude with which maps show atoms, over that by atomic number and the backbone's.

    Attributes
    ----------
    side_chains : ndarray (20, 5)
        By amino acid, and by distance from the Cα (`REACHES`).
    oxygen : float
        Of the backbone.
    """

    side_chains: np.ndarray
    oxygen: float


def measure_visibility(
    pairs: Sequence[Pair], compared: Sequence[MapAndAtoms], transfers: Sequence[Transfer]
) -> Visibility:
    """Compare density at atoms with what the maps' transfers leave of it.

    Parameters
    ----------
    pairs : sequence of Pair
    compared, transfers : sequences of MapAndAtoms and Transfer
        Of these.
    """
    seen, expected = np.zeros((20, len(REACHES) + 1)), np.zeros((20, len(REACHES) + 1))
    oxygen = np.zeros(2)
    for pair, both, transfer in zip(pairs, compared, transfers):
        atoms = pair.atoms
        frequency = shells(len(both.density))[0]
        gain = np.interp(frequency, FREQUENCIES, transfer.gain)
        left = np.fft.irfftn(np.fft.rfftn(both.atoms) * gain, both.atoms.shape, axes=(0, 1, 2))
        values = []
        for cube in (both.density, left):
            at = map_coordinates(cube, both.index.T, order=1)
            backbone = atoms.kind <= _BACKBONE
            m = len(atoms.calpha)
            mean = np.bincount(atoms.residue[backbone], at[backbone], m)
            mean /= np.maximum(np.bincount(atoms.residue[backbone], minlength=m), 1)
            good = mean > LEAST_BACKBONE * np.median(mean)
            values.append((at / np.where(good, mean, np.inf)[atoms.residue], good[atoms.residue]))
        (here, known), (there, whole) = values
        known = known & whole
        reach = np.linalg.norm(
            atoms.positions - atoms.positions[atoms.calpha][atoms.residue], axis=1
        )
        side = known & (atoms.kind == _SIDE_CHAIN)
        place = (atoms.residue_type[atoms.residue[side]], np.searchsorted(REACHES, reach[side]))
        np.add.at(seen, place, here[side])
        np.add.at(expected, place, there[side])
        carbonyl = known & (atoms.kind == _OXYGEN)
        oxygen += here[carbonyl].sum(), there[carbonyl].sum()
    usual = seen.sum() / max(expected.sum(), TINY) if expected.any() else 1.0
    side_chains = (seen + PRIOR * usual) / (expected + PRIOR)
    share = (oxygen[0] + PRIOR) / (oxygen[1] + PRIOR)
    oxygen_share = float(np.clip(share, *OXYGEN_BOUNDS))
    return Visibility(np.clip(side_chains, *SIDE_CHAIN_BOUNDS), oxygen_share)


def fade_side_chains(
    molecules: Molecules, visibility: Visibility, strength: Tensor, generator: torch.Generator
) -> Molecules:
    """Give atoms the amplitudes that maps show.

    `strength` (crops,) is the exponent of each crop's factors, 0 for none; residues differ.
    """
    m, device = molecules, molecules.positions.device
    calpha = torch.zeros(len(m.residue_type), 3, device=device)
    calpha[m.residue[m.calpha]] = m.positions[m.calpha]
    reach = (m.positions - calpha[m.residue]).norm(dim=1)
    table = torch.as_tensor(visibility.side_chains, dtype=torch.float32, device=device)
    bin_of = torch.bucketize(reach, torch.tensor(REACHES, device=device))
    factor = table[m.residue_type[m.residue], bin_of]
    oxygen = torch.where(m.kind == _OXYGEN, visibility.oxygen, 1.0)
    factor = torch.where(m.kind == _SIDE_CHAIN, factor, oxygen)
    strength = strength[m.crop]
    spread = torch.randn(len(m.residue_type), generator=generator, device=device)
    faded = (m.kind == _SIDE_CHAIN) & (strength > 0)
    own = torch.where(faded, (SPREAD * spread).exp()[m.residue], 1.0)
    return replace(m, amplitude=m.amplitude * factor**strength * own)
