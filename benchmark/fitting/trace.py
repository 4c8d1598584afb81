"""Fit how traces judge links, and how sure they are of residues: ``weights/trace.npz``.

    python -m benchmark.fitting.trace links --work ~/trace
    python -m benchmark.fitting.trace confidence --work ~/trace

From positions that the networks have found in maps of chains of split val, simulated at 2–11 Å,
clean and with noise; these are not the chains of the set val of `benchmark.trace`. Confidence is
learnt from maps as experiments show them and from the experimental maps of split train too, and
from maps to which the sequence of another protein was given, where nothing is right; from all of
these only where the sequence is significant, since traces claim nothing elsewhere. To be run again
when a network has changed, ``links`` first. Positions are kept in WORK.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.calpha_cases import EXPERIMENTAL, CalphaCase, lifelike, simulated
from benchmark.noise import VARIED
from benchmark.sets import targets
from benchmark.trace import WITHIN, find_positions, networks
from critasser.density import FeatureMaps
from critasser.structure import (
    CalphaSet,
    ProteinChain,
    Sequence,
    Target,
    match_one_to_one,
    read_chains,
)
from critasser.structure.geometry import DEPOSITED_LONGEST_BOND
from critasser.trace import SIGNIFICANT, sequence_significance
from critasser.trace.learning import learn_confidence, learn_links
from critasser.trace.registration import confidence_features, register
from critasser.writing import appearing

__all__ = ["main"]

NO_RESIDUES = np.empty((0, 4))

SHELLS = ("2-3", "3-4", "4-5", "5-8", "8-11")
LIFELIKE_SHELLS, LIFELIKE_CHAINS = ("3-4", "4-5", "5-6"), 8
"""Of maps as experiments show them, where the sequence is told or hardly; chains in each."""

MEASURED = 24
"""Chains of split val that the benchmark's set val takes; those after them are learnt from."""

COMMON_RUN = 8
"""Residues in a row that two chains share only if they are relatives."""

JOININGS = 20_000
"""Effort of the search for traces, as a draft build has it."""

LONGEST, LONGEST_REGISTERED = 350, 220
"""Residues of chains whose links, and whose confidence, are learnt: longer ones take longer, above
all with foreign sequences, and tell no more."""


@dataclass(frozen=True)
class Example:
    """A map in which positions are found, and the sequence of another protein."""

    case: CalphaCase
    folder: Path
    foreign: str = ""

    def chain(self) -> ProteinChain:
        """The native chain."""
        (chain,) = read_chains(self.case.model)
        return chain

    def positions(self) -> tuple[CalphaSet, FeatureMaps, NDArray[np.int64], ProteinChain]:
        """Positions, what the network saw, the residue of each position or −1, and the chain."""
        chain = self.chain()
        known = np.flatnonzero(np.isfinite(chain.calpha).all(axis=1))
        _, calpha, features = find_positions(self.folder, self.case.density, len(known))
        pairs = match_one_to_one(calpha.positions, chain.calpha[known], WITHIN)
        residue = np.full(len(calpha), -1, dtype=np.int64)
        residue[pairs[:, 0]] = known[pairs[:, 1]]
        return calpha, features, residue, chain


def examples(data: Path, work: Path, count: int) -> list[Example]:
    """Maps of `count` chains of split val, each at two resolutions of other shells and noises."""
    chosen = []
    folder = work / networks() / "learning"
    whole = MEASURED + count
    for noise in dict.fromkeys(VARIED):
        # All chains of a shell, then of the next.
        for k, case in enumerate(simulated(data, "val", whole, SHELLS, [noise])):
            shell, chain = divmod(k, whole)
            wanted = chain >= MEASURED and (chain + shell) % len(SHELLS) < 2
            if (
                wanted
                and case.residues <= LONGEST
                and VARIED[(chain // 2 + shell) % len(VARIED)] == noise
            ):
                chosen.append(Example(case, folder / case.key.replace(" ", "_")))
    return chosen


def lifelike_examples(data: Path, work: Path) -> list[Example]:
    """Maps of chains of split val as experiments show them."""
    folder = work / networks() / "learning"
    return [
        Example(case, folder / case.key.replace(" ", "_"))
        for case in lifelike(data, LIFELIKE_CHAINS, LIFELIKE_SHELLS)
    ]


def experimental_examples(data: Path, work: Path) -> list[Example]:
    """Maps of split train of one chain."""
    return [
        Example(
            CalphaCase(t.name, EXPERIMENTAL, None, t.resolution, t.source,
                       t.source.parent / "model.pdb.gz", len(t.native)),
            work / networks() / "learning" / t.name,
        )
        for t in targets(data, EXPERIMENTAL)
        if t.group == "train" and len(t.chains) == 1
    ]  # fmt: skip


def with_foreign(some: list[Example]) -> list[Example]:
    """The same maps, each with a stretch of other chains of its own length."""
    letters = [example.chain().letters.replace("X", "") for example in some]
    result = []
    for k, example in enumerate(some):
        others = (letters[k - j] for j in range(1, len(some)))
        foreign = "".join(x for x in others if not _alike(x, letters[k]))
        result.append(Example(example.case, example.folder, foreign[: len(letters[k])]))
    return result


def _alike(first: str, second: str, run: int = COMMON_RUN) -> bool:
    """Of one protein, or of close relatives: a run of residues in common."""
    runs = {first[i : i + run] for i in range(len(first) - run + 1)}
    return any(second[i : i + run] in runs for i in range(len(second) - run + 1))


def _apart(residue: NDArray[np.int64], chain: ProteinChain) -> NDArray[np.int64]:
    """Residue indices in which those on either side of a break differ by more than example."""
    step = np.linalg.norm(np.diff(chain.calpha, axis=0), axis=1)
    broken = np.concatenate([[0], np.cumsum(~(step < DEPOSITED_LONGEST_BOND))])
    return np.where(residue >= 0, residue + broken[residue], -1)


def _of_links(example: Example) -> tuple[CalphaSet, FeatureMaps, NDArray[np.int64]]:
    calpha, features, residue, chain = example.positions()
    return calpha, features, _apart(residue, chain)


@dataclass(frozen=True)
class Traced:
    """Of a map that was traced: z-score, features (n, 4) of residues, which are right (n,)."""

    z_score: float
    features: NDArray[np.float64]
    right: NDArray[np.bool_]


def _of_confidence(example: Example) -> tuple[Traced, Traced]:
    """With the right sequence, and with another protein's."""
    calpha, features, _, chain = example.positions()
    named = np.array(list(chain.letters)) != "X"
    native = chain.calpha[named]
    results = []
    for letters in (chain.letters.replace("X", ""), example.foreign):
        target = Target((Sequence("1", letters),))
        rng = np.random.default_rng(1)
        significance = sequence_significance(calpha, features, target, rng=rng)
        made = register(calpha, features, target, rng=rng, count=1, joinings=JOININGS)
        node = made.placements[0].node
        table = confidence_features(made.marginal[0], made.agreement[0], significance)
        asked = (node >= 0) & np.isfinite(native).all(axis=1)
        right = np.linalg.norm(calpha.positions[node[asked]] - native[asked], axis=1) < WITHIN
        right &= letters != example.foreign
        results.append(Traced(significance.z_score, table[asked], right))
    return results[0], results[1]


def _each(function: Callable[[Example], Any], some: list[Example], workers: int) -> list[Any]:
    results = []
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        workers, context, initializer=torch.set_num_threads, initargs=(1,)
    ) as pool:
        for k, result in enumerate(pool.map(function, some), 1):
            print(f"{k} of {len(some)}: {some[k - 1].case.key}", file=sys.stderr, flush=True)
            results.append(result)
    return results


def _claimed(traced: list[Traced]) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Features, and which are right, of all residues of maps that tell the sequence."""
    told = [example for example in traced if example.z_score >= SIGNIFICANT]
    features = [example.features for example in told]
    right = [example.right for example in told]
    return np.concatenate([NO_RESIDUES, *features]), np.concatenate([np.zeros(0, bool), *right])


def _calibration(traced: list[Traced], weights: NDArray[np.float64]) -> str:
    features, right = _claimed(traced)
    shown = 1 / (1 + np.exp(-features @ weights))
    parts = []
    for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.01)):
        inside = (shown >= low) & (shown < high)
        if inside.any():
            parts.append(f"{low:g}–{min(high, 1):g}: {right[inside].mean():.2f} of {inside.sum()}")
    return ", ".join(parts)


def _fit(traced: list[Traced]) -> NDArray[np.float64]:
    return learn_confidence(*_claimed(traced))


def _confidence(some: list[Example], workers: int) -> NDArray[np.float64]:
    """Weights; prints z-scores of right and foreign sequences, and how well others would fit."""
    pairs = _each(_of_confidence, some, workers)
    print("map | share of residues right | z-score | z-score of a foreign sequence")
    for example, (own, foreign) in zip(some, pairs):
        share = own.right.mean() if len(own.right) else 0.0
        print(f"{example.case.key} | {share:.2f} | {own.z_score:.1f} | {foreign.z_score:.1f}")
    # Maps of one protein judge each other nowhere.
    proteins = [example.case.name.split("_")[0] for example in some]
    first = {name: k % 2 == 0 for k, name in enumerate(dict.fromkeys(proteins))}
    for real in (False, True):
        for half in (True, False):
            judges = [t for p, pair in zip(proteins, pairs) if first[p] != half for t in pair]
            judged = [
                t
                for example, p, pair in zip(some, proteins, pairs)
                if first[p] == half and (example.case.group == EXPERIMENTAL) == real
                for t in pair
            ]
            kind = "experimental" if real else "simulated"
            print(f"{kind}, right where shown is {_calibration(judged, _fit(judges))}")
    return _fit([t for pair in pairs for t in pair])


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("links", "confidence"))
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--chains", type=int, default=24)
    parser.add_argument("--output", type=Path, default=ROOT / "weights" / "trace.npz")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    args = parser.parse_args()
    some = examples(args.data, args.work, args.chains)
    with np.load(args.output, allow_pickle=False) as stored:
        tables = dict(stored)
    if args.what == "links":
        tables |= learn_links(_each(_of_links, some, args.workers))
        print("link weights", np.round(tables["link_weights"], 2))
        print("now learn confidence again")
    else:
        some += lifelike_examples(args.data, args.work)
        some += experimental_examples(args.data, args.work)
        some = [example for example in some if example.case.residues <= LONGEST_REGISTERED]
        tables["confidence"] = _confidence(with_foreign(some), args.workers)
        print("confidence", np.round(tables["confidence"], 2))
    with appearing(args.output) as temporary, temporary.open("wb") as out:
        np.savez_compressed(out, **tables)
    print(args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
