"""The paper's network: ten residual blocks at full resolution.

3D convolution → instance norm → ReLU to 32 channels, ten residual basic blocks with dropout 0.2
and a last convolution (CR-I-TASSER, Methods, "3D-CNN"). The last layer has one channel a head here
in place of the paper's two, so that it trains with the same losses and can be compared like with
like.
"""

from __future__ import annotations

from torch import Tensor, nn

from critasser.network.layers import HEADS, ResidualBlock

__all__ = ["ResNet"]


class _InstanceNorm(nn.InstanceNorm3d):
    def __init__(self, channels: int) -> None:
        super().__init__(channels, affine=True)


class ResNet(nn.Module):
    """CR-I-TASSER's residual network; input and output as `critasser.network.unet.UNet`."""

    stride = 1

    def __init__(self, channels: int = 32, blocks: int = 10, dropout: float = 0.2) -> None:
        super().__init__()
        self.config = {"channels": channels, "blocks": blocks, "dropout": dropout}
        self.stem = nn.Sequential(
            nn.Conv3d(1, channels, 3, padding=1, bias=False), _InstanceNorm(channels), nn.ReLU()
        )
        self.blocks = nn.Sequential(
            *(ResidualBlock(channels, _InstanceNorm, dropout) for _ in range(blocks))
        )
        self.head = nn.Conv3d(channels, sum(HEADS.values()), 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(self.stem(x)))
