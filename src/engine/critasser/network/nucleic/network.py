"""Tell protein, nucleic acid and other matter apart by what the map network says of them.

A small U-Net on voxels of 2 Å sees the density and the map network's answer: of nucleic acid that
one says coil where there is much density, and amino acids that do not go together. Double helices
are 20 Å wide and their grooves 12 to 22 Å apart, so that little is lost by halving the grid.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from critasser.network.layers import HEADS, ResidualBlock

__all__ = ["CLASSES", "INPUTS", "NUCLEIC_CLASS", "NucleicNetwork"]

INPUTS = 1 + sum(HEADS.values())
"""Channels of the input: density, and the map network's probabilities in the order of its heads."""

CLASSES = ("empty", "protein", "nucleic acid", "other")
"""Channels of the output. *Other* is what was put beside the molecules in training, belts of
detergent and random blobs; it is there so that they are not taken for nucleic acid."""

NUCLEIC_CLASS = CLASSES.index("nucleic acid")


class NucleicNetwork(nn.Module):
    """U-Net over means of density and probabilities in voxels of 2 Å.

    Parameters
    ----------
    channels
        Channels at 2, 4 and 8 Å.
    down, up
        Residual blocks at each level on the way down, and at each but the coarsest on the way up.

    Input ``(batch, 26, z, y, x)`` as `INPUTS` says, with sides divisible by 4; output ``(batch, 4,
    z, y, x)`` logits in the order of `CLASSES`.
    """

    stride = 4

    def __init__(
        self,
        channels: tuple[int, int, int] = (16, 32, 56),
        down: tuple[int, int, int] = (1, 1, 3),
        up: tuple[int, int] = (1, 1),
    ) -> None:
        super().__init__()
        self.config = {"channels": list(channels), "down": list(down), "up": list(up)}
        fine, middle, coarse = channels
        self.fine = _level(nn.Conv3d(INPUTS, fine, 3, padding=1, bias=False), down[0])
        self.middle = _level(nn.Conv3d(fine, middle, 2, stride=2, bias=False), down[1])
        self.coarse = _level(nn.Conv3d(middle, coarse, 2, stride=2, bias=False), down[2])
        self.raise_coarse = nn.ConvTranspose3d(coarse, middle, 2, stride=2, bias=False)
        self.merge_middle = _level(nn.Conv3d(2 * middle, middle, 1, bias=False), up[1])
        self.raise_middle = nn.ConvTranspose3d(middle, fine, 2, stride=2, bias=False)
        self.merge_fine = _level(nn.Conv3d(2 * fine, fine, 1, bias=False), up[0])
        self.head = nn.Conv3d(fine, len(CLASSES), 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine(x)
        middle = self.middle(fine)
        y = self.raise_coarse(self.coarse(middle))
        y = self.raise_middle(self.merge_middle(torch.cat([y, middle], dim=1)))
        return self.head(self.merge_fine(torch.cat([y, fine], dim=1)))


def _level(first: nn.Conv3d, blocks: int) -> nn.Sequential:
    """A convolution and residual blocks of as many channels as come out of it."""
    width = first.out_channels
    return nn.Sequential(
        first,
        nn.BatchNorm3d(width),
        nn.ReLU(),
        *(ResidualBlock(width, nn.BatchNorm3d) for _ in range(blocks)),
    )
