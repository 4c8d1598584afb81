"""Multi-task residual U-Net: the default network.

Most of the arithmetic happens on a grid of half resolution, where a convolution costs an eighth;
one light layer on each side works at the map's own 1 Å.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from critasser.network.layers import HEADS, ResidualBlock

__all__ = ["UNet"]


class UNet(nn.Module):
    """U-Net over a normalised map.

    Parameters
    ----------
    stem
        Channels at 1 Å.
    channels
        Channels at 2, 4, 8 … Å.
    blocks
        Residual blocks at each level, on the way down and again on the way up.

    Input ``(batch, 1, z, y, x)`` with sides divisible by ``stride``; output ``(batch, 25, z, y,
    x)`` logits in the order of `critasser.network.layers.HEADS`.
    """

    def __init__(
        self,
        stem: int = 16,
        channels: tuple[int, ...] = (64, 96, 128),
        blocks: tuple[int, ...] = (2, 2, 2),
    ) -> None:
        super().__init__()
        self.config = {"stem": stem, "channels": list(channels), "blocks": list(blocks)}
        self.stride = 2 ** len(channels)
        norm = nn.BatchNorm3d
        self.stem = nn.Sequential(
            nn.Conv3d(1, stem, 3, padding=1, bias=False),
            norm(stem),
            nn.ReLU(),
            nn.Conv3d(stem, stem, 3, padding=1, bias=False),
            norm(stem),
            nn.ReLU(),
        )
        widths = (stem, *channels)
        self.down = nn.ModuleList()
        for above, width, count in zip(widths, channels, blocks, strict=False):
            self.down.append(
                nn.Sequential(
                    nn.Conv3d(above, width, 2, stride=2, bias=False),
                    norm(width),
                    nn.ReLU(),
                    *(ResidualBlock(width, norm) for _ in range(count)),
                )
            )
        self.up = nn.ModuleList()
        self.merge = nn.ModuleList()
        for level in range(len(channels) - 1, 0, -1):
            width, below = channels[level - 1], channels[level]
            self.up.append(nn.ConvTranspose3d(below, width, 2, stride=2, bias=False))
            self.merge.append(
                nn.Sequential(
                    nn.Conv3d(2 * width, width, 1, bias=False),
                    norm(width),
                    nn.ReLU(),
                    *(ResidualBlock(width, norm) for _ in range(blocks[level - 1])),
                )
            )
        final = 2 * stem
        self.expand = nn.ConvTranspose3d(channels[0], final, 2, stride=2, bias=False)
        self.final = nn.Sequential(
            nn.Conv3d(final + stem, final, 3, padding=1, bias=False),
            norm(final),
            nn.ReLU(),
        )
        self.head = nn.Conv3d(final, sum(HEADS.values()), 1)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.stem(x)
        levels = []
        y = fine
        for down in self.down:
            y = down(y)
            levels.append(y)
        levels.pop()
        for up, merge in zip(self.up, self.merge, strict=True):
            y = merge(torch.cat([up(y), levels.pop()], dim=1))
        y = self.final(torch.cat([self.expand(y), fine], dim=1))
        return self.head(y)
