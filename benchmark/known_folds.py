"""How well known folds are found, by the sequence and in finished builds.

    python -m benchmark.known_folds --count 25
    python -m benchmark.known_folds --jobs WORK --quality draft

The first ranks the library that ships for chains of split val, relatives left out, and prints the
best TM-score to the chain among the first, five and twenty. The second prints what builds of
`benchmark.build` found, with its TM-score to the native structure.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import tmtools
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.known import family_of, without_relatives
from benchmark.sets import targets
from critasser.shipped import LIBRARY, shipped
from critasser.structure import ProteinChain, read_chains
from critasser.structure.sequence_profile import sequence_profile
from critasser.threading import TemplateLibrary, load_library, rank

__all__ = ["best_among", "main"]

FIRST = (1, 5, 20)
"""Chains from the best on, among which the best fold counts."""

LONGEST = 350
"""Residues of a chain; longer ones are of several domains mostly."""

RIGHT = 0.6
"""TM-score from which a fold is taken for the right one."""


def best_among(
    scores: NDArray[np.float64], library: TemplateLibrary, native: ProteinChain
) -> list[float]:
    """Best TM-score to a chain among the first of a library by some scores, for each of `FIRST`."""
    order = np.argsort(-scores, kind="stable")[: max(FIRST)]
    found = [_tm_score(native, library, int(k)) for k in order]
    return [max(found[:count]) for count in FIRST]


def _tm_score(native: ProteinChain, library: TemplateLibrary, number: int) -> float:
    other = library.chain(number)
    known = np.isfinite(native.calpha).all(axis=1)
    letters = "".join(np.array(list(native.letters))[known])
    found = tmtools.tm_align(native.calpha[known], other.calpha, letters, other.letters)
    return float(found.tm_norm_chain1)


def _validation_chains(data: Path, count: int) -> Iterator[tuple[str, ProteinChain]]:
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [
            row for row in csv.DictReader(lines, delimiter="\t")
            if row["split"] == "val" and int(row["length"]) <= LONGEST
        ]  # fmt: skip
    for row in rows[:: max(1, len(rows) // count)][:count]:
        yield row["id"], read_chains(data / "structures" / row["file"])[0]


def _by_sequence(data: Path, count: int) -> None:
    library = load_library(shipped(LIBRARY))
    found: dict[str, list[list[float]]] = {"letters": [], "as shipped": []}
    for name, native in _validation_chains(data, count):
        others = without_relatives(library, [native.letters], family_of(data, name))
        codes = native.codes
        told = sequence_profile(codes, np.zeros(len(codes), dtype=np.int64))
        for what, share in (("letters", 0.0), ("as shipped", 1.0)):
            scores = rank(
                others, codes, share * told.structure, share * told.side, share * told.back
            )
            found[what].append(best_among(scores, others, native))
        told_now = "  ".join(f"{what} {found[what][-1]}" for what in found)
        print(f"{name:8s} {len(codes):4d}  {told_now}", flush=True)
    for what, rows in found.items():
        mean, right = np.mean(rows, axis=0), np.mean(np.array(rows) >= RIGHT, axis=0)
        print(f"{what}: {len(rows)} chains, mean TM-score of the best of {FIRST}: {mean.round(2)}; "
              f"{RIGHT:g} or more: {right.round(2)}")  # fmt: skip


def _in_builds(data: Path, work: Path, quality: str) -> None:
    library = load_library(shipped(LIBRARY))
    number = {name: k for k, name in enumerate(library.names)}
    for which in ("experimental", "lifelike", "val", "folds"):
        for target in targets(data, which):
            table = work / quality / which / target.folder / "job" / "3_templates" / "library.csv"
            if not table.exists():
                continue
            with table.open(newline="") as lines:
                for row in csv.DictReader(lines):
                    score = _tm_score(target.chains[0], library, number[row["structure"]])
                    print(f"{target.name:24s} {target.resolution:4.1f} Å  {row['structure']:8s} "
                          f"TM-score {score:.2f}  by sequence {row['by sequence']}  "
                          f"by map {row['by density']}", flush=True)  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--count", type=int, default=25, help="of chains (default: %(default)s)")
    parser.add_argument("--jobs", type=Path, metavar="WORK", help="of benchmark.build")
    parser.add_argument("--quality", default="draft")
    args = parser.parse_args()
    if args.jobs is None:
        _by_sequence(args.data, args.count)
    else:
        _in_builds(args.data, args.jobs, args.quality)
    return 0


if __name__ == "__main__":
    sys.exit(main())
