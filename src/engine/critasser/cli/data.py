"""Prepare data: pairs of maps and models to train on, and template libraries.

examples:
  critasser data prepare pairs.tsv -o data/
  critasser data prepare pairs.tsv -o data/ --mirror /archive/pub --workers 8
  critasser data prepare pairs.tsv -o data/ --known structures/index.tsv
  critasser data prepare pairs.tsv -o data/ --url https://ftp.pdbj.org/pub --val 0.1

PAIRS is a table, tab- or comma-separated, with the columns ``emdb`` and ``pdb``, and if wanted
``split``, ``cluster``, ``resolution``, ``map_sha256`` and ``model_sha256``. A line without an EMDB
id gives chains to simulate. Each map is checked against its model, cut into boxes around chains,
and split so that no protein is in two splits; ``refused.tsv`` says what was left out and why. The
same command resumes where it was stopped. Then:

  critasser train network data/structures --maps data/maps -o runs/network --minutes 120

A template library is one small file with the Cα of all chains of a folder of structures:

  critasser data library structures/ -o library.npz
  critasser build map.mrc sequence.fasta -o job --library library.npz
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from critasser.errors import InputError
from critasser.text import duration

if TYPE_CHECKING:
    from critasser.data.archive import Archive
    from critasser.data.preparation import Settings

__all__ = ["add_args", "main"]

HAS_SUBCOMMANDS = True

MEGABYTE = 1 << 20


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    _add_prepare(kinds.add_parser("prepare", help="pairs of maps and models, ready to train on"))
    library = kinds.add_parser("library", help="known structures, to find templates among")
    add = library.add_argument
    add("structures", type=Path, metavar="FOLDER",
        help="with structures: PDB or mmCIF, .gz too; if it has index.tsv, those "
        "listed there")  # fmt: skip
    add("-o", "--output", type=Path, required=True, metavar="FILE", help="library to write, .npz")
    add("--splits", nargs="+", default=["train", "library"], metavar="SPLIT",
        help="of index.tsv (default: train library)")  # fmt: skip


def _add_prepare(one: argparse.ArgumentParser) -> None:
    main_group = one.add_argument_group("main")
    add = main_group.add_argument
    add("pairs", type=Path, metavar="PAIRS", help="table of EMDB and PDB ids")
    add("-o", "--output", type=Path, required=True, metavar="FOLDER", help="folder of the data")
    add("--mirror", type=Path, metavar="FOLDER",
        help="take files from a mirror's folder, laid out as below pub/, in place of the "
        "network")  # fmt: skip
    add("--url", metavar="ADDRESS",
        help="of another server, up to pub (default: https://files.wwpdb.org/pub)")  # fmt: skip
    add("--workers", type=int, default=1, metavar="N",
        help="entries at once; each needs the memory of a map (default: %(default)s)")  # fmt: skip
    checks = one.add_argument_group("what a pair must reach")
    add = checks.add_argument
    add("--correlation", type=float, default=0.45, metavar="R",
        help="of map and model near the atoms, at least (default: %(default)s)")  # fmt: skip
    add("--detail", type=float, default=1.6, metavar="RATIO",
        help="Å at which map and model correlate by half, over the resolution, at most (default: "
        "%(default)s)")  # fmt: skip
    add("--shift", type=float, default=1.5, metavar="Å",
        help="by which it fits better elsewhere, at most (default: %(default)s)")  # fmt: skip
    add("--modelled", type=float, default=0.3, metavar="SHARE",
        help="of its sequence that a chain shows, at least (default: %(default)s)")  # fmt: skip
    add("--chains", type=int, default=8, metavar="N",
        help="different chains of an entry, at most (default: %(default)s)")  # fmt: skip
    splits = one.add_argument_group("splits")
    add = splits.add_argument
    add("--identity", type=float, default=0.3, metavar="SHARE",
        help="of residues from which two sequences are one protein's (default: "
        "%(default)s)")  # fmt: skip
    add("--val", type=float, default=0.05, metavar="SHARE",
        help="of unrelated proteins that validate (default: %(default)s)")  # fmt: skip
    add("--known", type=Path, metavar="TABLE",
        help="chains with columns 'sequence' and 'split'; their relatives go into their split, "
        "and those of 'bench' and 'library' are not learnt from")  # fmt: skip
    add("--seed", type=int, default=0, help="of the splits (default: %(default)s)")
    advanced = one.add_argument_group("advanced")
    add = advanced.add_argument
    add("--most-download", type=int, default=2048, metavar="MB",
        help="of a map as it is packed (default: %(default)s)")  # fmt: skip
    add("--most-map", type=int, default=2048, metavar="MB",
        help="of a map, unpacked (default: %(default)s)")  # fmt: skip
    add("--allow-host", action="append", default=[], metavar="HOST",
        help="that the server may redirect to; more than once if need be")  # fmt: skip
    add("--keep-downloads", action="store_true", help="else each file goes when it is cut up")


def main(args: argparse.Namespace) -> int:
    """Prepare."""
    if args.what == "library":
        from critasser.cli.data_library import make_library

        make_library(args.structures, args.output, args.splits, print)
        return 0
    return _prepare(args)


def _prepare(args: argparse.Namespace) -> int:
    from critasser.cli.display import display
    from critasser.data.entries import read_entries
    from critasser.data.run import STAGES, Plan, prepare
    from critasser.data.splits import read_known

    _check(args)
    plan = Plan(
        entries=tuple(read_entries(args.pairs)),
        archive=_archive(args),
        settings=_settings(args),
        known=tuple(read_known(args.known)) if args.known else (),
        identity=args.identity,
        val_share=args.val,
        seed=args.seed,
        workers=args.workers,
    )
    with display(STAGES, sys.stdout) as shown:
        told = prepare(plan, args.output, (shown,))
    print(
        f"{told['boxes']} boxes; an entry took {duration(told['seconds'])} "
        f"({told['processor_seconds']:.1f} s of a processor) and "
        f"{told['download_bytes'] / MEGABYTE:.1f} MB of download, a box "
        f"{told['box_bytes'] / MEGABYTE:.2f} MB of disk"
    )
    for what, count in sorted(told["splits"].items()):
        print(f"{count} {what}")
    if told["refused"]:
        print(f"{told['refused']} left out: {args.output / 'refused.tsv'}")
    if told["again"]:
        print(f"{told['again']} entries could not be had now; give the same command again")
    return 0


def _check(args: argparse.Namespace) -> None:
    for name, low, high in (
        ("correlation", -1, 1), ("detail", 0, 100), ("shift", 0, 100), ("modelled", 0, 1),
        ("identity", 0.2, 1), ("val", 0, 0.5), ("chains", 1, 1000), ("workers", 1, 256),
        ("most_download", 1, 1 << 20), ("most_map", 1, 1 << 16), ("seed", 0, 1 << 32),
    ):  # fmt: skip
        value = getattr(args, name)
        if not low <= value <= high:
            option = name.replace("_", "-")
            raise InputError(f"--{option} {value:g}: give a number from {low:g} to {high:g}")
    if args.mirror and (args.url or args.allow_host):
        raise InputError("--mirror takes files from a folder: leave --url and --allow-host out")
    if args.mirror and not args.mirror.is_dir():
        raise InputError(f"{args.mirror}: no such folder; give that of a mirror")


def _archive(args: argparse.Namespace) -> Archive:
    from critasser.data.archive import PUBLIC, Mirror, Website

    if args.mirror:
        return Mirror(args.mirror)
    return Website.of(args.url or PUBLIC, tuple(args.allow_host))


def _settings(args: argparse.Namespace) -> Settings:
    from critasser.data.agreement import Limits
    from critasser.data.preparation import Settings

    return Settings(
        limits=Limits(args.correlation, args.detail, args.shift),
        modelled=args.modelled,
        most_chains=args.chains,
        most_packed=args.most_download * MEGABYTE,
        most_unpacked=args.most_map * MEGABYTE,
        keep_downloads=args.keep_downloads,
    )
