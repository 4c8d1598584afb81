"""Measure how well the transfer of a coarse experimental map is predicted from those of finer ones.

    python -m benchmark.transfers

For every experimental map, the transfers of the maps of split train that are finer by a quarter or
more are taken for its own in three ways: as they are, with frequencies scaled by the resolution,
and `coarsened`. Printed are mean absolute differences of the logarithm of the gain, and of the
correlation with the atoms, from 25 Å to the map's resolution. Constants may be chosen on group
train; group bench only says how far they hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmark.build import ROOT
from critasser.network.training.packing import packed_pairs
from critasser.network.training.transfer import (
    FREQUENCIES,
    LEAST_GAIN,
    NEIGHBOURING,
    Transfer,
    coarsened,
    compare_with_atoms,
    measure_transfer,
)

__all__ = ["RULES", "difference", "main", "scaled"]

COARSE = 4.0
"""Å; maps of this resolution and poorer ones are predicted."""

LARGEST = 9e6
"""Voxels of a map that is compared; larger ones take minutes."""

COARSEST = 25.0
"""Å at which the comparison begins: below is the shape of the molecule."""


def scaled(transfer: Transfer, resolution: float) -> Transfer:
    """A transfer whose frequencies are scaled by the resolution."""
    frequencies = FREQUENCIES * resolution / transfer.resolution
    return Transfer(
        np.interp(frequencies, FREQUENCIES, transfer.gain),
        np.interp(frequencies, FREQUENCIES, transfer.correlation),
        resolution,
    )


RULES: dict[str, Callable[[Transfer, float], Transfer]] = {
    "as it is": lambda transfer, resolution: transfer,
    "scaled": scaled,
    "coarsened": coarsened,
}


def difference(predicted: Transfer, true: Transfer) -> tuple[float, float]:
    """Mean absolute difference of the logarithm of the gain, and of the correlation."""
    within = (1 / COARSEST < FREQUENCIES) & (true.resolution * FREQUENCIES < 1)
    logs = [np.log(np.maximum(t.gain[within], LEAST_GAIN)) for t in (predicted, true)]
    correlation = np.abs(predicted.correlation[within] - true.correlation[within]).mean()
    return float(np.abs(logs[0] - logs[1]).mean()), float(correlation)


def _measured(data: Path, split: str) -> dict[str, Transfer]:
    with tempfile.TemporaryDirectory() as folder:
        pairs = packed_pairs(
            data / "maps", split, Path(folder) / "maps.npz", report=lambda line: None
        )
    return {
        pair.name: measure_transfer(pair, compare_with_atoms(pair))
        for pair in pairs if pair.density.size <= LARGEST
    }  # fmt: skip


def _row(name: str, true: Transfer, sources: Sequence[Transfer]) -> list[tuple[float, float]]:
    """Print the differences of a map; returns them by rule."""
    means = []
    for rule in RULES.values():
        found = [difference(rule(source, true.resolution), true) for source in sources]
        means.append(tuple(np.mean(found, axis=0)))
    cells = " | ".join(f"{gain:.2f} / {correlation:.2f}" for gain, correlation in means)
    print(f"| {name} | {true.resolution:g} | {len(sources)} | {cells} |")
    return means


def _table(group: str, maps: Mapping[str, Transfer], train: Mapping[str, Transfer]) -> None:
    rows = []
    for name, true in maps.items():
        sources = [
            source for other, source in train.items()
            if other != name and true.resolution > NEIGHBOURING * source.resolution
        ]  # fmt: skip
        if true.resolution >= COARSE and sources:
            rows.append(_row(f"{group}, {name}", true, sources))
    means = np.mean(rows, axis=0)
    cells = " | ".join(f"{gain:.2f} / {correlation:.2f}" for gain, correlation in means)
    print(f"| **{group}, {len(rows)} maps** | | | {cells} |")


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    print(f"| map | Å | finer maps | {' | '.join(RULES)} |\n" + "|---" * (3 + len(RULES)) + "|")
    train = _measured(args.data, "train")
    _table("train", train, train)
    _table("bench", _measured(args.data, "bench"), train)
    return 0


if __name__ == "__main__":
    sys.exit(main())
