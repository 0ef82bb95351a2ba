"""The best linear filter for examples: what a network begins with, so that it has only the rest to learn."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteSuperResLib.training_examples import ExampleSource

WIDTH = 5
"""Coarse voxels along each side of the filter's kernels."""
EXAMPLES = 96
_PLACES = 4000
"""Voxels taken from each example: neighbours say nearly the same."""
_RIDGE = 1e-4
"""Part of the features' mean power by which small kernels are preferred, so that noise does not make them large."""


def least_squares_kernels(source: ExampleSource, factor: int, steps: tuple[int, int, int]) -> NDArray[np.float32]:
    """Fit kernels (outputs, `WIDTH`, `WIDTH`, `WIDTH`), each with sum 0, to random examples of `source`.

    Output n of a coarse voxel is what its n-th fine voxel (of `steps` along k, j, i) has beyond the cubic one.
    """
    count = WIDTH**3
    squares = np.zeros((count, count))
    products = np.zeros((count, int(np.prod(steps))))
    for _ in range(EXAMPLES):
        coarse, missing = (values[0, 0] for values in source.batch(factor, 1))
        features, outputs = _samples(coarse, missing, steps, source.generator)
        squares += features.T @ features
        products += features.T @ outputs
    ridge = _RIDGE * np.trace(squares) / count * np.eye(count)
    kernels = np.linalg.solve(squares + ridge, products).T
    kernels[:, count // 2] -= kernels.sum(axis=1)
    return kernels.reshape(-1, WIDTH, WIDTH, WIDTH).astype(np.float32)


def _samples(
    coarse: NDArray[np.float32],
    missing: NDArray[np.float32],
    steps: tuple[int, int, int],
    generator: np.random.Generator,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Neighbours of random voxels, less these themselves, (n, 125), and what their fine voxels miss, (n, outputs)."""
    windows = np.lib.stride_tricks.sliding_window_view(coarse, (WIDTH,) * 3)
    blocks = _blocks(missing, steps)[(slice(WIDTH // 2, -(WIDTH // 2)),) * 3]
    number = min(_PLACES, int(np.prod(windows.shape[:3])))
    places = np.unravel_index(generator.choice(np.prod(windows.shape[:3]), number, replace=False), windows.shape[:3])
    features = windows[places].reshape(number, -1).astype(np.float64)
    return features - features[:, WIDTH**3 // 2, None], blocks[places].reshape(number, -1).astype(np.float64)


def _blocks(fine: NDArray[np.float32], steps: tuple[int, int, int]) -> NDArray[np.float32]:
    """The fine voxels of every coarse one: (k, j, i, a, b, c)."""
    (a, b, c), (k, j, i) = steps, (size // step for size, step in zip(fine.shape, steps, strict=True))
    return fine.reshape(k, a, j, b, i, c).transpose(0, 2, 4, 1, 3, 5)
