"""Arguments that the commands which work in a job folder have in common."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from critasser.errors import InputError
from critasser.executors import LOCAL, check_executor
from critasser.options import DEVICES, PRESETS, Options

__all__ = [
    "add_choices",
    "add_executor",
    "add_map",
    "add_mask",
    "add_place",
    "add_removable",
    "add_resolution",
    "given_files",
    "given_options",
    "taken_away",
    "whole_path",
]

SEVERAL = ("templates", "pae", "half-maps")
"""Inputs of which there may be several."""

OPTIONS = ("resolution", "device", "quality", "models", "seed", "trim", "protein", "symmetry",
           "template_search")  # fmt: skip
WITHOUT_DEFAULT = ("resolution", "weights")
"""Options that a job may do without, as it may without most inputs."""


def add_place(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Arguments that say in which folder to work; `more` is said of the output besides."""
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "-o",
        "--output",
        type=Path,
        metavar="FOLDER",
        help=f"job folder to make for all results{more}",
    )
    where.add_argument(
        "--resume",
        type=Path,
        metavar="FOLDER",
        help="resume the job in FOLDER after its last finished stage; options and inputs given "
        "anew make only what depends on them run again",
    )


def add_map(parser: argparse.ArgumentParser, default: str = "") -> None:
    """The map, as an argument without a name; `default` is taken without it."""
    help_text = "MRC or CCP4 map, .gz too" + (f" (default: {default})" if default else "")
    parser.add_argument("map", type=Path, nargs="?", metavar="MAP", help=help_text)


def add_mask(parser: argparse.ArgumentParser, what: str) -> None:
    """A mask; `what` is to be done where it is."""
    add_removable(parser, "--mask", type=Path, help=f"map of 0 to 1 on the same grid: {what}")


def add_resolution(
    parser: argparse.ArgumentParser, default: str = "estimated, with a warning"
) -> None:
    """The resolution; `default` is taken without it."""
    help_text = f"of the map in Å (default: {default})"
    add_removable(parser, "--resolution", type=float, metavar="R", help=help_text)


def add_choices(
    parser: argparse.ArgumentParser, default: Options, *, work: bool = True, trim: bool = True
) -> None:
    """Options that jobs share; `work` for those of jobs that make models, `trim` for those that may
    leave residues out."""
    parser.add_argument(
        "--device", choices=DEVICES, help=f"for the network (default: {default.device})"
    )
    if work:
        parser.add_argument(
            "--quality", choices=tuple(PRESETS), help=f"how much work (default: {default.quality})"
        )
        parser.add_argument(
            "--models",
            type=int,
            metavar="N",
            help=f"most models to make (default: {default.models})",
        )
        parser.add_argument(
            "--protein",
            action=argparse.BooleanOptionalAction,
            help="the sequences are protein, also those of A, C, G and T alone, such as "
            "poly-alanine (default: such are taken for DNA, which is not built)",
        )
    if trim:
        parser.add_argument(
            "--trim",
            action=argparse.BooleanOptionalAction,
            help="leave residues that have no density out of the models (default: they stay, with "
            "low confidence)",
        )
    parser.add_argument(
        "--seed", type=int, metavar="N", help=f"of all random numbers (default: {default.seed})"
    )
    add_removable(
        parser,
        "--weights",
        type=Path,
        metavar="FILE",
        help="a network in place of the shipped one",
    )


def add_executor(parser: argparse.ArgumentParser) -> None:
    """Where models and templates are computed in parallel; the result does not depend on it."""
    parser.add_argument(
        "--executor",
        type=_executor,
        default=LOCAL,
        metavar="WHERE",
        help="where models and templates are computed in parallel: local (on this machine; local:N "
        "by N processes at most), dask://HOST:PORT (by Dask workers) or slurm (by SLURM jobs); the "
        f"models are the same (default: {LOCAL})",
    )


def _executor(word: str) -> str:
    check_executor(word)
    return word


def add_removable(parser: argparse.ArgumentParser, flag: str, **settings: Any) -> None:
    """An option such as ``--mask FILE``, and ``--no-mask`` to take it from a resumed job."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(flag, **settings)
    role = flag.removeprefix("--")
    name = "predicted aligned error" if role == "pae" else role.replace("-", " ")
    either.add_argument(
        f"--no-{role}",
        dest="without",
        action="append_const",
        const=role,
        help=f"with --resume: run the job without its {name}",
    )


def taken_away(args: argparse.Namespace) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and options that a resumed job is to do without, as `Inputs` and `Options` have them
    then.

    Raises
    ------
    InputError
        The job is a new one, which has none to take away.
    """
    without = args.without or []
    if without and args.resume is None:
        raise InputError(f"--no-{without[0]} is for a job that is gone on with by --resume")
    inputs = {
        role.replace("-", "_"): () if role in SEVERAL else None
        for role in without
        if role not in WITHOUT_DEFAULT
    }
    return inputs, {name: None for name in without if name in WITHOUT_DEFAULT}


def given_options(args: argparse.Namespace) -> dict[str, Any]:
    """Options of the command line, those that were given, by their names in `Options`."""
    given = {
        name: value for name in OPTIONS if (value := getattr(args, name, None)) is not None
    }
    if args.weights is not None:
        given["weights"] = whole_path(args.weights)
    return given


def given_files(args: argparse.Namespace, *roles: str) -> dict[str, Path]:
    """Files of the command line, those that were given, by their roles."""
    return {
        role: whole_path(path) for role in roles if (path := getattr(args, role)) is not None
    }


def whole_path(path: Path) -> Path:
    """A path from the root on, links followed.

    Raises
    ------
    InputError
        It is a link to itself, or no name that a file can have.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError, ValueError) as error:
        raise InputError(f"{path}: no such file; check the path") from error
