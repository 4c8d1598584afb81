"""Compare a model with a native structure, residue by residue and in place.

examples:
  critasser evaluate model_1.cif native.pdb
  critasser evaluate model_1.cif native.pdb --map map.mrc --resolution 3.6
  critasser evaluate model_1.cif native.pdb --json > scores.json
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from critasser.cli.first_look import first_look
from critasser.errors import InputError
from critasser.text import printable

if TYPE_CHECKING:
    from critasser.structure import ProteinChain

__all__ = ["add_args", "main"]

_DESCRIPTIONS = {
    "tm_score": "TM-score (native residues, best superposition)",
    "cr_score": "CRscore (in place, without order)",
    "rmsd": "RMSD after superposition, Å",
    "rmsd_in_place": "RMSD in place, Å",
    "coverage": "native residues with a model residue within 3 Å",
    "sequence_match": "of those, with the right residue",
    "precision": "Cα precision at 2 Å, one to one",
    "recall": "Cα recall at 2 Å, one to one",
    "pcc_box": "PCC with the map, whole map",
    "pcc_mask": "PCC with the map, within 3 Å of the model",
    "native_residues": "residues of the native structure",
    "model_residues": "residues of the model",
    "paired_residues": "residues paired by sequence",
}


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("model", type=Path, metavar="MODEL", help="PDB or mmCIF file, .gz too")
    parser.add_argument("native", type=Path, metavar="NATIVE", help="PDB or mmCIF file, .gz too")
    parser.add_argument("--map", type=Path, metavar="MAP", help="also correlate with this map")
    parser.add_argument(
        "--resolution", type=float, metavar="R", help="of the map in Å; needed with --map"
    )
    parser.add_argument("--json", action="store_true", help="print JSON in place of the table")


def main(args: argparse.Namespace) -> int:
    """Compare and print."""
    if args.map is not None and args.resolution is None:
        raise InputError("--map needs --resolution, the map's resolution in Å")
    if args.map is None and args.resolution is not None:
        raise InputError("--resolution is that of a map; give the map too, by --map")
    files = {"model": args.model, "model_native": args.native, "map": args.map}
    first_look(
        {role: path for role, path in files.items() if path is not None},
        order="MODEL, then NATIVE",
    )
    from critasser.cli.comparison import compare, correlate
    from critasser.density import read_map, read_map_header
    from critasser.job.records import plain

    model, native = _protein(args.model), _protein(args.native)
    scores = compare(model, native)
    if "tm_score" not in scores:
        print(
            "no chain of the model is one of the native structure by its sequence: TM-score and "
            "RMSD, which need pairs of residues, are left out",
            file=sys.stderr,
        )
    if args.map is not None:
        for note in read_map_header(args.map).notes:
            print(printable(note), file=sys.stderr)
        scores.update(correlate(model, read_map(args.map), args.resolution))
    if args.json:
        print(json.dumps(plain(scores), indent=1))
        return 0
    width = max(len(_DESCRIPTIONS[name]) for name in scores)
    for name in filter(scores.__contains__, _DESCRIPTIONS):
        value = scores[name]
        shown = f"{value:d}" if isinstance(value, int) else f"{value:.3f}"
        print(f"{_DESCRIPTIONS[name]:<{width}}  {shown:>8}")
    return 0


def _protein(path: Path) -> tuple[ProteinChain, ...]:
    from critasser.structure import read_protein

    protein = read_protein(path)
    for note in protein.notes:
        print(printable(note), file=sys.stderr)
    chains = protein.chains
    if not chains:
        raise InputError(f"{path}: no protein in it; give a protein model")
    return chains
