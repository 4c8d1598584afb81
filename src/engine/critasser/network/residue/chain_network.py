"""The network that reads amino acids along a chain: a few convolutions over what was read of each.

They see how well the map shows side chains here, whether the chain runs this way at all, and which
amino acids are near in the chain and in space.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from critasser.network.residue.network import OUTPUTS

__all__ = [
    "LOGIT_SCALE",
    "OFFSETS",
    "POSITION_INPUTS",
    "READING",
    "STEP_INPUTS",
    "ChainConvolutions",
]

AMINO_ACIDS = OUTPUTS["amino_acid"]

POSITION_INPUTS = 2 * AMINO_ACIDS + 3 + 1
"""Of a position, whatever the chain: logarithms of amino acids as first read, those of the
positions around, helix, strand and coil, log-odds of a Cα."""

READING = sum(OUTPUTS.values())

STEP_INPUTS = 2 * READING + 2 + 1
"""Of a position between two others of the chain: the residue network's outputs in this direction
and against it, half-sphere exposure, and that it was read."""

OFFSETS = (-3, -2, -1, 1, 2, 3)
"""Residues along the chain to which distances are given."""

ALONG_INPUTS = len(OFFSETS) + 1
"""These distances, and that there is a position at all."""

LOGIT_SCALE = 5.0
"""Log-odds that inputs are divided by, so that all are about 1."""

SIZE, DILATIONS = 7, (1, 2)
"""Residues that convolutions span, and their steps in each block."""

DROPOUT = 0.2


class ChainConvolutions(nn.Module):
    """Readings along a chain → logits of amino acids ``(n, 20, L)``.

    Parameters
    ----------
    width : int
        Of the layers.
    hidden, squeezed : int
        Width of the residue network's last hidden layer, and to what it is brought.
    """

    def __init__(self, width: int = 64, hidden: int = 640, squeezed: int = 32) -> None:
        super().__init__()
        self.config = {"width": width, "hidden": hidden, "squeezed": squeezed}
        self.squeeze = nn.Conv1d(hidden, squeezed, 1)
        inputs = POSITION_INPUTS + STEP_INPUTS + ALONG_INPUTS + squeezed
        self.first = nn.Conv1d(inputs, width, 1)
        self.whole = nn.Conv1d(width, width, 1)
        self.blocks = nn.ModuleList(
            nn.ModuleList([
                nn.Conv1d(width, width, SIZE, padding="same", dilation=dilation),
                nn.Conv1d(width, width, 1),
            ])
            for dilation in DILATIONS
        )  # fmt: skip
        self.last = nn.Conv1d(width, AMINO_ACIDS, 1)
        self.sharpness = nn.Parameter(torch.ones(1))
        for layer in (self.last, *(second for _, second in self.blocks)):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, told: Tensor, hidden: Tensor) -> Tensor:
        """Logits ``(n, 20, L)``.

        Parameters
        ----------
        told : Tensor (n, 110, L)
            As `along_chain` gives it.
        hidden : Tensor (n, hidden, L)
            Of the residue network.
        """
        inside = told[:, -1:]
        squeezed = torch.relu(self.squeeze(self.dropout(hidden)))
        x = self.first(torch.cat([squeezed, told], dim=1)) * inside
        # How sharp the map is, by all of the chain.
        mean = x.sum(2, keepdim=True) / inside.sum(2, keepdim=True).clamp_min(1)
        x = (x + self.whole(torch.relu(mean))) * inside
        for first, second in self.blocks:
            inner = torch.relu(first(torch.relu(x)) * inside)
            x = x + second(self.dropout(inner)) * inside
        change = self.last(self.dropout(torch.relu(x)))
        return told[:, :AMINO_ACIDS] * LOGIT_SCALE * self.sharpness + change
