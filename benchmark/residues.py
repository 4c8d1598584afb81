"""Measure how well the residue network reads residues of experimental maps, at the native Cα.

    python -m benchmark.residues [--weights FILE]

The search for Cα is left out: every residue is read in the frame of its own and its neighbours' Cα
of the model, each moved by 0.3 Å (standard deviation of a coordinate), the error of a search. Amino
acids: share whose likeliest is right, share right among the five likeliest, and information in nats
beyond their frequencies; below 0 where the network is surer than it should be.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.sets import BenchmarkTarget, targets
from critasser.density import Grid, crop_to_molecule, normalise, read_map, resample
from critasser.network import load_network
from critasser.network.residue.network import split_reading
from critasser.network.residue.reading import read_triples
from critasser.shipped import RESIDUE_NETWORK, shipped
from critasser.structure import AMINO_ACIDS, assign_secondary_structure

__all__ = ["main", "measure", "residues_of"]

MOVED = 0.3
"""Å; standard deviation of each coordinate of a Cα, the error of a search."""

BOND = 4.5
"""Å; Cα that follow each other and are farther apart are at a gap."""

BOUND = 4.0
"""Of log-odds, as the trace bounds them."""

SMOOTHED, TINY = 0.5, 1e-9
"""Share of the mean prediction in the frequencies behind log-odds, as the trace takes them."""


def residues_of(
    target: BenchmarkTarget,
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cα (n, 3), those with two neighbours (m,), amino acid (m,) and secondary structure (m,)."""
    native = target.native
    letters = "".join(target.letters)
    ends = np.cumsum([len(part) for part in target.letters])
    bonded = np.linalg.norm(np.diff(native, axis=0), axis=1) < BOND
    bonded[ends[:-1] - 1] = False
    middle = np.flatnonzero(bonded[1:] & bonded[:-1]) + 1
    structure = np.concatenate([
        assign_secondary_structure(native[end - len(part) : end])
        for part, end in zip(target.letters, ends)
    ])  # fmt: skip
    kinds = np.array([AMINO_ACIDS.index(letter) for letter in letters])
    return native, middle, kinds[middle], structure[middle]


def measure(
    target: BenchmarkTarget, network: torch.nn.Module, density: Grid | None = None
) -> dict[str, float]:
    """Figures of one map, as it was deposited unless a normalised one is given."""
    if density is None:
        density = normalise(resample(crop_to_molecule(read_map(target.source))))
    native, middle, kinds, structure = residues_of(target)
    rng = np.random.default_rng(0)
    moved = native + MOVED * rng.standard_normal(native.shape)
    triples = np.column_stack([middle - 1, middle, middle + 1])
    output = read_triples(network, density, moved, triples, torch.device("cpu"))
    predicted = split_reading(output)
    logit = torch.log_softmax(predicted.amino_acid, 1).numpy()
    of_truth = logit[np.arange(len(kinds)), kinds]
    rank = (logit > of_truth[:, None]).sum(axis=1)
    frequency = np.bincount(kinds, minlength=20) / len(kinds)
    expected = SMOOTHED * np.exp(logit).mean(axis=0) + (1 - SMOOTHED) * frequency
    odds = np.clip(logit - np.log(expected + TINY), -BOUND, BOUND)
    information = odds[np.arange(len(kinds)), kinds] - np.log(np.exp(odds) @ frequency)
    return {
        "top-1": float((rank == 0).mean()),
        "top-5": float((rank < 5).mean()),
        "information": float(information.mean()),
        "structure": float((predicted.secondary_structure.numpy().argmax(1) == structure).mean()),
    }


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--weights", type=Path, default=shipped(RESIDUE_NETWORK))
    args = parser.parse_args()
    network = load_network(args.weights)
    found = [(t, measure(t, network)) for t in targets(args.data, "experimental")]
    names = list(found[0][1])
    print("| map | Å | " + " | ".join(names) + " |\n|---|---|" + "---|" * len(names))
    for group in ("bench", "train"):
        mine = [(t, figures) for t, figures in found if t.group == group]
        means = {name: np.mean([figures[name] for _, figures in mine]) for name in names}
        resolutions = [t.resolution for t, _ in mine]
        rows = [(f"**{group}**", f"{min(resolutions):g}–{max(resolutions):g}", means)]
        rows += [(t.name, f"{t.resolution:g}", figures) for t, figures in mine]
        for name, resolution, figures in rows:
            values = " | ".join(f"{figures[column]:.2f}" for column in names)
            print(f"| {name} | {resolution} | {values} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
