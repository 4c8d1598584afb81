"""Batches of training crops, simulated and experimental, made ahead of their use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from critasser.network.training.crops import Seen, SimulationRange, simulate_crops
from critasser.network.training.experimental import PairOnDevice, experimental_crops
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.prefetch import Ahead
from critasser.network.training.simulation import Crops, join, send

__all__ = ["CropMaker", "CropSource"]

_FIELDS = {
    "density": (torch.float16, torch.float32),
    "calpha": (torch.float16, torch.float32),
    "backbone": (torch.uint8, torch.float32),
    "structure": (torch.int8, torch.int64),
    "residue_type": (torch.int8, torch.int64),
    "weight": (torch.uint8, torch.float32),
    "resolution": (torch.float32, torch.float32),
}
"""As what each field of `Crops` travels between processes, and what it is."""


class CropMaker:
    """Makes batches by their number, from which all their randomness comes.

    Parameters
    ----------
    chains, pairs, seen
        What is simulated, what is cut from experimental maps, and what these lend to simulations.
    batch, side
        Crops in a batch and their side in Å.
    experimental
        Share of crops from `pairs`.
    seed
        Numbers that tell this maker from others.
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        pairs: Sequence[Pair],
        seen: Seen,
        ranges: SimulationRange,
        batch: int,
        side: int,
        experimental: float,
        device: torch.device,
        seed: tuple[int, ...] = (0,),
    ) -> None:
        self.chains, self.ranges, self.device = chains, ranges, device
        self.pairs = [PairOnDevice(pair, device) for pair in pairs]
        self.seen = seen.to(device)
        self.share = shares(pairs)
        self.batch, self.side, self.seed = batch, side, seed
        self.experimental = experimental if pairs else 0.0

    def __call__(self, number: int) -> Crops:
        """Batch `number`."""
        rng = np.random.default_rng([*self.seed, number])
        real = int(rng.binomial(self.batch, self.experimental))
        parts = []
        if real:
            chosen = rng.choice(len(self.pairs), real, p=self.share)
            parts.append(experimental_crops([self.pairs[k] for k in chosen], self.side, rng))
        if real < self.batch:
            chosen = rng.integers(len(self.chains), size=self.batch - real)
            parts.append(
                simulate_crops(
                    [self.chains[k] for k in chosen], self.side, self.ranges, rng, self.device,
                    pool=self.chains, seen=self.seen,
                )
            )  # fmt: skip
        return join(parts)


def shares(pairs: Sequence[Pair]) -> np.ndarray:
    """Share of experimental crops that come from each map.

    Larger models show more; the root keeps the small ones in.
    """
    size = np.array([len(pair.atoms.calpha) for pair in pairs], float) ** 0.5
    return size / size.sum() if len(pairs) else size


def _packing(*arguments: object) -> Callable[[int], list[np.ndarray]]:
    """A `CropMaker` whose batches can be sent to another process."""
    maker = CropMaker(*arguments)

    def make(number: int) -> list[np.ndarray]:
        crops = maker(number)
        return [getattr(crops, name).to(packed).cpu().numpy() for name, (packed, _) in
                _FIELDS.items()]  # fmt: skip

    return make


class CropSource:
    """Makes batches a few ahead of their use.

    Batch `k` is the same whoever makes it and whenever training was stopped before it: all its
    randomness comes from the seed, the rank and `k`.

    Parameters
    ----------
    chains, pairs, ranges, batch, side, experimental, device, seed
        As in `CropMaker`.
    first
        The first batch's number.
    workers
        Threads on processors, processes beside a GPU.
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        pairs: Sequence[Pair],
        ranges: SimulationRange,
        *,
        batch: int,
        side: int,
        experimental: float,
        device: torch.device,
        seed: tuple[int, ...] = (0,),
        first: int = 0,
        workers: int = 1,
        processes: bool | None = None,
    ) -> None:
        self.device, self.batch = device, batch
        self.packed = device.type != "cpu" if processes is None else processes
        seen = Seen.of(pairs, device).to(torch.device("cpu"))
        arguments = (chains, pairs, seen, ranges, batch, side, experimental, device, seed)
        self._ahead = Ahead(
            _packing if self.packed else CropMaker, arguments, workers=workers,
            processes=self.packed, first=first,
        )  # fmt: skip

    def next(self) -> Crops:
        """The next batch, on the device."""
        made = self._ahead.next()
        return Crops(*self._unpack(made)) if self.packed else made

    def _unpack(self, arrays: list[np.ndarray]) -> list[Tensor]:
        return [send(array, self.device).to(whole)
                for array, (_, whole) in zip(arrays, _FIELDS.values())]  # fmt: skip

    @property
    def speed(self) -> float:
        """Crops a second that are made when nobody is held up."""
        return self._ahead.speed * self.batch

    def close(self) -> None:
        """Stop the workers."""
        self._ahead.close()
