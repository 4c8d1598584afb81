"""Learn what ships with Critasser: networks and statistical tables.

critasser train network structures/ --maps maps/ -o runs/first --minutes 90
critasser train network structures/ -o runs/paper --architecture resnet --steps 20000
torchrun --nproc-per-node 4 -m critasser train network structures/ -o runs/four --minutes 90
critasser train residue structures/ --maps maps/ -o runs/residue --minutes 80
critasser train average before.safetensors after.safetensors -o between.safetensors
critasser train resolution structures/ --maps maps/ -o weights/resolution.safetensors
critasser train sequence structures/ -o runs/sequence
critasser train nucleic structures/ --maps maps/ -o runs/nucleic
critasser train statistics structures/ -o weights/

STRUCTURES is a folder with ``index.tsv`` (tab-separated, columns ``file`` and ``split``); MAPS
holds a folder for each map with ``map.mrc.gz``, ``model.pdb.gz`` and ``meta.json`` (``split``,
``resolution_A``). Only split ``train`` is learnt from; ``val`` is for validation on the way. A run
that was stopped goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import dataclasses
import shlex
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from critasser.errors import InputError

if TYPE_CHECKING:
    from critasser.network.training.packing import TrainingData

__all__ = ["add_args", "main"]

HAS_SUBCOMMANDS = True


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    _add_network(kinds.add_parser("network", help="the network that finds Cα in a map"))
    _add_residue(kinds.add_parser("residue", help="the network that reads single residues"))
    _add_sequence(
        kinds.add_parser("sequence", help="the network that reads sequences for structure")
    )
    _add_nucleic(
        kinds.add_parser("nucleic", help="the network that tells nucleic acid from protein")
    )
    average = kinds.add_parser(
        "average", help="between two networks of which one was trained on from the other"
    )
    average.add_argument("first", type=Path)
    average.add_argument("second", type=Path)
    average.add_argument("-o", "--output", type=Path, required=True, help="file to write")
    average.add_argument("--share", type=_share, default=0.7, help="of the second (default: 0.7)")
    resolution = kinds.add_parser("resolution", help="the resolution of a map from its spectrum")
    _add_data(resolution)
    resolution.add_argument("-o", "--output", type=Path, required=True, help="file to write")
    resolution.add_argument("--crops", type=int, default=4000)
    resolution.add_argument("--seed", type=int, default=0)
    tables = kinds.add_parser("statistics", help="tables of geometry, contacts, rotamers")
    tables.add_argument("structures", type=Path)
    tables.add_argument("-o", "--output", type=Path, required=True, help="folder for the tables")
    tables.add_argument("--only", nargs="*", metavar="TABLE", help="leave the other tables alone")


def _add_data(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("structures", type=Path)
    parser.add_argument("--maps", type=Path, help="folder of experimental map and model pairs")


def _add_network(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_data(parser)
    add("-o", "--output", type=Path, required=True, help="folder of the run")
    add("--architecture", choices=("unet", "resnet"), default="unet")
    budget = parser.add_mutually_exclusive_group(required=True)
    budget.add_argument("--minutes", type=_positive, help="budget, resumed runs included")
    budget.add_argument("--steps", type=_count, help="budget, resumed runs included")
    add("--schedule", choices=("cosine", "one-cycle"), default="cosine",
        help="of the learning rate (default: %(default)s)")  # fmt: skip
    add("--rate", type=_positive, default=1.5e-3,
        help="highest learning rate (default: %(default)s)")  # fmt: skip
    add("--batch", type=_from_zero, default=0, metavar="CROPS",
        help="crops a step in each process; 0, the default: 2 on processors, on a GPU what "
        "fits")  # fmt: skip
    add("--side", type=_count, default=48,
        help="of a crop in Å, a multiple of 8 (default: %(default)s)")  # fmt: skip
    add("--experimental", type=_share, default=0.35, metavar="SHARE",
        help="of crops from experimental maps (default: %(default)s)")  # fmt: skip
    add("--corruption", type=_share, default=1.0, metavar="STRENGTH",
        help="of simulated maps, 0 (clean) to 1 (default)")  # fmt: skip
    add("--without", nargs="+", default=[], metavar="NAME",
        help="leave these corruptions out; a wrong name lists them")  # fmt: skip
    add("--coarse-transfers", action="store_true",
        help="simulate maps of poorer resolution than any experimental one as these would be "
        "there")  # fmt: skip
    often = parser.add_mutually_exclusive_group()
    often.add_argument("--validate-minutes", type=_positive, default=10.0, metavar="MINUTES",
                       help="between validations (default: %(default)s)")  # fmt: skip
    often.add_argument("--validate-steps", type=_count, metavar="STEPS")
    add("--start-from", type=Path, help="a network to go on from")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=_count, help="CPU threads")
    add("--workers", type=_from_zero, default=0,
        help="threads that make crops, beside a GPU processes; 0, the default: 1, on a GPU half "
        "the processors, 8 at most")  # fmt: skip
    add("--seed", type=_from_zero, default=0)


def _add_residue(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_data(parser)
    add("-o", "--output", type=Path, required=True, help="folder of the run")
    add("--minutes", type=float, default=80.0, help="budget, resumed runs included")
    add("--batch", type=_count, default=256, help="residues a step")
    add("--reuse", type=_positive, default=3.0,
        help="steps that see a residue before it is drawn anew")  # fmt: skip
    add("--width", type=int, default=640, help="of the network's layers")
    add("--experimental", type=float, default=0.2,
        help="share of crops from experimental maps")  # fmt: skip
    add("--hold-out", nargs="+", default=[], metavar="NAME",
        help="of experimental maps that are not trained on; the network that reads them best is "
        "kept")  # fmt: skip
    add("--rate", type=_positive, default=2e-3,
        help="highest learning rate (default: %(default)s)")  # fmt: skip
    add("--temperature", type=_positive, default=1.0,
        help="by which the logits of amino acids are divided at the end, as a run with maps held "
        "out found best")  # fmt: skip
    add("--validate-minutes", type=_positive, default=5.0, metavar="MINUTES",
        help="between validations (default: %(default)s)")  # fmt: skip
    add("--workers", type=_from_zero, default=0,
        help="processes that make examples; 0, the default: none but this one, on a GPU half the "
        "processors, 8 at most")  # fmt: skip
    add("--start-from", type=Path, help="a network to go on from; its width is kept")
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=int, help="CPU threads")
    add("--seed", type=int, default=0)


def _add_sequence(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("structures", type=Path)
    add("-o", "--output", type=Path, required=True, help="folder of the run")
    add("--steps", type=_count, default=2000,
        help="budget, resumed runs included (default: %(default)s)")  # fmt: skip
    add("--batch", type=_count, default=24, help="chains a step (default: %(default)s)")
    add("--width", type=_count, default=64, help="of the layers (default: %(default)s)")
    add("--rate", type=_positive, default=2e-3,
        help="highest learning rate (default: %(default)s)")  # fmt: skip
    add("--validate-steps", type=_count, default=250, metavar="STEPS",
        help="between validations (default: %(default)s)")  # fmt: skip
    add("--threads", type=_count, help="CPU threads")
    add("--seed", type=_from_zero, default=0)


def _add_nucleic(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    _add_data(parser)
    add("-o", "--output", type=Path, required=True, help="folder of the run")
    add("--weights", type=Path, help="the map network by whose answer nucleic acid is told "
        "(default: the one that ships)")  # fmt: skip
    add("--steps", type=_count, default=900,
        help="budget, resumed runs included (default: %(default)s)")  # fmt: skip
    add("--batch", type=_count, default=4, help="crops a step (default: %(default)s)")
    add("--rate", type=_positive, default=2.5e-3,
        help="highest learning rate (default: %(default)s)")  # fmt: skip
    add("--experimental", type=_share, default=0.3, metavar="SHARE",
        help="of crops from experimental maps (default: %(default)s)")  # fmt: skip
    add("--reuse", type=_count, default=8, metavar="STEPS",
        help="for each new batch, which see older ones again (default: %(default)s)")  # fmt: skip
    add("--alone", type=_share, default=0.3, metavar="SHARE",
        help="of crops of proteins among the simulated ones (default: %(default)s)")  # fmt: skip
    add("--start-from", type=Path, metavar="FILE", help="a network to be trained on")
    add("--hold-out", nargs="+", default=[], metavar="NAME",
        help="of experimental maps that are validated on, not learnt from")  # fmt: skip
    add("--unmodelled", nargs="+", default=[], metavar="NAME",
        help="of experimental maps that hold nucleic acid which their models lack; other maps are "
        "taken to hold none")  # fmt: skip
    add("--validate-steps", type=_count, default=300, metavar="STEPS",
        help="between validations (default: %(default)s)")  # fmt: skip
    add("--device", choices=("auto", "cpu", "cuda"), default="auto")
    add("--threads", type=_count, help="CPU threads")
    add("--seed", type=_from_zero, default=0)


def main(args: argparse.Namespace) -> int:
    """Train."""
    kinds = {"network": _network, "residue": _residue, "sequence": _sequence, "nucleic": _nucleic,
             "average": _average, "resolution": _resolution, "statistics": _statistics}  # fmt: skip
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

    from critasser.network.training.corruption import CORRUPTIONS
    from critasser.network.training.distributed import start_ranks
    from critasser.network.training.map_learner import TrainingOptions
    from critasser.network.training.map_network import train_map_network
    from critasser.network.weights import load_network

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
        coarse_transfers=args.coarse_transfers,
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
        path = train_map_network(
            data, options, args.output, device=device, ranks=ranks, start_from=start, report=report
        )
        report(str(path))
    return 0


def _residue(args: argparse.Namespace) -> int:
    import torch

    from critasser.network.device import choose_device
    from critasser.network.residue.network import ResidueNetwork
    from critasser.network.training.residue_network import ResidueTraining, train_residue_network
    from critasser.network.weights import load_network

    def report(line: str) -> None:
        print(line, flush=True)

    device = choose_device(args.device)
    if args.threads:
        torch.set_num_threads(args.threads)
    start = load_network(args.start_from) if args.start_from else None
    if start is not None and not isinstance(start, ResidueNetwork):
        raise InputError(f"{args.start_from}: not a residue network")
    data = _held_out(_data(args, args.output, report), args.hold_out)
    options = ResidueTraining(
        minutes=args.minutes, batch=args.batch, width=args.width, experimental=args.experimental,
        rate=args.rate, seed=args.seed, reuse=args.reuse, temperature=args.temperature,
        validate_minutes=args.validate_minutes, workers=args.workers,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    path = train_residue_network(
        data, options, args.output, device=device, start_from=start, report=report
    )
    print(path)
    return 0


def _sequence(args: argparse.Namespace) -> int:
    import torch

    from critasser.network.training.sequence_network import (
        SequenceTraining,
        train_sequence_network,
    )

    def report(line: str) -> None:
        print(line, flush=True)

    if args.threads:
        torch.set_num_threads(args.threads)
    options = SequenceTraining(
        steps=args.steps, batch=args.batch, width=args.width, rate=args.rate,
        validate_steps=args.validate_steps, seed=args.seed,
    )  # fmt: skip
    args.maps = None
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data = _data(args, args.output, report)
    print(train_sequence_network(data, options, args.output, report=report))
    return 0


def _nucleic(args: argparse.Namespace) -> int:
    from critasser.cli.train_nucleic import train_nucleic

    def report(line: str) -> None:
        print(line, flush=True)

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    data = _held_out(_data(args, args.output, report), args.hold_out)
    print(train_nucleic(args, data, report))
    return 0


def _held_out(data: TrainingData, names: list[str]) -> TrainingData:
    """The same with some experimental maps to validate on in place of learning from them."""
    unknown = set(names) - {pair.name for pair in data.pairs}
    if unknown:
        raise InputError(f"--hold-out {sorted(unknown)[0]}: no such map to train on")
    return dataclasses.replace(
        data,
        pairs=[pair for pair in data.pairs if pair.name not in names],
        held_out_pairs=[
            *(pair for pair in data.pairs if pair.name in names), *data.held_out_pairs
        ],
    )  # fmt: skip


def _data(args: argparse.Namespace, folder: Path, report: Callable[[str], None]) -> TrainingData:
    """Data to train and to validate on, packed into `folder` the first time."""
    from critasser.network.training.packing import (
        TrainingData,
        packed_pairs,
        packed_structures,
    )

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
    return TrainingData(chains["train"], chains["val"], pairs["train"], pairs["val"], about)


def _average(args: argparse.Namespace) -> int:
    from critasser.network.weights import average_networks

    average_networks(args.first, args.second, args.share, args.output)
    print(args.output)
    return 0


def _resolution(args: argparse.Namespace) -> int:
    from critasser.network.training.resolution import train_resolution

    with tempfile.TemporaryDirectory() as folder:
        data = _data(args, Path(folder), print)
    train_resolution(data, args.output, crops=args.crops, seed=args.seed)
    return 0


def _statistics(args: argparse.Namespace) -> int:
    from critasser.cli.train_statistics import train_statistics

    train_statistics(args.structures, args.output, args.only or None)
    return 0
