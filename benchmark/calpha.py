"""Cα positions, amino acids and secondary structure by resolution shell, and map by map.

    python -m benchmark.calpha --weights weights/network.safetensors --chains 10

Simulated maps of held-out chains (``--split val`` or ``bench``), clean and with noise at SNR 1, and
the experimental maps that were not trained on. Baselines: the paper's rule on the same network, and
naïve picking of the highest density.
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark.build import ROOT
from benchmark.measures import NEIGHBOURHOOD
from benchmark.sets import MOST_RESIDUES, atoms, targets
from critasser.calpha import find_calpha
from critasser.calpha.positions import suppress_neighbours
from critasser.density import Grid, crop_to_molecule, normalise, read_map, resample, simulate
from critasser.network import predict
from critasser.structure import (
    AMINO_ACIDS,
    ProteinChain,
    assign_secondary_structure,
    cr_score,
    match_one_to_one,
    read_chains,
)

__all__ = ["main"]

SHELLS = (2.5, 3.5, 4.5, 6.5, 9.5, 13.0)
"""Å, one resolution in each of the shells 2–3, 3–4, 4–5, 5–8, 8–11, 11–15 Å."""


def _f1(found: NDArray, native: NDArray, cutoff: float) -> float:
    return 2 * len(match_one_to_one(found, native, cutoff)) / (len(found) + len(native))


def _naive(density: Grid, length: int) -> NDArray[np.float64]:
    """Highest density first, 3.3 Å apart: what no network is needed for (paper, Text 3)."""
    index = np.argwhere(density.values > 0.3)
    order = np.argsort(-density.values[tuple(index.T)], kind="stable")
    positions = density.to_position(index)
    return positions[suppress_neighbours(positions, order, 3.3, length)]


def _figures(
    density: Grid, chains: tuple[ProteinChain, ...], weights: Path, views: int
) -> dict[str, float]:
    native = np.concatenate([chain.calpha for chain in chains])
    letters = np.array(list("".join(chain.letters for chain in chains)))
    structure = np.concatenate([assign_secondary_structure(chain) for chain in chains])
    known = np.isfinite(native).all(axis=1)
    native, letters, structure = native[known], letters[known], structure[known]
    features = predict(density, weights, views=(0, 7)[:views])
    figures: dict[str, float] = {}
    for strategy in ("refined", "paper"):
        calpha = find_calpha(features, len(native), strategy=strategy)
        near = cKDTree(native).query(calpha.positions)[0] < NEIGHBOURHOOD
        found = calpha.positions[near]
        for cutoff in (1, 2, 3) if strategy == "refined" else (2,):
            figures[f"{strategy} F1 {cutoff} Å"] = _f1(found, native, cutoff)
        if strategy == "refined":
            figures["CRscore"] = cr_score(found, native, len(native))
            pairs = match_one_to_one(found, native, 2.0)
            codes = np.array([AMINO_ACIDS.find(letter) for letter in letters])[pairs[:, 1]]
            ranked = np.argsort(-calpha.amino_acid[near][pairs[:, 0]], axis=1)
            figures["aa top-1"] = float(np.mean(ranked[:, 0] == codes))
            figures["aa top-5"] = float(np.mean((ranked[:, :5] == codes[:, None]).any(axis=1)))
            kinds = calpha.secondary_structure[near][pairs[:, 0]].argmax(axis=1)
            figures["secondary structure"] = float(np.mean(kinds == structure[pairs[:, 1]]))
    naive = _naive(density, len(native))
    naive = naive[cKDTree(native).query(naive)[0] < NEIGHBOURHOOD]
    figures["naïve F1 2 Å"] = _f1(naive, native, 2)
    return figures


def _simulated(path: Path, resolution: float, noise: bool, rng: np.random.Generator) -> Grid:
    grid = simulate(*atoms(path), resolution, padding=10.0)
    if noise:
        inside = grid.values[grid.values > 0.2 * grid.values.max()].std()
        grid = grid.with_values(
            grid.values + rng.normal(scale=inside, size=grid.shape).astype(np.float32)
        )
    return normalise(grid)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=ROOT / "weights" / "network.safetensors")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--split", choices=("val", "bench"), default="val")
    parser.add_argument("--chains", type=int, default=10, help="chains a shell")
    parser.add_argument("--views", type=int, choices=(1, 2), default=2)
    parser.add_argument("--shells", type=float, nargs="*", default=SHELLS)
    args = parser.parse_args()
    with (args.data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [row for row in csv.DictReader(lines, delimiter="\t") if row["split"] == args.split]
    rng = np.random.default_rng(0)
    picked = rng.choice(len(rows), min(args.chains, len(rows)), replace=False)
    printed = False

    def show(name: str, figures: dict[str, float]) -> None:
        nonlocal printed
        if not printed:
            print("| map | " + " | ".join(figures) + " |\n|" + "---|" * (len(figures) + 1))
            printed = True
        cells = " | ".join(f"{value:.2f}" for value in figures.values())
        print(f"| {name} | {cells} |", flush=True)

    for resolution in args.shells:
        for noise in (False, True):
            found = []
            for k in picked:
                path = args.data / "structures" / rows[k]["file"]
                grid = _simulated(path, resolution, noise, rng)
                found.append(_figures(grid, read_chains(path), args.weights, args.views))
            mean = {name: float(np.mean([f[name] for f in found])) for name in found[0]}
            show(f"{args.split} {resolution:g} Å{', SNR 1' if noise else ''}", mean)
    for target in targets(args.data, "experimental"):
        if target.group == "bench" and len(target.native) <= MOST_RESIDUES:
            grid = normalise(resample(crop_to_molecule(read_map(target.source))))
            show(f"{target.name} {target.resolution:g} Å",
                 _figures(grid, target.chains, args.weights, args.views))  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
