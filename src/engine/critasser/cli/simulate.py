"""Simulate the map of a model at a resolution (Gaussian atoms, paper eq. 2).

examples:
  critasser simulate model.cif -o map.mrc --resolution 4
  critasser simulate model.pdb.gz -o noisy.mrc --resolution 6 --voxel-size 1.5 --noise 2
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from critasser.cli.first_look import first_look
from critasser.errors import InputError
from critasser.options import check_resolution
from critasser.text import printable

__all__ = ["add_args", "main"]

SMALLEST_VOXEL = 0.1
"""Å."""

MOLECULE = 0.05
"""Share of the highest density above which a voxel belongs to the molecule; the power of noise is
given against the variance of the density there."""


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="PDB or mmCIF file, .gz too")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="MAP", help="map to write (.mrc)"
    )
    parser.add_argument(
        "--resolution", type=float, required=True, metavar="R", help="in Å, 1 to 20"
    )
    parser.add_argument(
        "--voxel-size",
        type=float,
        default=1.0,
        metavar="V",
        help="in Å (default: %(default)s)",
    )
    parser.add_argument(
        "--noise",
        type=float,
        metavar="SNR",
        help="add white noise: variance of the density near the model over that of the noise",
    )
    parser.add_argument("--seed", type=int, default=1, help="of the noise (default: %(default)s)")


def main(args: argparse.Namespace) -> int:
    """Simulate."""
    first_look({"model": args.model}, order="MODEL")
    import numpy as np

    from critasser.density import simulate, write_map
    from critasser.density.mapfile import MAP_SUFFIXES
    from critasser.structure import read_protein

    check_resolution(args.resolution)
    if not SMALLEST_VOXEL <= args.voxel_size <= args.resolution:
        raise InputError(
            f"voxel size {args.voxel_size}: give one from {SMALLEST_VOXEL:g} Å to the resolution "
            f"({args.resolution} Å)"
        )
    if args.noise is not None and not args.noise > 0:
        raise InputError(f"noise {args.noise}: give a ratio of variances above 0")
    if args.seed < 0:
        raise InputError(f"seed {args.seed}: give a whole number from 0")
    if not args.output.resolve().parent.is_dir():
        raise InputError(f"{args.output}: its folder does not exist; make it first")
    if not args.output.name.endswith(MAP_SUFFIXES):
        raise InputError(
            f"{args.output}: maps are written as {' or '.join(MAP_SUFFIXES)}: name it so"
        )
    protein = read_protein(args.model)
    for note in protein.notes:
        print(printable(note), file=sys.stderr)
    chains = protein.chains
    if not chains:
        raise InputError(f"{args.model}: no protein in it; give a protein model")
    positions = np.concatenate([chain.positions for chain in chains])
    amplitudes = np.concatenate([chain.amplitudes for chain in chains])
    grid = simulate(positions, amplitudes, args.resolution, voxel_size=args.voxel_size)
    if args.noise is not None:
        inside = grid.values > MOLECULE * grid.values.max()
        deviation = float(np.sqrt(np.var(grid.values[inside]) / args.noise))
        noise = np.random.default_rng(args.seed).normal(0.0, deviation, grid.shape)
        grid = grid.with_values(grid.values + noise)
    try:
        write_map(args.output, grid)
    except OSError as error:
        raise InputError(f"{args.output}: cannot write ({error.strerror})") from error
    nz, ny, nx = grid.shape
    print(
        f"{args.output}: {nx} × {ny} × {nz} voxels of {args.voxel_size:g} Å, {len(positions)} atoms"
    )
    return 0
