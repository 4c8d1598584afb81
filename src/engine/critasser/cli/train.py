"""Learn what ships with Critasser: networks and statistical tables.

critasser train network structures/ --maps maps/ -o runs/first --minutes 90
critasser train network structures/ -o runs/paper --architecture resnet --minutes 90
critasser train residue structures/ --maps maps/ -o runs/residue --minutes 80
critasser train resolution structures/ --maps maps/ -o weights/resolution.safetensors
critasser train statistics structures/ -o weights/

STRUCTURES is a folder with ``index.tsv`` (tab-separated, columns ``file`` and ``split``); MAPS
holds a folder for each map with ``map.mrc.gz``, ``model.pdb.gz`` and ``meta.json`` (``split``,
``resolution_A``). Only what is of split ``train`` is learnt from; ``val`` is looked at on the way.
"""

from __future__ import annotations

import argparse
import csv
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from critasser.errors import InputError
from critasser.shipped import shipped
from critasser.structure import ProteinChain, read_chains

if TYPE_CHECKING:
    from critasser.network.packing import Atoms

__all__ = ["add_args", "main"]


def add_args(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    kinds = parser.add_subparsers(dest="what", required=True, metavar="WHAT")
    network = kinds.add_parser("network", help="a network that finds Cα, backbone, residue types")
    network.add_argument("structures", type=Path)
    network.add_argument("--maps", type=Path, help="folder of experimental map and model pairs")
    network.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    network.add_argument("--architecture", choices=("unet", "resnet"), default="unet")
    network.add_argument(
        "--minutes", type=float, default=60.0, help="budget, resumed runs included"
    )
    network.add_argument("--batch", type=int, default=2, help="crops a step")
    network.add_argument("--side", type=int, default=48, help="side of a crop in Å")
    network.add_argument("--rate", type=float, default=1.5e-3, help="highest learning rate")
    network.add_argument("--experimental", type=float, default=0.35,
                         help="share of crops from experimental maps")  # fmt: skip
    network.add_argument(
        "--corruption", type=float, default=1.0, help="of simulated maps, 0 (clean) to 1"
    )
    network.add_argument("--start-from", type=Path, help="a network to go on from")
    network.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    network.add_argument("--threads", type=int, help="CPU threads")
    network.add_argument("--seed", type=int, default=0)
    residue = kinds.add_parser("residue", help="a network that reads residues in their own frame")
    residue.add_argument("structures", type=Path)
    residue.add_argument("--maps", type=Path, help="folder of experimental map and model pairs")
    residue.add_argument("-o", "--output", type=Path, required=True, help="folder of the run")
    residue.add_argument(
        "--minutes", type=float, default=80.0, help="budget, resumed runs included"
    )
    residue.add_argument("--batch", type=int, default=256, help="residues a step")
    residue.add_argument("--width", type=int, default=640, help="of the network's layers")
    residue.add_argument("--experimental", type=float, default=0.3,
                         help="share of crops from experimental maps")  # fmt: skip
    residue.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    residue.add_argument("--threads", type=int, help="CPU threads")
    residue.add_argument("--seed", type=int, default=0)
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
    kinds = {"network": _network, "residue": _residue, "resolution": _resolution,
             "statistics": _statistics}  # fmt: skip
    return kinds[args.what](args)


def _network(args: argparse.Namespace) -> int:
    import torch

    from critasser.network import choose_device, load_network
    from critasser.network.packing import pack_pairs
    from critasser.network.training import TrainingOptions, train

    device = choose_device(args.device)
    if args.threads:
        torch.set_num_threads(args.threads)
    packs = _packs(args.structures, args.output)
    pairs = pack_pairs(args.maps, "train") if args.maps else []
    options = TrainingOptions(
        architecture=args.architecture, minutes=args.minutes, batch=args.batch, side=args.side,
        rate=args.rate, experimental=args.experimental,
        corruption=args.corruption, seed=args.seed,
    )  # fmt: skip
    # A batch system asks by SIGTERM; the run is saved either way.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    start = load_network(args.start_from) if args.start_from else None
    path = train(packs["train"], pairs, packs["val"], options, args.output, device=device,
                 start_from=start, report=lambda line: print(line, flush=True))  # fmt: skip
    print(path)
    return 0


def _residue(args: argparse.Namespace) -> int:
    import torch

    from critasser.network import choose_device
    from critasser.network.packing import pack_pairs
    from critasser.network.residue_training import ResidueTraining, train_residue_network

    device = choose_device(args.device)
    if args.threads:
        torch.set_num_threads(args.threads)
    packs = _packs(args.structures, args.output)
    pairs = pack_pairs(args.maps, "train") if args.maps else []
    options = ResidueTraining(
        minutes=args.minutes, batch=args.batch, width=args.width, experimental=args.experimental,
        seed=args.seed,
    )  # fmt: skip
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    path = train_residue_network(
        packs["train"], pairs, packs["val"], options, args.output, device=device,
        report=lambda line: print(line, flush=True),
    )  # fmt: skip
    print(path)
    return 0


def _packs(structures: Path, folder: Path) -> dict[str, list[Atoms]]:
    """Training and validation chains, packed into `folder` the first time."""
    from critasser.network.packing import load_pack, pack_structures

    packs = {}
    for split in ("train", "val"):
        pack = folder / f"{split}.npz"
        if not pack.exists():
            print(f"packed {pack_structures(structures, split, pack)} chains of {split}")
        packs[split] = load_pack(pack)
    return packs


def _resolution(args: argparse.Namespace) -> int:
    from critasser.network.packing import pack_pairs
    from critasser.network.resolution import train_resolution

    with tempfile.TemporaryDirectory() as folder:
        packs = _packs(args.structures, Path(folder))
    pairs = pack_pairs(args.maps, "train") if args.maps else []
    train_resolution(
        packs["train"], pairs, packs["val"], args.output, crops=args.crops, seed=args.seed
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
    from critasser.pipeline import STATISTICS

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
