"""Measure how many residues a region of density is taken for, and how many are there.

    python -m benchmark.regions

At several levels what is near the model of each experimental map, and of lifelike maps of split
val, is counted: volume and surface. Those of group train fit the constants of
`critasser.segmentation.regions`; then it tells expected over true residues by the constants that
ship, also for maps of group bench, which choose nothing.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from benchmark.build import ROOT
from benchmark.sets import BenchmarkTarget, targets
from critasser.density import Grid, model_mask, read_map
from critasser.segmentation.finding import level_above
from critasser.segmentation.map_regions import automatic_level
from critasser.segmentation.regions import RESIDUE_VOLUME, RIM, RIM_GROWTH, VOLUME_WEIGHT

__all__ = ["main"]

LEVELS = (0.3, 0.4, 0.5, 0.6, 0.75, 0.9, 1.0)
"""In the molecule's mean density above the background."""

REACH = 4.0
"""Å from atoms within which density counts."""

MOST_VOXELS = 4e7
"""Of a map: larger ones take too long."""

OUTLIER = 0.2
"""Deviation of the logarithm from which one counts less in the fit."""

OTHER_MAPS = ("EMD-35448_8IHL_box",)
"""In which other molecules lie within reach of the model."""


@dataclass(frozen=True)
class Counted:
    """A map: at each level, the automatic one first, level, volume and surface over the volume of
    all residues (Å); ndarray (k, 3)."""

    name: str
    group: str
    rows: NDArray[np.float64]

    def ratios(self, weight: float, rim: float, growth: float) -> NDArray[np.float64]:
        """Expected over true residues at each level."""
        level, volume, surface = self.rows.T
        return rim * np.exp(growth * level) * (weight * volume + surface)


def _count(target: BenchmarkTarget, grid: Grid) -> Counted:
    atoms = np.concatenate([chain.positions for chain in target.chains])
    near = model_mask(grid, atoms, REACH)
    one = level_above(grid.values, 1.0) - level_above(grid.values, 0.0)
    none = level_above(grid.values, 0.0)
    levels = [level_above(grid.values, automatic_level(grid)), *LEVELS]
    size = RESIDUE_VOLUME * sum(map(len, target.chains))
    voxel = float(np.prod(grid.voxel_size))
    rows = []
    for level in levels:
        inside = np.pad(near & (grid.values >= (level - none) / one), 1).astype(np.int8)
        faces = sum(int(np.count_nonzero(np.diff(inside, axis=axis))) for axis in range(3))
        rows.append((level, inside.sum() * voxel / size, faces * voxel ** (2 / 3) / size))
    group = target.group if target.set == "experimental" else target.set
    return Counted(target.name, group, np.array(rows))


def _maps(data: Path) -> Iterator[Counted]:
    for which in ("experimental", "lifelike"):
        for target in targets(data, which, most_residues=None):
            if target.name in OTHER_MAPS:
                continue
            grid = target.simulated_map() if target.simulated else read_map(target.source)
            if grid.values.size <= MOST_VOXELS:
                counted = _count(target, grid)
                shown = counted.ratios(VOLUME_WEIGHT, RIM, RIM_GROWTH)
                print(f"{target.name:24s} {counted.group:9s} {target.resolution:4.1f} Å  "
                      f"level {counted.rows[0, 0]:.2f}: {shown[0]:.2f}; at 0.5 {shown[3]:.2f}, "
                      f"at 1 {shown[-1]:.2f}", flush=True)  # fmt: skip
                yield counted


def _fit(maps: list[Counted]) -> None:
    """Print the constants that come nearest to what is there."""
    def apart(constants: NDArray[np.float64]) -> NDArray[np.float64]:
        weight, rim, growth = constants
        return np.log(np.concatenate([one.ratios(weight, rim, growth)[1:] for one in maps]))

    start = (VOLUME_WEIGHT, RIM, RIM_GROWTH)
    found = least_squares(apart, start, bounds=((0.0, 0.01, 0.0), (5.0, 5.0, 5.0)),
                          loss="soft_l1", f_scale=OUTLIER).x  # fmt: skip
    print(f"fitted on {len(maps)} maps: weight {found[0]:.2f}, rim {found[1]:.2f} Å, growth "
          f"{found[2]:.2f}")  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    maps = list(_maps(args.data))
    _fit([one for one in maps if one.group == "train"])
    for group in ("train", "bench", "lifelike"):
        some = np.array([
            one.ratios(VOLUME_WEIGHT, RIM, RIM_GROWTH) for one in maps if one.group == group
        ])  # fmt: skip
        for k, name in enumerate(("automatic", *LEVELS)):
            print(f"{group}, {len(some)} maps, level {name}: median {np.median(some[:, k]):.2f}, "
                  f"{some[:, k].min():.2f} to {some[:, k].max():.2f}, deviation of the logarithm "
                  f"{np.log(some[:, k]).std():.2f}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
