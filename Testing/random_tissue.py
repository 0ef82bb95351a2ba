"""Random structures of all sizes, whose spectrum falls as that of heads does."""

import numpy as np

STEEPNESS = 1.8
"""Exponent by which amplitudes fall with frequency in heads."""


def random_tissue(size: int, seed: int = 0) -> np.ndarray:
    """Structures that are alike along all axes, (size, size, size) float32, the smallest value 0."""
    noise = np.fft.rfftn(np.random.default_rng(seed).standard_normal((size, size, size)))
    frequencies = np.meshgrid(*(np.fft.fftfreq(size),) * 2, np.fft.rfftfreq(size), indexing="ij")
    distance = np.sqrt(sum(own**2 for own in frequencies))
    structures = np.fft.irfftn(noise / np.maximum(distance, 1 / size) ** STEEPNESS, (size, size, size), (0, 1, 2))
    return (structures - structures.min()).astype(np.float32)
