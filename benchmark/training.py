"""Crops a second that are made and trained on, and what limits training here.

    python -m benchmark.training --side 48 --batch 2 --device cpu --threads 1
    python -m benchmark.training --side 48 --device cuda

Three measurements after each other: making crops alone, training on one batch again and again, and
both together as in training. The arithmetic of a step is counted and set against what the same
device reaches in large matrix products of the same numbers.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmark.build import ROOT
from critasser.network import choose_device
from critasser.network.device import autocast
from critasser.network.training.batches import CropRecipe, CropSource
from critasser.network.training.crops import SimulationRange
from critasser.network.training.distributed import Ranks
from critasser.network.training.map_learner import Learner, TrainingOptions, automatic_batch
from critasser.network.training.packing import packed_pairs, packed_structures
from critasser.network.training.prefetch import default_workers

__all__ = ["main"]


def _rate(act: Callable[[], object], seconds: float, device: torch.device) -> float:
    """How often a second something can be done, the device waited for at the end."""

    def wait() -> None:
        if device.type == "cuda":
            torch.cuda.synchronize(device)

    act()
    wait()
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds or not count:
        act()
        count += 1
        if count % 10 == 0:
            wait()
    wait()
    return count / (time.perf_counter() - begun)


def _matrix_rate(device: torch.device, seconds: float) -> float:
    """Floating-point operations a second of large matrix products as in training."""
    side = 8192 if device.type == "cuda" else 1024
    a = torch.randn(side, side, device=device)
    with autocast(device, training=True):
        return 2 * side**3 * _rate(lambda: a @ a, seconds, device)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, help="folder that keeps the packed data")
    parser.add_argument("--architecture", choices=("unet", "resnet"), default="unet")
    parser.add_argument("--side", type=int, default=48)
    parser.add_argument("--batch", type=int, default=0, help="0: what training would take")
    parser.add_argument("--experimental", type=float, default=0.35)
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--threads", type=int)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0, help="for each measurement")
    args = parser.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    device = choose_device(args.device)
    cuda = device.type == "cuda"
    torch.backends.cudnn.benchmark = cuda
    with tempfile.TemporaryDirectory() as folder:
        work = args.work or Path(folder)
        chains = packed_structures(args.data / "structures", "train", work / "train.npz")
        pairs = packed_pairs(args.data / "maps", "train", work / "train-maps.npz")
    batch = args.batch or automatic_batch(args.architecture, args.side, device)
    recipe = CropRecipe(SimulationRange(), batch, args.side, args.experimental)
    workers = args.workers or default_workers(device)
    source = CropSource(chains, pairs, recipe, device=device, workers=workers)
    learner = Learner(TrainingOptions(architecture=args.architecture, steps=1), device, Ranks())
    try:
        crops = source.next()
        with FlopCounterMode(display=False) as counter:
            learner.step(crops, 1e-4)
        _rate(source.next, 0.1 * args.seconds, device)
        made = batch * _rate(source.next, args.seconds, device)
        # From here on the source is full and rests, but for what it is asked for.
        trained = batch * _rate(lambda: learner.step(crops, 1e-4), args.seconds, device)
        waited = 0.0

        def both() -> None:
            nonlocal waited
            begun = time.perf_counter()
            ready = source.next()
            waited += time.perf_counter() - begun
            learner.step(ready, 1e-4)

        begun = time.perf_counter()
        together = batch * _rate(both, args.seconds, device)
        waiting = waited / (time.perf_counter() - begun)
    finally:
        source.close()
    work_rate = trained * counter.get_total_flops() / batch
    matrix = _matrix_rate(device, 0.1 * args.seconds)
    limit = "making crops" if waiting > 0.2 else "the network"
    name = f"CPU, threads: {torch.get_num_threads()}"
    if cuda:
        name = torch.cuda.get_device_name(device)
    print(f"{name}; {args.architecture}, {batch} crops of {args.side}³ a step")
    print(f"  crops made, alone      {made:10.1f} /s")
    print(f"  crops trained, alone   {trained:10.1f} /s")
    print(f"  both together          {together:10.1f} /s, {waiting:.0%} of the time waiting")
    print(f"  arithmetic of training {work_rate / 1e9:10.1f} GFLOP/s, {work_rate / matrix:.0%} of "
          f"what matrix products reach ({matrix / 1e9:.0f})")  # fmt: skip
    print(f"  limited by {limit}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
