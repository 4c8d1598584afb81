"""Read the side chains of a structure where it lies, beside what its fold alone tells of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from torch import nn

from critasser.density import Grid
from critasser.network.residue.network import split_reading
from critasser.network.residue.reading import FARTHEST, LEAST_SPAN, NEAREST, read_triples

__all__ = ["WRONG_POSES", "ChainReader"]

WRONG_POSES = 16
"""Random turns of a structure about its centre in which its side chains are read too. With 8 of
them the register stands out a twentieth less from chance, with 4 a tenth."""

LEAST_LOG_PROBABILITY = -9.0
"""Nats; no amino acid is taken for less likely."""


@dataclass(frozen=True, eq=False)
class ChainReader:
    """Amino acids that the residue network sees along a chain of Cα.

    The network is shown the chain's own Cα, and tells amino acids by these too: where a chain turns
    tightly, or is crowded, whatever the density. What it tells of the same chain in wrong poses is
    that alone, and is taken away.

    Attributes
    ----------
    network : ResidueNetwork
    density : Grid
        Normalised map at 1 Å.
    device : torch.device
    """

    network: nn.Module
    density: Grid
    device: torch.device

    def log_probabilities(self, calpha: NDArray[np.float64]) -> NDArray[np.float64]:
        """Of amino acids (n, 20) at Cα (n, 3) of one chain in order, Å.

        NaN where a residue or a neighbour has no position, or they are not bonded.
        """
        found = np.full((len(calpha), 20), np.nan)
        middle = np.arange(1, len(calpha) - 1)
        step = np.linalg.norm(np.diff(calpha, axis=0), axis=1)
        span = np.linalg.norm(calpha[2:] - calpha[:-2], axis=1)
        bonded = (step >= NEAREST) & (step <= FARTHEST)
        middle = middle[bonded[:-1] & bonded[1:] & (span >= LEAST_SPAN)]
        if not len(middle):
            return found
        present = np.flatnonzero(np.isfinite(calpha).all(axis=1))
        number = np.searchsorted(present, np.stack([middle - 1, middle, middle + 1], axis=1))
        output = read_triples(
            self.network, self.density, calpha[present], number, self.device
        ).double()
        likely = torch.log_softmax(split_reading(output).amino_acid, 1).numpy()
        found[middle] = np.maximum(likely, LEAST_LOG_PROBABILITY)
        return found

    def by_fold(
        self,
        calpha: NDArray[np.float64],
        centre: NDArray[np.float64],
        rng: np.random.Generator,
    ) -> NDArray[np.float64]:
        """What a structure's own Cα (n, 3) tell: mean log-probabilities (n, 20) over random turns
        about a point (3,) of the map."""
        own = calpha - np.nanmean(calpha, axis=0)
        turns = Rotation.random(WRONG_POSES, random_state=rng)
        return np.mean(
            [self.log_probabilities(turn.apply(own) + centre) for turn in turns], axis=0
        )
