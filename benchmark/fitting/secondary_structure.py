"""Fit how far the geometry of the linked chain is believed about helix, strand and coil.

    python -m benchmark.fitting.secondary_structure

Writes the part ``secondary_structure`` of ``weights/calpha.json``, fitted to maps of validation
chains, and prints the share of residues whose secondary structure is right by kind of map: by the
networks alone, with the constants that are there, and with fitted ones, each chain judged by a fit
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
    RADIUS,
    ReadMap,
    arguments,
    fit_part,
    read_maps,
)
from critasser.network.residue.fitted import StructureWeights, shipped_constants
from critasser.network.residue.reading import keep_likely
from critasser.network.residue.secondary_structure import combined_log_odds, structure_from_links
from critasser.structure import assign_secondary_structure, match_one_to_one

__all__ = ["AssignedMap", "fit", "main"]

CHAINS, LONGEST = 6, 300
"""Of split val; residues of the longest."""

FIRST = StructureWeights(0.9, -8.0, 1.0)
"""Where the fit begins."""

BY_NETWORKS = StructureWeights(1.0, -np.inf, 0.0)
"""Geometry counts nothing."""

DECIMALS = 1
"""Of the constants: their uncertainty is larger than what is rounded off."""


@dataclass(frozen=True, eq=False)
class AssignedMap:
    """Positions of a map that have a native residue.

    Attributes
    ----------
    chain, kind : str
        As of `ReadMap`.
    by_networks : ndarray (n, 3)
        Probabilities of helix, strand and coil.
    by_geometry : ndarray (n,)
    link_odds : ndarray (n,)
        Both as `structure_from_links` returns them.
    truth : ndarray (n,)
    """

    chain: str
    kind: str
    by_networks: NDArray[np.float64]
    by_geometry: NDArray[np.int64]
    link_odds: NDArray[np.float64]
    truth: NDArray[np.int64]

    @classmethod
    def of(cls, seen: ReadMap) -> AssignedMap:
        """Of the positions that a build would keep."""
        kept = keep_likely(seen.read, seen.evidence, len(seen.truth))
        by_geometry, link_odds = structure_from_links(kept)
        found, native = match_one_to_one(kept.positions, seen.truth, RADIUS).T
        truth = assign_secondary_structure(seen.truth)[native].astype(np.int64)
        by_networks = kept.secondary_structure[found]
        return cls(
            seen.chain, seen.kind, by_networks, by_geometry[found], link_odds[found], truth
        )

    def right(self, weights: StructureWeights) -> float:
        """Share that is right."""
        odds = combined_log_odds(self.by_networks, self.by_geometry, self.link_odds, weights)
        return float(np.mean(odds.argmax(axis=1) == self.truth))


def fit(maps: list[AssignedMap]) -> StructureWeights:
    """Multinomial regression, each map weighing the same."""
    by_networks, by_geometry, link_odds, truth = (
        np.concatenate([getattr(one, name) for one in maps])
        for name in ("by_networks", "by_geometry", "link_odds", "truth")
    )
    share = np.concatenate([np.full(len(one.truth), 1 / len(one.truth)) for one in maps])
    rows = np.arange(len(truth))

    def loss(weights: NDArray[np.float64]) -> float:
        odds = combined_log_odds(by_networks, by_geometry, link_odds, StructureWeights(*weights))
        return -float(share @ log_softmax(odds, axis=1)[rows, truth]) / len(maps)

    fitted = minimize(loss, np.array(FIRST), method="BFGS").x
    return StructureWeights(*(round(float(weight), DECIMALS) for weight in fitted))


def main() -> int:
    """Run the command."""
    args = arguments(__doc__, CHAINS, LONGEST)
    maps = read_maps(args.data, args.chains, args.longest)
    before = {"networks": BY_NETWORKS, "as it is": shipped_constants().secondary_structure}
    return fit_part(
        args, "secondary_structure", maps, AssignedMap.of, fit, AssignedMap.right, before, "right"
    )


if __name__ == "__main__":
    sys.exit(main())
