"""How much better than cubic interpolation a model is on a subject that it has not learned from."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from DicomSuiteSuperResLib.cubic_volume import cubic_voxels
from DicomSuiteSuperResLib.degrade import lower_resolution, thick_slices, with_rician_noise
from DicomSuiteSuperResLib.models import LoadedModel, Upsampling
from DicomSuiteSuperResLib.training_subjects import TrainingSubject

LONGEST_SIDE = 144
"""Voxels of the middle of a subject that are looked at along each axis, so that it takes seconds."""
NOISES = (0.0, 0.02)
"""Deviations of Rician noise (parts of the range) with which a model is measured."""


@dataclass(frozen=True)
class Gain:
    """By how many dB the mean square error in the head is below that of cubic interpolation."""

    subject: str
    factor: int
    noise: float
    decibels: float


def gains_over_cubic(model: LoadedModel, subject: TrainingSubject) -> tuple[Gain, ...]:
    """Measure a model on the middle of a subject, thick along its first fine axis, with Gaussian slice profiles."""
    axis = subject.fine_axes[0]
    middle = tuple(slice((size - length) // 2, (size + length) // 2) for size, length in _sizes(subject.voxels.shape))
    fine = np.moveaxis(subject.voxels[middle], axis, 0)
    mask = np.moveaxis(subject.mask[middle], axis, 0)
    return tuple(
        Gain(subject.name, factor, noise, _gain(model, factor, fine, mask, noise))
        for factor in model.factors
        for noise in NOISES
    )


def _sizes(shape: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(size, min(size, LONGEST_SIDE)) for size in shape]


def _gain(model: LoadedModel, factor: int, fine: NDArray[np.float32], mask: NDArray[np.bool_], noise: float) -> float:
    steps = (factor, 1, 1) if model.upsampling is Upsampling.THROUGH_PLANE else (factor,) * 3
    counts = [size // (step * model.multiple) * model.multiple for size, step in zip(fine.shape, steps, strict=True)]
    inner = tuple(slice(count * step) for count, step in zip(counts, steps, strict=True))
    fine, mask = np.ascontiguousarray(fine[inner]), mask[inner]
    coarse = lower_resolution(fine, counts) if steps[1] > 1 else thick_slices(fine, 0, counts[0])
    if noise:
        coarse = with_rician_noise(coarse, noise, np.random.default_rng(0))
    cubic = cubic_voxels(coarse, fine.shape)
    with torch.inference_mode():
        added = model.network(factor)(torch.from_numpy(coarse)[None, None]).numpy()[0, 0]
    before, after = (float(np.mean((values - fine)[mask] ** 2)) for values in (cubic, cubic + added))
    return 10 * math.log10(before / after)
