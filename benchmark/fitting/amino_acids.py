"""Fit how far each of both networks is believed about the amino acid of a position.

    python -m benchmark.fitting.amino_acids

Writes the part ``amino_acid`` of ``weights/calpha.json``, fitted to maps of validation chains, and
prints the share of residues whose likeliest amino acid is right by kind of map: by the residue
network alone, with the constants that are there, and with fitted ones, each chain judged by a fit
to the others.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from benchmark.fitting.maps import (
    ONE_NETWORK,
    RADIUS,
    ReadMap,
    arguments,
    fit_part,
    read_maps,
)
from critasser.network.residue.fitted import AminoAcidWeights, shipped_constants
from critasser.network.residue.reading import LEAST_AMINO_ACID
from critasser.structure import match_one_to_one

__all__ = ["IdentifiedMap", "fit", "main"]

CHAINS, LONGEST = 7, 300
"""Of split val; residues of the longest."""

DECIMALS = 1
"""Of the constants: their uncertainty is larger than what is rounded off."""


@dataclass(frozen=True, eq=False)
class IdentifiedMap:
    """Positions of a map that have a native residue.

    Attributes
    ----------
    chain, kind : str
        As of `ReadMap`.
    logs : ndarray (2, n, 20)
        Logarithms of probabilities by the residue network and by the map network.
    truth : ndarray (n,)
        Index into `AMINO_ACIDS`.
    """

    chain: str
    kind: str
    logs: NDArray[np.float64]
    truth: NDArray[np.int64]

    @classmethod
    def of(cls, seen: ReadMap) -> IdentifiedMap:
        """Of all positions within 2 Å of one of the twenty; `seen` is read with `ONE_NETWORK`."""
        found, native = match_one_to_one(seen.read.positions, seen.truth, RADIUS).T
        truth = seen.amino_acid[native].astype(np.int64)
        found, truth = found[truth >= 0], truth[truth >= 0]
        by_both = np.stack([seen.read.amino_acid[found], seen.found.amino_acid[found]])
        return cls(seen.chain, seen.kind, np.log(by_both + LEAST_AMINO_ACID), truth)

    def right(self, weights: AminoAcidWeights) -> float:
        """Share whose likeliest amino acid is right."""
        odds = np.tensordot(weights, self.logs, axes=1)
        return float(np.mean(odds.argmax(axis=1) == self.truth))


def fit(maps: list[IdentifiedMap]) -> AminoAcidWeights:
    """Multinomial regression, each map weighing the same."""
    logs = np.concatenate([one.logs for one in maps], axis=1)
    truth = np.concatenate([one.truth for one in maps])
    share = np.concatenate([np.full(len(one.truth), 1 / len(one.truth)) for one in maps])
    rows = np.arange(len(truth))

    def loss(weights: NDArray[np.float64]) -> float:
        odds = np.tensordot(weights, logs, axes=1)
        return -float(share @ log_softmax(odds, axis=1)[rows, truth]) / len(maps)

    fitted = minimize(loss, np.array(ONE_NETWORK), method="BFGS").x
    return AminoAcidWeights(*(round(float(weight), DECIMALS) for weight in fitted))


def main() -> int:
    """Run the command."""
    args = arguments(__doc__, CHAINS, LONGEST)
    maps = read_maps(args.data, args.chains, args.longest, ONE_NETWORK)
    before = {"residue network": ONE_NETWORK, "as it is": shipped_constants().amino_acid}
    return fit_part(
        args, "amino_acids", maps, IdentifiedMap.of, fit, IdentifiedMap.right, before,
        "likeliest right",
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
