"""Whether the quick search for known folds finds the places that a full search finds, and how fast.

    python -m benchmark.fold_search --work WORK

In lifelike maps of split val and experimental maps of group train their own structure, chains of
like folds and of others, of fitting length, are looked for: by the search that builds make, and by
one of 4 Å voxels with as many orientations as these need.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark.build import ROOT
from benchmark.known_folds import tm_to
from benchmark.sets import BenchmarkTarget, targets
from critasser.density import (
    FeatureMaps,
    crop_to_molecule,
    normalise,
    read_map,
    resample,
    write_map,
)
from critasser.fitting import Body, SearchedFields, best_places, network_fields
from critasser.fitting.search import COARSE_STEP
from critasser.job.arrays import load_features
from critasser.network import predict
from critasser.shipped import LIBRARY, NETWORK, shipped
from critasser.structure import ProteinChain
from critasser.threading import TemplateLibrary, load_library

__all__ = ["main"]

SAME = 5.0
"""Å root mean square between best places that are one."""

ALIKE = 0.5
"""TM-score from which a chain of the library has the map's fold."""

SHORTEST, LONGEST = 0.7, 1.3
"""Of the residues of a target: chains of the library that are looked for."""

TILE = 112
"""Voxels; side of the network's tiles."""

LOOKED_AT = 60
"""Chains of the library whose TM-score to the target is asked, to find like folds."""


def _features(target: BenchmarkTarget, folder: Path) -> FeatureMaps:
    """What the network sees in a target's map; computed once."""
    density, features = folder / "density.mrc", folder / "features.npy"
    if not features.exists():
        folder.mkdir(parents=True, exist_ok=True)
        whole = target.simulated_map() if target.simulated else read_map(target.source)
        write_map(density, normalise(resample(crop_to_molecule(whole))))
        predict(read_map(density), shipped(NETWORK), device="cpu", tile=TILE, file=features)
    return load_features(features, density)


def _chains(
    native: ProteinChain, library: TemplateLibrary, count: int
) -> list[tuple[str, np.ndarray]]:
    """The target itself, and chains of the library: those most alike, then others."""
    length = len(native)
    right = np.flatnonzero(
        (library.lengths >= SHORTEST * length) & (library.lengths <= LONGEST * length)
    )
    right = right[:: max(1, len(right) // LOOKED_AT)]
    scores = {int(k): tm_to(native, library, int(k)) for k in right}
    best = sorted(scores, key=lambda k: -scores[k])
    chosen = [*best[: count // 2], *best[-(count - count // 2) :]]
    own = native.calpha[np.isfinite(native.calpha).all(axis=1)]
    found = [("itself", own)]
    for k in chosen:
        name = "alike" if scores[k] >= ALIKE else "other"
        found.append((f"{name} {library.names[k]}", library.calpha[library.residues(k)]))
    return found


def _compare(target: BenchmarkTarget, work: Path, library: TemplateLibrary, count: int) -> list:
    """Of each chain: its kind, whether both searches find one place, their scores and times."""
    fields = network_fields(_features(target, work / target.folder))
    quick, full = SearchedFields.of(fields), SearchedFields.of(fields, step=COARSE_STEP)
    rows = []
    for name, calpha in _chains(target.chains[0], library, count):
        body, timed = Body.of(calpha), []
        for searched, orientations in ((quick, {}), (full, {"orientations": None})):
            begun = time.process_time()
            poses = best_places(body, searched, **orientations)
            timed.append((poses.select(np.arange(1)), time.process_time() - begun))
        (one, fast), (other, slow) = timed
        apart = float(one.displacement(body, other)[0])
        scores = [float(p.score[0] * np.sqrt(len(body))) for p in (one, other)]
        rows.append((name.split()[0], apart <= SAME, *scores, fast, slow))
        print(f"{target.name:24s} {target.resolution:4.1f} Å  {len(body):4d} residues  "
              f"{name:14s} apart {apart:5.1f} Å  scores {scores[0]:.2f} {scores[1]:.2f}  "
              f"{fast:.2f} s, {slow:.2f} s", flush=True)  # fmt: skip
    return rows


def _tell(rows: Sequence[tuple]) -> None:
    for kind in ("itself", "alike", "other"):
        some = [row for row in rows if row[0] == kind]
        if some:
            same = sum(row[1] for row in some)
            less = np.array([row[2] / max(row[3], 1e-6) for row in some])
            print(f"{kind}: {same} of {len(some)} best places the same; quick score over full "
                  f"{less.min():.2f} to {less.max():.2f}, mean {less.mean():.2f}")  # fmt: skip
    fast, slow = (np.array([row[k] for row in rows]) for k in (4, 5))
    print(f"seconds a fold: quick {fast.min():.2f} to {fast.max():.2f}, mean {fast.mean():.2f}; "
          f"full {slow.min():.2f} to {slow.max():.2f}, mean {slow.mean():.2f}")  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--maps", type=int, default=6, help="of each set (default: %(default)s)")
    parser.add_argument("--chains", type=int, default=6, help="of a map (default: %(default)s)")
    args = parser.parse_args()
    library, rows = load_library(shipped(LIBRARY)), []
    for which, group in (("lifelike", None), ("experimental", "train")):
        fitting = [
            one for one in targets(args.data, which)
            if len(one.chains) == 1 and group in (None, one.group)
        ]  # fmt: skip
        for target in fitting[:: max(1, len(fitting) // args.maps)][: args.maps]:
            rows += _compare(target, args.work, library, args.chains)
    _tell(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
