"""Place atoms in crops and make their density and labels, a batch at a time on the training device.

The host turns, shifts and cuts chains, which are small; what has voxels happens on the device in a
few dense tensor operations that never wait for each other, so that the same code keeps two CPU
cores or a GPU busy.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import lru_cache

import numpy as np
import torch
from torch import Tensor

from critasser.network.training.packing import Atoms

__all__ = [
    "NUCLEIC",
    "OTHER",
    "Crops",
    "Molecules",
    "PlacedAtoms",
    "band_limit",
    "beads",
    "calpha_distance",
    "coloured_noise",
    "gather_atoms",
    "join_crops",
    "make_labels",
    "normalise_tensor",
    "place",
    "random_rotation",
    "stamp",
    "to_device",
]

ROUNDING = 0.01
"""Å that rounding may put a voxel beyond a radius."""

EDGE_WIDTH = 0.04
"""Width of the soft edge of a low-pass filter over its limit: from 90 % to 10 % within a tenth of
the limit, which is what half-map weighting leaves of a sharp cut."""

HIGHEST_GAIN = 1.2
"""Frequency over the filter's limit beyond which a B-factor sharpens no more: there is nothing left
to sharpen, and the exponential would overflow."""

LOWEST, HIGHEST = -3, 6
"""To which normalised density is clipped."""

TINY = 1e-6
"""Keeps divisions by an empty map finite."""

LABEL_WIDTH = 0.9
"""Å; standard deviation of the target about a Cα."""

STRUCTURE_REACH, AMINO_ACID_REACH, BACKBONE_REACH, BACKBONE_VOXELS = 3, 2.0, 1.5, 2
"""Å from a Cα, a Cα and a backbone atom within which voxels have labels; voxels that hold the
last."""

NOWHERE = 99.0
"""Å; stands for farther than was looked."""

_HALF_DIAGONAL = 0.87
"""Voxels from the middle of a voxel to its corner."""

_DISTANCE_STEPS = 1000
"""Steps of Å² in which squared distances are compared."""

_FAR = 10_000_000
"""Of these steps; farther than any label reaches."""

_KIND_CALPHA, _KIND_BACKBONE = 1, 2
"""`Atoms.kind` of Cα; N, Cα and C are up to 2."""

NUCLEIC, OTHER = 6, 5
"""`Atoms.kind` of nucleic acid, and of whatever else is no protein."""

_VOXELS = (-3, -2, -1)


@dataclass(frozen=True)
class PlacedAtoms:
    """Atoms in a crop, still on the host.

    ``positions (n, 3)`` are z y x in voxels of 1 Å, ``bfactor (n,)`` is in Å²; `own` is False for
    what lies beside the chain that the crop shows; the rest is as in `Atoms`.
    """

    positions: np.ndarray
    amplitude: np.ndarray
    bfactor: np.ndarray
    kind: np.ndarray
    residue: np.ndarray
    carboxylate: np.ndarray
    residue_type: np.ndarray
    residue_structure: np.ndarray
    own: bool


@dataclass(frozen=True)
class Molecules:
    """The atoms of a batch of crops on the device, crop after crop.

    Attributes
    ----------
    positions, amplitude, bfactor, kind, carboxylate : (n, …)
        As in `PlacedAtoms`.
    residue, crop : (n,) int64
        The atom's residue, counted through the batch, and its crop.
    own : (n,) bool
    calpha, backbone : (·,) int64
        Which atoms are Cα; which are N, Cα or C.
    residue_type, residue_structure : (m,) int64
    stretch : (crops, 3)
        Widening of all atoms along z, y, x.
    counts, calpha_counts : tuple of int
        Atoms, and Cα, of each crop.
    """

    positions: Tensor
    amplitude: Tensor
    bfactor: Tensor
    kind: Tensor
    carboxylate: Tensor
    residue: Tensor
    crop: Tensor
    own: Tensor
    calpha: Tensor
    backbone: Tensor
    residue_type: Tensor
    residue_structure: Tensor
    stretch: Tensor
    counts: tuple[int, ...]
    calpha_counts: tuple[int, ...]


@dataclass(frozen=True)
class Crops:
    """Training examples, each field ``(batch, side, side, side)`` but `resolution` ``(batch,)``.

    ``calpha`` is the target probability, ``backbone`` 0/1, ``structure`` and ``residue_type`` class
    indices or −1 where nothing is asked, ``weight`` 0 where the truth is not known.
    """

    density: Tensor
    calpha: Tensor
    backbone: Tensor
    structure: Tensor
    residue_type: Tensor
    weight: Tensor
    resolution: Tensor

    def __len__(self) -> int:
        return len(self.density)

    def tensors(self) -> list[Tensor]:
        """All fields in order."""
        return [getattr(self, field.name) for field in fields(self)]


def join_crops(parts: list[Crops]) -> Crops:
    """One batch of several."""
    return Crops(*(torch.cat(same) for same in zip(*(part.tensors() for part in parts))))


def to_device(array: np.ndarray, device: torch.device) -> Tensor:
    """Copy to the device without waiting for what it is doing."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if device.type == "cuda":
        return tensor.pin_memory().to(device, non_blocking=True)
    return tensor.to(device)


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


def place(
    atoms: Atoms,
    turn: np.ndarray,
    centre: np.ndarray,
    side: int,
    *,
    margin: float = 4.0,
    offset: np.ndarray | None = None,
    missing: np.ndarray | None = None,
    own: bool = True,
) -> PlacedAtoms:
    """Turn a chain, put it in a crop and keep the atoms that lie in reach.

    Parameters
    ----------
    atoms : Atoms
    turn : ndarray (3, 3)
        Rotation about `centre`, times a scale.
    centre : ndarray (3,)
        Comes to the middle of the crop; x, y, z in Å.
    side : int
        Of the crop, Å.
    margin : float
        Å around the crop in which atoms are kept.
    offset : ndarray (3,), optional
        Å by which atoms are shifted afterwards, x, y, z.
    missing : ndarray (m,), optional
        Residues that are left out.
    own : bool
        Whether it is the chain that the crop shows.
    """
    turn = np.asarray(turn, np.float32).T
    xyz = (atoms.positions - np.asarray(centre, np.float32)) @ turn
    if offset is not None:
        xyz = xyz + np.asarray(offset, np.float32)
    zyx = xyz[:, ::-1] + np.float32((side - 1) / 2)
    keep = ((zyx > -margin) & (zyx < side - 1 + margin)).all(axis=1)
    if missing is not None:
        keep &= ~missing[atoms.residue]
    index = np.flatnonzero(keep)
    return PlacedAtoms(
        zyx[index],
        atoms.amplitude[index],
        np.zeros(len(index), np.float32),
        atoms.kind[index],
        atoms.residue[index],
        atoms.carboxylate[index],
        atoms.residue_type,
        atoms.residue_structure,
        own,
    )


def beads(positions: np.ndarray, amplitude: np.ndarray | float, spread: float) -> PlacedAtoms:
    """Gaussians for what is not protein, of width `spread` (Å), at z y x voxels (n, 3)."""
    count = len(positions)
    return PlacedAtoms(
        np.asarray(positions, np.float32).reshape(-1, 3),
        np.broadcast_to(np.float32(amplitude), count),
        np.full(count, 8 * np.pi**2 * spread**2, np.float32),
        np.full(count, OTHER, np.uint8),
        np.zeros(count, np.int32),
        np.zeros(count, bool),
        np.zeros(1, np.uint8),
        np.zeros(1, np.uint8),
        False,
    )


def gather_atoms(crops: list[list[PlacedAtoms]], device: torch.device) -> Molecules:
    """Atoms of a batch, a list of parts for each crop, on the device."""
    parts = [part for crop in crops for part in crop]
    starts = np.cumsum([0] + [len(part.residue_type) for part in parts])
    counts = tuple(sum(len(part.kind) for part in crop) for crop in crops)
    kind = np.concatenate([part.kind for part in parts])

    def all_of(name: str, dtype: type) -> Tensor:
        return to_device(np.concatenate([getattr(p, name) for p in parts]).astype(dtype), device)

    return Molecules(
        all_of("positions", np.float32),
        all_of("amplitude", np.float32),
        all_of("bfactor", np.float32),
        to_device(kind, device),
        all_of("carboxylate", bool),
        to_device(np.concatenate([p.residue + s for p, s in zip(parts, starts)]), device),
        to_device(np.repeat(np.arange(len(crops)), counts), device),
        to_device(np.repeat([p.own for p in parts], [len(p.kind) for p in parts]), device),
        to_device(np.flatnonzero(kind == _KIND_CALPHA), device),
        to_device(np.flatnonzero(kind <= _KIND_BACKBONE), device),
        all_of("residue_type", np.int64),
        all_of("residue_structure", np.int64),
        torch.ones(len(crops), 3, device=device),
        counts,
        tuple(sum(int((part.kind == _KIND_CALPHA).sum()) for part in crop) for crop in crops),
    )


def normalise_tensor(density: Tensor) -> Tensor:
    """The rule of `critasser.density.normalise` for crops whose background is known to be 0."""
    positive = density.clamp_min(0)
    square = positive**2
    scale = (square * positive).sum(_VOXELS, keepdim=True)
    scale = scale / square.sum(_VOXELS, keepdim=True).clamp_min(TINY**2)
    return (density / scale.clamp_min(TINY)).clamp(LOWEST, HIGHEST)


def band_limit(
    density: Tensor, resolution: Tensor | float, bfactor: Tensor | float = 0.0
) -> Tensor:
    """Cut cubes at 1/resolution with a soft edge and blur (or, negative, sharpen) by a B-factor.

    `density` (…, side, side, side); `resolution` in Å and `bfactor` in Å² are numbers or of a shape
    that goes with it.
    """
    side, device = density.shape[-1], density.device
    f, h = torch.fft.fftfreq(side, device=device), torch.fft.rfftfreq(side, device=device)
    square = f[:, None, None] ** 2 + f[None, :, None] ** 2 + h[None, None, :] ** 2
    cut = torch.sigmoid((1 - square.sqrt() * resolution) / EDGE_WIDTH)
    gain = torch.exp(-bfactor / 4 * square.clamp(max=(HIGHEST_GAIN / resolution) ** 2)) * cut
    return torch.fft.irfftn(
        torch.fft.rfftn(density, dim=_VOXELS) * gain, s=density.shape[-3:], dim=_VOXELS
    )


def coloured_noise(shape: torch.Size, cutoff: Tensor, generator: torch.Generator) -> Tensor:
    """Unit-variance Gaussian noise of a shape, in each cube with no power beyond ``1/cutoff``."""
    white = torch.randn(shape, generator=generator, device=cutoff.device)
    noise = band_limit(white, cutoff)
    return noise / noise.std(_VOXELS, keepdim=True).clamp_min(TINY)


@lru_cache
def _ball(radius: int) -> np.ndarray:
    """Offsets (k, 3) of all voxels that can be within `radius` of a point of the middle voxel."""
    span = np.arange(-radius, radius + 1)
    offsets = np.stack(np.meshgrid(span, span, span, indexing="ij"), -1).reshape(-1, 3)
    return offsets[np.linalg.norm(offsets, axis=1) <= radius + _HALF_DIAGONAL]


def stamp(molecules: Molecules, atoms: Tensor, side: int, radius: int) -> tuple[Tensor, Tensor]:
    """Voxels near each of `atoms`: flat index and squared distance, both ``(atoms, k)``.

    What is outside of its crop, or further than `radius`, has the index one past the last voxel:
    leaving it out would make the device wait to count it.
    """
    position, crop = molecules.positions[atoms], molecules.crop[atoms]
    ball = to_device(_ball(radius), position.device)
    flat, squared, inside = crop[:, None], 0.0, True
    for k in range(3):
        middle = position[:, k].round()
        squared = squared + (ball[:, k] + (middle - position[:, k])[:, None]) ** 2
        voxel = middle.long()[:, None] + ball[:, k]
        inside = inside & (voxel >= 0) & (voxel < side)
        flat = flat * side + voxel
    inside = inside & (squared <= (radius + ROUNDING) ** 2)
    return torch.where(inside, flat, len(molecules.counts) * side**3), squared


def make_labels(
    molecules: Molecules, side: int, *, width: float = LABEL_WIDTH
) -> tuple[Tensor, ...]:
    """Targets of the four heads, each ``(crops, side, side, side)``.

    Cα: ``exp(−d²/2w²)`` to the nearest Cα; backbone: within 1.5 Å of an N, Cα or C (O is left out:
    it would join neighbouring strands through their hydrogen bonds); secondary structure within 3
    Å and amino acid within 2 Å of a Cα, that of the nearest.
    """
    device = molecules.positions.device
    size = len(molecules.counts) * side**3
    flat, squared = stamp(molecules, molecules.calpha, side, STRUCTURE_REACH)
    residue = molecules.residue[molecules.calpha]
    # Distance in the high digits, residue in the low: one integer minimum finds the nearest.
    count = len(molecules.residue_type) + 1
    key = (squared * _DISTANCE_STEPS).long() * count + residue[:, None]
    far = _FAR * count
    nearest = torch.full((size + 1,), far, device=device, dtype=torch.long)
    nearest = nearest.scatter_reduce_(0, flat.flatten(), key.flatten(), "amin")[:size]
    distance = (nearest // count).float() / _DISTANCE_STEPS
    labelled = nearest < far
    owner = torch.where(labelled, nearest % count, 0)
    structure = torch.where(labelled, molecules.residue_structure[owner], -1)
    near = labelled & (distance <= AMINO_ACID_REACH**2)
    kind = torch.where(near, molecules.residue_type[owner], -1)
    target = torch.where(labelled, torch.exp(-distance / (2 * width**2)), 0.0)
    flat, squared = stamp(molecules, molecules.backbone, side, BACKBONE_VOXELS)
    flat = torch.where(squared <= BACKBONE_REACH**2, flat, size)
    backbone = torch.zeros(size + 1, device=device).scatter_(0, flat.flatten(), 1.0)[:size]
    return tuple(t.reshape(-1, side, side, side) for t in (target, backbone, structure, kind))


def calpha_distance(molecules: Molecules, side: int, reach: int) -> Tensor:
    """Å from each voxel to the nearest Cα, 99 beyond `reach`: ``(crops, side, side, side)``."""
    flat, squared = stamp(molecules, molecules.calpha, side, reach)
    size = len(molecules.counts) * side**3
    field = torch.full((size + 1,), NOWHERE**2, device=squared.device)
    field = field.scatter_reduce_(0, flat.flatten(), squared.flatten(), "amin")
    return field[:size].sqrt().reshape(-1, side, side, side)
