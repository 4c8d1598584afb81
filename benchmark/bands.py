"""Print by resolution what finished builds found: positions, residues, register.

    python -m benchmark.build --set experimental lifelike --quality draft --work WORK
    python -m benchmark.bands --set experimental lifelike --quality draft --work WORK

Of the jobs of `benchmark.build`; nothing is built. Positions are those of stage calpha; amino acids
are asked at these by both networks, and at the native Cα by the residue network alone
(`benchmark.residues`), in the map as the networks see it. Secondary structure is of native helix
and strand residues that were found within 2 Å. All are means over maps.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from benchmark.build import ROOT
from benchmark.calpha import helix_strand
from benchmark.measures import CalphaTruth, calpha_set_figures
from benchmark.residues import measure as measure_residues
from benchmark.sets import SETS, BenchmarkTarget, targets
from benchmark.trace import WITHIN
from critasser.density import read_map
from critasser.job.arrays import load_calpha, load_traces
from critasser.network import load_network
from critasser.pipeline.files import CALPHA, SEEN, TRACES
from critasser.shipped import RESIDUE_NETWORK, shipped

__all__ = ["figures", "main", "table"]

BANDS = (0.0, 3.4, 4.5, 6.0, 8.0)
"""Å; upper ends belong to the band."""

COLUMNS = {
    "F1 2": "F1 at 2 Å",
    "top-1": "amino acid right",
    "native top-1": "at the native Cα",
    "helix, strand": "helix, strand right",
    "in register": "first trace in register",
    "first_trace_tm": "first trace TM",
    "model_tm": "model 1 TM",
    "confidence off": "confidence off by",
}

Figures = dict[str, float | None]


def figures(target: BenchmarkTarget, job: Path, row: Mapping[str, str]) -> Figures:
    """What a finished job found of a target; `row` is what `benchmark.build` says of it."""
    calpha, _, _ = load_calpha(job / CALPHA)
    crowded = not target.simulated or target.neighbour is not None
    truth = CalphaTruth.of(target.chains, crowded=crowded)
    network = load_network(shipped(RESIDUE_NETWORK))
    native = measure_residues(target, network, read_map(job / SEEN))
    traces = load_traces(job / TRACES)
    right = 0.0
    if traces:
        first = traces[0].positions
        distance = np.linalg.norm(first - target.aligned(first), axis=1)
        right = float((distance < WITHIN)[np.isfinite(target.native).all(axis=1)].mean())
    return {
        **calpha_set_figures(calpha, truth),
        **helix_strand(calpha, truth),
        "native top-1": native["top-1"],
        "in register": right,
        "first_trace_tm": float(row["first_trace_tm"]),
        "model_tm": float(row["model_tm"]),
        "confidence off": abs(float(row["confidence"]) / 100.0 - float(row["model_tm"])),
    }


def table(rows: Sequence[tuple[BenchmarkTarget, Figures]]) -> str:
    """Markdown: a row for each group and band of resolution."""
    head = ["maps", "Å", "n", *COLUMNS.values()]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for group in dict.fromkeys((t.set, t.group) for t, _ in rows):
        for low, high in pairwise(BANDS):
            some = [
                found
                for target, found in rows
                if (target.set, target.group) == group and low < target.resolution <= high
            ]
            if some:
                name = ", ".join(dict.fromkeys(group))
                band = f"{low:g}–{high:g}" if low else f"to {high:g}"
                cells = [_mean([found[column] for found in some]) for column in COLUMNS]
                lines.append("| " + " | ".join([name, band, str(len(some)), *cells]) + " |")
    return "\n".join(lines)


def _mean(values: Sequence[float | None]) -> str:
    known = [value for value in values if value is not None]
    return f"{np.mean(known):.2f}" if known else "–"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--set", nargs="+", choices=SETS, default=["experimental", "lifelike"])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True, help="folder of `benchmark.build`")
    parser.add_argument("--quality", default="draft")
    args = parser.parse_args()
    rows, programs = [], set()
    for which in args.set:
        path = args.work / f"{which}.{args.quality}.csv"
        if not path.exists():
            continue
        with path.open(newline="") as lines:
            built = {row["target"]: row for row in csv.DictReader(lines) if not row["failed"]}
        for target in targets(args.data, which):
            if row := built.get(target.name):
                job = args.work / args.quality / target.set / target.folder / "job"
                rows.append((target, figures(target, job, row)))
                programs.add(row["program"])
    print(table(rows))
    print(f"\nPrograms: {', '.join(sorted(programs)) or 'none'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
