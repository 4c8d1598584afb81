"""Train one network by several processes, as ``torchrun`` starts them, one for each GPU.

A process alone needs none of this: `Ranks()` then stands for itself and ``torch.distributed`` is
not touched.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import nn

from critasser.network.device import choose_device

__all__ = ["Ranks", "start_ranks"]

LONGEST_WAIT = timedelta(hours=24)
"""Of one process for another: while the first packs thousands of maps, the others wait."""


@dataclass(frozen=True)
class Ranks:
    """This process among `count` that train together; rank 0 validates, logs and saves."""

    rank: int = 0
    count: int = 1
    local: int = 0

    def device(self, name: str) -> torch.device:
        """The device for ``auto``, ``cpu`` or ``cuda``: each process of a machine its own GPU."""
        device = choose_device(name)
        if device.type == "cuda" and self.count > 1:
            torch.cuda.set_device(self.local)
            return torch.device("cuda", self.local)
        return device

    def distributed(self, network: nn.Module, device: torch.device) -> nn.Module:
        """A network whose gradients are the mean over all processes.

        Batch norm sees the crops of all GPUs at once. Between processors that is not to be had:
        there each process normalises by its own crops, and all keep the statistics of rank 0.
        """
        if self.count == 1:
            return network
        from torch.nn.parallel import DistributedDataParallel

        if device.type == "cuda":
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network)
            return DistributedDataParallel(network, device_ids=[device.index])
        return DistributedDataParallel(network)

    def broadcast(self, number: float) -> float:
        """The number of rank 0, for all ranks, which wait for each other here."""
        if self.count == 1:
            return number
        # A tensor on the host: no GPU has to finish its work for it.
        value = torch.tensor([number], dtype=torch.float64)
        torch.distributed.broadcast(value, 0)
        return float(value)

    @contextmanager
    def in_turn(self) -> Iterator[None]:
        """Rank 0 goes through the block first, then the others."""
        if self.rank:
            self.broadcast(0.0)
        yield
        if not self.rank:
            self.broadcast(0.0)


@contextmanager
def start_ranks() -> Iterator[Ranks]:
    """This process's place among those that ``torchrun`` started; alone without it."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        yield Ranks()
        return
    gpus = torch.cuda.is_available()
    torch.distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if gpus else "gloo", timeout=LONGEST_WAIT
    )
    try:
        yield Ranks(int(os.environ["RANK"]), count, int(os.environ.get("LOCAL_RANK", "0")))
    finally:
        torch.distributed.destroy_process_group()
