"""Fit how far the course of the chain is believed when it tells helix, strand or coil.

    python -m benchmark.course

Prints the constants of `critasser.network.residue.secondary_structure`, fitted to maps of
validation chains, and the share of residues whose secondary structure is right by kind of map: by
the networks alone, with the constants that are there, and with fitted ones, each chain judged by a
fit to the others.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import log_softmax

from benchmark.build import ROOT
from benchmark.probability import KINDS, LIFELIKE, RADIUS, ReadMap, read_maps
from critasser.network.residue.reading import keep_likely
from critasser.network.residue.secondary_structure import join_course, told_by_course
from critasser.structure import assign_secondary_structure, match_one_to_one

__all__ = ["Told", "fit", "main"]


@dataclass(frozen=True, eq=False)
class Told:
    """Positions of a map that have a native residue.

    Attributes
    ----------
    chain, kind : str
        As of `ReadMap`.
    seen : ndarray (n, 3)
        What networks say of helix, strand and coil.
    course : ndarray (n,)
        What geometry says, and
    known : ndarray (n,)
        how well the course is known; both as `told_by_course` returns them.
    truth : ndarray (n,)
    """

    chain: str
    kind: str
    seen: NDArray[np.float64]
    course: NDArray[np.int64]
    known: NDArray[np.float64]
    truth: NDArray[np.int64]

    @classmethod
    def of(cls, map_: ReadMap) -> Told:
        """Of the positions that a build would keep."""
        kept = keep_likely(map_.read, map_.evidence, len(map_.truth))
        course, known = told_by_course(kept)
        found, native = match_one_to_one(kept.positions, map_.truth, RADIUS).T
        truth = assign_secondary_structure(map_.truth)[native].astype(np.int64)
        seen = kept.secondary_structure[found]
        return cls(map_.chain, map_.kind, seen, course[found], known[found], truth)

    def right(self, *weights: float) -> float:
        """Share that is right; without what `fit` returned by the constants that are there."""
        fitted = (weights[0], weights[1:]) if weights else ()
        joined = join_course(self.seen, self.course, self.known, *fitted)
        return float(np.mean(joined.argmax(axis=1) == self.truth))


def fit(told: list[Told]) -> NDArray[np.float64]:
    """`SEEN` and both numbers of `KNOWN` by multinomial regression, each map weighing the same."""
    seen, course, known, truth = (
        np.concatenate([getattr(one, name) for one in told])
        for name in ("seen", "course", "known", "truth")
    )
    share = np.concatenate([np.full(len(one.truth), 1 / len(one.truth)) for one in told])

    def loss(weights: NDArray[np.float64]) -> float:
        odds = join_course(seen, course, known, weights[0], weights[1:])
        return -float(share @ log_softmax(odds, axis=1)[np.arange(len(truth)), truth]) / len(told)

    return minimize(loss, np.array([0.9, -8.0, 1.0]), method="BFGS").x


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--chains", type=int, default=6, help="of split val")
    parser.add_argument("--longest", type=int, default=300, help="residues; longer ones are left")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    told = []
    for map_ in read_maps(args.data, args.chains, args.longest):
        told.append(one := Told.of(map_))
        print(f"{one.chain}, {one.kind}: {one.right():.3f}", file=sys.stderr)
    chains = {one.chain for one in told}
    if len(chains) < 2:
        raise SystemExit("one chain is not enough: each is judged by a fit to the others")
    of_others = {name: fit([one for one in told if one.chain != name]) for name in chains}
    print("maps      networks  as it is  fitted")
    for kind in (*KINDS, LIFELIKE):
        rows = [one for one in told if one.kind == kind]
        alone = np.mean([np.mean(one.seen.argmax(axis=1) == one.truth) for one in rows])
        before = np.mean([one.right() for one in rows])
        after = np.mean([one.right(*of_others[one.chain]) for one in rows])
        print(f"{kind:9s} {alone:8.3f} {before:9.3f} {after:7.3f}")
    seen, constant, slope = fit(told)
    print(f"SEEN = {seen:.1f}\nKNOWN = ({constant:.1f}, {slope:.1f})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
