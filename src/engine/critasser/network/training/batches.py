"""Make batches of training crops, simulated and experimental, ahead of their use."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from critasser.network.training.crops import Degradation, SimulationRange, simulate_crops
from critasser.network.training.experimental import PairOnDevice, experimental_crops
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.prefetch import Prefetcher
from critasser.network.training.simulation import Crops, join_crops, to_device

__all__ = ["CropMaker", "CropRecipe", "CropSource", "map_shares"]

SIZE_POWER = 0.5
"""Of the number of residues of a map's model, in proportion to which crops are cut from it: larger
models show more; the root keeps the small ones in."""

_FIELDS = {
    "density": (torch.float16, torch.float32),
    "calpha": (torch.float16, torch.float32),
    "backbone": (torch.uint8, torch.float32),
    "structure": (torch.int8, torch.int64),
    "residue_type": (torch.int8, torch.int64),
    "weight": (torch.uint8, torch.float32),
    "resolution": (torch.float32, torch.float32),
}
"""Types in which each field of `Crops` is sent between processes, and used."""


@dataclass(frozen=True)
class CropRecipe:
    """How batches are drawn.

    Attributes
    ----------
    ranges : SimulationRange
        Of simulated crops.
    batch, side : int
        Crops in a batch; their side in Å.
    experimental : float
        Share of crops cut from experimental maps, where there are any.
    seed : tuple of int
        Numbers from which, with the batch's own, all randomness comes.
    """

    ranges: SimulationRange
    batch: int
    side: int
    experimental: float
    seed: tuple[int, ...] = (0,)


def map_shares(pairs: Sequence[Pair]) -> np.ndarray:
    """Share of experimental crops that come from each map, see `SIZE_POWER`."""
    size = np.array([len(pair.atoms.calpha) for pair in pairs], float) ** SIZE_POWER
    return size / size.sum() if len(pairs) else size


class CropMaker:
    """Makes batches by their number, from which all their randomness comes.

    Parameters
    ----------
    chains : sequence of Atoms
        What is simulated.
    pairs : sequence of Pair
        Experimental maps that crops are cut from.
    degradation : Degradation
        Measured on these maps and put on simulated ones.
    recipe : CropRecipe
    device : torch.device
        Where voxels are computed.
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        pairs: Sequence[Pair],
        degradation: Degradation,
        recipe: CropRecipe,
        device: torch.device,
    ) -> None:
        self.chains, self.recipe, self.device = chains, recipe, device
        self.pairs = [PairOnDevice(pair, device) for pair in pairs]
        self.degradation = degradation.to(device)
        self.shares = map_shares(pairs)
        self.experimental = recipe.experimental if pairs else 0.0

    def __call__(self, number: int) -> Crops:
        """Batch `number`."""
        recipe = self.recipe
        rng = np.random.default_rng([*recipe.seed, number])
        real = int(rng.binomial(recipe.batch, self.experimental))
        parts = []
        if real:
            chosen = rng.choice(len(self.pairs), real, p=self.shares)
            parts.append(experimental_crops([self.pairs[k] for k in chosen], recipe.side, rng))
        if real < recipe.batch:
            chosen = rng.integers(len(self.chains), size=recipe.batch - real)
            parts.append(
                simulate_crops(
                    [self.chains[k] for k in chosen], recipe.side, recipe.ranges, rng, self.device,
                    pool=self.chains, degradation=self.degradation,
                )
            )  # fmt: skip
        return join_crops(parts)


def _array_maker(*arguments: object) -> Callable[[int], list[np.ndarray]]:
    """A `CropMaker` whose batches are arrays, which can be sent to another process."""
    maker = CropMaker(*arguments)

    def make(number: int) -> list[np.ndarray]:
        crops = maker(number)
        return [
            getattr(crops, name).to(sent).cpu().numpy() for name, (sent, _) in _FIELDS.items()
        ]

    return make


class CropSource:
    """Makes batches a few ahead of their use.

    Batch `k` is the same whoever makes it and whenever training was stopped before it: all its
    randomness comes from the recipe's seed and `k`.

    Parameters
    ----------
    chains, pairs, recipe, device
        As in `CropMaker`.
    first : int
        The first batch's number.
    workers : int
        Threads on processors, processes beside a GPU.
    processes : bool, optional
        Use processes whatever the device.
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        pairs: Sequence[Pair],
        recipe: CropRecipe,
        *,
        device: torch.device,
        first: int = 0,
        workers: int = 1,
        processes: bool | None = None,
    ) -> None:
        self.device, self.batch = device, recipe.batch
        self.as_arrays = device.type != "cpu" if processes is None else processes
        degradation = Degradation.of(pairs, device).to(torch.device("cpu"))
        self._prefetcher = Prefetcher(
            _array_maker if self.as_arrays else CropMaker,
            (chains, pairs, degradation, recipe, device),
            workers=workers,
            processes=self.as_arrays,
            first=first,
        )

    def next(self) -> Crops:
        """The next batch, on the device."""
        made = self._prefetcher.next()
        return Crops(*self._tensors(made)) if self.as_arrays else made

    def _tensors(self, arrays: list[np.ndarray]) -> list[Tensor]:
        return [
            to_device(array, self.device).to(used)
            for array, (_, used) in zip(arrays, _FIELDS.values())
        ]

    @property
    def speed(self) -> float:
        """Crops a second that are made when nothing holds the workers up."""
        return self._prefetcher.speed * self.batch

    def close(self) -> None:
        """Stop the workers."""
        self._prefetcher.close()
