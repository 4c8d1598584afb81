"""How well structures of a like fold, which are no relatives, are read as the target.

    python -m benchmark.fold_reading
    python -m benchmark.fold_reading --only 5f7f_A 5kvb_A
    python -m benchmark.fold_reading --relatives 260

Chains of split val, and for each one of the library that ships, laid upon it by TM-align, in
lifelike maps. Printed is the TM-score that the target has, without superposition, where its
residues are taken from the template as each witness tells them; beside it that of TM-align's own
pairs; and the z-score of the reading, for the target's own sequence and for that of another chain.
With ``--relatives`` it is pairs of the library that are of one cluster, read by letters and by the
fold too, without a map.
"""

from __future__ import annotations

import argparse
import csv
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import tmtools
import torch
from numpy.typing import NDArray

from benchmark.build import ROOT
from benchmark.lifelike import lifelike_map
from benchmark.sets import chain_of_index
from critasser.density.normalise import normalise
from critasser.network import ChainReader, load_network
from critasser.shipped import LIBRARY, RESIDUE_NETWORK, shipped
from critasser.structure import CalphaSet, ProteinChain, d0
from critasser.templates.alignment import align
from critasser.templates.reading import TemplateReading
from critasser.threading import TemplateLibrary, load_library

__all__ = ["CHOSEN", "LIKE", "main"]

LIKE = {
    "3v46_A": "1r8s_A", "3daw_B": "1t3y_A", "2hy5_A": "2hy5_B", "5f7f_A": "2j12_B",
    "5eo4_A": "3lwg_B", "3s9d_A": "1rhg_A", "1fnb_A": "1i7p_A", "5umr_A": "3so6_A",
    "5fjd_B": "3x29_A", "1k4c_C": "4x89_A", "3kh7_A": "3me8_A", "3v1q_A": "4opj_C",
    "3piw_A": "5gw9_A", "1b73_A": "1jfl_A", "7prm_A": "1brt_A", "5wfb_A": "4nac_A",
    "5kvb_A": "2b24_F", "4l9e_A": "1ew0_A", "2p2o_A": "1mr7_X", "3uv9_A": "4xw3_B",
    "1a2k_B": "2rfr_A", "3bci_A": "5hfg_A",
}  # fmt: skip
"""Chains of split val, and one of the library of like fold (TM-score 0.55 to 0.80) for each."""

CHOSEN = 6
"""From the first, with which the weights of the witnesses were chosen."""

RESOLUTIONS = (5.0, 6.5, 8.0)
"""Å."""

MOST_IDENTICAL, LONGEST = 0.7, 300
"""Of relatives: nearer ones, and longer ones, are left out."""

BANDS = (0.2, 0.3, 0.4, MOST_IDENTICAL)
"""Of their identity."""

WITNESSES = ("letters", "fold", "side chains")
"""Each with those before it."""

NO_POSITIONS = CalphaSet(np.empty((0, 3)), np.empty(0), np.empty((0, 20)), np.empty((0, 3)))
"""No Cα were found: the template itself is read."""


@dataclass(frozen=True, eq=False)
class Pair:
    """A target of L residues, and a template of n that lies upon it.

    Attributes
    ----------
    native : ndarray (L, 3)
        Cα, Å.
    codes : ndarray (L,)
    template : ndarray (n,)
        Codes of the template.
    placed : ndarray (n, 3)
        Its Cα, Å.
    like : ndarray (k, 2)
        Pairs of template and target by TM-align.
    """

    native: NDArray[np.float64]
    codes: NDArray[np.int8]
    template: NDArray[np.int8]
    placed: NDArray[np.float64]
    like: NDArray[np.int64]

    @classmethod
    def of(cls, native: ProteinChain, library: TemplateLibrary, number: int) -> Pair:
        """A target, and a chain of a library."""
        seen = np.isfinite(native.calpha).all(axis=1)
        own, other = native.calpha[seen], library.chain(number)
        letters = "".join(np.array(list(native.letters))[seen])
        found = tmtools.tm_align(own, other.calpha, letters, other.letters)
        both = np.array([[x != "-", y != "-"] for x, y in zip(found.seqxA, found.seqyA)])
        at = np.cumsum(both, axis=0)[both.all(axis=1)] - 1
        # TM-align moves the first onto the second.
        placed = (other.calpha - found.t) @ found.u
        return cls(own, native.codes[seen], other.codes, placed, at[:, ::-1])

    def tm(self, pairs: NDArray[np.int64]) -> float:
        """TM-score in place of the target's residues (k, 2: template, target)."""
        away = np.linalg.norm(self.native[pairs[:, 1]] - self.placed[pairs[:, 0]], axis=1)
        return float(np.sum(1.0 / (1.0 + (away / d0(len(self.native))) ** 2)) / len(self.native))

    def read(self, codes: NDArray[np.int8], along: NDArray[np.float64] | None, how: str):
        """The alignment as a sequence, by letters, by the fold too, or by side chains too."""
        if how == "letters":
            return align(self.template, codes)
        reading = TemplateReading.of(
            0, self.placed, self.template, [codes], [0], False, NO_POSITIONS
        )
        told = along if how == "side chains" else None
        return reading.placing(self.placed, 1, told, certain=True).alignment


def _rows(data: Path, only: list[str]) -> Iterator[tuple[str, float, Pair, list]]:
    """Name, resolution, pair, and alignments of the target's own and of another sequence."""
    library, network = load_library(shipped(LIBRARY)), load_network(shipped(RESIDUE_NETWORK))
    number = {name: k for k, name in enumerate(library.names)}
    others = list(LIKE)[-1:] + list(LIKE)[:-1]
    for (name, like), before in zip(LIKE.items(), others):
        if only and name not in only:
            continue
        path, native = chain_of_index(data, name)
        pair = Pair.of(native, library, number[like])
        foreign = chain_of_index(data, before)[1].codes
        for resolution in RESOLUTIONS:
            rng = np.random.default_rng(zlib.crc32(f"{name} {resolution}".encode()))
            grid = normalise(
                lifelike_map(data, path, resolution, rng, None, noise_in_molecule=True)
            )
            reader = ChainReader(network, grid, torch.device("cpu"))
            along = reader.log_probabilities(pair.placed)
            along = along - reader.by_fold(pair.placed, pair.placed.mean(axis=0), rng)
            read = [pair.read(pair.codes, along, how) for how in WITNESSES]
            yield name, resolution, pair, [*read, pair.read(foreign, along, WITNESSES[-1])]


def _relatives(data: Path, count: int) -> None:
    """Print how relatives are read, by their identity."""
    library = load_library(shipped(LIBRARY))
    number = {name: k for k, name in enumerate(library.names)}
    clusters: dict[str, list[int]] = {}
    with (data / "structures" / "index.tsv").open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["id"] in number:
                clusters.setdefault(row["cluster25"], []).append(number[row["id"]])
    groups = [group for group in clusters.values() if len(group) > 1]
    rng, rows = np.random.default_rng(1), []
    for _ in range(count):
        first, second = rng.choice(groups[rng.integers(len(groups))], 2, replace=False)
        if max(library.lengths[[first, second]]) > LONGEST:
            continue
        pair = Pair.of(library.chain(first), library, second)
        by_letters = pair.read(pair.codes, None, "letters")
        if by_letters.identity <= MOST_IDENTICAL:
            by_fold = pair.read(pair.codes, None, "fold")
            scores = [pair.tm(one) for one in (pair.like, by_letters.pairs, by_fold.pairs)]
            rows.append([by_letters.identity, *scores])
    found = np.array(rows)
    print("identity   n  TM-align  letters  fold too")
    for low, high in pairwise(BANDS):
        some = found[(found[:, 0] > low) & (found[:, 0] <= high)]
        print(f"{low:.1f}–{high:.1f}  {len(some):4d}  "
              + "  ".join(f"{value:8.3f}" for value in some[:, 1:].mean(axis=0)))  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--only", nargs="*", default=[], help="names of targets")
    parser.add_argument("--relatives", type=int, metavar="N", help="pairs of relatives instead")
    args = parser.parse_args()
    torch.set_num_threads(1)
    if args.relatives is not None:
        _relatives(args.data, args.relatives)
        return 0
    found: dict[tuple[bool, float], list[list[float]]] = {}
    print("target      Å  TM-align " + " ".join(f"{how:>11s}" for how in WITNESSES)
          + "  z own  z of another")  # fmt: skip
    for name, resolution, pair, read in _rows(args.data, args.only):
        row = [pair.tm(pair.like), *(pair.tm(one.pairs) for one in read[:-1])]
        row += [one.z_score for one in read[-2:]]
        fresh = list(LIKE).index(name) >= CHOSEN
        found.setdefault((fresh, resolution), []).append(row)
        print(f"{name:8s} {resolution:4.1f}    {row[0]:.2f}  "
              + " ".join(f"{value:11.2f}" for value in row[1:4])
              + f"  {row[4]:5.1f}  {row[5]:5.1f}", flush=True)  # fmt: skip
    for (fresh, resolution), rows in sorted(found.items()):
        which = "others" if fresh else "chosen with"
        told = " ".join(f"{value:.2f}" for value in np.mean(rows, axis=0)[:4])
        own, other = np.array(rows)[:, 4], np.array(rows)[:, 5]
        print(f"{which}, {resolution:g} Å, n = {len(rows)}: TM-score {told}; z-score "
              f"{own.min():.1f} to {own.max():.1f}, of another sequence {other.max():.1f} at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
