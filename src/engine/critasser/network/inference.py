"""Tiled inference: memory bounded by the tile, whatever the size of the map."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from critasser.density import FeatureMaps, Grid
from critasser.network.device import autocast, choose_device
from critasser.network.experimental import signed_permutations
from critasser.network.layers import split_heads
from critasser.network.weights import load_network

__all__ = ["average_views", "predict"]

_LOWEST_DENSITY = 0.15
"""Tiles without a voxel above this share of the map's typical density hold nothing to find."""


def _rotated(array: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """Turn a cube's axes: ``out[i] = array[matrixᵀ i]`` up to where the corner lies."""
    order = np.abs(matrix).argmax(axis=1)
    lead = array.ndim - 3
    turned = array.transpose(*range(lead), *(lead + order))
    flipped = [lead + k for k in range(3) if matrix[k, order[k]] < 0]
    return np.flip(turned, flipped) if flipped else turned


def _starts(length: int, core: int) -> list[int]:
    return list(range(0, max(length, 1), core))


def _tiles(density: np.ndarray, core: int) -> Iterator[tuple[int, int, int]]:
    for corner in itertools.product(*(_starts(n, core) for n in density.shape)):
        part = density[tuple(slice(c, c + core) for c in corner)]
        if part.max() > _LOWEST_DENSITY:
            yield corner


@torch.inference_mode()
def _run(network: nn.Module, tile: Tensor, device: torch.device) -> Tensor:
    with autocast(device):
        heads = split_heads(network(tile[None, None].to(device)).float())
    return torch.cat(
        [
            torch.sigmoid(heads.calpha),
            torch.sigmoid(heads.backbone),
            torch.softmax(heads.secondary_structure, 1),
            torch.softmax(heads.amino_acid, 1),
        ],
        dim=1,
    )[0].to("cpu", torch.float16)


def predict(
    density: Grid,
    weights: Path,
    *,
    device: str | torch.device = "auto",
    tile: int = 80,
    margin: int = 12,
    view: int = 0,
    progress: Callable[[float, str], None] | None = None,
) -> FeatureMaps:
    """Run a network over a map.

    Parameters
    ----------
    density
        Normalised map at 1 Å.
    weights
        A ``.safetensors`` network.
    device
        ``auto``, ``cpu``, ``cuda``, or a torch device.
    tile, margin
        Side of a tile in voxels, a multiple of 8, and how much of each side serves as context only.
        The tiles' lattice is aligned with the network's coarsest level, so that a voxel's answer
        does not depend on which tile it came from.
    view
        0…23: turn the map by this rotation of the cube before and back after; another opinion of
        the same network.

    Returns
    -------
    FeatureMaps
        Half-precision probabilities on the map's grid; zero where no tile held density.

    Raises
    ------
    MemoryError
        The device has too little memory for one tile; a smaller `tile` may fit.
    """
    if tile % 8 or margin % 4 or tile - 2 * margin < 8 or (tile - 2 * margin) % 8:
        raise ValueError("tile must be a multiple of 8 and leave a core that is one too")
    device = choose_device(device) if isinstance(device, str) else device
    network = load_network(weights).to(device)
    matrix = signed_permutations()[view]
    values = np.ascontiguousarray(_rotated(density.values, matrix))
    core = tile - 2 * margin
    # Context beyond the map is empty; tiles start at multiples of 8 voxels in the padded map.
    lead = -(-margin // 8) * 8
    padded = np.pad(values, [(lead, lead + core)] * 3)
    out = np.zeros((25, *values.shape), np.float16)
    corners = list(_tiles(values, core))
    for done, corner in enumerate(corners):
        if progress is not None:
            progress(done / len(corners), f"tile {done + 1} of {len(corners)}")
        first = [c + lead - margin for c in corner]
        part = padded[tuple(slice(f, f + tile) for f in first)]
        try:
            answer = _run(network, torch.from_numpy(np.ascontiguousarray(part)), device).numpy()
        except RuntimeError as error:
            if "memory" not in str(error).lower():
                raise
            raise MemoryError(f"a tile of {tile}³ voxels does not fit on {device}") from error
        keep = tuple(slice(c, min(c + core, n)) for c, n in zip(corner, values.shape, strict=True))
        inner = tuple(slice(margin, margin + k.stop - k.start) for k in keep)
        out[(slice(None), *keep)] = answer[(slice(None), *inner)]
    back = np.ascontiguousarray(_rotated(out, matrix.T))
    return FeatureMaps(density.origin, density.voxel_size, back[0], back[1], back[2:5], back[5:25])


def average_views(a: FeatureMaps, b: FeatureMaps) -> FeatureMaps:
    """Mean of two opinions on one grid."""

    def mean(x: np.ndarray, y: np.ndarray) -> np.ndarray:
        return ((x.astype(np.float32) + y) / 2).astype(np.float16)

    return FeatureMaps(
        a.origin,
        a.voxel_size,
        mean(a.calpha, b.calpha),
        mean(a.backbone, b.backbone),
        mean(a.secondary_structure, b.secondary_structure),
        mean(a.amino_acid, b.amino_acid),
    )
