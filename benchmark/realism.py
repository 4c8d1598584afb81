"""Measure how far lifelike maps are as hard for the map network as experimental ones.

    python -m benchmark.realism

Each experimental map of split train is set beside simulated maps of its own model with its own
measured transfer and the faded side chains of all of them (`benchmark.lifelike`), with less and
more of what is not the atoms' put in as noise, as strong within the molecule as it was measured
there. The network looks for Cα in both: where it finds
more in the simulated map, something that experiments do to density is lacking there. The network
was trained on these experimental maps, and finds more in them than in others: the true gap is
wider than the one that is printed. Nothing of group bench is looked at.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
import torch
from scipy.spatial import cKDTree

from benchmark.build import ROOT
from benchmark.lifelike import degraded_map
from benchmark.measures import NEIGHBOURHOOD, calpha_figures
from critasser.calpha import find_calpha
from critasser.density import Grid, normalise
from critasser.network import predict
from critasser.network.training.corruption import RandomNumbers
from critasser.network.training.packing import Pair, packed_pairs
from critasser.network.training.transfer import compare_with_atoms, measure_transfer
from critasser.network.training.visibility import measure_visibility
from critasser.shipped import NETWORK, shipped

__all__ = ["f1", "main"]

SHARES = (0.4, 0.7, 1.0)
"""Of what is not the atoms' that are put in as noise."""

CUTOFFS = (1.0, 2.0)
"""Å within which a position counts."""

BANDS = ((0.0, 3.4), (3.4, 4.5), (4.5, 6.0))
"""Å, over which maps are averaged; upper ends belong to the band."""


def f1(density: Grid, truth: np.ndarray, weights: Path) -> list[float]:
    """F1 of the network's Cα within `CUTOFFS` of native ones (L, 3), near the model only."""
    found = find_calpha(predict(density, weights), len(truth)).positions
    found = found[cKDTree(truth).query(found)[0] < NEIGHBOURHOOD]
    scores = []
    for cutoff in CUTOFFS:
        precision, recall = calpha_figures(found, truth, cutoff)
        both = precision + recall
        scores.append(2 * precision * recall / both if both else 0.0)
    return scores


def _row(name: str, resolution: str, scores: np.ndarray) -> str:
    """Scores (maps, cutoffs): the experimental map, then one simulated map for each share."""
    cells = [" / ".join(f"{value:.2f}" for value in one) for one in scores]
    return f"| {name} | {resolution} | " + " | ".join(cells) + " |"


def _measure(pairs: list[Pair], weights: Path) -> list[tuple[float, np.ndarray]]:
    """Resolution and scores of each map, printed on the way."""
    device = torch.device("cpu")
    compared = [compare_with_atoms(pair) for pair in pairs]
    transfers = [measure_transfer(pair, both) for pair, both in zip(pairs, compared)]
    visibility = measure_visibility(pairs, compared, transfers)
    rows = []
    for pair, transfer in zip(pairs, transfers):
        truth = pair.atoms.positions[pair.atoms.calpha].astype(np.float64)
        scores = [f1(Grid(pair.density, pair.origin, np.ones(3)), truth, weights)]
        for share in SHARES:
            numbers = RandomNumbers(np.random.default_rng(zlib.crc32(pair.name.encode())), device)
            grid = degraded_map(pair.atoms, transfer, visibility, numbers, noise=share)
            scores.append(f1(normalise(grid), truth, weights))
        rows.append((pair.resolution, np.array(scores)))
        print(_row(pair.name, f"{pair.resolution:g}", rows[-1][1]), flush=True)
    return rows


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--weights", type=Path, default=shipped(NETWORK))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with tempfile.TemporaryDirectory() as folder:
        pairs = packed_pairs(args.data / "maps", "train", Path(folder) / "maps.npz",
                             report=lambda line: None)  # fmt: skip
    head = ["map", "Å", "experimental", *(f"lifelike, noise {share:g}" for share in SHARES)]
    print("F1 within 1 and 2 Å.\n")
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    rows = _measure(sorted(pairs, key=lambda pair: pair.resolution), args.weights)
    for low, high in BANDS:
        inside = [scores for resolution, scores in rows if low < resolution <= high]
        if inside:
            mean = np.mean(inside, axis=0)
            print(_row(f"**mean of {len(inside)}**", f"{low:g}–{high:g}", mean))
    return 0


if __name__ == "__main__":
    sys.exit(main())
