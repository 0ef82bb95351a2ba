"""EDSR for volumes: "Enhanced deep residual networks for single image super-resolution" (Lim et al., CVPR 2017).

Its weights have the names that its authors' program gives them, so that checkpoints made with it fit.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

Steps = tuple[int, int, int]
"""How many output voxels stand for one of the input along k, j, i."""


class Edsr(nn.Module):
    """Residual blocks without normalisation on the coarse grid, then convolutions whose channels become voxels.

    Parameters
    ----------
    in_channels, out_channels : of the volume: 1
    features : channels of its trunk
    blocks : residual blocks of two convolutions each
    kernel_size : of every convolution, along each axis
    steps : of every stage of its tail
    res_scale : by which a block's change is multiplied
    bias : whether its convolutions have one
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        features: int,
        blocks: int,
        kernel_size: int,
        steps: Sequence[Steps],
        res_scale: float,
        bias: bool,
    ) -> None:
        super().__init__()

        def convolution(channels_in: int, channels_out: int) -> nn.Conv3d:
            return nn.Conv3d(channels_in, channels_out, kernel_size, padding=kernel_size // 2, bias=bias)

        stages = []
        for step in steps:
            stages += [convolution(features, features * step[0] * step[1] * step[2]), _Shuffle(step)]
        residual = [
            _Block(convolution(features, features), convolution(features, features), res_scale) for _ in range(blocks)
        ]
        self.head = nn.Sequential(convolution(in_channels, features))
        self.body = nn.Sequential(*residual, convolution(features, features))
        self.tail = nn.Sequential(nn.Sequential(*stages), convolution(features, out_channels))

    def forward(self, coarse: Tensor) -> Tensor:
        """Give the volume on the fine grid, for one (n, channels, k, j, i) on the coarse."""
        entry = self.head(coarse)
        return self.tail(self.body(entry) + entry)


class _Block(nn.Module):
    def __init__(self, first: nn.Module, second: nn.Module, scale: float) -> None:
        super().__init__()
        self.body = nn.Sequential(first, nn.ReLU(inplace=True), second)
        self.scale = scale

    def forward(self, features: Tensor) -> Tensor:
        return features + self.scale * self.body(features)


class _Shuffle(nn.Module):
    """Spread the channels (n, c x y z, k, j, i) over voxels: (n, c, x k, y j, z i)."""

    def __init__(self, steps: Steps) -> None:
        super().__init__()
        self.steps = steps

    def forward(self, features: Tensor) -> Tensor:
        count, channels, *size = features.shape
        kept = channels // (self.steps[0] * self.steps[1] * self.steps[2])
        spread = features.reshape(count, kept, *self.steps, *size).permute(0, 1, 5, 2, 6, 3, 7, 4)
        return spread.reshape(count, kept, *(step * length for step, length in zip(self.steps, size, strict=True)))
