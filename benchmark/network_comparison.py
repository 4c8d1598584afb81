"""Compare two map networks by resolution shell, on the same maps.

    python -m benchmark.network_comparison OLD NEW --work WORK
    python -m benchmark.network_comparison OLD NEW --work WORK --judge

To choose between networks: maps of validation chains as experiments show them, 2–10 Å
(`benchmark.lifelike`), and simulated ones of 4–8 Å with noise. With ``--judge`` instead the
experimental maps of group bench, which are for a last look and choose nothing. Positions are found
by the map network in the map as it is, which costs little, or with ``--as-builds`` in the map
sharpened and read by the residue network as well.

Printed for each shell: F1 at 1, 2 and 3 Å, amino acids, and native helices and strands that are
recognised, of both networks, and the mean difference over maps with its standard error. What is
measured is kept in ``WORK/networks.jsonl``, and an interrupted run goes on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from benchmark.build import ROOT
from benchmark.calpha import Work, checksum, measure_map
from benchmark.calpha_cases import (
    EXPERIMENTAL,
    LIFELIKE,
    LIFELIKE_SHELLS,
    CalphaCase,
    experimental,
    lifelike,
    simulated,
)
from benchmark.records import Record, Records, measure_all

__all__ = ["FIGURES", "compare", "main", "shell_of"]

FIGURES = {
    "F1 1": "F1 1 Å",
    "F1 2": "F1 2 Å",
    "F1 3": "F1 3 Å",
    "top-1": "amino acid",
    "helix, strand": "helix, strand",
}
"""Titles of the figures that are compared."""

SIMULATED_SHELLS, NOISE = ("4-5", "5-8"), 1.0
"""Å, and signal-to-noise ratio, of the simulated maps."""

BANDS = ((0.0, 3.4), (3.4, 4.5), (4.5, 6.0), (6.0, 10.0))
"""Å, over which experimental maps are averaged; upper ends belong to the band."""

MAP_NETWORK, AS_BUILDS = "refined-2", "read-2"
"""Names in `benchmark.strategies.STRATEGIES`."""


def shell_of(case: CalphaCase) -> str:
    """Row of the table that a map belongs to."""
    if case.group == EXPERIMENTAL:
        low, high = next(band for band in BANDS if band[0] < case.resolution <= band[1])
        return f"experimental, {low:g}–{high:g} Å"
    if case.group.startswith(LIFELIKE):
        return f"lifelike, {case.group.removeprefix(LIFELIKE).strip()} Å"
    return f"simulated, {case.group} Å, SNR {case.snr:g}"


def compare(pairs: Sequence[tuple[Record, Record]]) -> dict[str, tuple[float, float, float, float]]:
    """Means of both networks, mean difference and its standard error, by figure.

    Maps on which one of them has no figure are left out of it; NaN where nothing is left.
    """
    rows = {}
    for name in FIGURES:
        values = [
            (old["figures"].get(name), new["figures"].get(name)) for old, new in pairs
        ]
        known = np.array([v for v in values if None not in v], dtype=float).reshape(-1, 2)
        if not len(known):
            rows[name] = (np.nan,) * 4
            continue
        change = known[:, 1] - known[:, 0]
        spread = change.std(ddof=1) / np.sqrt(len(change)) if len(change) > 1 else np.nan
        rows[name] = (*known.mean(axis=0), float(change.mean()), float(spread))
    return rows


def _table(cases: Sequence[CalphaCase], records: Records, sums: Sequence[str], method: str) -> None:
    head = ["maps", "n", *FIGURES.values()]
    print("Of each figure: first network → second (difference ± standard error).\n")
    print("| " + " | ".join(head) + " |\n" + "|---" * len(head) + "|")
    for shell in dict.fromkeys(map(shell_of, cases)):
        pairs = [
            tuple(records.found[s, case.key, method] for s in sums)
            for case in cases
            if shell_of(case) == shell and all((s, case.key, method) in records.found for s in sums)
        ]
        cells = [
            f"{old:.2f} → {new:.2f} ({change:+.3f} ± {spread:.3f})"
            for old, new, change, spread in compare(pairs).values()
        ]
        print("| " + " | ".join([shell, str(len(pairs)), *cells]) + " |")


def _cases(args: argparse.Namespace) -> Iterator[CalphaCase]:
    if args.judge:
        yield from experimental(args.data, args.large)
        return
    yield from lifelike(args.data, args.chains, args.shells)
    yield from simulated(args.data, "val", args.chains, SIMULATED_SHELLS, (NOISE,))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("old", type=Path, help="network file")
    parser.add_argument("new", type=Path, help="network file")
    parser.add_argument("--work", type=Path, required=True, help="folder of figures")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--chains", type=int, default=8, help="validation chains a shell")
    parser.add_argument("--shells", nargs="+", choices=LIFELIKE_SHELLS, metavar="SHELL",
                        default=list(LIFELIKE_SHELLS), help="of lifelike maps, Å")  # fmt: skip
    parser.add_argument("--longest", type=int, default=400, help="residues of validation chains")
    parser.add_argument("--judge", action="store_true", help="by experimental maps of group bench")
    parser.add_argument("--large", action="store_true", help="these of over 700 residues too")
    parser.add_argument("--as-builds", action="store_true",
                        help="sharpened, and read by the residue network as well")  # fmt: skip
    parser.add_argument("--workers", type=int, default=1, help="maps at a time")
    parser.add_argument("--threads", type=int, default=1)
    return parser.parse_args()


def main() -> int:
    """Run the command."""
    args = _arguments()
    torch.set_num_threads(args.threads)
    args.work.mkdir(parents=True, exist_ok=True)
    method = AS_BUILDS if args.as_builds else MAP_NETWORK
    networks = {checksum(path): path for path in (args.old, args.new)}
    sums = [checksum(path) for path in (args.old, args.new)]
    cases = [
        case for case in _cases(args)
        if case.group == EXPERIMENTAL or case.residues <= args.longest
    ]  # fmt: skip
    records = Records(args.work / "networks.jsonl")
    todo = []
    for case in cases:
        missing = {s: (method,) for s in networks if (s, case.key, method) not in records.found}
        if missing:
            todo.append(Work(case, missing, networks, "cpu"))
    failed = measure_all(todo, measure_map, records, args.workers) if todo else 0
    _table(cases, records, sums, method)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
