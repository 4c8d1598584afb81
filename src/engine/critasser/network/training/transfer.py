"""Measure by frequency how experiments show atoms, and put it on simulated maps.

Between sharp atoms and a map lie solvent, microscope, averaging, sharpening and masks. Most of it
depends on the frequency alone: in shells of Fourier space, how much of the atoms' amplitude comes
through, and how much of the map is something else. Simulated maps that are given both look far more
like experimental ones, to a network, than those of any formula.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy.ndimage import distance_transform_edt
from torch import Tensor

from critasser.network.gaussians import gaussian_density
from critasser.network.training.packing import Pair

__all__ = [
    "ATOM_VARIANCE",
    "FREQUENCIES",
    "Transfer",
    "apply_transfer",
    "coarsened",
    "compare_with_atoms",
    "draw_transfer",
    "measure_transfer",
    "molecule_share",
    "shells",
    "uneven_sharpening",
]

ATOM_VARIANCE = 0.25
"""Å²; of the Gaussians that stand for sharp atoms."""

SHELL, SHELLS = 0.0125, 40
"""Width of a shell in 1/Å, and how many: up to 2 Å."""

NEIGHBOURING = 1.25
"""Ratio of resolutions within which a map's transfer does for another one."""

CUT_WIDTH = 0.15
"""Width of the edge at which a map is cut, over the frequency of its resolution."""

CORRELATION_AT = 0.85
"""Of that frequency; there a coarser map correlates with its atoms as a finer one does at 0.85 of
its own. Both were chosen on the maps of split train (``python -m benchmark.transfers``)."""

_LARGEST_EXPONENT = 30
"""Noise that is more than e³⁰ times the signal is as good as any."""

_NORM = 8
"""The shell at 9.4 Å, whose gain is taken for 1: below it is the shape of the whole molecule."""

MASK_RADIUS, MASK_EDGE = 6, 0.7
"""Å around the atoms in which map and atoms are compared; width of the mask's edge."""

_STRIDE = 3
"""Voxels between the points at which a cube is looked at for atoms."""

LEAST_SHARE = 0.01
"""Of a cube that a molecule fills: a few atoms at its edge are no measure of its noise."""

BOX_MARGIN = 12
"""Voxels around the atoms."""

LEAST_GAIN = 1e-3
CORRELATIONS = (0.2, 0.98)
"""Bounds of a transfer; outside them it cannot be measured."""

TINY = 1e-12
"""Keeps divisions by an empty shell finite."""

MIXED = 0.5
"""Share of transfers that lie between those of two maps."""

SHARPENING = (-40, 60)
"""Å² by which a drawn transfer is blurred or sharpened."""

KNOTS, TRANSFER_SPREAD, SHARPENING_SPREAD = 7, 0.2, 0.25
"""Smooth random gains: knots between which the logarithm is linear, and its standard deviation for
drawn transfers and for experimental crops."""

CPU = torch.device("cpu")

FREQUENCIES = (np.arange(SHELLS) + 0.5) * SHELL
"""1/Å, of the shells' middles."""


@dataclass(frozen=True)
class Transfer:
    """A map's transfer; arrays are (SHELLS,) in shells of `SHELL`.

    Attributes
    ----------
    gain : ndarray
        Amplitude of the map that is the atoms', over theirs.
    correlation : ndarray
        Fourier shell correlation of map and atoms, 0.2 to 0.98.
    resolution : float
        Å.
    """

    gain: np.ndarray
    correlation: np.ndarray
    resolution: float


def shells(side: int) -> tuple[np.ndarray, np.ndarray]:
    """Frequency in 1/Å, and number of the shell, of each value of a cube's `rfftn`."""
    f, h = np.fft.fftfreq(side), np.fft.rfftfreq(side)
    frequency = np.sqrt(f[:, None, None] ** 2 + f[:, None] ** 2 + h**2)
    return frequency, np.minimum((frequency / SHELL).astype(np.int64), SHELLS - 1)


@dataclass(frozen=True)
class MapAndAtoms:
    """A map and its model in one cube.

    Attributes
    ----------
    density : ndarray (side, side, side)
        The map within 6 Å of the atoms.
    atoms : ndarray (side, side, side)
        Of sharp atoms alone, see `ATOM_VARIANCE`.
    index : ndarray (n, 3)
        Of the atoms, z y x.
    """

    density: np.ndarray
    atoms: np.ndarray
    index: np.ndarray


def compare_with_atoms(pair: Pair, device: torch.device = CPU) -> MapAndAtoms:
    """Bring a map and its model's atoms together; `device` computes."""
    index = (pair.atoms.positions - pair.origin)[:, ::-1]
    low = np.maximum(np.floor(index.min(axis=0) - BOX_MARGIN).astype(int), 0)
    high = np.minimum(np.ceil(index.max(axis=0) + BOX_MARGIN + 1).astype(int), pair.density.shape)
    index = index - low
    side = int((high - low).max())
    part = np.float32(pair.density[tuple(slice(a, b) for a, b in zip(low, high))])
    density = np.pad(part, [(0, side - n) for n in part.shape])
    density = density / _outside(index, side)
    count = len(index)
    atoms = gaussian_density(
        torch.from_numpy(index.astype(np.float32)).to(device),
        torch.from_numpy(pair.atoms.amplitude).to(device),
        torch.full((count, 3), math.sqrt(ATOM_VARIANCE), device=device),
        (count,),
        side,
    )[0]
    atoms = atoms.cpu().numpy()
    return MapAndAtoms(density, atoms, index)


def molecule_share(positions: Tensor, side: int) -> float:
    """Share of a cube in which map and atoms are compared: within 6 Å of atoms.

    Parameters
    ----------
    positions : Tensor (n, 3)
        z y x in voxels of 1 Å; atoms outside the cube count where they reach into it.
    side : int
        Of the cube, voxels.

    Returns
    -------
    float
        At least `LEAST_SHARE`.
    """
    axis = torch.arange(0.5 * _STRIDE - 0.5, side, _STRIDE, device=positions.device)
    points = torch.cartesian_prod(axis, axis, axis)
    reaching = ((positions > -MASK_RADIUS) & (positions < side + MASK_RADIUS)).all(dim=1)
    if not reaching.any():
        return LEAST_SHARE
    # Cells of the same size stand for the atoms in them: ten times less to compare with.
    cells = torch.unique((positions[reaching] / _STRIDE).floor(), dim=0)
    nearest = torch.cdist(points, (cells + 0.5) * _STRIDE - 0.5).amin(dim=1)
    return max(float((nearest < MASK_RADIUS).float().mean()), LEAST_SHARE)


def _outside(index: np.ndarray, side: int) -> np.ndarray:
    """By what a cube is divided to mask it softly around atoms: 1 near them, large elsewhere."""
    empty = np.ones((side,) * 3, bool)
    at = np.round(index).astype(int)
    empty[tuple(at[((at >= 0) & (at < side)).all(axis=1)].T)] = False
    return 1 + np.exp((distance_transform_edt(empty) - MASK_RADIUS) / MASK_EDGE)


def measure_transfer(pair: Pair, both: MapAndAtoms) -> Transfer:
    """Transfer of a map, from the comparison with its model's atoms."""
    shell = shells(len(both.density))[1].ravel()
    seen, true = np.fft.rfftn(both.density).ravel(), np.fft.rfftn(both.atoms).ravel()

    def total(values: np.ndarray) -> np.ndarray:
        return np.bincount(shell, values, SHELLS)

    common, power = total((seen * true.conj()).real), total(np.abs(true) ** 2)
    gain = common / np.maximum(power, TINY)
    correlation = common / np.sqrt(np.maximum(power * total(np.abs(seen) ** 2), TINY))
    return Transfer(
        np.maximum(gain / gain[_NORM], LEAST_GAIN),
        np.clip(correlation, *CORRELATIONS),
        pair.resolution,
    )


def coarsened(transfer: Transfer, resolution: float) -> Transfer:
    """Transfer of a map of a poorer resolution, from that of a finer one.

    What depends on frequency itself (solvent, the shape of the molecule) stays; the cut moves to
    the new resolution, and noise grows as by a B-factor, until it stands there as it stood at the
    finer one's.

    Parameters
    ----------
    transfer : Transfer
    resolution : float
        Å, poorer than that of `transfer`.
    """
    before = _cut(FREQUENCIES * transfer.resolution)
    gain = transfer.gain * _cut(FREQUENCIES * resolution) / np.maximum(before, LEAST_GAIN)
    noise = 1 / transfer.correlation**2 - 1
    at_old, at_new = np.interp(
        [CORRELATION_AT / transfer.resolution, CORRELATION_AT / resolution], FREQUENCIES, noise
    )
    growth = max(np.log(at_old / at_new), 0.0) * (resolution / CORRELATION_AT) ** 2
    noise = noise * np.exp(np.minimum(growth * FREQUENCIES**2, _LARGEST_EXPONENT))
    return Transfer(
        np.maximum(gain / gain[_NORM], LEAST_GAIN),
        np.clip(1 / np.sqrt(1 + noise), *CORRELATIONS),
        resolution,
    )


def _cut(frequency: np.ndarray) -> np.ndarray:
    """What a map is cut by, at frequencies over that of its resolution."""
    steps = (frequency - 1) / CUT_WIDTH
    return 1 / (1 + np.exp(np.clip(steps, -_LARGEST_EXPONENT, _LARGEST_EXPONENT)))


def draw_transfer(
    transfers: Sequence[Transfer],
    resolution: float,
    rng: np.random.Generator,
    *,
    coarser: bool = False,
) -> Transfer | None:
    """A transfer for a resolution in Å: that of one map, or between those of two, a little changed.

    Parameters
    ----------
    transfers : sequence of Transfer
        Of experimental maps.
    resolution : float
        Å.
    rng : numpy.random.Generator
    coarser : bool
        Where no map is near enough in resolution, take finer ones, `coarsened`.

    Returns
    -------
    Transfer or None
        None where no map is near enough, or none is finer.
    """
    near = [
        one for one in transfers if 1 / NEIGHBOURING < one.resolution / resolution < NEIGHBOURING
    ]
    if not near and coarser:
        finer = [one for one in transfers if one.resolution < resolution]
        near = [coarsened(one, resolution) for one in finer]
    if not near:
        return None
    chosen = [near[k] for k in rng.choice(len(near), min(2, len(near)), replace=False)]
    share = rng.uniform() if rng.random() < MIXED else 0.0
    weights = (1 - share, share) if len(chosen) == 2 else (1.0,)

    def mean(name: str) -> np.ndarray:
        return np.exp(sum(w * np.log(_scaled(one, name)) for w, one in zip(weights, chosen)))

    def _scaled(one: Transfer, name: str) -> np.ndarray:
        return np.interp(FREQUENCIES * resolution / one.resolution, FREQUENCIES, getattr(one, name))

    blurred = np.exp(-rng.uniform(*SHARPENING) * FREQUENCIES**2 / 4)
    gain = mean("gain") * blurred * _uneven_gain(rng, TRANSFER_SPREAD)
    return Transfer(gain, mean("correlation"), resolution)


def _uneven_gain(rng: np.random.Generator, spread: float) -> np.ndarray:
    """A smooth random gain (SHELLS,) around 1."""
    knots = rng.normal(0, spread, KNOTS)
    return np.exp(np.interp(FREQUENCIES, np.linspace(0, SHELL * SHELLS, KNOTS), knots))


def uneven_sharpening(density: Tensor, rng: np.random.Generator) -> Tensor:
    """Cubes (k, side, side, side), each with a smooth random gain by frequency."""
    gains = np.stack([_uneven_gain(rng, SHARPENING_SPREAD) for _ in density])
    spectrum = torch.fft.rfftn(density, dim=(1, 2, 3)) * _spread(
        gains, density.shape[-1], density.device
    )
    return torch.fft.irfftn(spectrum, s=density.shape[1:], dim=(1, 2, 3))


def _spread(values: np.ndarray, side: int, device: torch.device) -> Tensor:
    """Values (…, SHELLS) interpolated to a cube's `rfftn` (…, side, side, side // 2 + 1)."""
    place = (_grid(side, device)[0] / SHELL - 0.5).clamp(0, SHELLS - 1.001)
    first = place.long()
    table = torch.as_tensor(values, dtype=torch.float32, device=device)
    return torch.lerp(table[..., first], table[..., first + 1], place - first)


@lru_cache
def _grid(side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    frequency, shell = shells(side)
    return (
        torch.as_tensor(frequency, dtype=torch.float32, device=device),
        torch.as_tensor(shell, device=device),
    )


def apply_transfer(
    density: Tensor,
    transfer: Transfer,
    noise: float,
    generator: torch.Generator,
    *,
    share: float = 1.0,
) -> Tensor:
    """Show sharp atoms as a map with this transfer does.

    Parameters
    ----------
    density : Tensor (side, side, side)
        Of atoms of variance `ATOM_VARIANCE`.
    transfer : Transfer
    noise : float
        Share of the amplitude that is not the atoms' which is put in as noise.
    generator : torch.Generator
    share : float
        Of the cube, in which the molecule lies, see `molecule_share`. A transfer is measured there;
        noise of that strength fills the whole cube.

    Returns
    -------
    Tensor (side, side, side)
    """
    side, device = density.shape[-1], density.device
    shell = _grid(side, device)[1]
    signal = torch.fft.rfftn(density) * _spread(transfer.gain, side, device)
    count = torch.bincount(shell.flatten(), minlength=SHELLS).clamp_min(1)
    power = torch.zeros(SHELLS, device=device)
    power = power.index_add(0, shell.flatten(), signal.abs().square().flatten()) / count
    other = torch.as_tensor(1 / transfer.correlation**2 - 1, dtype=torch.float32, device=device)
    white = torch.randn(density.shape, generator=generator, device=device)
    level = noise / math.sqrt(share) * (power * other).sqrt() / side**1.5
    return torch.fft.irfftn(signal + torch.fft.rfftn(white) * level[shell], s=density.shape)
