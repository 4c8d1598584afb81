"""Measure what half maps buy: positions in maps as they are, and filtered by their halves.

    python -m benchmark.half_maps
    python -m benchmark.half_maps --chains 6 --snr 2

Maps of chains of split val, simulated at several resolutions, with noise that is four times as
strong at one end of the molecule as at the other, as flexible parts show it. Both halves of the
data have their own noise; the map is their mean. The map network looks for Cα in the map, and in
the same map with each band weakened where its halves disagree (`critasser.density.half_maps`).
"""

from __future__ import annotations

import argparse
import sys
import zlib
from itertools import islice
from pathlib import Path

import numpy as np
import torch

from benchmark.build import ROOT
from benchmark.calpha_cases import PADDING, CalphaCase, simulated
from benchmark.measures import calpha_set_figures
from benchmark.noise import MOLECULE_RADIUS, band_limited
from benchmark.sets import atoms
from critasser.calpha import find_calpha
from critasser.density import Grid, model_mask, normalise, simulate
from critasser.density.half_maps import local_detail
from critasser.network import predict
from critasser.shipped import NETWORK, shipped

__all__ = ["halves", "main"]

RESOLUTIONS = (3.0, 3.5, 4.5, 6.0)
"""Å, of the signal and of the noise."""

QUIET, LOUD = 0.5, 2.0
"""Amplitude of the noise at either end over that at which signal to noise is as asked for."""

FIGURES = ("F1 1", "F1 2", "top-1")


def halves(
    case: CalphaCase, resolution: float, snr: float, rng: np.random.Generator
) -> tuple[Grid, Grid]:
    """Two maps of a chain with independent noise that grows along z.

    Parameters
    ----------
    case : CalphaCase
    resolution : float
        Å.
    snr : float
        Of the mean of both halves, in the middle of the molecule: variances of signal and noise.
    rng : numpy.random.Generator
    """
    positions, amplitudes = atoms(case.source)
    grid = simulate(positions, amplitudes, resolution, padding=PADDING)
    inside = model_mask(grid, positions, MOLECULE_RADIUS)
    height = np.flatnonzero(inside.any(axis=(1, 2)))
    growth = np.interp(np.arange(grid.shape[0]), height[[0, -1]], np.log([QUIET, LOUD]))
    # The mean of two halves has half the variance of the noise of each.
    level = grid.values[inside].std() * np.sqrt(2 / snr) * np.exp(growth)[:, None, None]
    first, second = (
        grid.with_values(
            (grid.values + level * band_limited(grid.shape, resolution, rng)).astype(np.float32)
        )
        for _ in range(2)
    )
    return first, second


def _measure(
    case: CalphaCase, resolution: float, snr: float, weights: Path
) -> list[list[float]]:
    """`FIGURES` of the map as it is, and of the filtered one."""
    truth = case.truth()
    rng = np.random.default_rng(zlib.crc32(f"{case.name} {resolution} {snr}".encode()))
    first, second = halves(case, resolution, snr, rng)
    whole = normalise(first.with_values((first.values + second.values) / 2))
    filtered = normalise(local_detail(whole, first, second).filtered)
    rows = []
    for grid in (whole, filtered):
        found = calpha_set_figures(find_calpha(predict(grid, weights), len(truth)), truth)
        rows.append([found[name] or 0.0 for name in FIGURES])
    return rows


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--weights", type=Path, default=shipped(NETWORK))
    parser.add_argument("--chains", type=int, default=4, help="of split val")
    parser.add_argument("--longest", type=int, default=250, help="residues of a chain")
    parser.add_argument("--snr", type=float, nargs="+", default=[0.5, 2.0],
                        help="signal to noise in the middle of the molecule")  # fmt: skip
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    every = (c for c in simulated(args.data, "val", 10 * args.chains, ["3-4"], [None])
             if c.residues <= args.longest)  # fmt: skip
    cases = list(islice(every, args.chains))
    head = ["Å", "signal to noise", *(f"{n}: as it is → filtered" for n in FIGURES)]
    print(f"Means over {len(cases)} chains.\n")
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for resolution in RESOLUTIONS:
        for snr in args.snr:
            scores = [_measure(case, resolution, snr, args.weights) for case in cases]
            plain, filtered = np.mean(scores, axis=0)
            cells = [f"{a:.2f} → {b:.2f}" for a, b in zip(plain, filtered)]
            print(f"| {resolution:g} | {snr:g} | " + " | ".join(cells) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
