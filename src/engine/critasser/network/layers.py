"""Build blocks that both map networks share, and split their output into heads."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor, nn

__all__ = ["HEADS", "HeadSplit", "ResidualBlock", "split_heads"]

HEADS = {"calpha": 1, "backbone": 1, "secondary_structure": 3, "amino_acid": 20}
"""Channels of the last convolution, in order. All are logits."""


class HeadSplit(NamedTuple):
    """Logits of the four heads, each ``(batch, channels, z, y, x)``."""

    calpha: Tensor
    backbone: Tensor
    secondary_structure: Tensor
    amino_acid: Tensor


def split_heads(output: Tensor) -> HeadSplit:
    """Cut ``(batch, 25, z, y, x)`` logits into the four heads."""
    return HeadSplit(*torch.split(output, list(HEADS.values()), dim=1))


class ResidualBlock(nn.Module):
    """Two 3³ convolutions with a shortcut.

    `norm` makes the normalisation for a number of channels. Batch norm acts at inference as a fixed
    scale, so that the result at a voxel does not depend on the tile that it is computed in.
    """

    def __init__(self, channels: int, norm: type[nn.Module], dropout: float = 0.0) -> None:
        super().__init__()
        self.conv1 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm1 = norm(channels)
        self.conv2 = nn.Conv3d(channels, channels, 3, padding=1, bias=False)
        self.norm2 = norm(channels)
        self.dropout = nn.Dropout3d(dropout) if dropout else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.norm1(self.conv1(x)))
        y = self.norm2(self.conv2(self.dropout(y)))
        return torch.relu(x + y)
