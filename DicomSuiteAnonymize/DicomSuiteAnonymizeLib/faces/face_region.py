"""Where the face is in the space of the head template: everything in front of a cut, and the ears.

The region has no end towards the front and the sides, so that a nose which the template lacks, hair and what a
registration is off do not stick out of it. It keeps away from the brain.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.head_template import HeadTemplate, bundled_template

BRAIN_MARGIN_MM = 16.0
"""How far the region keeps from the template's brain, because an affine map of another head is some millimetres off.

Where the face is, voxels of brain masks lay up to 15.7 mm from the template's brain as the map lays it in a child, and
up to 10.4 mm in three other heads. What the margin leaves lies behind the skin, but for some of the forehead and, of an
ear that lies flat on the head, the upper half.
"""

CUT_HEIGHTS_MM = (-230.0, -155.0, -38.0, -10.0, 14.0)
CUT_DEPTHS_MM = (76.0, 38.0, 38.0, 58.0, 62.0)
"""The cut as a line seen from the side: at these heights the face begins so far in front of the anterior commissure.

From the lower forehead it runs through the back of the eyes to the corner of the jaw, and from there forward under the
chin, so that the throat stays. Read off the template and, below its box, off whole heads.
"""
JAW_SIDE_MM, JAW_SLOPE = 38.0, 1.4
"""Further than this from the middle the cut of the lower face runs so steeply to the back, behind the jaw's corners."""
JAW_TOP_MM, JAW_WHOLE_MM = -48.0, -68.0
"""Below the first the cut begins to do so, below the second it does wholly: cheek bones, then cheeks and jaw."""
JAW_BACK_MM = -12.0
"""No further back than this: behind lie the neck's muscles."""
EAR_SIDE_MM = 67.0
"""Further than this from the middle, at their height, heads have little but their ears."""
EAR_FRONT_MM, EAR_BACK_MM = 14.0, -56.0
EAR_TOP_MM, EAR_BOTTOM_MM = 2.0, -118.0


def in_face(points: FloatArray) -> NDArray[np.bool_]:
    """Tell which points (..., 3), LPS mm of the template (MNI space), belong to the face."""
    x, y, z = points[..., 0], -points[..., 1], points[..., 2]  # y grows to the front
    inside = np.zeros(z.shape, bool)
    in_front = (z >= CUT_HEIGHTS_MM[0]) & (z <= CUT_HEIGHTS_MM[-1])
    in_front &= y >= _cut_depths(x, z)
    inside[in_front] = _brain_distances(points[in_front]) >= BRAIN_MARGIN_MM
    at_ears = (np.abs(x) >= EAR_SIDE_MM) & (y >= EAR_BACK_MM) & (y <= EAR_FRONT_MM)
    at_ears &= (z >= EAR_BOTTOM_MM) & (z <= EAR_TOP_MM)
    inside[at_ears] |= _brain_distances(points[at_ears]) >= BRAIN_MARGIN_MM
    return inside


def _cut_depths(x: FloatArray, z: FloatArray) -> FloatArray:
    """How far (mm) in front of the anterior commissure the face begins at these sides and heights."""
    middle = np.interp(z, CUT_HEIGHTS_MM, CUT_DEPTHS_MM)
    jaw = np.clip((JAW_TOP_MM - z) / (JAW_TOP_MM - JAW_WHOLE_MM), 0, 1)
    back = JAW_SLOPE * jaw * np.maximum(np.abs(x) - JAW_SIDE_MM, 0)
    return np.maximum(middle - back, np.minimum(middle, JAW_BACK_MM))


def _brain_distances(points: FloatArray) -> FloatArray:
    """Distances (n,) in mm of points (n, 3) from the template's brain; beyond its box, those at the box's side."""
    indices = even_geometry(template().head).ijk_from_lps(points)[:, ::-1]
    return ndimage.map_coordinates(_distance_map(), indices.T, order=1, mode="nearest")


@cache
def template() -> HeadTemplate:
    """The template that comes with DicomSuite, read once per process."""
    return bundled_template()


@cache
def _distance_map() -> NDArray[np.float32]:
    spacing = even_geometry(template().head).spacing[::-1]
    return ndimage.distance_transform_edt(template().brain < 0.5, sampling=spacing).astype(np.float32)
