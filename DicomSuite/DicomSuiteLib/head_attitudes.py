"""However a head lies: which turns of a template match a picture best, told from points, before any is refined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial.transform import Rotation

from DicomSuiteLib.geometry import FloatArray

ATTITUDES = 600
"""So many turns lie about 25 degrees apart, from which a match still finds its way."""
_PHI, _PSI = 2**0.5, 1.533751168755204288118041
_POINT_STEP = 5
"""Every so many voxels along each axis is a point."""


def attitudes() -> Rotation:
    """`ATTITUDES` rotations, spread evenly over all (super-Fibonacci spirals, Alexa 2022,
    doi:10.1109/CVPR52688.2022)."""
    share = (np.arange(ATTITUDES) + 0.5) / ATTITUDES
    alpha, beta = (2 * np.pi * share * ATTITUDES / ratio for ratio in (_PHI, _PSI))
    inner, outer = np.sqrt(share), np.sqrt(1 - share)
    quaternions = inner * np.sin(alpha), inner * np.cos(alpha), outer * np.sin(beta), outer * np.cos(beta)
    return Rotation.from_quat(np.column_stack(quaternions))


def likely_poses(
    fixed: sitk.Image,
    moving: sitk.Image,
    region: sitk.Image | None,
    centres: tuple[FloatArray, FloatArray],
    heights: Sequence[float],
    scale: float,
    count: int,
    otherwise: float,
) -> list[tuple[FloatArray, float]]:
    """The `count` rotations (3x3) of `fixed` that match `moving` best, each with its best height (mm), best first.

    Both images, smooth, lie along x, y, z; their values are correlated at points of `region`, in the space of `fixed`,
    or everywhere.
    `centres` (LPS mm) are laid over each other, and shifted by the heights along the turned z. If none of the rotations
    is more than `otherwise` (up to 120) degrees from the first, the best that is follows behind them.
    """
    points, values = _points(fixed, region)
    arms = (points - centres[0]) * scale
    picture = sitk.GetArrayViewFromImage(moving)
    origin, spacing = np.array(moving.GetOrigin()), np.array(moving.GetSpacing())
    found = []
    for turn in attitudes().as_matrix():
        turned = arms @ turn.T + centres[1] - origin
        matches = [_correlation(values, picture, (turned + turn[:, 2] * height) / spacing) for height in heights]
        best = int(np.argmax(matches))
        found.append((matches[best], turn, heights[best]))
    found.sort(key=lambda pose: -pose[0])
    other = next(index for index, pose in enumerate(found) if _degrees(pose[1], found[0][1]) > otherwise)
    chosen = found[:count] if other < count else [*found[:count], found[other]]
    return [(turn, height) for _, turn, height in chosen]


def _degrees(one: FloatArray, other: FloatArray) -> float:
    """Between two rotations."""
    return float(np.degrees(Rotation.from_matrix(one.T @ other).magnitude()))


def _points(fixed: sitk.Image, region: sitk.Image | None) -> tuple[FloatArray, FloatArray]:
    """LPS mm (n, 3) of points of the region, and the image's values there, less their mean."""
    values = sitk.GetArrayViewFromImage(fixed)[::_POINT_STEP, ::_POINT_STEP, ::_POINT_STEP]
    inside = np.ones(values.shape, bool)
    if region is not None:
        inside = sitk.GetArrayViewFromImage(region)[::_POINT_STEP, ::_POINT_STEP, ::_POINT_STEP] > 0
    values = values[inside]
    indices = np.argwhere(inside)[:, ::-1] * _POINT_STEP
    return indices * fixed.GetSpacing() + fixed.GetOrigin(), values - values.mean()


def _correlation(values: FloatArray, picture: NDArray, indices: FloatArray) -> float:
    """Of `values`, whose mean is 0, with the picture at indices (n, 3: i, j, k)."""
    there = ndimage.map_coordinates(picture, indices.T[::-1], order=0, mode="constant", prefilter=False)
    there -= there.mean()
    return float(values @ there / max(np.linalg.norm(there) * np.linalg.norm(values), 1e-30))
