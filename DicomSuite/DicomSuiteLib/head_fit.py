"""Lay a head of any contrast over the template, and tell how well it fits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.affine_resampling import even_geometry, resample_affine
from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.head_template import HeadTemplate
from DicomSuiteLib.registration import Matched, Registration, register
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume

_SCALP_MM = 21.0
"""How far around the brain the outline of a head is compared: skull and scalp, not face and neck."""


@dataclass(frozen=True, eq=False)
class HeadFit:
    """How a head lies over the template.

    Parameters
    ----------
    registration : the map; its similarity is that of the edges
    outline : Dice coefficient, 0 to 1, of the heads' outlines around the brain, where the picture reaches
    brain_covered : share, 0 to 1, of the template's brain that the picture reaches
    """

    registration: Registration
    outline: float
    brain_covered: float


def fit_head(volume: Volume, template: HeadTemplate, token: CancelToken | None = None) -> HeadFit:
    """Register a head of whatever contrast by its edges; the brain of `template` must be known.

    Raises what `registration.register` raises.
    """
    registration = register(volume, template, token, Matched.EDGES)
    target, source = even_geometry(template.head), even_geometry(volume)
    to_template = registration.patient_from_template
    reached = resample_affine(np.ones(volume.voxels.shape, np.float32), source, target, to_template) > 0.5
    head = resample_affine(_head_of(volume.voxels), source, target, to_template) > 0.5
    brain = template.brain > 0.5
    near = ndimage.distance_transform_edt(~brain, sampling=target.spacing[::-1]) <= _SCALP_MM
    outline = _dice(head & near & reached, _head_of(template.head.voxels) & near & reached)
    return HeadFit(registration, outline, float(np.mean(reached[brain])))


def _head_of(voxels: NDArray) -> NDArray[np.bool_]:
    """The mask of the head; of the values' square root, so that a dark scalp belongs to it."""
    return head_mask(np.sqrt(voxels.astype(np.float32) - float(voxels.min())))


def _dice(one: NDArray[np.bool_], other: NDArray[np.bool_]) -> float:
    return float(2 * np.count_nonzero(one & other) / max(np.count_nonzero(one) + np.count_nonzero(other), 1))
