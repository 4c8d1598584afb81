"""Print the README's table from the figures of `benchmark.build`.

python -m benchmark.table --work ~/benchmark --quality standard
"""

from __future__ import annotations

import argparse
import csv
import sys
from pathlib import Path

import numpy as np

from benchmark.sets import SETS

__all__ = ["checks", "main", "table"]

COLUMNS = {
    "calpha_precision": "Cα precision",
    "calpha_recall": "recall",
    "crscore": "CRscore",
    "best_trace_tm": "best trace TM",
    "model_tm": "model 1 TM",
    "confidence": "confidence",
    "z_score": "z-score",
    "etm": "eTM",
    "pcc": "PCC",
    "seconds": "time, s",
    "memory_mb": "memory, MB",
}


def _cell(name: str, done: list[dict[str, str]], count: int) -> str:
    """Mean over all targets, a failed one counting 0; of the finished ones the median of time,
    memory and z-score, and the mean of the confidence."""
    if not done:
        return "failed"
    values = [float(row[name]) for row in done]
    if name == "confidence":
        return f"{np.mean(values):.0f}"
    if name in ("seconds", "memory_mb", "z_score"):
        return f"{np.median(values):.0f}"
    return f"{np.sum(values) / count:.2f}"


def checks(rows: list[dict[str, str]]) -> str:
    """What must hold of every model of every target."""
    done = [row for row in rows if not row["failed"]]
    whole = sum(int(row["complete"]) for row in done)
    free = sum(float(row["closest"]) >= 2.0 for row in done)
    return (
        f"{len(done)} of {len(rows)} builds finished; in {whole} every model has every residue; in "
        f"{free} no two atoms of different residues lie nearer than 2 Å, bonds aside. "
        f"Program {', '.join(sorted({row['program'] for row in done}))}."
    )


def table(rows: list[dict[str, str]], each: bool) -> str:
    """Markdown: a row a group, and a row a target where `each` says so."""
    head = ["set", "n", "Å", *COLUMNS.values()]
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]

    def add(name: str, some: list[dict[str, str]]) -> None:
        done = [row for row in some if not row["failed"]]
        resolution = [float(row["resolution"]) for row in some]
        span = f"{min(resolution):g}–{max(resolution):g}" if len(some) > 1 else f"{resolution[0]:g}"
        count = f"{len(done)}/{len(some)}" if len(some) > 1 else some[0]["length"]
        cells = [_cell(key, done, len(some)) for key in COLUMNS]
        lines.append("| " + " | ".join([name, count, span, *cells]) + " |")

    for group in dict.fromkeys(row["group"] for row in rows):
        some = [row for row in rows if row["group"] == group]
        add(f"{some[0]['set']}, {group}", some)
        if each:
            for row in some:
                add(row["target"], [row])
    return "\n".join(lines)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--set", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--each", action="store_true", help="a line for each target too")
    args = parser.parse_args()
    for which in args.set:
        path = args.work / f"{which}.{args.quality}.csv"
        if path.exists():
            with path.open(newline="") as lines:
                rows = list(csv.DictReader(lines))
            print(table(rows, args.each or which == "experimental"))
            print("\n" + checks(rows), end="\n\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
