"""Learn what traces know of links and of their own certainty: ``weights/trace.npz``.

    python -m benchmark.trace_learning links --work ~/trace
    python -m benchmark.trace_learning certainty --work ~/trace

From positions that the networks have found in maps of chains of split val, simulated at 2–11 Å,
clean and with noise. Certainty is learnt from the experimental maps of split train too, which the
networks have seen but do not know by heart: simulated maps alone would make it too sure. To be run
again when a network has changed, ``links`` first. Positions are kept in WORK.
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
from benchmark.calpha_cases import EXPERIMENTAL, CalphaCase, simulated
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
from critasser.trace import register_evidence
from critasser.trace.registration import certainty, register
from critasser.trace.statistics import learn_certainty, learn_links

__all__ = ["main"]

SHELLS = ("2-3", "3-4", "4-5", "5-8", "8-11")
NOISES = (None, 3.0, None, 1.5)
LONGEST = 350
"""Residues; longer chains take longer and tell no more."""


@dataclass(frozen=True)
class Example:
    """A map in which positions are found."""

    case: CalphaCase
    folder: Path

    def chain(self) -> ProteinChain:
        """The native chain, with the residues that the sequence has."""
        (chain,) = read_chains(self.case.model)
        return chain

    def found(self) -> tuple[CalphaSet, FeatureMaps, NDArray[np.int64], ProteinChain]:
        """Positions, what the network saw, the residue of each position or −1, and the chain."""
        chain = self.chain()
        known = np.flatnonzero(np.isfinite(chain.calpha).all(axis=1))
        _, calpha, features = find_positions(self.folder, self.case.density, len(known))
        pairs = match_one_to_one(calpha.positions, chain.calpha[known], WITHIN)
        residue = np.full(len(calpha), -1, dtype=np.int64)
        residue[pairs[:, 0]] = known[pairs[:, 1]]
        return calpha, features, residue, chain


def examples(data: Path, work: Path, count: int) -> list[Example]:
    """Chains of split val, the shells and noises in turn."""
    chosen = []
    for noise in dict.fromkeys(NOISES):
        for k, case in enumerate(simulated(data, "val", count, SHELLS, [noise])):
            # simulated gives all chains of a shell, then of the next.
            shell, chain = divmod(k, count)
            if case.residues <= LONGEST and NOISES[(chain + shell) % len(NOISES)] == noise:
                name = case.key.replace(" ", "_")
                chosen.append(Example(case, work / networks() / "learning" / name))
    return [one for k, one in enumerate(chosen) if k % 2 == 0]


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


def _apart(residue: NDArray[np.int64], chain: ProteinChain) -> NDArray[np.int64]:
    """Residue indices in which those on either side of a break differ by more than one."""
    step = np.linalg.norm(np.diff(chain.calpha, axis=0), axis=1)
    broken = np.concatenate([[0], np.cumsum(~(step < 4.5))])
    return np.where(residue >= 0, residue + broken[residue], -1)


def _of_links(one: Example) -> tuple[CalphaSet, FeatureMaps, NDArray[np.int64]]:
    calpha, features, residue, chain = one.found()
    return calpha, features, _apart(residue, chain)


def _of_certainty(one: Example) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """What speaks for the residues placed by the first trace, and which are right."""
    calpha, features, _, chain = one.found()
    named = np.array(list(chain.letters)) != "X"
    target = Target((Sequence("1", "".join(np.array(list(chain.letters))[named])),))
    rng = np.random.default_rng(1)
    evidence = register_evidence(calpha, features, target, rng=rng)
    made = register(calpha, features, target, rng=rng, count=1, joinings=100_000)
    node = made.placements[0].node
    support = certainty(made.marginal[0], made.agreement[0], evidence)
    native = chain.calpha[named]
    asked = (node >= 0) & np.isfinite(native).all(axis=1)
    right = np.linalg.norm(calpha.positions[node[asked]] - native[asked], axis=1) < WITHIN
    return support[asked], right


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


def _calibration(
    support: NDArray[np.float64], right: NDArray[np.bool_], weights: NDArray[np.float64]
) -> str:
    shown = 1 / (1 + np.exp(-support @ weights))
    lines = []
    for low, high in ((0.0, 0.3), (0.3, 0.6), (0.6, 0.9), (0.9, 1.0)):
        inside = (shown >= low) & (shown <= high)
        if inside.any():
            lines.append(f"{low:g}–{high:g}: {right[inside].mean():.2f} of {inside.sum()}")
    return "right where shown is " + ", ".join(lines)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("links", "certainty"))
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
    else:
        some += experimental_examples(args.data, args.work)
        parts = _each(_of_certainty, some, args.workers)
        support, right = (np.concatenate(column) for column in zip(*parts))
        tables["certainty"] = learn_certainty(support, right)
        # Judged by fits to the other maps.
        half = np.repeat(np.arange(len(parts)) % 2 == 0, [len(r) for _, r in parts])
        for mine in (half, ~half):
            print(_calibration(support[mine], right[mine],
                               learn_certainty(support[~mine], right[~mine])))  # fmt: skip
        print("certainty", np.round(tables["certainty"], 2))
    np.savez_compressed(args.output, **tables)
    print(args.output)
    return 0


if __name__ == "__main__":
    sys.exit(main())
