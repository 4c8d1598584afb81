"""Fit how what networks and density say is weighed into the probability that a position is a Cα.

    python -m benchmark.fitting.calpha_probability

Writes the part ``calpha_probability`` of ``weights/calpha.json``, fitted to maps of validation
chains, and prints F1 at 2 Å by signal to noise, and for maps as experiments show them: with the
constants that are there, and with fitted ones, each chain judged by a fit to the others.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from benchmark.fitting.maps import (
    RADIUS,
    ReadMap,
    arguments,
    fit_part,
    read_maps,
)
from critasser.network.residue.fitted import CalphaWeights, shipped_constants
from critasser.network.residue.reading import LEAST_PROBABILITY
from critasser.structure import match_one_to_one

__all__ = ["JudgedMap", "fit", "main"]

CHAINS, LONGEST = 5, 250
"""Of split val; residues of the longest."""

DECIMALS = 1
"""Of the constants: their uncertainty is larger than what is rounded off."""


@dataclass(frozen=True, eq=False)
class JudgedMap:
    """Positions of a map, and which of them are Cα.

    Attributes
    ----------
    chain, kind : str
        As of `ReadMap`.
    evidence : ndarray (n, 4)
        1, and the terms that `judge_residues` returns.
    right : ndarray (n,) bool
        Whether it lies within 2 Å of a Cα of its own.
    residues : int
        Native ones.
    """

    chain: str
    kind: str
    evidence: NDArray[np.float64]
    right: NDArray[np.bool_]
    residues: int

    @classmethod
    def of(cls, seen: ReadMap) -> JudgedMap:
        """Compare positions with the native Cα."""
        right = np.zeros(len(seen.read), bool)
        right[match_one_to_one(seen.read.positions, seen.truth, RADIUS)[:, 0]] = True
        evidence = np.column_stack([np.ones(len(seen.read)), seen.evidence])
        return cls(seen.chain, seen.kind, evidence, right, len(seen.truth))

    def f1(self, weights: CalphaWeights) -> float:
        """Of the positions that a build would keep."""
        probability = expit(self.evidence @ weights)
        order = np.argsort(-probability, kind="stable")
        likely = probability[order] >= LEAST_PROBABILITY
        kept = order[likely | (np.arange(len(order)) < self.residues)]
        return 2 * self.right[kept].sum() / (len(kept) + self.residues)


def fit(maps: list[JudgedMap]) -> CalphaWeights:
    """Logistic regression, each map weighing the same."""
    evidence = np.concatenate([one.evidence for one in maps])
    right = np.concatenate([one.right for one in maps]).astype(np.float64)
    share = np.concatenate([np.full(len(one.right), 1 / len(one.right)) for one in maps])

    def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        logit = evidence @ weights
        value = share @ (np.logaddexp(0, logit) - right * logit)
        return float(value), evidence.T @ (share * (expit(logit) - right))

    fitted = minimize(loss, np.zeros(evidence.shape[1]), jac=True, method="L-BFGS-B").x
    return CalphaWeights(*(round(float(weight), DECIMALS) for weight in fitted))


def main() -> int:
    """Run the command."""
    args = arguments(__doc__, CHAINS, LONGEST)
    maps = read_maps(args.data, args.chains, args.longest)
    before = {"as it is": shipped_constants().calpha_probability}
    return fit_part(
        args, "calpha_probability", maps, JudgedMap.of, fit, JudgedMap.f1, before, "F1 at 2 Å"
    )


if __name__ == "__main__":
    sys.exit(main())
