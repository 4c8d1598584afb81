"""Traces by each strategy, target by target, against the native structure.

    python -m benchmark.trace --set experimental high low --work ~/trace
    python -m benchmark.trace --set val --work ~/trace --strategies registration joining

Positions are found once a target and kept in WORK. What is measured is appended to
``WORK/trace.jsonl`` and not measured again. ``perfect`` is what our positions allow: each goes to
the native residue that lies within 2 Å of it.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmark.build import ROOT
from benchmark.calpha import checksum
from benchmark.measures import NEIGHBOURHOOD
from benchmark.records import Record, Records, measure_all
from benchmark.sets import MOST_RESIDUES, SETS, BenchmarkTarget, targets
from critasser.assembly import Guide, complete
from critasser.calpha import find_calpha
from critasser.density import (
    FeatureMaps,
    Grid,
    crop_to_molecule,
    normalise,
    read_map,
    resample,
    write_map,
)
from critasser.density.sharpening import sharpened
from critasser.job.arrays import load_calpha, load_features, save_calpha
from critasser.network import predict, read_residues
from critasser.pipeline.stages.network import VIEWS
from critasser.pipeline.stages.sharpness import choose_bfactor
from critasser.shipped import NETWORK, RESIDUE_NETWORK, shipped
from critasser.structure import (
    CalphaSet,
    Sequence,
    Target,
    Trace,
    match_one_to_one,
)
from critasser.trace import (
    DEFAULT_STRATEGY,
    STRATEGIES,
    build_traces,
    find_unit,
    sequence_significance,
)

__all__ = ["WITHIN", "find_positions", "main", "measure_traces", "networks"]

PERFECT = "perfect"
WITHIN = 2.0
"""Å, of a residue that is where it belongs."""
SURE = 0.9
COUNT = 40


@dataclass(frozen=True)
class TraceWork:
    """What is still to be measured of one target."""

    target: BenchmarkTarget
    strategies: tuple[str, ...]
    folder: Path
    weights: str
    joinings: int

    @property
    def name(self) -> str:
        """The target's, with its resolution."""
        return key(self.target)

    @property
    def cost(self) -> float:
        """Goes with the residues."""
        return float(len(self.target.native) * (1 + len(self.strategies)))

    def density(self) -> Grid:
        """The map as the stages see it."""
        if self.target.simulated:
            grid = self.target.simulated_map()
        else:
            grid = read_map(self.target.source)
        return normalise(resample(crop_to_molecule(grid)))


def find_positions(
    folder: Path, density: Callable[[], Grid], length: int
) -> tuple[Grid, CalphaSet, FeatureMaps]:
    """Map, positions and the network's probabilities, from the folder; made the first time."""
    map_file, features_file, made = (folder / n for n in ("map.mrc", "features.npy", "calpha.npz"))
    if not made.exists():
        folder.mkdir(parents=True, exist_ok=True)
        grid = density()
        write_map(map_file, grid)
        networks = shipped(NETWORK), shipped(RESIDUE_NETWORK)
        seen = sharpened(grid, choose_bfactor(grid, length, *networks))
        features = predict(seen, shipped(NETWORK), views=VIEWS, file=features_file)
        peaks = find_calpha(features, length)
        calpha = read_residues(seen, peaks, shipped(RESIDUE_NETWORK), length)
        save_calpha(made, calpha, 1.0, True)
    return read_map(map_file), load_calpha(made)[0], load_features(features_file, map_file)


def networks() -> str:
    """Names the networks that positions are found with."""
    return "-".join(checksum(shipped(name)) for name in (NETWORK, RESIDUE_NETWORK))


def key(target: BenchmarkTarget) -> str:
    """Names a target among those of all sets."""
    return f"{target.set} {target.folder}"


def perfect(calpha: CalphaSet, native: NDArray[np.float64]) -> Trace:
    """Each position at the native residue (L, 3) that it lies at."""
    known = np.flatnonzero(np.isfinite(native).all(axis=1))
    pairs = match_one_to_one(calpha.positions, native[known], WITHIN)
    placed = np.full(native.shape, np.nan)
    placed[known[pairs[:, 1]]] = calpha.positions[pairs[:, 0]]
    return Trace(placed, np.isfinite(placed[:, 0]).astype(float), 0.0, PERFECT)


def figures(
    traces: tuple[Trace, ...], target: BenchmarkTarget, whole: NDArray[np.float64] | None
) -> dict[str, float]:
    """What a target's traces are worth; the first one's but for ``best TM``.

    `whole` is the first one's chain without gaps (L, 3).
    """
    if not traces:
        return {}
    first = traces[0]
    distance = np.linalg.norm(first.positions - target.aligned(first.positions), axis=1)
    known = np.isfinite(target.native).all(axis=1)
    right = distance < WITHIN
    sure = known & first.placed & (first.confidence > SURE)
    scores = [target.tm(trace.positions) for trace in traces]
    return {
        "coverage": float(first.placed[known].mean()),
        "in register": float(right[known].mean()),
        "first TM": scores[0],
        "whole TM": target.tm(whole),
        "best TM": max(scores),
        "sure": float(sure[known].mean()),
        "sure and right": float((sure & right)[known].mean()),
    }


def measure_traces(work: TraceWork) -> list[Record]:
    """Records of all strategies that are asked for."""
    target = work.target
    native = target.native
    density, calpha, features = find_positions(work.folder, work.density, len(native))
    present = native[np.isfinite(native).all(axis=1)]
    near = calpha.positions
    if not target.simulated:
        near = near[cKDTree(present).query(near)[0] < NEIGHBOURHOOD]
    pairs = len(match_one_to_one(near, present, WITHIN))
    positions = {"precision": pairs / max(len(near), 1), "recall": pairs / len(present)}
    asked = Target(tuple(Sequence(f"{k + 1}", s) for k, s in enumerate(target.letters)))
    records = []
    for strategy in work.strategies:
        begun = time.monotonic()
        if strategy == PERFECT:
            traces = (perfect(calpha, native),)
        else:
            rng = np.random.default_rng(1)
            significance = None
            unit = find_unit(calpha, features, asked)
            if strategy == DEFAULT_STRATEGY:
                significance = sequence_significance(unit.calpha, features, unit.target, rng=rng)
            of_unit = build_traces(
                unit.calpha, features, density, unit.target, target.resolution, rng=rng,
                count=COUNT, strategy=strategy, significance=significance, joinings=work.joinings,
            )  # fmt: skip
            traces = tuple(unit.whole(trace) for trace in of_unit)
        seconds = round(time.monotonic() - begun, 2)
        whole = None
        if traces:
            guide = Guide.of(density, calpha)
            whole = complete(asked, traces[0], guide, rng=np.random.default_rng(1)).positions
        records.append({
            "map": key(target), "weights": work.weights, "method": strategy,
            "residues": len(native), "seconds": seconds,
            "figures": positions | figures(traces, target, whole),
        })  # fmt: skip
    return records


COLUMNS = {
    "recall": "Cα recall",
    "coverage": "coverage",
    "in register": "in register",
    "first TM": "first TM",
    "whole TM": "without gaps",
    "best TM": f"best TM of {COUNT}",
}


def table(rows: list[tuple[BenchmarkTarget, Record]], each: bool) -> str:
    """Markdown: a row a group and strategy, and with `each` a row a target."""
    head = ["set", "n", "strategy", *COLUMNS.values(), "of residues called sure, right", "s"]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]

    def add(name: str, count: str, some: list[Record]) -> None:
        values = {c: [r["figures"].get(c) or 0.0 for r in some] for c in COLUMNS}
        cells = [f"{np.mean(values[c]):.2f}" for c in COLUMNS]
        weight = np.array([r["residues"] for r in some], float)
        sure = weight @ [r["figures"].get("sure") or 0.0 for r in some]
        right = weight @ [r["figures"].get("sure and right") or 0.0 for r in some]
        share = "" if some[0]["method"] == PERFECT or not sure else f"{right / sure:.2f}"
        sure_cell = f"{share} ({sure / weight.sum():.0%})" if share else ""
        seconds = f"{np.median([r['seconds'] for r in some]):.0f}"
        lines.append("| " + " | ".join(
            [name, count, some[0]["method"], *cells, sure_cell, seconds]) + " |")  # fmt: skip

    groups = dict.fromkeys((t.set, t.group) for t, _ in rows)
    for group in groups:
        mine = [(t, r) for t, r in rows if (t.set, t.group) == group]
        methods = list(dict.fromkeys(r["method"] for _, r in mine))
        for method in methods:
            some = [r for _, r in mine if r["method"] == method]
            add(", ".join(dict.fromkeys(group)), str(len(some)), some)
        if each:
            for target, record in mine:
                add(f"{target.name} {target.resolution:g} Å", str(record["residues"]), [record])
    return "\n".join(lines)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--work", type=Path, required=True, help="folder of positions and figures")
    parser.add_argument("--set", nargs="+", choices=SETS, default=["experimental", "high", "low"])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument(
        "--strategies", nargs="+", choices=[*STRATEGIES, PERFECT],
        default=["registration", "joining", PERFECT],
    )  # fmt: skip
    parser.add_argument("--joinings", type=int, default=100_000)
    parser.add_argument("--only", nargs="+", help="names of targets")
    parser.add_argument("--large", action="store_true", help="of more than 700 residues too")
    parser.add_argument("--each", action="store_true", help="a line for each target too")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="targets at a time")
    args = parser.parse_args()
    most = None if args.large else MOST_RESIDUES
    chosen = [
        target
        for which in args.set
        for target in targets(args.data, which, most_residues=most)
        if not args.only or target.name in args.only
    ]
    # Figures go by the tables too, positions by the networks alone.
    weights = f"{networks()}-{checksum(shipped('trace.npz'))}-{args.joinings}"
    args.work.mkdir(parents=True, exist_ok=True)
    records = Records(args.work / "trace.jsonl")
    todo = []
    for target in chosen:
        missing = tuple(
            s for s in args.strategies if (weights, key(target), s) not in records.found
        )
        folder = args.work / networks() / target.set / target.folder
        if missing:
            todo.append(TraceWork(target, missing, folder, weights, args.joinings))
    try:
        failed = measure_all(todo, measure_traces, records, args.workers) if todo else 0
    except KeyboardInterrupt:
        print("stopped; what is measured is kept: run it again to go on", file=sys.stderr)
        return 130
    rows = [
        (target, records.found[weights, key(target), strategy])
        for target in chosen
        for strategy in args.strategies
        if (weights, key(target), strategy) in records.found
    ]
    print(table(rows, args.each))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
