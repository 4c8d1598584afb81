"""Which corruptions of simulated crops carry a network over to experimental maps.

    python -m benchmark.ablation --work ~/ablation

Trains the map network from nothing on the same simulated crops: with all corruptions, with other
crops (what chance does), with none, with one group of them left out at a time, and with one alone;
no experimental crop among them, though transfers, visibility and backgrounds are taken from the
experimental maps of split train. Each is then asked for the Cα of the experimental bench maps of up
to 4 Å and of clean simulated maps of validation chains. Trainings are short: what is told is what a
corruption is worth to a young network. An interrupted run goes on; trainings are kept in WORK.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from benchmark.build import ROOT
from benchmark.calpha import Work, checksum, measure_map
from benchmark.calpha_cases import CalphaCase, experimental, simulated
from benchmark.records import Record, Records, measure_all
from critasser.network.training.map_learner import TrainingOptions
from critasser.network.training.map_network import train_map_network
from critasser.network.training.packing import TrainingData, packed_pairs, packed_structures

__all__ = ["GROUPS", "VARIANTS", "Variant", "main"]

GROUPS: dict[str, tuple[str, ...]] = {
    "transfer": ("transfer",),
    "visibility": ("visibility",),
    "other side-chain loss": ("side_chain_decay", "carboxylates", "side_chains"),
    "B-factors, occupancy": ("residue_bfactors", "domain_bfactors", "occupancy"),
    "missing termini, loops": ("termini", "loops"),
    "other molecules": (
        "neighbours", "crowding", "detergent", "nucleic_acid", "blobs", "solvent",
    ),
    "noise, background": ("noise", "background"),
    "local, uneven resolution": ("anisotropy", "local_resolution", "band_limit"),
    "sharpening, contrast": ("sharpening", "contrast", "capping"),
    "zone, contour": ("zone", "contour"),
    "size, scale": ("voxel_size", "scale"),
}  # fmt: skip
"""Corruptions that stand for the same thing, which are left out together."""

METHOD = "refined-1"
COARSEST = 4.0
"""Å; of experimental maps that are asked."""
SHELLS = ("2-3", "3-4")


@dataclass(frozen=True)
class Variant:
    """One training.

    Attributes
    ----------
    name : str
    without : tuple of str
        Names of `CORRUPTIONS`.
    corruption : float
        0 for clean maps, 1 for all corruptions.
    seed : int
    """

    name: str
    without: tuple[str, ...] = ()
    corruption: float = 1.0
    seed: int = 1


def _all_but(name: str) -> tuple[str, ...]:
    return tuple(one for other, names in GROUPS.items() if other != name for one in names)


VARIANTS = (
    Variant("all"),
    Variant("all, other crops", seed=2),
    Variant("none", corruption=0.0),
    *(Variant(f"without {name}", names) for name, names in GROUPS.items()),
    *(Variant(f"only {name}", _all_but(name)) for name in GROUPS),
)


def _train(variant: Variant, data: Path, work: Path, steps: int) -> Path:
    """The network of a variant, trained or gone on with in WORK."""
    torch.set_num_threads(1)
    folder = work / f"{variant.name.replace(' ', '-').replace(',', '')}-{steps}"
    options = TrainingOptions(
        steps=steps, batch=2, side=32, experimental=0.0, corruption=variant.corruption,
        without=variant.without, seed=variant.seed, validate_steps=300, workers=1,
    )  # fmt: skip
    chains = {
        split: packed_structures(data / "structures", split, work / f"{split}.npz")
        for split in ("train", "val")
    }
    pairs = packed_pairs(data / "maps", "train", work / "train-maps.npz")
    about = {"command": "benchmark.ablation", "split": "train"}
    return train_map_network(
        TrainingData(chains["train"], chains["val"], pairs, [], about), options, folder,
        device=torch.device("cpu"), report=lambda _: None,
    )  # fmt: skip


def _cases(data: Path, chains: int) -> list[CalphaCase]:
    real = [case for case in experimental(data, False) if case.resolution <= COARSEST]
    return [*real, *simulated(data, "val", chains, SHELLS, (None,))]


def _row(name: str, cases: Sequence[CalphaCase], found: Sequence[Record]) -> str:
    real = [r["figures"] for c, r in zip(cases, found) if c.group not in SHELLS]
    clean = [r["figures"] for c, r in zip(cases, found) if c.group in SHELLS]
    cells = [
        np.mean([figures[column] or 0.0 for figures in some])
        for some in (real, clean)
        for column in ("F1 2", "F1 1", "top-1")
    ]
    return f"| {name} | " + " | ".join(f"{cell:.3f}" for cell in cells) + " |"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of networks and figures")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--steps", type=int, default=1500, help="of two crops of 32³ each")
    parser.add_argument("--chains", type=int, default=4, help="validation chains a shell")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="trainings at a time")
    parser.add_argument(
        "--only", nargs="+", choices=[one.name for one in VARIANTS], metavar="NAME",
        help=f"of {', '.join(one.name for one in VARIANTS)}",
    )  # fmt: skip
    args = parser.parse_args()
    variants = [one for one in VARIANTS if not args.only or one.name in args.only]
    args.work.mkdir(parents=True, exist_ok=True)
    # Packed once, before the workers read it.
    for split in ("train", "val"):
        packed_structures(args.data / "structures", split, args.work / f"{split}.npz")
    packed_pairs(args.data / "maps", "train", args.work / "train-maps.npz")
    networks: dict[str, Path] = {}
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(args.workers, mp_context=context) as pool:
        running = {
            pool.submit(_train, variant, args.data, args.work, args.steps): variant
            for variant in variants
        }
        for task in as_completed(running):
            networks[running[task].name] = task.result()
            print(f"trained: {running[task].name}", file=sys.stderr, flush=True)

    cases = _cases(args.data, args.chains)
    records = Records(args.work / "calpha.jsonl")
    sums = {variant.name: checksum(networks[variant.name]) for variant in variants}
    paths = {sums[name]: path for name, path in networks.items()}
    todo = []
    for case in cases:
        missing = {s: (METHOD,) for s in paths if (s, case.key, METHOD) not in records.found}
        if missing:
            todo.append(Work(case, missing, paths, "cpu"))
    if todo and measure_all(todo, measure_map, records, args.workers):
        return 1
    print(
        "| trained with | experimental: F1 2 Å | 1 Å | amino acid "
        "| clean 2–4 Å: F1 2 Å | 1 Å | amino acid |\n" + "|---" * 7 + "|"
    )
    for variant in variants:
        found = [records.found[sums[variant.name], case.key, METHOD] for case in cases]
        print(_row(variant.name, cases, found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
