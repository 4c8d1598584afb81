"""Fit how far what networks and density say makes a position a Cα.

    python -m benchmark.probability

Prints the constants `PROBABILITY` of `critasser.network.residue.reading`, fitted to maps of
validation chains, and F1 at 2 Å by signal to noise, and as experiments show them: with the
constants that are there, and with the fitted ones, each chain judged by a fit to the others.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from benchmark.build import ROOT
from benchmark.calpha_cases import simulated
from benchmark.sets import targets
from critasser.calpha import find_calpha
from critasser.density import Grid, crop_to_molecule, normalise, resample
from critasser.density.sharpening import sharpened
from critasser.network import predict
from critasser.network.residue.reading import LEAST_PROBABILITY, PROBABILITY, judge_residues
from critasser.pipeline.stages.network import VIEWS
from critasser.pipeline.stages.sharpness import choose_bfactor
from critasser.shipped import NETWORK, RESIDUE_NETWORK, shipped
from critasser.structure import CalphaSet, match_one_to_one

__all__ = ["KINDS", "LIFELIKE", "RADIUS", "Judged", "ReadMap", "fit", "main", "read_maps"]

SHELLS = ("2-3", "3-4", "4-5", "5-8", "8-11")
KINDS = {"clean": None, "SNR 2": 2.0, "SNR 1": 1.0}
LIFELIKE = "lifelike"
RADIUS = 2.0
"""Å from a true Cα within which a position is one."""


@dataclass(frozen=True, eq=False)
class ReadMap:
    """What both networks found in a map.

    Attributes
    ----------
    chain : str
    kind : str
        ``clean``, ``SNR 2`` …, or ``lifelike``.
    read : CalphaSet
    evidence : ndarray (n, 3)
        Both as `judge_residues` returns them.
    truth : ndarray (L, 3)
        Native Cα, Å.
    """

    chain: str
    kind: str
    read: CalphaSet
    evidence: NDArray[np.float64]
    truth: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Judged:
    """Positions of a map.

    Attributes
    ----------
    chain : str
    kind : str
        ``clean``, ``SNR 2`` …, or ``lifelike``.
    evidence : ndarray (n, 4)
        1, and the terms that `judge_residues` returns.
    right : ndarray (n,) bool
    residues : int
    """

    chain: str
    kind: str
    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    residues: int

    def f1(self, weights: NDArray[np.float64]) -> float:
        """Of the positions that a build would keep."""
        probability = expit(self.evidence @ weights)
        order = np.argsort(-probability, kind="stable")
        likely = probability[order] >= LEAST_PROBABILITY
        kept = order[likely | (np.arange(len(order)) < self.residues)]
        return 2 * self.right[kept].sum() / (len(kept) + self.residues)


def read_maps(data: Path, chains: int, longest: int) -> Iterator[ReadMap]:
    """Maps of validation chains of up to `longest` residues, read as a build reads them."""
    for case in simulated(data, "val", chains, SHELLS, KINDS.values()):
        if case.residues <= longest:
            kind = next(kind for kind, snr in KINDS.items() if snr == case.snr)
            yield _read(case.name, kind, case.density(), case.truth().positions)
    lifelike = [one for one in targets(data, LIFELIKE) if one.neighbour is None]
    for target in lifelike[:chains]:
        if len(target.native) <= longest:
            density = normalise(resample(crop_to_molecule(target.simulated_map())))
            yield _read(f"val {target.name}", LIFELIKE, density, target.native)


def _read(chain: str, kind: str, density: Grid, truth: NDArray[np.float64]) -> ReadMap:
    networks = shipped(NETWORK), shipped(RESIDUE_NETWORK)
    density = sharpened(density, choose_bfactor(density, len(truth), *networks))
    found = find_calpha(predict(density, shipped(NETWORK), views=VIEWS), len(truth))
    read, evidence = judge_residues(density, found, shipped(RESIDUE_NETWORK))
    return ReadMap(chain, kind, read, evidence, truth)


def _judge(seen: ReadMap) -> Judged:
    right = np.zeros(len(seen.read), bool)
    right[match_one_to_one(seen.read.positions, seen.truth, RADIUS)[:, 0]] = True
    evidence = np.column_stack([np.ones(len(seen.read)), seen.evidence])
    return Judged(seen.chain, seen.kind, evidence, right, len(seen.truth))


def fit(judged: list[Judged]) -> NDArray[np.float64]:
    """Weights (4,) by logistic regression, each map weighing the same."""
    evidence = np.concatenate([one.evidence for one in judged])
    right = np.concatenate([one.right for one in judged]).astype(np.float64)
    share = np.concatenate([np.full(len(one.right), 1 / len(one.right)) for one in judged])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = evidence @ weights
        value = share @ (np.logaddexp(0, logit) - right * logit)
        return float(value), evidence.T @ (share * (expit(logit) - right))

    return minimize(loss, np.zeros(evidence.shape[1]), jac=True, method="L-BFGS-B").x


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--chains", type=int, default=5, help="of split val")
    parser.add_argument("--longest", type=int, default=250, help="residues; longer ones are left")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    judged = []
    for seen in read_maps(args.data, args.chains, args.longest):
        judged.append(one := _judge(seen))
        f1 = one.f1(np.array(PROBABILITY))
        print(f"{one.chain}, {one.kind}: {f1:.2f}", file=sys.stderr)
    chains = {one.chain for one in judged}
    if len(chains) < 2:
        raise SystemExit("one chain is not enough: each is judged by a fit to the others")
    of_others = {name: fit([one for one in judged if one.chain != name]) for name in chains}
    print("maps      F1 as it is  fitted")
    for kind in (*KINDS, LIFELIKE):
        rows = [one for one in judged if one.kind == kind]
        before = np.mean([one.f1(np.array(PROBABILITY)) for one in rows])
        after = np.mean([one.f1(of_others[one.chain]) for one in rows])
        print(f"{kind:9s} {before:11.3f} {after:7.3f}")
    print(f"PROBABILITY = ({', '.join(f'{weight:.1f}' for weight in fit(judged))})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
