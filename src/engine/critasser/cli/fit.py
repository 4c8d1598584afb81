"""Place a known or predicted model in a map, wherever it belongs, domain by domain.

Where the model lies in its own file does not matter. Domains are cut by the predicted aligned
error, else by contacts, and their places are chosen together. A model that has no place in the map
is refused.

examples:
  critasser fit model.cif map.mrc -o placed.cif --resolution 6
  critasser fit AF-P00533-F1-model_v4.cif map.mrc -o job --pae AF-P00533-F1-predicted_aligned_error_v4.json
  critasser fit domain.pdb map.mrc -o job --rigid --mask mask.mrc
  critasser fit unit.pdb map.mrc -o job --symmetry C4
  critasser fit --resume job --domains
"""  # noqa: E501, names of the AlphaFold Database

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from critasser.cli.first_look import first_look
from critasser.cli.job_arguments import (
    add_choices,
    add_map,
    add_mask,
    add_place,
    add_removable,
    add_resolution,
    given_files,
    given_options,
    taken_away,
)
from critasser.errors import Cancelled, InputError
from critasser.options import FitOptions, ModelInputs

__all__ = ["add_args", "main"]

MODEL_SUFFIX = ".cif"
"""Of an output that is a file and no job folder."""

OTHER_SUFFIXES = (".pdb", ".ent", ".mmcif", ".gz")
"""Of model files that are not written."""


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command; what is not given is taken from the job that is resumed."""
    default = FitOptions()
    parser.add_argument(
        "model", type=Path, nargs="?", metavar="MODEL", help="PDB or mmCIF, .gz too, in any frame"
    )
    add_map(parser)
    add_place(parser, "; or FILE.cif for the placed model alone")
    add_removable(
        parser, "--pae", type=Path, metavar="FILE",
        help="predicted aligned error of MODEL: JSON of the AlphaFold Database, ColabFold, "
        "AlphaFold 3 or Protenix, npz of Boltz (default: what lies beside it under the name that "
        "these programs give it)",
    )  # fmt: skip
    form = parser.add_mutually_exclusive_group()
    form.add_argument(
        "--domains", dest="rigid", action="store_const", const=False,
        help="let domains find places of their own (default)",
    )  # fmt: skip
    form.add_argument(
        "--rigid", dest="rigid", action="store_const", const=True,
        help="keep the model as it is: one rigid body",
    )  # fmt: skip
    add_mask(parser, "where to look")
    add_resolution(parser)
    parser.add_argument(
        "--symmetry", metavar="S",
        help="of the map, as for build (C4, D2, T, O, I, helical:RISE,TWIST), of which MODEL is "
        f"one unit: places in other units are copies (default: {default.symmetry})",
    )  # fmt: skip
    add_choices(parser, default, work=False, trim=False)


def main(args: argparse.Namespace) -> int:
    """Place and name what came out."""
    _check_output(args.output)
    inputs, options = _resolve(args)
    # What follows takes seconds to load, and a wrong file need not wait for that.
    first_look(inputs.files(), order="MODEL, then MAP")
    alone = args.output if _is_file(args.output) else None
    from critasser.cli.job_run import work
    from critasser.cli.streams import tell
    from critasser.pipeline.fit import FIT
    from critasser.text import duration

    task = FIT.check(inputs, options)
    with _folder(args) as folder:
        results = work(
            FIT, task, folder, resume=args.resume is not None, arguments=args.arguments
        )
        for warning in results["warnings"]:
            tell(f"warning: {warning}")
        for place in results["models"]:
            path = folder / place["file"]
            if alone is not None:
                path = _copied(path, alone, place["rank"])
            for line in _table(place, path):
                tell(line)
        if (symmetry := results["symmetry"]) and symmetry["units"] > 1:
            tell(
                f"units    {symmetry['name']}, {symmetry['units']} in the map, all of them "
                "assembly 1 of the model"
            )
        tell(f"time     {duration(sum(results['timings'].values()))}")
    return 0


def _check_output(output: Path | None) -> None:
    """Refuse names of model files that are not written; they would become folders."""
    if output is not None and output.name.lower().endswith(OTHER_SUFFIXES):
        raise InputError(
            f"{output}: placed models are written as mmCIF: give a name that ends in "
            f"{MODEL_SUFFIX}, or a folder"
        )


def _is_file(output: Path | None) -> bool:
    return output is not None and output.suffix.lower() == MODEL_SUFFIX


@contextlib.contextmanager
def _folder(args: argparse.Namespace) -> Iterator[Path]:
    """The job folder; for an output that is a file one for the time being."""
    if not _is_file(args.output):
        yield args.resume or args.output
        return
    if args.output.is_dir():
        raise InputError(f"{args.output}: is a folder, not a model file; give another name")
    if not args.output.absolute().parent.is_dir():
        raise InputError(f"{args.output.parent}: no such folder; make it first")
    kept = Path(tempfile.mkdtemp(prefix="critasser-fit-"))
    try:
        yield kept / "job"
    except Cancelled:
        shutil.rmtree(kept, ignore_errors=True)
        raise Cancelled from None  # there is nothing to go on with
    except (InputError, KeyboardInterrupt):
        shutil.rmtree(kept, ignore_errors=True)
        raise
    shutil.rmtree(kept, ignore_errors=True)


def _copied(made: Path, output: Path, rank: int) -> Path:
    """A placed model as a file of its own; places after the first have a number in their names."""
    from critasser.writing import appearing

    path = output if rank == 1 else output.with_name(f"{output.stem}_{rank}{output.suffix}")
    with appearing(path) as temporary:
        shutil.copyfile(made, temporary)
    return path


def _table(place: Mapping[str, Any], path: Path) -> Iterator[str]:
    """The domains of a place, for people."""
    from critasser.text import printable

    yield f"place {place['rank']}  {printable(str(path))}"
    yield (
        f"  {place['residues']} residues, {place['share_near']:.0%} of Cα within 3 Å of a "
        f"position, correlation {place['correlation']:.2f}"
    )
    for number, one in enumerate(place["domains"], 1):
        head = f"  domain {number}  {one['residues']} ({one['count']} residues)"
        if not one["placed"]:
            yield f"{head}: no place of its own, goes along with its neighbour"
            continue
        runner_up = "no other" if one["runner_up"] is None else f"{one['runner_up']:.1f}"
        yield (
            f"{head}: {one['share_near']:.0%} within 3 Å, correlation {one['correlation']:.2f}, "
            f"z-score {one['z_score']:.1f}, {one['verdict']} (runner-up {runner_up})"
        )


def _resolve(args: argparse.Namespace) -> tuple[ModelInputs, FitOptions]:
    """Inputs and options: what is given, else the resumed job's, else the defaults."""
    given, files = given_options(args), given_files(args, "model", "map", "mask", "pae")
    if args.rigid is not None:
        given["rigid"] = args.rigid
    without, default = taken_away(args)
    without = dict.fromkeys(without)
    if "model" in files and files["model"].is_file() and not {"pae"} & {*files, *without}:
        from critasser.structure.predicted_files import find_predicted_error

        files["pae"] = find_predicted_error(files["model"])
    if args.resume is None:
        if "model" not in files or "map" not in files:
            raise InputError("a new job needs MODEL and MAP; see critasser fit --help")
        return ModelInputs(**files), FitOptions(**given)
    from critasser.pipeline.description import described

    before = described(args.resume, "fit")
    inputs = ModelInputs.from_json(before.get("inputs"))
    options = FitOptions.from_json(before.get("options"))
    inputs = dataclasses.replace(inputs, **{**without, **files})
    return inputs, dataclasses.replace(options, **given, **default)
