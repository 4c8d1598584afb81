"""Tiled inference: memory bounded by the tile, whatever the size of the map."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from critasser.density import BLOCK, FeatureMaps, Grid, SparseBlocks, read_blocks, write_blocks
from critasser.network.device import autocast, choose_device
from critasser.network.fusion import fused
from critasser.network.layers import split_heads
from critasser.network.tiling import MARGIN, tiles
from critasser.network.training.experimental import signed_permutations
from critasser.network.weights import load_network

__all__ = ["answer", "predict", "ready"]

NOTHING = 0.01
"""Blocks where neither Cα nor backbone is likelier than this anywhere are not kept."""


def ready(weights: Path, device: torch.device) -> nn.Module:
    """A network on its device, in the form in which it is fastest there.

    Raises
    ------
    InputError
        As `load_network`.
    """
    network = fused(load_network(weights)).to(device)
    return network.to(memory_format=torch.channels_last_3d)


def _turned(x: Tensor, matrix: NDArray) -> Tensor:
    """Turn the last three axes: ``out[i] = x[matrixᵀ i]`` up to where the corner lies."""
    order = np.abs(matrix).argmax(axis=1).tolist()
    lead = x.ndim - 3
    turned = x.permute(*range(lead), *(lead + k for k in order))
    return turned.flip([lead + k for k in range(3) if matrix[k, order[k]] < 0])


@torch.inference_mode()
def answer(
    network: nn.Module,
    part: Tensor,
    views: Sequence[int] = (0,),
    inner: tuple[slice, ...] = (slice(None),) * 3,
) -> Tensor:
    """What a network says of a part of a map.

    Parameters
    ----------
    network
        From `ready`.
    part
        Density (z, y, x) on the network's device, sides multiples of 8.
    views
        0…23: rotations of the cube by which the part is turned before and back after.
    inner
        What is kept.

    Returns
    -------
    Tensor (25 + v, z, y, x) float16
        Means over the views, then each view's own Cα probability where there are several.
    """
    total, own = None, []
    for view in views:
        matrix = signed_permutations()[view]
        turned = _turned(part, matrix).contiguous()[None, None]
        with autocast(part.device):
            logits = network(turned)
        logits = _turned(logits[0], matrix.T)[(slice(None), *inner)].float()[None]
        heads = split_heads(logits)
        found = torch.cat(
            [
                torch.sigmoid(heads.calpha),
                torch.sigmoid(heads.backbone),
                torch.softmax(heads.secondary_structure, 1),
                torch.softmax(heads.amino_acid, 1),
            ],
            dim=1,
        )[0]
        own.append(found[:1].half())
        total = found if total is None else total.add_(found)
    mean = (total / len(views)).half()
    return torch.cat([mean, *own]) if len(views) > 1 else mean


def _kept(found: Tensor) -> tuple[NDArray[np.int64], NDArray[np.float16]]:
    """Blocks (n, 3) and (n, c, 8, 8, 8) of an answer (c, z, y, x) in which there is something."""
    c, *sides = found.shape
    z, y, x = (n // BLOCK for n in sides)
    blocks = found.reshape(c, z, BLOCK, y, BLOCK, x, BLOCK).permute(1, 3, 5, 0, 2, 4, 6)
    something = blocks[:, :, :, :2].amax(dim=(3, 4, 5, 6)) >= NOTHING
    # Chosen where it was computed, so that only what is kept is transferred.
    return something.nonzero().cpu().numpy(), blocks[something].cpu().numpy()


def predict(
    density: Grid,
    weights: Path,
    *,
    device: str | torch.device = "auto",
    tile: int = 144,
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
        0…23: rotations of the cube by which the map is turned before and back after. Each is
        another opinion of the same network; the answer is their mean.
    file
        Where the answer is written (``.npy``) as it is computed, and then mapped into memory, so
        that a map of any size can be answered for; in memory without.

    Returns
    -------
    FeatureMaps
        Half-precision probabilities on the map's grid; zero in blocks of 8³ voxels where no tile
        held density or nothing is likelier than 1 %.

    Raises
    ------
    MemoryError
        The device has too little memory for one tile; a smaller `tile` may fit.
    """
    device = choose_device(device) if isinstance(device, str) else device
    network = ready(weights, device)
    plan = list(tiles(density.values, tile, margin))
    whole = sum(one.voxels for one in plan)

    def parts() -> Iterator[tuple[NDArray[np.int64], NDArray[np.float16]]]:
        done = 0
        for k, one in enumerate(plan):
            if progress is not None:
                progress(done / whole, f"tile {k + 1} of {len(plan)}")
            part = torch.from_numpy(one.cut(density.values))
            places, values = _within_memory(
                lambda part=part, one=one: _kept(
                    answer(network, part.to(device), views, one.inner)
                ),
                f"a tile of {part.numel() / 1e6:.1f} million voxels",
                device,
            )
            yield places + np.array(one.core_first) // BLOCK, values
            done += one.voxels

    channels = 25 + (len(views) if len(views) > 1 else 0)
    if file is None:
        found = list(parts())
        blocks = SparseBlocks(
            density.shape,
            np.concatenate([np.empty((0, 3), np.int64), *(places for places, _ in found)]),
            np.concatenate(
                [np.empty((0, channels, *(BLOCK,) * 3), np.float16), *(v for _, v in found)]
            ),
        )
    else:
        write_blocks(file, channels, parts())
        blocks = read_blocks(file, density.shape)
    return FeatureMaps.from_blocks(density.origin, density.voxel_size, blocks)


def _within_memory(
    work: Callable[[], tuple[NDArray, NDArray]], what: str, device: torch.device
) -> tuple[NDArray, NDArray]:
    """Do what may need too much memory; torch has several ways to say that it did."""
    try:
        return work()
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "memory" not in str(error).lower():
            raise
    # Outside the handler, which holds on to all that the failed work had allocated.
    if device.type == "cuda":
        torch.cuda.empty_cache()
    raise MemoryError(f"{what} does not fit on {device}")
