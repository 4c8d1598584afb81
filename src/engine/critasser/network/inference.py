"""Run the map network over a map tile by tile, in memory bounded by the tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from critasser.density import BLOCK, FeatureMaps, Grid, SparseBlocks, read_blocks, write_blocks
from critasser.network.device import autocast, choose_device, within_memory
from critasser.network.fusion import fused
from critasser.network.layers import HEADS, split_heads
from critasser.network.rotations import signed_permutations
from critasser.network.tiling import MARGIN, tiles
from critasser.network.weights import load_network

__all__ = ["predict", "predict_part", "prepared", "turned"]

LEAST_PROBABILITY = 0.01
"""Blocks where neither Cα nor backbone is likelier than this anywhere are not kept."""

LARGEST_TILE = 144
"""Voxels along a cube of as many voxels as the largest tile."""

CHANNELS = sum(HEADS.values())
"""Of the answer, without those of single views."""

KEPT_BY = 2
"""Channels by which blocks are kept, the first ones: Cα and backbone."""


def prepared(weights: Path, device: torch.device) -> nn.Module:
    """A network on its device, in the form in which it is fastest there.

    Raises
    ------
    InputError
        As `load_network`.
    """
    network = fused(load_network(weights)).to(device)
    return network.to(memory_format=torch.channels_last_3d)


def turned(x: Tensor, matrix: NDArray) -> Tensor:
    """Rotate the last three axes: ``out[i] = x[matrixᵀ i]``, counted from the cube's middle."""
    order = np.abs(matrix).argmax(axis=1).tolist()
    lead = x.ndim - 3
    turned = x.permute(*range(lead), *(lead + k for k in order))
    return turned.flip([lead + k for k in range(3) if matrix[k, order[k]] < 0])


@torch.inference_mode()
def predict_part(
    network: nn.Module,
    part: Tensor,
    views: Sequence[int] = (0,),
    inner: tuple[slice, ...] = (slice(None),) * 3,
) -> Tensor:
    """Probabilities in a part of a map.

    Parameters
    ----------
    network
        From `prepared`.
    part
        Density (z, y, x) on the network's device, sides multiples of 8.
    views
        0…23: rotations of the cube by which the part is turned before and back after.
    inner
        The part of the answer that is returned.

    Returns
    -------
    Tensor (25 + v, z, y, x) float16
        Means over the views, then each view's own Cα probability where there are several.
    """
    total, calpha_of_views = None, []
    for view in views:
        matrix = signed_permutations()[view]
        view_of_part = turned(part, matrix).contiguous()[None, None]
        with autocast(part.device):
            logits = network(view_of_part)
        logits = turned(logits[0], matrix.T)[(slice(None), *inner)].float()[None]
        heads = split_heads(logits)
        probability = torch.cat(
            [
                torch.sigmoid(heads.calpha),
                torch.sigmoid(heads.backbone),
                torch.softmax(heads.secondary_structure, 1),
                torch.softmax(heads.amino_acid, 1),
            ],
            dim=1,
        )[0]
        calpha_of_views.append(probability[:1].half())
        total = probability if total is None else total.add_(probability)
    mean = (total / len(views)).half()
    return torch.cat([mean, *calpha_of_views]) if len(views) > 1 else mean


def _likely_blocks(probability: Tensor) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    """Places (n, 3) and values (n, c, 8, 8, 8) of blocks of (c, z, y, x) that are kept."""
    c, *sides = probability.shape
    z, y, x = (n // BLOCK for n in sides)
    blocks = probability.reshape(c, z, BLOCK, y, BLOCK, x, BLOCK).permute(1, 3, 5, 0, 2, 4, 6)
    likely = blocks[:, :, :, :KEPT_BY].amax(dim=(3, 4, 5, 6)) >= LEAST_PROBABILITY
    # Chosen on the device, so that only what is kept is transferred.
    return likely.nonzero().cpu().numpy(), blocks[likely].cpu().numpy()


def predict(
    density: Grid,
    weights: Path,
    *,
    device: str | torch.device = "auto",
    tile: int = LARGEST_TILE,
    margin: int = MARGIN,
    views: Sequence[int] = (0,),
    file: Path | None = None,
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
    tile
        No tile has more voxels than a cube of this side.
    margin
        Voxels around a tile that serve as context only, a multiple of 8.
    views
        0…23: rotations of the cube by which the map is turned before and back after; the answer is
        the mean over these views.
    file
        Where the answer is written (``.npy``) as it is computed, and then mapped into memory, so
        that the map may be of any size; in memory without.

    Returns
    -------
    FeatureMaps
        Half-precision probabilities on the map's grid; zero in blocks of 8³ voxels where no tile
        held density or neither Cα nor backbone is likelier than 1 %.

    Raises
    ------
    MemoryError
        The device has too little memory for one tile; a smaller `tile` may fit.
    """
    device = choose_device(device) if isinstance(device, str) else device
    network = prepared(weights, device)
    plan = list(tiles(density.values, tile, margin))
    whole = sum(part.voxels for part in plan)

    def parts() -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        done = 0
        for k, planned in enumerate(plan):
            if progress is not None:
                progress(done / whole, f"tile {k + 1} of {len(plan)}")
            part = torch.from_numpy(planned.cut(density.values))
            places, values = within_memory(
                lambda part=part, planned=planned: _likely_blocks(
                    predict_part(network, part.to(device), views, planned.inner)
                ),
                f"a tile of {part.numel() / 1e6:.1f} million voxels",
                device,
            )
            yield places + np.array(planned.core_first) // BLOCK, values
            done += planned.voxels

    channels = CHANNELS + (len(views) if len(views) > 1 else 0)
    if file is None:
        made = list(parts())
        blocks = SparseBlocks(
            density.shape,
            np.concatenate([np.empty((0, 3), np.int64), *(places for places, _ in made)]),
            np.concatenate(
                [np.empty((0, channels, *(BLOCK,) * 3), np.float16), *(v for _, v in made)]
            ),
        )
    else:
        write_blocks(file, channels, parts())
        blocks = read_blocks(file, density.shape)
    return FeatureMaps.from_blocks(density.origin, density.voxel_size, blocks)
