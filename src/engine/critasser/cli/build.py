"""Build atomic models into a map.

examples:
  critasser build map.mrc sequence.fasta -o job --resolution 3.6
  critasser build map.mrc.gz sequence.fasta -o job --templates alphafold.cif homologue.pdb
  critasser build map.mrc sequence.fasta -o job --quality draft --device cpu
  critasser build --resume job
  critasser build --resume job --quality thorough --no-mask
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from critasser.cli.first_look import first_look
from critasser.cli.job_arguments import (
    add_choices,
    add_executor,
    add_map,
    add_mask,
    add_place,
    add_removable,
    add_resolution,
    given_files,
    given_options,
    taken_away,
    whole_path,
)
from critasser.errors import InputError
from critasser.options import Inputs, Options

__all__ = ["add_args", "main"]

NONE = "-"
"""Stands for a template without a predicted aligned error."""

FASTA_SUFFIXES = {".fa", ".faa", ".fas", ".fasta", ".fsa", ".seq"}


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command; what is not given is taken from the job that is resumed."""
    default = Options()
    add_map(parser)
    parser.add_argument(
        "sequence", type=Path, nargs="?", metavar="FASTA",
        help="sequences, one record a chain; of a symmetric molecule those of one unit will do "
        "(with --resume and no MAP: sequences in place of the job's)",
    )  # fmt: skip
    add_place(parser)
    add_mask(parser, "where to build")
    add_resolution(parser)
    add_removable(
        parser,
        "--half-maps",
        type=Path,
        nargs=2,
        metavar=("A", "B"),
        help="of the map, unfiltered and unmasked: local resolution, maps without noise for the "
        "networks, cross-validation",
    )
    add_removable(
        parser,
        "--templates",
        type=Path,
        nargs="+",
        action="extend",
        metavar="FILE",
        help="structures that may be alike, solved or predicted: PDB or mmCIF, .gz too",
    )
    add_removable(
        parser,
        "--pae",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="predicted aligned error of each template, in their order, - for none: JSON of "
        "the AlphaFold Database, ColabFold, AlphaFold 3 or Protenix, npz of Boltz (default: what "
        "lies beside a template under the name that these programs give it)",
    )
    parser.add_argument(
        "--template-search",
        action=argparse.BooleanOptionalAction,
        help="look for templates among known structures, by the sequence and by the fold that the "
        "map shows, where the map does not tell a sequence (default: yes)",
    )
    add_removable(
        parser,
        "--library",
        type=Path,
        metavar="FILE",
        help="known structures to look among, in place of the shipped ones; critasser data library "
        "makes one",
    )
    add_removable(
        parser,
        "--contacts",
        type=Path,
        metavar="FILE",
        help="predicted contacts in the CASP RR format",
    )
    parser.add_argument(
        "--symmetry",
        metavar="S",
        help="of the map: C4, D2, T, O, I or helical:RISE,TWIST in Å and degrees with RELION's "
        "signs (helical:27.6,-166.5); its axes are found in the map. auto: look for a symmetry; "
        f"none: do not (default: {default.symmetry})",
    )
    add_choices(parser, default)
    add_executor(parser)


def main(args: argparse.Namespace) -> int:
    """Build and name what came out."""
    folder = args.resume or args.output
    inputs, options = _resolve(args)
    # What follows takes seconds to load, and a wrong file need not wait for that.
    first_look(inputs.files(), protein=options.protein, order="MAP, then FASTA")
    from critasser.cli.job_run import work
    from critasser.cli.streams import tell
    from critasser.pipeline.build import BUILD
    from critasser.text import duration

    task = BUILD.check(inputs, options)
    results = work(
        BUILD, task, folder, resume=args.resume is not None, arguments=args.arguments,
        executor=args.executor,
    )  # fmt: skip
    for warning in results["warnings"]:
        tell(f"warning: {warning}")
    best = results["models"][0]
    tell(f"model   {folder / best['file']}")
    those = "residues that have density" if results["unseen"] else "residues"
    tell(f"mean confidence {best['mean_confidence']:.0f} of 100 (of {those})")
    tell(f"eTM     {best['etm']:.3f}")
    if (symmetry := results["symmetry"]) and symmetry["units"] > symmetry["built"] == 1:
        name = f"{symmetry['name']}, " if symmetry["name"] else ""
        tell(f"units   {name}{symmetry['units']} in the map, all of them assembly 1 of the model")
    if (nucleic := results["nucleic_acid"])["volume"]:
        what = "not built" if nucleic["left_out"] else "or protein"
        tell(f"DNA/RNA {nucleic['volume']:,.0f} Å³, {what}: {folder / nucleic['file']}")
    tell(f"report  {folder / 'report.html'}")
    tell(f"time    {duration(sum(results['timings'].values()))}")
    return 0


def _resolve(args: argparse.Namespace) -> tuple[Inputs, Options]:
    """Inputs and options: what is given, else the resumed job's, else the defaults."""
    given = given_options(args)
    files: dict[str, Any] = given_files(args, "map", "sequence", "mask", "contacts", "library")
    if args.templates is not None:
        files["templates"] = tuple(map(whole_path, args.templates))
    if args.half_maps is not None:
        files["half_maps"] = tuple(map(whole_path, args.half_maps))
    without, default = taken_away(args)
    if "templates" in without:
        without["pae"] = ()
    elif "pae" not in without and (args.templates is not None or args.pae is not None):
        files["pae"] = _errors(args.pae, files.get("templates"))
    if args.resume is not None and args.sequence is None and _looks_like_fasta(args.map):
        files["sequence"] = files.pop("map")
    if args.resume is None:
        if "map" not in files or "sequence" not in files:
            raise InputError("a new job needs MAP and FASTA; see critasser build --help")
        return Inputs(**files), Options(**given)
    from critasser.pipeline.description import described

    before = described(args.resume, "build")
    inputs = Inputs.from_json(before.get("inputs"))
    options = Options.from_json(before.get("options"))
    inputs = dataclasses.replace(inputs, **{**without, **files})
    return inputs, dataclasses.replace(options, **given, **default)


def _errors(
    given: list[Path] | None, templates: tuple[Path, ...] | None
) -> tuple[Path | None, ...]:
    """Predicted aligned errors that are given, or that lie beside the templates."""
    if given is not None:
        return tuple(None if str(path) == NONE else whole_path(path) for path in given)
    from critasser.structure import predicted_errors

    return predicted_errors(templates or ())


def _looks_like_fasta(path: Path | None) -> bool:
    return path is not None and path.suffix.lower() in FASTA_SUFFIXES
