"""Measure which symmetries are found in simulated maps, and which where there is none.

    python -m benchmark.symmetry groups
    python -m benchmark.symmetry helices --count 12
    python -m benchmark.symmetry none

Chains of split val of 60 to 300 residues, in a point group or a filament by chance that the box
cuts, or alone; at 4, 6, 8 and 10 Å in turn, without noise, and with signal to noise of 3 and 1.5,
which is not symmetric. Tells what is found by the density alone with and without being told which,
the correlations, and CPU seconds.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from pathlib import Path

import numpy as np

from benchmark.build import ROOT
from benchmark.noise import add_noise
from benchmark.sets import atoms
from benchmark.symmetric_cases import PADDING, assembled, drawn_kind
from critasser.density import crop_to_molecule, normalise, simulate
from critasser.structure import Sequence, Target, group_rotations
from critasser.symmetry_text import Helix, PointGroup
from critasser.trace import fit_symmetry, search_symmetry

__all__ = ["main"]

SHORTEST, LONGEST, MOST_RESIDUES = 60, 300, 4000
"""Residues of a chain, and of an assembly; larger ones are made C3."""
WIDEST = 40.0
"""Å from the axis of a filament to the middle of a subunit; wider ones are drawn again."""
RESOLUTIONS, NOISE = (4.0, 6.0, 8.0, 10.0), (None, 3.0, 1.5)
SEED = 5


def _assembly(which, path, length, rng):
    kind = drawn_kind(rng, helix=which == "helices")
    if isinstance(kind, PointGroup) and len(group_rotations(kind)) * length > MOST_RESIDUES:
        kind = PointGroup("C3")
    made = assembled(path, kind, rng)
    while isinstance(kind, Helix) and np.hypot(*made.atoms.mean(axis=0)[:2]) > WIDEST:
        kind = drawn_kind(rng, helix=True)
        made = assembled(path, kind, rng)
    return made


def _told(found, start: float) -> str:
    spent = f"{time.process_time() - start:.1f} s"
    return f"none, {spent}" if found is None else f"{found.kind} {found.correlation:.2f}, {spent}"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("which", choices=("groups", "helices", "none"))
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared" / "data")
    args = parser.parse_args()
    with (args.data / "structures" / "index.tsv").open(newline="") as lines:
        rows = [
            row for row in csv.DictReader(lines, delimiter="\t")
            if row["split"] == "val" and SHORTEST <= int(row["length"]) <= LONGEST
        ]
    order = np.random.default_rng(SEED).permutation(len(rows))
    for k in range(args.count):
        row, rng = rows[order[k]], np.random.default_rng(k)
        path = args.data / "structures" / row["file"]
        resolution = RESOLUTIONS[k % len(RESOLUTIONS)]
        snr = NOISE[k // len(RESOLUTIONS) % len(NOISE)]
        kind = None
        if args.which == "none":
            positions, weights = atoms(path)
            grid = simulate(positions, weights, resolution, padding=PADDING)
            if snr is not None:
                grid = add_noise(grid, positions, resolution, snr, rng)
        else:
            made = _assembly(args.which, path, int(row["length"]), rng)
            kind, grid = made.kind, made.map(resolution, snr, rng)
        grid = normalise(crop_to_molecule(grid))
        target = Target((Sequence(row["id"], row["sequence"]),))
        start = time.process_time()
        line = f"{row['id']} {resolution:g} Å SNR {snr}: true {kind}; looked for: "
        line += _told(search_symmetry(grid, resolution, target), start)
        if kind is not None:
            start = time.process_time()
            line += f"; given: {_told(fit_symmetry(grid, resolution, kind), start)}"
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
