"""Training crops simulated on the device, with what experiments do to density.

Everything is a few dense tensor operations, so that the same code keeps two CPU cores or a GPU
busy: a Gaussian is a product of three one-dimensional ones, so the map of all atoms is one matrix
product, exact for any width of each atom.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from critasser.network.packing import Atoms

__all__ = [
    "Crop",
    "Molecule",
    "SimulationRange",
    "background_noise",
    "band_limit",
    "gaussian_density",
    "make_labels",
    "normalise_tensor",
    "place",
    "random_rotation",
    "simulate_crop",
]


@dataclass(frozen=True)
class SimulationRange:
    """What simulated maps are drawn from.

    Attributes
    ----------
    resolutions, weights
        Edges of resolution shells (Å) and the share of crops drawn from each.
    corruption
        0: clean maps by eq. 2; 1: all corruptions up to their full frequency. Each crop draws its
        own strength up to this one, so that neither clean nor spoilt maps are forgotten.
    """

    resolutions: tuple[float, ...] = (1.5, 3.0, 4.0, 5.0, 8.0, 15.0)
    weights: tuple[float, ...] = (0.28, 0.26, 0.20, 0.16, 0.10)
    corruption: float = 1.0

    def draw(self, rng: np.random.Generator) -> float:
        shell = rng.choice(len(self.weights), p=np.array(self.weights) / sum(self.weights))
        return float(rng.uniform(self.resolutions[shell], self.resolutions[shell + 1]))


@dataclass(frozen=True)
class Molecule:
    """Atoms placed in a crop: positions ``(n, 3)`` as z y x voxels of 1 Å, the rest as in
    `Atoms`."""

    positions: Tensor
    amplitude: Tensor
    kind: Tensor
    residue: Tensor
    carboxylate: Tensor
    residue_type: Tensor
    residue_structure: Tensor


@dataclass(frozen=True)
class Crop:
    """One training example; all ``(side, side, side)``.

    ``calpha`` is the target probability, ``backbone`` 0/1, ``structure`` and ``residue_type`` class
    indices or −1 where nothing is asked, ``weight`` 0 where the truth is not known.
    """

    density: Tensor
    calpha: Tensor
    backbone: Tensor
    structure: Tensor
    residue_type: Tensor
    weight: Tensor
    resolution: float


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """Uniform rotation matrix (3, 3) from a random unit quaternion."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def gaussian_density(positions: Tensor, amplitude: Tensor, sigma: Tensor, side: int) -> Tensor:
    """Sum of Gaussians on a cube of 1 Å voxels.

    `positions` (n, 3) z y x in voxels, `amplitude` (n,), `sigma` (n, 3) in Å; returns
    ``(side, side, side)``.
    """
    axis = torch.arange(side, device=positions.device, dtype=positions.dtype)
    z, y, x = (
        torch.exp(-0.5 * ((axis - positions[:, k, None]) / sigma[:, k, None]) ** 2)
        for k in range(3)
    )
    plane = (y[:, :, None] * x[:, None, :]).reshape(len(z), side * side)
    return ((z * amplitude[:, None]).T @ plane).reshape(side, side, side)


def normalise_tensor(density: Tensor) -> Tensor:
    """The rule of `critasser.density.normalise` for a crop whose background is known to be 0."""
    positive = density.clamp_min(0)
    scale = (positive**3).sum() / (positive**2).sum().clamp_min(1e-12)
    return (density / scale.clamp_min(1e-6)).clamp(-3, 6)


def _frequency(side: int, device: torch.device) -> Tensor:
    f = torch.fft.fftfreq(side, device=device)
    h = torch.fft.rfftfreq(side, device=device)
    return (f[:, None, None] ** 2 + f[None, :, None] ** 2 + h[None, None, :] ** 2).sqrt()


def band_limit(density: Tensor, resolution: float, bfactor: float = 0.0) -> Tensor:
    """Cut at 1/resolution with a soft edge and blur (or, negative, sharpen) by a B-factor in Å²."""
    frequency = _frequency(density.shape[0], density.device)
    # The edge of 10 % is what half-map weighting leaves of a sharp cut.
    cut = torch.sigmoid((1 / resolution - frequency) / (0.04 / resolution))
    gain = torch.exp(-bfactor / 4 * frequency**2) * cut
    return torch.fft.irfftn(torch.fft.rfftn(density) * gain, s=density.shape)


def background_noise(
    side: int, resolution: float, generator: torch.Generator, device: torch.device
) -> Tensor:
    """Unit-variance Gaussian noise with no power beyond the resolution."""
    white = torch.randn(side, side, side, generator=generator, device=device)
    noise = band_limit(white, max(resolution * 0.9, 2.0))
    return noise / noise.std()


def place(
    atoms: Atoms,
    rotation: np.ndarray,
    centre: np.ndarray,
    scale: float,
    side: int,
    device: torch.device,
    margin: float = 4.0,
    offset: np.ndarray | None = None,
) -> Molecule:
    """Rotate about `centre` (x y z), put it in the middle of the cube and keep what lies in
    reach."""
    xyz = (atoms.positions - centre) @ rotation.T * scale
    if offset is not None:
        xyz = xyz + offset
    zyx = xyz[:, ::-1] + (side - 1) / 2
    keep = np.all((zyx > -margin) & (zyx < side - 1 + margin), axis=1)

    def send(array: np.ndarray, dtype: torch.dtype) -> Tensor:
        return torch.as_tensor(np.ascontiguousarray(array), device=device).to(dtype)

    return Molecule(
        send(zyx[keep], torch.float32),
        send(atoms.amplitude[keep], torch.float32),
        send(atoms.kind[keep], torch.long),
        send(atoms.residue[keep], torch.long),
        send(atoms.carboxylate[keep], torch.bool),
        send(atoms.residue_type, torch.long),
        send(atoms.residue_structure, torch.long),
    )


def _join(a: Molecule, b: Molecule) -> Molecule:
    return Molecule(
        torch.cat([a.positions, b.positions]),
        torch.cat([a.amplitude, b.amplitude]),
        torch.cat([a.kind, b.kind]),
        torch.cat([a.residue, b.residue + len(a.residue_type)]),
        torch.cat([a.carboxylate, b.carboxylate]),
        torch.cat([a.residue_type, b.residue_type]),
        torch.cat([a.residue_structure, b.residue_structure]),
    )


def _stamp(positions: Tensor, side: int, radius: int) -> tuple[Tensor, Tensor, Tensor]:
    """Voxels near each position: (k,) flat index, (k,) squared distance, (k,) which position."""
    span = torch.arange(-radius, radius + 1, device=positions.device)
    offsets = torch.cartesian_prod(span, span, span)
    voxel = positions.round().long()[:, None, :] + offsets[None]
    squared = ((voxel - positions[:, None, :]) ** 2).sum(-1)
    which = torch.arange(len(positions), device=positions.device)[:, None].expand_as(squared)
    inside = ((voxel >= 0) & (voxel < side)).all(-1) & (squared <= (radius + 0.01) ** 2)
    voxel, squared, which = voxel[inside], squared[inside], which[inside]
    return (voxel[:, 0] * side + voxel[:, 1]) * side + voxel[:, 2], squared, which


def make_labels(molecule: Molecule, side: int, *, width: float = 0.9) -> tuple[Tensor, ...]:
    """Targets of the four heads.

    Cα: ``exp(−d²/2w²)`` to the nearest Cα; backbone: within 1.5 Å of an N, Cα or C (O is left out:
    it would join neighbouring strands through their hydrogen bonds); secondary structure within 3
    Å and amino acid within 2 Å of a Cα, that of the nearest.
    """
    device = molecule.positions.device
    size = side**3
    calpha = molecule.kind == 1
    flat, squared, which = _stamp(molecule.positions[calpha], side, 3)
    residue = molecule.residue[calpha][which]
    # Distance in the high digits, residue in the low: one integer minimum finds the nearest.
    count = len(molecule.residue_type) + 1
    key = (squared * 1000).long() * count + residue
    far = torch.full((size,), 10_000_000 * count, device=device, dtype=torch.long)
    nearest = far.scatter_reduce(0, flat, key, "amin")
    distance = (nearest // count).float() / 1000
    owner = nearest % count
    known = nearest < far
    owner = torch.where(known, owner, torch.zeros_like(owner))
    minus = torch.full_like(owner, -1)
    structure = torch.where(known, molecule.residue_structure[owner], minus)
    kind = torch.where(known & (distance <= 4.0), molecule.residue_type[owner], minus)
    target = torch.where(known, torch.exp(-distance / (2 * width**2)), torch.zeros_like(distance))
    flat, squared, _ = _stamp(molecule.positions[molecule.kind <= 2], side, 2)
    backbone = torch.zeros(size, device=device)
    backbone[flat[squared <= 2.25]] = 1.0
    cube = (side, side, side)
    return tuple(t.reshape(cube) for t in (target, backbone, structure, kind))


def _fade(
    molecule: Molecule, rng: np.random.Generator, generator: torch.Generator, strength: float
) -> tuple[Tensor, Tensor]:
    """Amplitudes and B-factors (Å²) by residue, domain and place in the side chain."""
    device = molecule.positions.device
    count = len(molecule.residue_type)
    noise = torch.rand(4, count, generator=generator, device=device)
    amplitude = molecule.amplitude.clone()
    bfactor = torch.zeros_like(amplitude)
    side_chain = molecule.kind == 4
    calpha = torch.zeros(count, 3, device=device)
    is_calpha = molecule.kind == 1
    calpha[molecule.residue[is_calpha]] = molecule.positions[is_calpha]
    reach = (molecule.positions - calpha[molecule.residue]).norm(dim=1).clamp(0, 8)
    if rng.random() < strength * 0.8:
        bfactor = bfactor + rng.uniform(0, 60) * noise[0][molecule.residue] ** 2
        bfactor = bfactor + side_chain * reach * rng.uniform(0, 18)
    if rng.random() < strength * 0.5:
        direction = torch.as_tensor(rng.normal(size=3), dtype=torch.float32, device=device)
        slope = molecule.positions @ (direction / direction.norm())
        bfactor = bfactor + torch.relu(slope - slope.median()) * rng.uniform(0, 3)
    if rng.random() < strength * 0.5:
        amplitude = amplitude * (1 - side_chain * rng.uniform(0, 0.6) * reach / 8)
    if rng.random() < strength * 0.6:
        amplitude = amplitude * torch.where(molecule.carboxylate, rng.uniform(0, 0.7), 1.0)
    if rng.random() < strength * 0.4:
        lost = noise[1] < rng.uniform(0, 0.15)
        amplitude = amplitude * ~(side_chain & lost[molecule.residue])
    if rng.random() < strength * 0.3:
        amplitude = amplitude * (1 - rng.uniform(0, 0.5) * noise[2][molecule.residue])
    return amplitude, bfactor


def _blobs(rng: np.random.Generator, side: int, pad: int, occupied: Tensor) -> Tensor:
    """Random-walk beads of something that is not protein, away from what is."""
    steps = rng.normal(size=(int(rng.integers(20, 200)), 3))
    walk = np.cumsum(steps / np.linalg.norm(steps, axis=1, keepdims=True) * 2.5, axis=0)
    walk = walk - walk.mean(0) + rng.uniform(0, side + 2 * pad, size=3)
    beads = torch.as_tensor(walk, dtype=torch.float32, device=occupied.device)
    if len(occupied):
        beads = beads[torch.cdist(beads, occupied).amin(1) > 4.0]
    return beads


def simulate_crop(
    chain: Atoms,
    neighbour: Atoms | None,
    side: int,
    ranges: SimulationRange,
    rng: np.random.Generator,
    device: torch.device,
    *,
    resolution: float | None = None,
    pad: int = 4,
) -> Crop:
    """One simulated example around a random residue of `chain`; `neighbour` may lie beside it."""
    density, molecule, resolution = simulate_molecule(
        chain, neighbour, side, ranges, rng, device, resolution=resolution, pad=pad
    )
    target, backbone, structure, kind = make_labels(molecule, side)
    return Crop(density, target, backbone, structure, kind, torch.ones_like(target), resolution)


def simulate_molecule(
    chain: Atoms,
    neighbour: Atoms | None,
    side: int,
    ranges: SimulationRange,
    rng: np.random.Generator,
    device: torch.device,
    *,
    resolution: float | None = None,
    pad: int = 4,
) -> tuple[Tensor, Molecule, float]:
    """Density ``(side, side, side)`` around a random residue, the atoms in it, its resolution."""
    generator = torch.Generator(device).manual_seed(int(rng.integers(2**31)))
    strength = ranges.corruption * rng.random()
    resolution = ranges.draw(rng) if resolution is None else resolution
    scale = 1 + rng.uniform(-0.03, 0.03) * strength
    rotation = random_rotation(rng)
    centre = chain.positions[chain.calpha[rng.integers(len(chain.calpha))]]
    # Towards the middle of the chain: crops full of protein teach more than crops of solvent.
    centre = centre + rng.uniform(0, 0.6) * (chain.positions.mean(0) - centre)
    centre = centre + rng.uniform(-6, 6, size=3)
    molecule = place(chain, rotation, centre, scale, side, device)
    own = len(molecule.positions)
    if neighbour is not None and rng.random() < 0.5:
        turn = random_rotation(rng)
        first = (chain.positions - centre) @ rotation.T
        second = (neighbour.positions - neighbour.positions.mean(0)) @ turn.T
        axis = rng.normal(size=3)
        axis /= np.linalg.norm(axis)
        # A plane between the two: touching, never overlapping.
        shift = axis * ((first @ axis).max() - (second @ axis).min() + rng.uniform(3.0, 4.5))
        beside = place(
            neighbour, turn, neighbour.positions.mean(0), scale, side, device, offset=shift
        )
        molecule = _join(molecule, beside)
    density = _density(molecule, own, resolution, side, pad, rng, generator, strength)
    return density, molecule, resolution


def _density(
    molecule: Molecule,
    own: int,
    resolution: float,
    side: int,
    pad: int,
    rng: np.random.Generator,
    generator: torch.Generator,
    strength: float,
) -> Tensor:
    device = molecule.positions.device
    amplitude, bfactor = _fade(molecule, rng, generator, strength)
    positions, full = molecule.positions + pad, side + 2 * pad
    width = resolution / (math.sqrt(2) * math.pi)
    band_limited = rng.random() < 0.5 * strength
    if band_limited:
        # As an experiment has it: atoms of their own B, cut at the resolution.
        variance = (rng.uniform(15, 60) + bfactor) / (8 * math.pi**2)
    else:
        variance = width**2 + (bfactor + rng.uniform(-30, 40) * strength) / (8 * math.pi**2)
    variance = variance.clamp_min(0.16)
    sigma = variance.sqrt()[:, None].expand(-1, 3)
    if rng.random() < 0.3 * strength:
        stretch = torch.as_tensor(rng.uniform(1.0, 1.3, size=3), dtype=torch.float32, device=device)
        sigma = sigma * stretch
    density = gaussian_density(positions, amplitude / variance**1.5, sigma, full)
    if rng.random() < 0.15 * strength:
        beads = _blobs(rng, side, pad, positions)
        weight = torch.full((len(beads),), rng.uniform(8, 40), device=device)
        spread = torch.full((len(beads), 3), max(width, 1.0), device=device)
        density = density + gaussian_density(beads, weight / max(width, 1.0) ** 3, spread, full)
    if band_limited:
        density = band_limit(density, resolution, rng.uniform(-40, 60))
    inner = slice(pad, pad + side)
    density = density[inner, inner, inner]
    molecule_mask = density > 0.3 * density.amax()
    if rng.random() < 0.6 * strength:
        noise = background_noise(side, resolution, generator, device)
        inside = density[molecule_mask].std() if molecule_mask.sum() > 8 else density.std()
        # Up to SNR 0.5 now and then; most maps that people build into are much cleaner.
        level = rng.uniform(0, 0.5) if rng.random() < 0.8 else rng.uniform(0.5, 2.0)
        density = density + noise * inside * level
    density = normalise_tensor(density)
    if rng.random() < 0.5 * strength:
        density = _mask(density, positions[:own] - pad, rng)
    density = density * rng.uniform(0.8, 1.25) + rng.uniform(-0.06, 0.06) * strength
    if rng.random() < 0.1 * strength:
        density = density.clamp_max(rng.uniform(1.0, 2.5))
    return density


def _mask(density: Tensor, own: Tensor, rng: np.random.Generator) -> Tensor:
    """Zeros outside a zone around the molecule, or below a contour."""
    if rng.random() < 0.5 or not len(own):
        contour = rng.uniform(0.1, 0.6)
        return torch.where(density > contour, density, torch.zeros_like(density))
    radius = rng.uniform(2.5, 6.0)
    spread = torch.full((len(own), 3), radius / 2, device=density.device)
    zone = gaussian_density(
        own, torch.ones(len(own), device=density.device), spread, density.shape[0]
    )
    return density * torch.sigmoid((zone - math.exp(-2.0)) * 20)
