"""The optimiser Muon: momentum whose directions all count alike."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

MOMENTUM = 0.95
_ROUNDS = 5
_QUINTIC = (3.4445, -4.7750, 2.0315)
"""Coefficients that bring all singular values near 1 in `_ROUNDS` rounds (Jordan 2024,
kellerjordan.github.io/posts/muon)."""


class Muon(torch.optim.Optimizer):
    """Gradient descent along the orthogonal matrix nearest to the momentum, for weights of convolutions.

    For few steps, as here, it learns more than Adam: `torch.optim.Muon` takes matrices alone, so a kernel's weights
    are taken as one row for every output channel.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], rate: float) -> None:
        super().__init__(parameters, {"lr": rate})

    @torch.no_grad()
    def step(self) -> None:
        """Change every weight by its gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.add_(self._direction(weight), alpha=-group["lr"])

    def _direction(self, weight: Tensor) -> Tensor:
        state = self.state[weight]
        if not state:
            state["momentum"] = torch.zeros_like(weight)
        momentum = state["momentum"].lerp_(weight.grad, 1 - MOMENTUM)
        ahead = weight.grad.lerp(momentum, MOMENTUM)
        rows = ahead.reshape(len(ahead), -1)
        scale = max(1.0, rows.shape[0] / rows.shape[1]) ** 0.5
        return (_orthogonal(rows) * scale).reshape(weight.shape)


def _orthogonal(matrix: Tensor) -> Tensor:
    """The matrix with all its singular values made about 1, by Newton-Schulz iteration."""
    if matrix.shape[0] > matrix.shape[1]:
        return _orthogonal(matrix.T).T
    first, third, fifth = _QUINTIC
    matrix = matrix / (matrix.norm() + 1e-12)
    for _ in range(_ROUNDS):
        square = matrix @ matrix.T
        matrix = first * matrix + (third * square + fifth * square @ square) @ matrix
    return matrix
