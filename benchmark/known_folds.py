"""How well known folds are found, by the sequence and in finished builds.

    python -m benchmark.known_folds --count 25
    python -m benchmark.known_folds --few-letters
    python -m benchmark.known_folds --jobs WORK --quality draft

The first ranks the library that ships for chains of split val, relatives left out, and prints the
best TM-score to the chain among the first, five and twenty; and how high z-scores of other folds
come, and in how many orders of their residues right ones suit. The second ranks it for made-up
sequences of few letters. The third prints what builds of `benchmark.build` found, with its TM-score
to the native structure.
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
from critasser.pipeline.stages.template_search import MOST_RELATED, ORDERED_Z, RELATED_Z
from critasser.shipped import LIBRARY, shipped
from critasser.structure import AMINO_ACIDS, ProteinChain, read_chains
from critasser.structure.sequence_profile import sequence_profile
from critasser.threading import TemplateLibrary, load_library, order_z_score, rank

__all__ = ["best_among", "main", "tm_to"]

FIRST = (1, 5, 20)
"""Chains from the best on, among which the best fold counts."""

LONGEST = 350
"""Residues of a chain; longer ones are of several domains mostly."""

ALIKE = 0.5
"""TM-score from which a chain has the fold."""

FEW_LONG = 100
"""Residues of made-up sequences."""

REPEATS = ("GS", "EK", "GGGGS", "PGA", "QQQP", "AEAAAKEAAAKA", "LEAAKKE", "GPP", "DE", "RS")
"""That proteins of few letters have."""

TABLE = "3_templates/library.csv"
"""In a job folder: what was found."""

RIGHT = 0.6
"""TM-score from which a fold is taken for the right one."""


def best_among(
    scores: NDArray[np.float64], library: TemplateLibrary, native: ProteinChain
) -> list[float]:
    """Best TM-score to a chain among the first of a library by some scores, for each of `FIRST`."""
    order = np.argsort(-scores, kind="stable")[: max(FIRST)]
    found = [tm_to(native, library, int(k)) for k in order]
    return [max(found[:count]) for count in FIRST]


def tm_to(native: ProteinChain, library: TemplateLibrary, number: int) -> float:
    """TM-score of a chain of a library to a native one, superposed by structure."""
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
    highest: list[tuple[bool, float, float]] = []
    for name, native in _validation_chains(data, count):
        others = without_relatives(library, [native.letters], family_of(data, name))
        codes = native.codes
        told = sequence_profile(codes, np.zeros(len(codes), dtype=np.int64))
        for what, share in (("letters", 0.0), ("as shipped", 1.0)):
            scores = rank(
                others, codes, share * told.structure, share * told.side, share * told.back
            )
            found[what].append(best_among(scores, others, native))
        highest += _z_scores(others, native, (codes, told.structure, told.side, told.back), scores)
        told_now = "  ".join(f"{what} {found[what][-1]}" for what in found)
        print(f"{name:8s} {len(codes):4d}  {told_now}", flush=True)
    for what, rows in found.items():
        mean, right = np.mean(rows, axis=0), np.mean(np.array(rows) >= RIGHT, axis=0)
        print(f"{what}: {len(rows)} chains, mean TM-score of the best of {FIRST}: {mean.round(2)}; "
              f"{RIGHT:g} or more: {right.round(2)}")  # fmt: skip
    for kind, wanted in (("of the fold", True), ("of other folds", False)):
        z_scores = np.array([z for right, z, _ in highest if right == wanted])
        ordered = [one for right, _, one in highest if right == wanted and np.isfinite(one)]
        told_now = f", of these among orders {min(ordered):.1f} at least" if ordered else ""
        print(f"chains {kind}: z {z_scores.max():.1f} at most, {RELATED_Z:g} or more of "
              f"{len(ordered)}{told_now}")  # fmt: skip


def _z_scores(
    library: TemplateLibrary, native: ProteinChain, sequence: tuple, scores: NDArray[np.float64]
) -> Iterator[tuple[bool, float, float]]:
    """Of the chains that suit best whether they have the right fold, and both their z-scores."""
    for k in np.argsort(-scores, kind="stable")[: max(FIRST)]:
        ordered = float("nan")
        if scores[k] >= RELATED_Z:
            ordered = order_z_score(library, int(k), *sequence, np.random.default_rng(0))
        yield tm_to(native, library, int(k)) >= ALIKE, float(scores[k]), ordered


def _few_letters() -> None:
    """Rank the library for sequences of one to four letters, and for some that repeat a few."""
    library, rng = load_library(shipped(LIBRARY)), np.random.default_rng(0)
    made = {f"{FEW_LONG} {letter}": letter * FEW_LONG for letter in AMINO_ACIDS}
    made |= {f"repeats of {one}": (one * FEW_LONG)[:FEW_LONG] for one in REPEATS}
    for count in (2, 3, 4):
        for _ in range(5):
            some = rng.choice(list(AMINO_ACIDS), count, replace=False)
            made[f"random {''.join(some)}"] = "".join(rng.choice(some, FEW_LONG))
    highest, taken = [], 0
    for name, letters in made.items():
        codes = np.array([AMINO_ACIDS.index(one) for one in letters], dtype=np.int8)
        told = sequence_profile(codes, np.zeros(len(codes), dtype=np.int64))
        sequence = (codes, told.structure, told.side, told.back)
        scores = rank(library, *sequence)
        best = np.argsort(-scores)[:MOST_RELATED]
        ordered = [order_z_score(library, int(k), *sequence, rng) for k in best]
        related = [o for k, o in zip(best, ordered) if scores[k] >= RELATED_Z]
        taken += any(one >= ORDERED_Z for one in related)
        highest.append((float(scores[best[0]]), max(related, default=0.0)))
        if related:
            print(f"{name:24s} z {highest[-1][0]:.1f}, among orders {highest[-1][1]:.1f}")
    by_rank, by_order = np.array(highest).T
    print(f"{len(made)} sequences of {FEW_LONG} residues: z {by_rank.max():.1f} at most, "
          f"{RELATED_Z:g} or more of {int((by_rank >= RELATED_Z).sum())}; of these among orders "
          f"{by_order.max():.1f} at most; taken for relatives: {taken}")  # fmt: skip


def _in_builds(data: Path, work: Path, quality: str) -> None:
    library = load_library(shipped(LIBRARY))
    number = {name: k for k, name in enumerate(library.names)}
    for which in ("experimental", "lifelike", "val", "folds"):
        for target in targets(data, which):
            table = work / quality / target.set / target.folder / "job" / TABLE
            if not table.exists():
                continue
            with table.open(newline="") as lines:
                for row in csv.DictReader(lines):
                    score = tm_to(target.chains[0], library, number[row["structure"]])
                    print(f"{target.name:24s} {target.resolution:4.1f} Å  {row['structure']:8s} "
                          f"TM-score {score:.2f}  by sequence {row['by sequence']}  "
                          f"by map {row['by density']}", flush=True)  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--count", type=int, default=25, help="of chains (default: %(default)s)")
    parser.add_argument("--few-letters", action="store_true", help="sequences of few letters")
    parser.add_argument("--jobs", type=Path, metavar="WORK", help="of benchmark.build")
    parser.add_argument("--quality", default="draft")
    args = parser.parse_args()
    if args.few_letters:
        _few_letters()
    elif args.jobs is None:
        _by_sequence(args.data, args.count)
    else:
        _in_builds(args.data, args.jobs, args.quality)
    return 0


if __name__ == "__main__":
    sys.exit(main())
