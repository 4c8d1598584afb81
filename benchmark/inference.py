"""Measure time, memory and arithmetic of the network over a map.

    python -m benchmark.inference
    python -m benchmark.inference --threads 1 --sides 64 128 --empty 600

Maps at 3 Å: filled with protein (copies of a validation chain on a lattice), and a large one that
is empty but for a region of protein. Each is predicted in a process of its own, whose peak memory
is printed beside what it held before. Arithmetic is counted layer by layer and set against the rate
at which this machine multiplies matrices, measured in the same minute.
"""

from __future__ import annotations

import argparse
import csv
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from benchmark.build import ROOT
from benchmark.sets import atoms
from critasser.density import Grid, normalise, simulate
from critasser.network import choose_device, load_network, predict
from critasser.network.device import short_type
from critasser.network.tiling import tiles

__all__ = ["filled", "main", "multiplications"]

RESOLUTION = 3.0
PACKING = 0.85
"""Distance of copies as a share of the chain's extent, so that they nest into each other."""
MATRIX = 2048


def filled(chain: Path, side: int, box: int | None = None) -> Grid:
    """A cube of protein of this side in the middle of an empty cubic box, normalised, at 1 Å."""
    positions, amplitudes = atoms(chain)
    extent = np.ptp(positions, axis=0)
    positions = positions - positions.min(axis=0) - extent / 2
    counts = np.ceil((side + extent) / (PACKING * extent)).astype(int)
    copies = np.concatenate([positions + PACKING * extent * step for step in np.ndindex(*counts)])
    inside = np.all((copies > 0) & (copies < side), axis=1)
    weights = np.tile(amplitudes, int(counts.prod()))[inside]
    like = Grid(np.zeros((side,) * 3, np.float32), np.zeros(3), 1.0)
    protein = normalise(simulate(copies[inside], weights, RESOLUTION, like=like))
    if box is None:
        return protein
    # Written to everywhere, as a map that is read is: fresh zeros would take no memory.
    values = np.full((box,) * 3, 0.0, np.float32)
    values[(slice((box - side) // 2, (box - side) // 2 + side),) * 3] = protein.values
    return Grid(values, np.zeros(3), 1.0)


def multiplications(network: nn.Module, side: int = 64) -> float:
    """Multiply-adds of the network's convolutions for each voxel of its input."""
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor], output: Tensor) -> None:
        nonlocal total
        # Of a transposed convolution each input, of a convolution each output is a product.
        many, channels = (
            (inputs[0].numel(), layer.out_channels)
            if isinstance(layer, nn.ConvTranspose3d)
            else (output.numel(), layer.in_channels)
        )
        total += many * channels // layer.groups * int(np.prod(layer.kernel_size))

    network = network.to("meta")
    hooks = [
        layer.register_forward_hook(count)
        for layer in network.modules()
        if isinstance(layer, (nn.Conv3d, nn.ConvTranspose3d))
    ]
    network(torch.empty(1, 1, side, side, side, device="meta"))
    for hook in hooks:
        hook.remove()
    return total / side**3


def matrix_rate(device: torch.device, dtype: torch.dtype, repeats: int = 5) -> float:
    """Floating-point operations a second in the product of two matrices (a multiply-add is two)."""
    a = torch.randn(MATRIX, MATRIX, device=device, dtype=dtype)
    best = np.inf
    for _ in range(repeats + 1):
        begun = time.perf_counter()
        product = a @ a
        product[0, 0].item()
        best = min(best, time.perf_counter() - begun)
    return 2 * MATRIX**3 / best


def _alone(work: Callable[..., dict[str, float]], *arguments: object) -> dict[str, float]:
    """Do it in a process of its own, whose peak memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *arguments).result()


def _peak() -> float:
    """Most memory of this process so far, GB."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


def _measured(
    chain: Path, side: int, box: int | None, weights: Path, device: str, threads: int, tile: int
) -> dict[str, float]:
    torch.set_num_threads(threads)
    density = filled(chain, side, box)
    before = _peak()
    plan = list(tiles(density.values, tile))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "features.npy"
        begun, worked = time.perf_counter(), time.process_time()
        predict(density, weights, device=device, tile=tile, file=file)
        return {
            "seconds": time.perf_counter() - begun,
            "cpu": time.process_time() - worked,
            "tiles": len(plan),
            "voxels": sum(one.voxels for one in plan),
            "before": before,
            "peak": _peak(),
            "file": file.stat().st_size / 2**30,
            "whole": float(density.values.size),
        }


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=ROOT / "weights" / "network.safetensors")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--tile", type=int, default=144, help="side of the largest tile")
    parser.add_argument("--sides", type=int, nargs="*", default=(64, 128), help="of full maps")
    parser.add_argument("--empty", type=int, default=600, help="side of the map that is empty …")
    parser.add_argument("--protein", type=int, default=150, help="… but for a cube of this side")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    with (args.data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == "val"]
    middle = min(rows, key=lambda row: abs(int(row["length"]) - 150))
    chain = args.data / "structures" / middle["file"]

    macs = multiplications(load_network(args.weights))
    types = [torch.float32, *filter(None, [short_type(device)])]
    rates = {kind: matrix_rate(device, kind) for kind in types}
    rates_text = ", ".join(f"{kind} {rate / 1e9:.0f} GFLOP/s" for kind, rate in rates.items())
    print(f"{device}, {args.threads} threads; matrices of {MATRIX}²: {rates_text}")
    print(f"network: {macs / 1e3:.0f} thousand multiply-adds a voxel\n")
    print(
        "| map | tiles | computed, M voxels | seconds | CPU seconds | of the matrix rate | "
        "peak memory, GB | held before, GB | file, GB |\n" + "|---" * 9 + "|"
    )
    maps = [(f"{side}³ full of {middle['id']}", side, None) for side in args.sides]
    if args.empty:
        maps.append((f"{args.empty}³, {args.protein}³ full", args.protein, args.empty))
    for name, side, box in maps:
        found = _alone(
            _measured, chain, side, box, args.weights, args.device, args.threads, args.tile
        )
        # On a processor that others use as well, its own time tells; a GPU has its to itself.
        spent = found["cpu"] / args.threads if device.type == "cpu" else found["seconds"]
        share = 2 * macs * found["voxels"] / spent / rates[types[-1]]
        print(
            f"| {name} | {found['tiles']} | {found['voxels'] / 1e6:.2f} | {found['seconds']:.1f} | "
            f"{found['cpu']:.1f} | {share:.0%} | {found['peak']:.2f} | {found['before']:.2f} | "
            f"{found['file']:.2f} |",
            flush=True,
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
