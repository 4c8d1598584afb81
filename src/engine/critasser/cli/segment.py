"""Divide a map into regions of about the size of a chain.

examples:
  critasser segment map.mrc
  critasser segment map.mrc.gz -o regions --sequence sequences.fasta
  critasser segment map.mrc -o regions --symmetry C4
  critasser segment map.mrc -o regions --level 0.012 --density-only
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from critasser.cli.first_look import first_look
from critasser.errors import InputError
from critasser.symmetry_text import NONE
from critasser.text import printable

__all__ = ["add_args", "main"]

SHOWN = 40
"""Regions that are printed; the table has all."""


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("map", type=Path, metavar="MAP", help="MRC or CCP4 map, .gz too")
    parser.add_argument(
        "-o", "--output", type=Path, metavar="FOLDER",
        help="where to write regions.mrc and regions.csv",
    )  # fmt: skip
    parser.add_argument(
        "--level", type=float, metavar="L", help="contour (default: by the map's own density)"
    )
    parser.add_argument(
        "--sequence", type=Path, metavar="FASTA",
        help="sequences of the chains, which tell how large a region should be",
    )  # fmt: skip
    parser.add_argument(
        "--protein", action="store_true",
        help="the sequences are protein, also those of A, C, G and T alone",
    )  # fmt: skip
    parser.add_argument(
        "--symmetry", metavar="S", default=NONE,
        help="of the map, as for build (C4, D2, T, O, I, helical:RISE,TWIST): regions that it "
        "leads onto each other are told (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--density-only",
        action="store_true",
        help="do without the network, which leaves out what lies far from all backbone",
    )
    parser.add_argument(
        "--device", choices=("auto", "cpu", "cuda"), default="auto",
        help="where the network runs (default: %(default)s)",
    )  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Segment, and print and write the regions."""
    if args.output is not None and args.output.exists() and not args.output.is_dir():
        raise InputError(f"{args.output} is a file: name a folder")
    files = {"map": args.map, "sequence": args.sequence}
    first_look(
        {role: path for role, path in files.items() if path is not None},
        protein=args.protein, order="MAP",
    )  # fmt: skip
    from critasser.cli.streams import tell
    from critasser.density import read_map, read_map_header
    from critasser.pipeline.checks import enough_memory, upright
    from critasser.pipeline.segments import (
        LABELS,
        TABLE,
        map_symmetry,
        segmented,
        write_regions,
    )
    from critasser.structure import read_sequences

    lengths: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()
    if args.sequence is not None:
        read = read_sequences(args.sequence, protein=args.protein)
        lengths, notes = tuple(map(len, read.target.sequences)), read.notes
    grid = read_map(args.map)
    for note in (*notes, *read_map_header(args.map).notes):
        print(printable(note), file=sys.stderr)
    upright(args.map, grid, None)
    enough_memory(args.map, grid)
    symmetry = map_symmetry(grid, args.symmetry)
    found = segmented(
        grid, level=args.level, chain_lengths=lengths, symmetry=symmetry and symmetry.symmetry,
        guided=not args.density_only, device=args.device,
    )  # fmt: skip
    tell(f"level {found.level:.4g}: {len(found)} regions of {found.residues.sum():.0f} residues")
    if symmetry is not None:
        tell(
            f"{symmetry.kind}: the map correlates with its images by {symmetry.correlation:.2f}; "
            f"{sum(map(bool, found.copies))} of {len(found)} regions have copies"
        )
    tell("region  residues  volume Å³  neighbours" + ("; copies" if symmetry else ""))
    for k in range(min(len(found), SHOWN)):
        beside = " ".join(map(str, found.neighbours[k])) or "–"
        copies = " ".join(map(str, found.copies[k])) or "–"
        beside += f"; {copies}" if symmetry else ""
        tell(f"{k + 1:6d}  {found.residues[k]:8.0f}  {found.volume[k]:9.0f}  {beside}")
    if len(found) > SHOWN:
        tell(f"… and {len(found) - SHOWN} more")
    tell(f"{found.left_out:.0f} Å³ above the level are in no region")
    if args.output is not None:
        write_regions(args.output, found)
        tell(f"map    {args.output / LABELS}")
        tell(f"table  {args.output / TABLE}")
    return 0
