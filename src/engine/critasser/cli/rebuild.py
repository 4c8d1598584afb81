"""Build stretches of a model again in its map, and hold all the rest.

Best models first in 5_models; what lies more than two residues from a stretch is not moved.

examples:
  critasser rebuild job -o again --stretch A:45-80
  critasser rebuild job/5_models/model_2.cif -o again --stretch A:45-56,B:10-20
  critasser rebuild model.pdb -o again --stretch A:45-56 --map map.mrc --resolution 3.2
  critasser rebuild model.cif -o again --stretch A:101-112 --map map.mrc --sequence whole.fasta
  critasser rebuild --resume again
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from critasser.cli.first_look import first_look
from critasser.cli.job_arguments import (
    add_choices,
    add_executor,
    add_mask,
    add_place,
    add_removable,
    add_resolution,
    given_files,
    given_options,
    taken_away,
)
from critasser.errors import InputError
from critasser.options import ModelInputs, RebuildOptions

__all__ = ["add_args", "main"]


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command; what is not given is taken from the job that is resumed."""
    default = RebuildOptions()
    parser.add_argument(
        "model",
        type=Path,
        nargs="?",
        metavar="MODEL",
        help="PDB or mmCIF, .gz too; or the folder of a finished job, for its first model",
    )
    add_place(parser)
    parser.add_argument(
        "--stretch", metavar="CHAIN:FROM-TO[,…]", help="residues to build, by the model's numbers"
    )
    parser.add_argument(
        "--map", type=Path, metavar="MAP", help="MRC or CCP4 (default: that of the model's job)"
    )
    add_removable(
        parser,
        "--sequence",
        type=Path,
        metavar="FASTA",
        help="whole sequences of the chains, to build residues that the model lacks",
    )
    add_mask(parser, "where to build")
    add_resolution(parser, "that of the model's job, or estimated, with a warning")
    add_choices(parser, default)
    add_executor(parser)


def main(args: argparse.Namespace) -> int:
    """Rebuild and name what came out."""
    folder = args.resume or args.output
    inputs, options, source = _resolve(args)
    # What follows takes seconds to load, and a wrong file need not wait for that.
    first_look(inputs.files(), protein=options.protein, order="MODEL, and the map by --map")
    from critasser.cli.job_run import work
    from critasser.cli.streams import tell
    from critasser.pipeline.rebuild import REBUILD, check_rebuild
    from critasser.text import duration

    task = check_rebuild(inputs, options, source)
    results = work(
        REBUILD, task, folder, resume=args.resume is not None, arguments=args.arguments,
        executor=args.executor,
    )  # fmt: skip
    for warning in results["warnings"]:
        tell(f"warning: {warning}")
    before = results.get("stretch_pcc_before")
    for model in results["models"]:
        was = "" if before is None else f" (before {before:.3f})"
        tell(f"{folder / model['file']}  PCC of the stretch {model['stretch_pcc']:.3f}{was}")
    tell(f"report  {folder / 'report.html'}")
    tell(f"time    {duration(sum(results['timings'].values()))}")
    return 0


def _resolve(args: argparse.Namespace) -> tuple[ModelInputs, RebuildOptions, Path | None]:
    """Inputs, options and the build behind: what is given, else the resumed or the model's job's,
    else the defaults."""
    given = given_options(args)
    if args.stretch is not None:
        given["stretches"] = args.stretch
    files = given_files(args, "model", "map", "sequence", "mask")
    without, default = taken_away(args)
    if args.resume is not None:
        from critasser.pipeline.description import described

        before = described(args.resume, "rebuild")
        inputs = ModelInputs.from_json(before.get("inputs"))
        options = RebuildOptions.from_json(before.get("options"))
        inputs = dataclasses.replace(inputs, **{**without, **files})
        return inputs, dataclasses.replace(options, **given, **default), None
    if "model" not in files:
        raise InputError("a new job needs MODEL; see critasser rebuild --help")
    if args.stretch is None:
        raise InputError("which residues? Give them by --stretch, such as --stretch A:45-80")
    from critasser.pipeline.model_of_job import find_model

    files["model"], job = find_model(files["model"], with_map="map" in files)
    if "map" in files:
        return ModelInputs(**files), RebuildOptions(**given), None
    if job is None:
        raise InputError(
            f"{args.model} is not from a Critasser job, which would know its map; give it by --map"
        )
    chosen = {**job.options, **given, "whole_map": job.whole_map}
    return ModelInputs(**{**job.inputs, **files}), RebuildOptions(**chosen), job.folder
