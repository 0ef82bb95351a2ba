"""How well a mask fits the picture at one place: cues that are high where a mask lies on an organ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteRTOverlayLib.mask_samples import LabelSamples
from DicomSuiteRTOverlayLib.reference_cues import ReferenceCues
from DicomSuiteRTOverlayLib.voxel_map import VoxelMap

NEAR_MM, FAR_MM = (1.5, 3.0), (3.0, 6.0)
"""Distances from the boundary: for the contrast across it, and of the shell that the inside is compared with."""

BINS = 24
"""Of the histograms that are compared."""

LEAST_SPREAD = 0.05
"""Standard deviation (of the window) below which more calm says nothing: noise, and windows that are left."""

FEWEST_POINTS = 10
"""With fewer points in the volume there is nothing to look at."""

CUE_NAMES = ("body", "homogeneity", "divergence", "contrast")
"""Part of the mask inside the body; calm within (minus the logarithm of the standard deviation); Jensen-Shannon
divergence (nats) of the intensities inside and in a shell outside; mean absolute step across the boundary."""

CUE_WEIGHTS = np.array([3.86, 3.01, 41.0, 19.9])
"""Log odds per unit of each cue, fitted by Testing/benchmarks/calibrate_picture_cues.py (multinomial logit)."""


@dataclass(frozen=True, slots=True)
class PictureFit:
    """How a mask fits the picture at one place.

    Parameters
    ----------
    log_odds : of this place against others, up to a constant; 0 where there is too little to look at
    in_volume : part (0 to 1) of the mask inside the volume
    in_body : part (0 to 1) of that inside the body; 1 where there is too little to look at
    """

    log_odds: float
    in_volume: float
    in_body: float


def picture_fit(samples: Sequence[LabelSamples], cues: ReferenceCues, place: VoxelMap) -> PictureFit:
    """Look at the picture where the mask's points come to lie.

    Segments are independent only in part: their evidence is added up and divided by the root of their number.
    """
    total, voxels, inside, seen, in_body = np.zeros(len(CUE_NAMES)), 0, 0.0, 0.0, 0.0
    for part in samples:
        is_inside = cues.is_inside(place.volume_from_mask(part.inside))
        voxels += part.voxels
        inside += part.voxels * float(is_inside.mean())
        if np.count_nonzero(is_inside) >= FEWEST_POINTS:
            found = label_cues(part, cues, place)
            total += found
            seen += part.voxels
            in_body += part.voxels * float(found[0])
    log_odds = float(total @ CUE_WEIGHTS) / len(samples) ** 0.5
    return PictureFit(log_odds, inside / voxels, in_body / seen if seen else 1.0)


def label_cues(part: LabelSamples, cues: ReferenceCues, place: VoxelMap) -> FloatArray:
    """The four cues, (4,) as in `CUE_NAMES`, of one segment with at least `FEWEST_POINTS` points in the volume."""
    points = place.volume_from_mask(part.inside)
    inside = cues.cells_at(points[cues.is_inside(points)])
    near = _shells(part, cues, place, (*(-distance for distance in NEAR_MM), *NEAR_MM))
    far = _shells(part, cues, place, FAR_MM)
    steps = (
        cues.wide[cues.cells_at(near[: len(NEAR_MM)].reshape(-1, 3))]
        - cues.wide[cues.cells_at(near[len(NEAR_MM) :].reshape(-1, 3))]
    )
    return np.array(
        [
            cues.body[inside].mean(),
            -np.log(cues.soft[inside].std() + LEAST_SPREAD),
            _divergence(cues.fine[inside], cues.fine[cues.cells_at(far.reshape(-1, 3))]),
            np.abs(steps).mean() if steps.size else 0.0,
        ]
    )


def _shells(part: LabelSamples, cues: ReferenceCues, place: VoxelMap, distances: Sequence[float]) -> FloatArray:
    """Volume indices (distances, m, 3) of the boundary's points, moved outwards by each of `distances` mm."""
    outward = part.outward @ np.linalg.inv(place.matrix) / cues.spacing  # a covector: it turns with the inverse
    outward /= np.maximum(np.linalg.norm(outward, axis=1, keepdims=True), 1e-9)
    return place.volume_from_mask(part.boundary) + np.multiply.outer(distances, outward / cues.spacing)


def _divergence(inside: NDArray[np.float32], outside: NDArray[np.float32]) -> float:
    """Jensen-Shannon divergence, nats, of two sets of intensities 0 to 1: Lin, IEEE Trans Inf Theory 37:145 (1991)."""
    first, second = (np.histogram(values, BINS, (0, 1))[0] + 0.5 for values in (inside, outside))
    first, second = first / first.sum(), second / second.sum()
    middle = (first + second) / 2
    return float((first * np.log(first / middle) + second * np.log(second / middle)).sum() / 2)
