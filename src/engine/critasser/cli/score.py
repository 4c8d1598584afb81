"""Score a model that is there already, residue by residue, in its map.

A model of a job knows its map.

examples:
  critasser score model.cif map.mrc -o job --resolution 3.6
  critasser score model.pdb.gz map.mrc.gz -o job --mask mask.mrc
  critasser score job/5_models/model_2.cif -o scored
  critasser score --resume scored
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from critasser.cli.first_look import first_look
from critasser.cli.job_arguments import (
    add_choices,
    add_map,
    add_mask,
    add_place,
    add_resolution,
    given_files,
    given_options,
    taken_away,
)
from critasser.errors import InputError
from critasser.options import ModelInputs, Options

__all__ = ["add_args", "main"]


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command; what is not given is taken from the job that is resumed."""
    default = Options()
    parser.add_argument(
        "model",
        type=Path,
        nargs="?",
        metavar="MODEL",
        help="PDB or mmCIF, .gz too, in the map; or the folder of a finished job, for its first "
        "model",
    )
    add_map(parser, "that of the model's job")
    add_place(parser)
    add_mask(parser, "what to look at")
    add_resolution(parser, "that of the model's job, or estimated, with a warning")
    add_choices(parser, default, work=False)


def main(args: argparse.Namespace) -> int:
    """Score and name what came out."""
    folder = args.resume or args.output
    inputs, options = _resolve(args)
    # What follows takes seconds to load, and a wrong file need not wait for that.
    first_look(inputs.files(), order="MODEL, then MAP")
    from critasser.cli.job_run import work
    from critasser.cli.streams import tell
    from critasser.pipeline.score import SCORE
    from critasser.text import duration

    task = SCORE.check(inputs, options)
    results = work(
        SCORE, task, folder, resume=args.resume is not None, arguments=args.arguments
    )
    for warning in results["warnings"]:
        tell(f"warning: {warning}")
    scored = results["models"][0]
    tell(f"model    {folder / scored['file']}")
    tell(f"table    {(folder / scored['file']).with_suffix('.csv')}")
    those = "residues that have density" if results["unseen"] else "residues"
    tell(f"mean confidence {scored['mean_confidence']:.0f} of 100 (of {those})")
    tell(f"eTM      {scored['etm']:.3f}")
    tell(f"CRscore  {scored['crscore']:.3f}")
    tell(f"PCC      {scored['pcc']:.3f}")
    if "register_z_score" in results:
        tell(f"register z-score {results['register_z_score']:.1f}")
    tell(f"report   {folder / 'report.html'}")
    tell(f"time     {duration(sum(results['timings'].values()))}")
    return 0


def _resolve(args: argparse.Namespace) -> tuple[ModelInputs, Options]:
    """Inputs and options: what is given, else the resumed job's, else the defaults."""
    given, files = given_options(args), given_files(args, "model", "map", "mask")
    without, default = taken_away(args)
    if args.resume is None:
        if "model" not in files:
            raise InputError("a new job needs MODEL and MAP; see critasser score --help")
        from critasser.pipeline.model_of_job import find_model

        files["model"], job = find_model(files["model"], with_map="map" in files)
        if "map" in files:
            return ModelInputs(**files), Options(**given)
        if job is None:
            raise InputError(
                f"{args.model} is not from a Critasser job, which would know its map; give MAP too"
            )
        known = {role: path for role, path in job.inputs.items() if role != "sequence"}
        return ModelInputs(**{**known, **files}), Options(**{**job.options, **given})
    from critasser.pipeline.description import described

    before = described(args.resume, "score")
    inputs = ModelInputs.from_json(before.get("inputs"))
    options = Options.from_json(before.get("options"))
    inputs = dataclasses.replace(inputs, **{**without, **files})
    return inputs, dataclasses.replace(options, **given, **default)
