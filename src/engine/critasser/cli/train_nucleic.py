"""Train the network that tells nucleic acid from protein, as the command line says.

Only ``critasser train nucleic`` imports this.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import torch

from critasser.errors import InputError
from critasser.network.device import choose_device
from critasser.network.nucleic.network import NucleicNetwork
from critasser.network.training.nucleic_network import NucleicTraining, train_nucleic_network
from critasser.network.training.packing import TrainingData
from critasser.network.weights import load_network
from critasser.shipped import NETWORK, shipped

__all__ = ["train_nucleic"]


def train_nucleic(
    args: argparse.Namespace, data: TrainingData, report: Callable[[str], None]
) -> Path:
    """Train it, and return where it is.

    Parameters
    ----------
    args : argparse.Namespace
        Of the command.
    data : TrainingData
        Proteins and experimental maps.
    report : callable
        Given every line of progress.

    Raises
    ------
    InputError
        A map that is named is not there, or the network to start from is of another kind.
    """
    if args.threads:
        torch.set_num_threads(args.threads)
    unknown = set(args.unmodelled) - {pair.name for pair in data.pairs}
    if unknown:
        raise InputError(f"--unmodelled {sorted(unknown)[0]}: no such map to train on")
    start = load_network(args.start_from) if args.start_from else None
    if start is not None and not isinstance(start, NucleicNetwork):
        raise InputError(f"{args.start_from}: not a network of critasser train nucleic")
    options = NucleicTraining(
        steps=args.steps, batch=args.batch, rate=args.rate, reuse=args.reuse,
        experimental=args.experimental, alone=args.alone, validate_steps=args.validate_steps,
        seed=args.seed,
    )  # fmt: skip
    return train_nucleic_network(
        data, options, args.output, device=choose_device(args.device),
        map_weights=args.weights or shipped(NETWORK), unmodelled_nucleic=args.unmodelled,
        start=start, report=report,
    )  # fmt: skip
