"""Measure how many residues a region of density is taken for, and how many are there.

    python -m benchmark.regions
    python -m benchmark.regions --complexes WORK

Experimental maps that networks are trained on, of up to 700 residues, at several levels; density
within 5 Å of the model counts. Tells expected over true residues: of the volume alone, and with
the rim (`RIM` in `critasser.segmentation.regions`, which is chosen by this). ``--complexes`` takes
the packed maps that `benchmark.complexes` made in WORK, and fits how the rim grows with the level
(`critasser.segmentation.map_regions`).
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.spatial import cKDTree

from benchmark.build import ROOT
from benchmark.sets import targets
from critasser.density import model_mask, normalise, read_map
from critasser.structure import read_chains

__all__ = ["main"]

NEAR = 5.0
"""Å around Cα."""
LEVELS = (0.3, 0.45, 0.6)
"""As a share of the median density at Cα."""
RESIDUE_VOLUME = 1.21 * 110.0
"""Å³: 1.21 Å³ a dalton, 110 daltons a residue."""


SHARES = (0.5, 0.6, 0.8)
"""Levels on packed maps, in the molecule's mean density."""
REACH = 4.0
"""Å from atoms within which density counts there."""


def fit_rim(work: Path) -> None:
    """Fit the rim as a line in the level on packed maps, and print what comes out."""
    rows = []
    for native in sorted(work.glob("*/native.cif")):
        chains, grid = read_chains(native), read_map(native.with_name("map.mrc"))
        values = normalise(grid).values
        near = model_mask(grid, np.concatenate([chain.positions for chain in chains]), REACH)
        size = RESIDUE_VOLUME * sum(map(len, chains))
        for share in SHARES:
            inside = np.pad(near & (values > share), 1).astype(np.int8)
            surface = sum(int(np.count_nonzero(np.diff(inside, axis=axis))) for axis in range(3))
            rows.append((share, inside.sum() / size, surface / size))
    share, volume, surface = np.array(rows).T
    of_level = np.column_stack([surface, surface * share])
    (first, more), *_ = np.linalg.lstsq(of_level, 1.0 - volume, rcond=None)
    print(f"rim = {first:.2f} Å + {more:.2f} Å × level")
    for one in SHARES:
        ratio = (volume + surface * (first + more * share))[share == one]
        print(f"level {one}: {ratio.mean():.2f} ± {ratio.std():.2f}, "
              f"{ratio.min():.2f} to {ratio.max():.2f}")  # fmt: skip


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--rims", type=float, nargs="+", default=(0.0, 0.5, 0.7, 0.9), help="Å")
    parser.add_argument("--complexes", type=Path, metavar="WORK", help="packed maps instead")
    args = parser.parse_args()
    if args.complexes is not None:
        fit_rim(args.complexes)
        return 0
    rows_of_levels = []
    for target in targets(args.data, "experimental"):
        if target.group != "train":
            continue
        grid = read_map(target.source)
        steps = np.asarray(grid.voxel_size, float)
        native = target.native
        box = grid.to_index(np.stack([native.min(0) - 8, native.max(0) + 8]))
        low = np.clip(np.floor(box[0]).astype(int), 0, grid.shape)
        high = np.clip(np.ceil(box[1]).astype(int), 0, grid.shape)
        values = np.asarray(grid.values[tuple(map(slice, low, high))], float)
        index = np.stack(np.meshgrid(*map(np.arange, low, high), indexing="ij"), axis=-1)
        points = grid.origin + index.reshape(-1, 3)[:, ::-1] * steps
        away, _ = cKDTree(native).query(points, distance_upper_bound=NEAR)
        near = np.isfinite(away).reshape(values.shape)
        at = np.rint(grid.to_index(native)).astype(int) - low
        density = np.median(values[tuple(at.T)])
        for level in LEVELS:
            inside = np.pad(near & (values > level * density), 1)
            volume = inside.sum() * steps.prod()
            surface = sum(
                np.diff(inside.astype(np.int8), axis=axis).astype(bool).sum() * steps.prod() / step
                for axis, step in enumerate(steps[::-1])
            )
            sizes = [(volume + rim * surface) / RESIDUE_VOLUME for rim in args.rims]
            rows_of_levels.append((level, *(size / len(native) for size in sizes)))
            shown = "  ".join(f"{ratio:.2f}" for ratio in rows_of_levels[-1][1:])
            print(f"{target.name:22s} {target.resolution:4.1f} Å  level {level:4.2f}: {shown}")
    table = np.array(rows_of_levels)
    for level in LEVELS:
        rows = table[table[:, 0] == level, 1:]
        for rim, ratios in zip(args.rims, rows.T):
            print(f"level {level}, rim {rim} Å: {ratios.mean():.2f} ± {ratios.std():.2f}, "
                  f"{ratios.min():.2f} to {ratios.max():.2f}")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
