"""Find the nucleic acid in a map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn import functional

from critasser.density import FeatureMaps, Grid
from critasser.network.device import autocast, choose_device, within_memory
from critasser.network.inference import LARGEST_TILE, prepared
from critasser.network.nucleic.network import NUCLEIC_CLASS
from critasser.network.tiling import Tile, tiles

__all__ = [
    "TRUSTED_RESOLUTION",
    "NucleicAcid",
    "averaged",
    "find_nucleic_acid",
    "find_regions",
    "nucleic_probability",
    "regions_of",
]

VOXEL = 2
"""Å; of the network's answer."""

CONTOUR = 0.3
"""Of normalised density, from which a voxel belongs to a molecule."""

SMOOTHING = 1.5
"""Voxels of 2 Å; standard deviation of the Gaussian over which probabilities are averaged: a
nucleotide is 7 Å long."""

MARGIN = 40
"""Voxels of 1 Å around a tile that serve as context: the network sees as far."""

LIKELY = 0.5
"""The averaged probability from which a voxel is nucleic acid: in simulated maps to 8 Å nine tenths
of it are, and less than 1 % of the protein (`benchmark.nucleic`)."""

SURE = 0.9
"""The averaged probability that a region reaches somewhere: those of nucleic acid in simulated maps
to 5 Å reach 0.98 or more, most regions of protein that is taken for it 0.8 or less."""

TRUSTED_RESOLUTION = 5.0
"""Å to which nothing is looked for in nucleic acid: the poorest experimental map of split train, in
none of which protein is taken for it. Simulated maps alone would say 8."""

LEAST_WEIGHT = 1e-3
"""Of molecule among the voxels of an average; less is no more than rounding."""

LEAST_VOLUME = 2000.0
"""Å³ of a region that is told of, some six nucleotides."""


@dataclass(frozen=True, eq=False)
class NucleicAcid:
    """Where in a map there is nucleic acid.

    Attributes
    ----------
    region : ndarray (nz, ny, nx) bool
        On the map's grid.
    volume : float
        Å³ of it.
    regions : int
        Pieces that do not touch.
    """

    region: NDArray[np.bool_]
    volume: float
    regions: int


@torch.inference_mode()
def _tile_probability(
    network: torch.nn.Module,
    tile: Tile,
    density: Grid,
    features: FeatureMaps,
    device: torch.device,
) -> NDArray[np.float32]:
    """Of nucleic acid in a tile's core, (z/2, y/2, x/2)."""
    seen = torch.from_numpy(tile.cut(density.values)).to(device)[None]
    answer = torch.from_numpy(features.part(tile.first, tile.last)).to(device).float()
    inputs = functional.avg_pool3d(torch.cat([seen, answer])[None], VOXEL)
    with autocast(device):
        logits = network(inputs.contiguous(memory_format=torch.channels_last_3d))
    probability = logits[0].float().softmax(0)[NUCLEIC_CLASS]
    inner = tuple(slice(s.start // VOXEL, s.stop // VOXEL) for s in tile.inner)
    return probability[inner].cpu().numpy()


def nucleic_probability(
    density: Grid,
    features: FeatureMaps,
    weights: Path,
    *,
    device: str = "auto",
    tile: int = LARGEST_TILE,
    progress: Callable[[float, str], None] | None = None,
) -> NDArray[np.float32]:
    """Probability of nucleic acid in voxels of 2 Å, each in place of eight of the map.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å, as the map network saw it.
    features : FeatureMaps
        What that one said of it.
    weights : Path
        A network of ``critasser train nucleic``.
    device : str
        ``auto``, ``cpu`` or ``cuda``.
    tile : int
        No tile has more voxels than a cube of this side.
    progress : callable, optional
        Given a fraction and a message.

    Returns
    -------
    ndarray (⌈nz/2⌉, ⌈ny/2⌉, ⌈nx/2⌉)
        0 where no tile held density.

    Raises
    ------
    InputError
        As `critasser.network.load_network`.
    MemoryError
        The device has too little memory for one tile.
    """
    chosen = choose_device(device)
    network = prepared(weights, chosen)
    half = tuple(-(-n // VOXEL) for n in density.shape)
    found = np.zeros(half, np.float32)
    plan = list(tiles(density.values, tile, MARGIN))
    for k, one in enumerate(plan):
        if progress is not None:
            progress(k / len(plan), "looking for nucleic acid")
        core = within_memory(
            lambda one=one: _tile_probability(network, one, density, features, chosen),
            f"a tile of {one.voxels / 1e6:.1f} million voxels",
            chosen,
        )
        first = [n // VOXEL for n in one.core_first]
        place = tuple(slice(a, min(a + n, end)) for a, n, end in zip(first, core.shape, half))
        found[place] = core[tuple(slice(s.stop - s.start) for s in place)]
    return found


def averaged(density: Grid, probability: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of `nucleic_probability`, averaged over the molecule; 0 outside of it."""
    padded = np.pad(density.values, [(0, n % VOXEL) for n in density.shape])
    z, y, x = (n // VOXEL for n in padded.shape)
    means = padded.reshape(z, VOXEL, y, VOXEL, x, VOXEL).mean(axis=(1, 3, 5))
    inside = (means > CONTOUR).astype(np.float32)
    weight = ndimage.gaussian_filter(inside, SMOOTHING)
    mean = ndimage.gaussian_filter(probability * inside, SMOOTHING)
    return inside * mean / np.maximum(weight, LEAST_WEIGHT)


def regions_of(density: Grid, mean: NDArray[np.float32], least: float = LIKELY) -> NucleicAcid:
    """Regions of nucleic acid; pieces that are small, or nowhere `SURE`, are none.

    Parameters
    ----------
    density : Grid
        Normalised map at 1 Å.
    mean : ndarray
        From `averaged`.
    least : float
        The averaged probability from which a voxel is nucleic acid.
    """
    voxel = float(np.prod(density.voxel_size))
    likely = mean > least
    region = np.zeros(density.shape, bool)
    if not likely.any():
        return NucleicAcid(region, 0.0, 0)
    # Labels take four bytes a voxel: only the box that holds all that is likely is labelled.
    (box,) = ndimage.find_objects(likely.astype(np.uint8))
    part = tuple(slice(VOXEL * s.start, min(VOXEL * s.stop, n)) for s, n in zip(box, density.shape))
    inside = density.values[part] > CONTOUR
    inside &= _enlarged(likely[box], inside.shape)
    labels = np.empty(inside.shape, np.int32)
    count = ndimage.label(inside, ndimage.generate_binary_structure(3, 3), output=labels)
    counts = np.zeros(count + 1, np.int64)
    for plane in labels:
        counts += np.bincount(plane.ravel(), minlength=count + 1)
    kept = counts * voxel >= LEAST_VOLUME
    sure = labels[_enlarged(mean[box] > SURE, labels.shape)]
    kept &= np.bincount(sure, minlength=count + 1) > 0
    kept[0] = False
    region[part] = kept[labels]
    return NucleicAcid(region, float(counts[kept].sum() * voxel), int(kept.sum()))


def _enlarged(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """A mask of voxels of 2 Å as one of voxels of 1 Å."""
    for axis in range(3):
        mask = mask.repeat(VOXEL, axis)
    return mask[tuple(map(slice, shape))]


def find_regions(density: Grid, probability: NDArray[np.float32]) -> NucleicAcid:
    """Regions of nucleic acid in a map, of `nucleic_probability`."""
    return regions_of(density, averaged(density, probability))


def find_nucleic_acid(
    density: Grid,
    features: FeatureMaps,
    weights: Path,
    *,
    device: str = "auto",
    tile: int = LARGEST_TILE,
    progress: Callable[[float, str], None] | None = None,
) -> NucleicAcid:
    """Find the nucleic acid in a map.

    Parameters and errors as `nucleic_probability`.
    """
    probability = nucleic_probability(
        density, features, weights, device=device, tile=tile, progress=progress
    )
    return find_regions(density, probability)
