"""Closed surfaces of a range of values, for files that are printed or measured."""

from __future__ import annotations

import math

from DicomSuiteLib.closed_surface import Surface, closed_surface
from DicomSuiteLib.segments import Segment
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.crop_box import inside_box
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.measured_box import MeasuredBox


def threshold_surface(volume: Volume, low: float, high: float, box: MeasuredBox | None = None) -> Surface:
    """Make the closed surface, LPS mm, of all voxels from `low` to `high` (both inside), within a box if one is given.

    Every edge belongs to two triangles, and the volume inside is that of the voxels. Voxels that are NaN are outside.

    Raises
    ------
    RenderError
        If no voxel is inside.
    MissingPackageError
        If VTK is missing.
    """
    mask = (volume.voxels >= low) & (volume.voxels <= high)
    if box is not None:
        mask &= inside_box(volume.grid, box)
    if not mask.any():
        values = f"between {low:g} and {high:g}" if high < math.inf else f"at or above {low:g}"
        raise RenderError(f"No voxel lies {values}; choose other values, or a larger box.")
    return closed_surface(Segment.from_mask("", (1.0, 1.0, 1.0), 1, mask), volume.grid)
