"""Read a residue in its own frame: amino acid, direction of the chain, where its Cα is.

A network over a whole map must know residues in every orientation. Here the frame is known from
three Cα, so that a few dense layers learn in minutes what the map network learns in hours; they are
evaluated only where residues may be.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from critasser.network.residue.frames import ball

__all__ = [
    "AMINO_ACID",
    "COARSE",
    "FINE",
    "OFFSET",
    "OUTPUTS",
    "Reading",
    "ResidueNetwork",
    "split_reading",
]

FINE, COARSE = 1.0, 2.0
"""Å between the points at which density, and Gaussians on the Cα around, are read."""

OUTPUTS = {"amino_acid": 20, "direction": 1, "is_calpha": 1, "offset": 3, "secondary_structure": 3}
"""Columns of the network's output, in order."""

AMINO_ACID, OFFSET = slice(0, 20), slice(22, 25)
"""The columns of the amino acids and of the offset."""

NEAR = 3.0
"""Å; standard deviation of the Gaussian about the Cα by which density is brought to one scale."""

LEAST_DEVIATION = 0.05
"""Of normalised density; where it varies less there is nothing to scale up."""


class Reading(NamedTuple):
    """The network's output for ``n`` residues.

    Attributes
    ----------
    amino_acid : Tensor (n, 20)
        Logits.
    direction : Tensor (n,)
        Logit that the chain runs this way through these three Cα.
    is_calpha : Tensor (n,)
        Logit that there is a Cα.
    offset : Tensor (n, 3)
        Å from the given position to the Cα, in the local frame.
    secondary_structure : Tensor (n, 3)
        Logits of helix, strand, coil.
    """

    amino_acid: Tensor
    direction: Tensor
    is_calpha: Tensor
    offset: Tensor
    secondary_structure: Tensor


def split_reading(output: Tensor) -> Reading:
    """Cut ``(n, 28)`` into its parts."""
    parts = output.split(list(OUTPUTS.values()), dim=1)
    amino_acid, direction, is_calpha, offset, structure = parts
    return Reading(amino_acid, direction[:, 0], is_calpha[:, 0], offset, structure)


class _Residual(nn.Module):
    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(width, width, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            nn.Dropout(dropout),
            nn.Linear(width, width, bias=False),
            nn.BatchNorm1d(width),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.layers(x))


@cache
def _nearness(device: torch.device) -> Tensor:
    """Weights (k,) of the density's points, sum 1."""
    square = (ball(FINE) ** 2).sum(axis=1)
    weights = np.exp(-0.5 * square / NEAR**2)
    return torch.as_tensor(weights / weights.sum(), dtype=torch.float32, device=device)


def _on_one_scale(density: Tensor) -> Tensor:
    """Density (n, k) of each residue with mean 0 and variance 1 about its Cα.

    Maps differ in contrast, and parts of a map in how well they are resolved.
    """
    weights = _nearness(density.device)
    density = density - (density @ weights)[:, None]
    return density / (density**2 @ weights).sqrt().clamp_min(LEAST_DEVIATION)[:, None]


class ResidueNetwork(nn.Module):
    """Density and Cα around residues in their local frames → `Reading`.

    Input ``(n, k)``: density on ``ball(FINE)``, then Gaussians of 1 Å on the Cα of all residues on
    ``ball(COARSE)``; output ``(n, 28)``.
    """

    def __init__(self, width: int = 640, blocks: int = 2, dropout: float = 0.1) -> None:
        super().__init__()
        self.config = {"width": width, "blocks": blocks, "dropout": dropout}
        inputs = len(ball(FINE)) + len(ball(COARSE))
        self.body = nn.Sequential(
            nn.Linear(inputs, width, bias=False),
            nn.BatchNorm1d(width),
            nn.ReLU(),
            *(_Residual(width, dropout) for _ in range(blocks)),
        )
        self.head = nn.Linear(width, sum(OUTPUTS.values()))

    def forward(self, x: Tensor) -> Tensor:
        count = len(ball(FINE))
        density = _on_one_scale(x[:, :count])
        return self.head(self.body(torch.cat([density, x[:, count:]], dim=1)))
