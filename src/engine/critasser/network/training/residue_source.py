"""Residues to learn from, simulated and of experimental maps, made ahead of their use."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from critasser.network.training.crop_source import shares
from critasser.network.training.crops import Seen, SimulationRange, simulate_molecules
from critasser.network.training.experimental import PairOnDevice, experimental_molecules, with_noise
from critasser.network.training.packing import Atoms, Pair
from critasser.network.training.prefetch import Ahead
from critasser.network.training.residue_examples import Examples, draw_examples, each_crop
from critasser.network.training.simulation import Molecules, send

__all__ = ["SHELLS", "ExampleMaker", "ExampleSource"]

SHELLS = SimulationRange((1.5, 3.0, 4.0, 5.0, 8.0, 12.0), (0.34, 0.28, 0.20, 0.13, 0.05))


class ExampleMaker:
    """Makes the residues of a few crops by their number, from which all their randomness comes.

    Parameters
    ----------
    chains, pairs, seen
        What is simulated, what is cut from experimental maps, and what these lend to simulations.
    crops, side
        Crops for each number, and their side in Å.
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
        crops: int,
        side: int,
        experimental: float,
        device: torch.device,
        seed: tuple[int, ...],
    ) -> None:
        self.chains, self.ranges, self.device = chains, ranges, device
        self.pairs = [PairOnDevice(pair, device) for pair in pairs]
        self.seen, self.share = seen.to(device), shares(pairs)
        self.crops, self.side, self.seed = crops, side, seed
        self.experimental = experimental if pairs else 0.0

    def __call__(self, number: int) -> Examples:
        """Examples `number`; as many as there are in the crops, none at times."""
        rng = np.random.default_rng([*self.seed, number])
        real = int(rng.binomial(self.crops, self.experimental))
        found = []
        if real:
            found += self._examples(*self._experimental(real, rng), rng)
        if real < self.crops:
            chosen = rng.integers(len(self.chains), size=self.crops - real)
            density, molecules, resolutions = simulate_molecules(
                [self.chains[k] for k in chosen], self.side, self.ranges, rng, self.device,
                pool=self.chains, seen=self.seen,
            )  # fmt: skip
            found += self._examples(density, molecules, resolutions, rng)
        return Examples.joined(found) if found else Examples.none(self.device)

    def _experimental(
        self, count: int, rng: np.random.Generator
    ) -> tuple[Tensor, Molecules, np.ndarray]:
        sources = [self.pairs[k] for k in rng.choice(len(self.pairs), count, p=self.share)]
        density, molecules, dice = experimental_molecules(sources, self.side, rng)
        each = (count, 1, 1, 1)
        density = with_noise(density, sources, dice)
        density = density * dice.number(0.8, 1.25, each) + dice.number(-0.06, 0.06, each)
        return density, molecules, np.array([source.pair.resolution for source in sources])

    def _examples(
        self,
        density: Tensor,
        molecules: Molecules,
        resolutions: np.ndarray,
        rng: np.random.Generator,
    ) -> list[Examples]:
        generator = torch.Generator(self.device).manual_seed(int(rng.integers(2**31)))
        drawn = (
            draw_examples(cube, molecule, float(resolution), generator)
            for cube, molecule, resolution in zip(density, each_crop(molecules), resolutions)
        )
        return [examples for examples in drawn if examples is not None]


def _packing(*arguments: object) -> Callable[[int], list[np.ndarray]]:
    """An `ExampleMaker` whose examples can be sent to another process."""
    maker = ExampleMaker(*arguments)
    return lambda number: [value.cpu().numpy() for value in maker(number).tensors()]


class ExampleSource:
    """Makes examples a few crops ahead of their use.

    Parameters
    ----------
    chains, pairs, ranges, crops, side, experimental, device, seed
        As in `ExampleMaker`.
    workers
        0: made when asked for; otherwise so many processes.
    """

    def __init__(
        self,
        chains: Sequence[Atoms],
        pairs: Sequence[Pair],
        ranges: SimulationRange,
        *,
        crops: int,
        side: int,
        experimental: float,
        device: torch.device,
        seed: tuple[int, ...],
        workers: int,
    ) -> None:
        self.device = device
        seen = Seen.of(pairs, device).to(torch.device("cpu"))
        arguments = (chains, pairs, seen, ranges, crops, side, experimental, device, seed)
        self._number, self._ahead = 0, None
        if workers:
            self._ahead = Ahead(_packing, arguments, workers=workers, processes=True)
        else:
            self._make = ExampleMaker(*arguments)

    def next(self) -> Examples:
        """The next ones, on the device."""
        if self._ahead is not None:
            return Examples(*(send(array, self.device) for array in self._ahead.next()))
        self._number += 1
        return self._make(self._number - 1)

    def close(self) -> None:
        """Stop the workers."""
        if self._ahead is not None:
            self._ahead.close()
