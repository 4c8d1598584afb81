"""Learn what ships with Critasser: networks and statistical tables.

critasser train network structures/ --maps maps/ -o runs/first --minutes 90
critasser train network structures/ -o runs/paper --architecture resnet --steps 20000
torchrun --nproc-per-node 4 -m critasser train network structures/ -o runs/four --minutes 90
critasser train residue structures/ --maps maps/ -o runs/residue --minutes 80
critasser train average before.safetensors after.safetensors -o between.safetensors
critasser train resolution structures/ --maps maps/ -o weights/resolution.safetensors
critasser train statistics structures/ -o weights/

STRUCTURES is a folder with ``index.tsv`` (tab-separated, columns ``file`` and ``split``); MAPS
holds a folder for each map with ``map.mrc.gz``, ``model.pdb.gz`` and ``meta.json`` (``split``,
``resolution_A``). Only what is of split ``train`` is learnt from; ``val`` is looked at on the way.
A run that was stopped goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import csv
import shlex
import signal
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from critasser.errors import InputError
from critasser.shipped import shipped
from critasser.structure import ProteinChain, read_chains

if TYPE_CHECKING:
    from critasser.network.training.map_network import Data

__all__ = ["add_args", "main"]

HAS_SUBCOMMANDS = True


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    network = kinds.add_parser("network", help="a network that finds Cα, backbone, residue types")
    network.add_argument("structures", type=Path)
    network.add_argument("--maps", type=Path, help="folder of experimental map and model pairs")
    network.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    network.add_argument("--architecture", choices=("unet", "resnet"), default="unet")
    budget = network.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=_positive, help="budget, resumed runs included")
    budget.add_argument("--steps", type=_count, help="budget, resumed runs included")
    network.add_argument("--schedule", choices=("cosine", "one-cycle"), default="cosine",
                         help="of the learning rate (default: %(default)s)")  # fmt: skip
    network.add_argument("--rate", type=_positive, default=1.5e-3,
                         help="highest learning rate (default: %(default)s)")  # fmt: skip
    network.add_argument("--batch", type=_from_zero, default=0, metavar="CROPS",
                         help="crops a step in each process; 0, the default: 2 on processors, "
                         "on a GPU what fits")  # fmt: skip
    network.add_argument("--side", type=_count, default=48,
                         help="of a crop in Å, a multiple of 8 (default: %(default)s)")  # fmt: skip
    network.add_argument("--experimental", type=_share, default=0.35, metavar="SHARE",
                         help="of crops from experimental maps (default: %(default)s)")  # fmt: skip
    network.add_argument("--corruption", type=_share, default=1.0, metavar="STRENGTH",
                         help="of simulated maps, 0 (clean) to 1 (default)")  # fmt: skip
    network.add_argument("--without", nargs="+", default=[], metavar="NAME",
                         help="leave these corruptions out; a wrong name lists them")  # fmt: skip
    often = network.add_mutually_exclusive_group()
    often.add_argument("--validate-minutes", type=_positive, default=10.0, metavar="MINUTES",
                       help="between validations (default: %(default)s)")  # fmt: skip
    often.add_argument("--validate-steps", type=_count, metavar="STEPS")
    network.add_argument("--start-from", type=Path, help="a network to go on from")
    network.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    network.add_argument("--threads", type=_count, help="CPU threads")
    network.add_argument("--workers", type=_from_zero, default=0,
                         help="threads that make crops, beside a GPU processes; 0, the "
                         "default: 1, on a GPU half the processors, 8 at most")  # fmt: skip
    network.add_argument("--seed", type=_from_zero, default=0)
    residue = kinds.add_parser("residue", help="a network that reads residues in their own frame")
    residue.add_argument("structures", type=Path)
    residue.add_argument("--maps", type=Path, help="folder of experimental map and model pairs")
    residue.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    residue.add_argument(
        "--minutes", type=float, default=80.0, help="budget, resumed runs included"
    )
    residue.add_argument("--batch", type=_count, default=256, help="residues a step")
    residue.add_argument("--reuse", type=_positive, default=3.0,
                         help="steps that see a residue before it is drawn anew")  # fmt: skip
    residue.add_argument("--width", type=int, default=640, help="of the network's layers")
    residue.add_argument("--experimental", type=float, default=0.2,
                         help="share of crops from experimental maps")  # fmt: skip
    residue.add_argument("--hold-out", nargs="+", default=[], metavar="NAME",
                         help="of experimental maps that are not trained on; the network that "
                              "reads them best is kept")  # fmt: skip
    residue.add_argument("--rate", type=_positive, default=2e-3,
                         help="highest learning rate (default: %(default)s)")  # fmt: skip
    residue.add_argument("--temperature", type=_positive, default=1.0,
                         help="by which the logits of amino acids are divided at the end, as a "
                              "run with maps held out found best")  # fmt: skip
    residue.add_argument("--validate-minutes", type=_positive, default=5.0, metavar="MINUTES",
                         help="between validations (default: %(default)s)")  # fmt: skip
    residue.add_argument("--workers", type=_from_zero, default=0,
                         help="processes that make examples; 0, the default: none but this one, "
                              "on a GPU half the processors, 8 at most")  # fmt: skip
    residue.add_argument(
        "--start-from", type=Path, help="a network to go on from; its width is kept"
    )
    residue.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    residue.add_argument("--threads", type=int, help="CPU threads")
    residue.add_argument("--seed", type=int, default=0)
    average = kinds.add_parser(
        "average", help="between two networks of which one was trained on from the other"
    )
    average.add_argument("first", type=Path)
    average.add_argument("second", type=Path)
    average.add_argument("-o", "--output", type=Path, required=True, help="file to write")
    average.add_argument("--share", type=_share, default=0.7, help="of the second (default: 0.7)")
    resolution = kinds.add_parser("resolution", help="the resolution of a map from its spectrum")
    resolution.add_argument("structures", type=Path)
    resolution.add_argument("--maps", type=Path, help="folder of experimental map and model pairs")
    resolution.add_argument("-o", "--output", type=Path, required=True, help="file to write")
    resolution.add_argument("--crops", type=int, default=4000)
    resolution.add_argument("--seed", type=int, default=0)
    tables = kinds.add_parser("statistics", help="tables of geometry, contacts, rotamers")
    tables.add_argument("structures", type=Path)
    tables.add_argument("-o", "--output", type=Path, required=True, help="folder for the tables")
    tables.add_argument("--only", nargs="*", metavar="TABLE", help="leave the other tables alone")


def main(args: argparse.Namespace) -> int:
    """Train."""
    kinds = {"network": _network, "residue": _residue, "average": _average,
             "resolution": _resolution, "statistics": _statistics}  # fmt: skip
    return kinds[args.what](args)


def _number(text: str, kind: type, low: float, high: float = float("inf")) -> float:
    try:
        value = kind(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number") from error
    if not low <= value <= high:
        raise argparse.ArgumentTypeError(f"{text}: give a number from {low:g} to {high:g}")
    return value


def _positive(text: str) -> float:
    return _number(text, float, 1e-9)


def _share(text: str) -> float:
    return _number(text, float, 0.0, 1.0)


def _count(text: str) -> int:
    return _number(text, int, 1)


def _from_zero(text: str) -> int:
    return _number(text, int, 0)


def _network(args: argparse.Namespace) -> int:
    import torch

    from critasser.network import load_network
    from critasser.network.training.corruption import CORRUPTIONS
    from critasser.network.training.distributed import start_ranks
    from critasser.network.training.map_network import TrainingOptions, train

    unknown = [name for name in args.without if name not in CORRUPTIONS]
    if unknown:
        raise InputError(f"no corruption {unknown[0]!r}; there are {', '.join(CORRUPTIONS)}")
    if args.side % 8:
        raise InputError(f"side {args.side}: give a multiple of 8")
    if args.threads:
        torch.set_num_threads(args.threads)
    options = TrainingOptions(
        architecture=args.architecture, minutes=args.minutes, steps=args.steps,
        schedule=args.schedule, batch=args.batch, side=args.side, rate=args.rate,
        experimental=args.experimental, corruption=args.corruption, without=tuple(args.without),
        seed=args.seed, validate_minutes=args.validate_minutes,
        validate_steps=args.validate_steps, workers=args.workers,
    )  # fmt: skip
    start = load_network(args.start_from) if args.start_from else None
    # A batch system asks by SIGTERM; the run is saved either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with start_ranks() as ranks:

        def report(line: str) -> None:
            if ranks.rank == 0:
                print(line, flush=True)

        device = ranks.device(args.device)
        # The first packs what is not packed yet, the others read it.
        with ranks.in_turn():
            data = _data(args, args.output, report)
        path = train(data, options, args.output, device=device, ranks=ranks, start_from=start,
                     report=report)  # fmt: skip
        report(str(path))
    return 0


def _residue(args: argparse.Namespace) -> int:
    import torch

    from critasser.network import choose_device, load_network
    from critasser.network.residue.network import ResidueNetwork
    from critasser.network.training.residue_network import ResidueTraining, train_residue_network

    def report(line: str) -> None:
        print(line, flush=True)

    device = choose_device(args.device)
    if args.threads:
        torch.set_num_threads(args.threads)
    start = load_network(args.start_from) if args.start_from else None
    if start is not None and not isinstance(start, ResidueNetwork):
        raise InputError(f"{args.start_from}: not a residue network")
    data = _data(args, args.output, report)
    unknown = set(args.hold_out) - {pair.name for pair in data.pairs}
    if unknown:
        raise InputError(f"--hold-out {sorted(unknown)[0]}: no such map to train on")
    held = [pair for pair in data.pairs if pair.name in args.hold_out]
    options = ResidueTraining(
        minutes=args.minutes, batch=args.batch, width=args.width, experimental=args.experimental,
        rate=args.rate, seed=args.seed, reuse=args.reuse, temperature=args.temperature,
        validate_minutes=args.validate_minutes, workers=args.workers,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    path = train_residue_network(
        data.chains, [pair for pair in data.pairs if pair.name not in args.hold_out],
        data.held_out, options, args.output, device=device,
        held_out_pairs=held + data.held_out_pairs, start_from=start, report=report,
    )  # fmt: skip
    print(path)
    return 0


def _data(args: argparse.Namespace, folder: Path, report: Callable[[str], None]) -> Data:
    """What is trained on and what is looked at on the way, packed into `folder` the first time."""
    from critasser.network.training.map_network import Data
    from critasser.network.training.packing import packed_pairs, packed_structures

    chains, pairs = {}, {"train": [], "val": []}
    for split in pairs:
        chains[split] = packed_structures(
            args.structures, split, folder / f"{split}.npz", report=report
        )
        if args.maps:
            pairs[split] = packed_pairs(
                args.maps, split, folder / f"{split}-maps.npz", report=report
            )
    about = {
        "command": shlex.join(["critasser", *args.arguments]),
        "structures": str(args.structures),
        "maps": str(args.maps) if args.maps else None,
        "split": "train",
    }
    return Data(chains["train"], chains["val"], pairs["train"], pairs["val"], about)


def _average(args: argparse.Namespace) -> int:
    from critasser.network.weights import average_networks

    average_networks(args.first, args.second, args.share, args.output)
    print(args.output)
    return 0


def _resolution(args: argparse.Namespace) -> int:
    from critasser.network.resolution import train_resolution

    with tempfile.TemporaryDirectory() as folder:
        data = _data(args, Path(folder), print)
    train_resolution(
        data.chains, data.pairs, data.held_out, args.output, crops=args.crops, seed=args.seed
    )
    return 0


def training_chains(folder: Path) -> Iterator[ProteinChain]:
    """The chains of split ``train``, one after the other."""
    table = folder / "index.tsv"
    if not table.is_file():
        raise InputError(f"{table}: no split table; it needs the columns 'file' and 'split'")
    with table.open(newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            if row["split"] == "train":
                yield from read_chains(folder / row["file"])


def _statistics(args: argparse.Namespace) -> int:
    from critasser.pipeline.statistics import STATISTICS

    unknown = set(args.only or ()) - set(STATISTICS)
    if unknown:
        raise InputError(f"no table {sorted(unknown)[0]!r}; there are {', '.join(STATISTICS)}")
    args.output.mkdir(parents=True, exist_ok=True)
    chains = list(training_chains(args.structures))
    for name, learn in STATISTICS.items():
        if args.only and name not in args.only:
            continue
        path = args.output / f"{name}.npz"
        # What was learnt from a network's maps, not from chains, stays as it ships.
        with np.load(shipped(f"{name}.npz"), allow_pickle=False) as present:
            table = dict(present)
        try:
            learnt = learn(chains)
        except ValueError as error:
            raise InputError(f"{args.structures}: {name}: {error}") from error
        np.savez_compressed(path, **{**table, **learnt})
        print(f"{path}: learnt from {len(chains)} chains")
    return 0
