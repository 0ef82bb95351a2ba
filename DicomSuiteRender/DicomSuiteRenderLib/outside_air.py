"""Air around the patient: what a minimum intensity projection must not see, since every ray passes through it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.volumes import Volume

GAS_HU = -400.0
"""Half-way between air and fat: where the skin is."""
OUTER_AIR_HU = -930.0
"""Lungs that the edge of the picture cuts have more on average, the air of the room less."""

_COARSE = 2
"""Every second voxel along rows and columns tells enough."""


def without_outside_air(volume: Volume) -> Volume:
    """A CT (HU) whose largest value stands for the air around the patient, so that no minimum is found there.

    In every slice that is gas which reaches the edge of the picture and is as thin as air.
    """
    voxels = volume.voxels.copy()
    highest = voxels.max()
    for values in voxels:
        values[_outside(values)] = highest
    return replace(volume, voxels=voxels)


def _outside(values: NDArray) -> BoolArray:
    """Which voxels of a slice are air around the patient."""
    coarse = values[::_COARSE, ::_COARSE]
    labels, _ = ndimage.label(coarse < GAS_HU)
    edges = np.concatenate([labels[0], labels[-1], labels[:, 0], labels[:, -1]])
    candidates = np.setdiff1d(edges, 0)
    means = ndimage.mean(coarse, labels, candidates)
    outside = np.isin(labels, candidates[np.asarray(means) < OUTER_AIR_HU])
    grown = ndimage.binary_dilation(outside)
    rows, columns = values.shape
    return grown.repeat(_COARSE, axis=0).repeat(_COARSE, axis=1)[:rows, :columns] & (values < GAS_HU)
