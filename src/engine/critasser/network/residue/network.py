"""A residue read in its own frame: amino acid, direction of the chain, where the Cα really is.

A network over a whole map must see every residue from every side. Here the frame is known from
three Cα, and a few dense layers learn in minutes what the map network learns in hours; they are
asked only where residues may be.
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

OUTPUTS = {"amino_acid": 20, "direction": 1, "real": 1, "offset": 3, "secondary_structure": 3}

AMINO_ACID, OFFSET = slice(0, 20), slice(22, 25)
"""The columns of the amino acids and of the offset."""

NEAR = 3.0
"""Å; standard deviation of the Gaussian about the Cα by which density is brought to one scale."""


class Reading(NamedTuple):
    """What the network says of ``n`` residues.

    ``amino_acid`` (n, 20) and ``secondary_structure`` (n, 3) logits; ``direction`` (n,) logit that
    the chain really runs this way through these three Cα; ``real`` (n,) logit that there is a Cα;
    ``offset`` (n, 3) Å from the given to the real Cα, in the local frame.
    """

    amino_acid: Tensor
    direction: Tensor
    real: Tensor
    offset: Tensor
    secondary_structure: Tensor


def split_reading(output: Tensor) -> Reading:
    """Cut ``(n, 28)`` into its parts."""
    kind, direction, real, offset, structure = output.split(list(OUTPUTS.values()), dim=1)
    return Reading(kind, direction[:, 0], real[:, 0], offset, structure)


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
    return density / (density**2 @ weights).sqrt().clamp_min(0.05)[:, None]


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
