"""Make residues to learn from, of simulated and experimental crops, ahead of their use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from critasser.network.training.batches import CropRecipe, map_shares
from critasser.network.training.crops import Degradation, SimulationRange, simulate_molecules
from critasser.network.training.experimental import (
    PairOnDevice,
    experimental_molecules,
    rescaled,
    with_noise,
)
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.prefetch import Prefetcher
from critasser.network.training.residue_examples import Examples, draw_examples, each_crop
from critasser.network.training.simulation import Molecules, to_device

__all__ = ["SHELLS", "ExampleMaker", "ExampleSource"]

SHELLS = SimulationRange((1.5, 3.0, 4.0, 5.0, 8.0, 12.0), (0.34, 0.28, 0.20, 0.13, 0.05))
"""Resolutions that are learnt: finer ones more often than by the map network, since amino acids are
what this network is for."""

_LARGEST_SEED = 2**31


class ExampleMaker:
    """Makes the residues of a few crops by their number, from which all their randomness comes.

    Parameters
    ----------
    chains, pairs, degradation, recipe, device
        As in `critasser.network.training.batches.CropMaker`.
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
        self.degradation, self.shares = degradation.to(device), map_shares(pairs)
        self.experimental = recipe.experimental if pairs else 0.0

    def __call__(self, number: int) -> Examples:
        """Examples `number`; as many as there are in the crops, none at times."""
        recipe = self.recipe
        rng = np.random.default_rng([*recipe.seed, number])
        real = int(rng.binomial(recipe.batch, self.experimental))
        parts = []
        if real:
            parts += self._examples(*self._experimental(real, rng), rng)
        if real < recipe.batch:
            chosen = rng.integers(len(self.chains), size=recipe.batch - real)
            density, molecules, resolutions = simulate_molecules(
                [self.chains[k] for k in chosen], recipe.side, recipe.ranges, rng, self.device,
                pool=self.chains, degradation=self.degradation,
            )  # fmt: skip
            parts += self._examples(density, molecules, resolutions, rng)
        return Examples.joined(parts) if parts else Examples.none(self.device)

    def _experimental(
        self, count: int, rng: np.random.Generator
    ) -> tuple[Tensor, Molecules, np.ndarray]:
        sources = [self.pairs[k] for k in rng.choice(len(self.pairs), count, p=self.shares)]
        density, molecules, numbers = experimental_molecules(sources, self.recipe.side, rng)
        density = rescaled(with_noise(density, sources, numbers), numbers)
        return density, molecules, np.array([source.pair.resolution for source in sources])

    def _examples(
        self,
        density: Tensor,
        molecules: Molecules,
        resolutions: np.ndarray,
        rng: np.random.Generator,
    ) -> list[Examples]:
        generator = torch.Generator(self.device).manual_seed(int(rng.integers(_LARGEST_SEED)))
        drawn = (
            draw_examples(cube, molecule, float(resolution), generator)
            for cube, molecule, resolution in zip(density, each_crop(molecules), resolutions)
        )
        return [examples for examples in drawn if examples is not None]


def _array_maker(*arguments: object) -> Callable[[int], list[np.ndarray]]:
    """An `ExampleMaker` whose examples are arrays, which can be sent to another process."""
    maker = ExampleMaker(*arguments)
    return lambda number: [value.cpu().numpy() for value in maker(number).tensors()]


class ExampleSource:
    """Makes examples a few crops ahead of their use.

    Parameters
    ----------
    chains, pairs, recipe, device
        As in `ExampleMaker`.
    workers : int
        0: made when asked for; otherwise so many processes.
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        pairs: Sequence[Pair],
        recipe: CropRecipe,
        *,
        device: torch.device,
        workers: int,
    ) -> None:
        self.device = device
        degradation = Degradation.of(pairs, device).to(torch.device("cpu"))
        arguments = (chains, pairs, degradation, recipe, device)
        self._number, self._prefetcher = 0, None
        if workers:
            self._prefetcher = Prefetcher(_array_maker, arguments, workers=workers, processes=True)
        else:
            self._make = ExampleMaker(*arguments)

    def next(self) -> Examples:
        """The next ones, on the device."""
        if self._prefetcher is not None:
            return Examples(*(to_device(array, self.device) for array in self._prefetcher.next()))
        self._number += 1
        return self._make(self._number - 1)

    def close(self) -> None:
        """Stop the workers."""
        if self._prefetcher is not None:
            self._prefetcher.close()
