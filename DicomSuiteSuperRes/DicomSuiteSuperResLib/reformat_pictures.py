"""Pictures of what super-resolution is for: planes across thick slices, as acquired, interpolated, and as result."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.picture_text import BACKGROUND, TEXT, write_on_picture, write_orientation, write_scale
from DicomSuiteLib.plane_sampling import plane_indices
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_views import Plane, SliceView, volume_slice
from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.voxel_window import VoxelWindow
from DicomSuiteSuperResLib.cubic_volume import cubic_volume

if TYPE_CHECKING:
    from PIL.Image import Image

PANEL = (320, 480)
"""Pixels along the longer side of a whole plane: pixels are as small as voxels, unless there were fewer or more."""
SHORTEST_SIDE = 120
"""Pixels: narrower ones have no room for letters."""
DETAIL = 3
"""Times that the middle of the head is enlarged in the lower row: it is the same place in every picture."""
GAP = 3
"""Pixels between panels."""
HEADING = 26
"""Pixels of the line above the panels."""
HEADINGS = ("as acquired", "cubic interpolation", "super-resolved")
COMPRESSION = 3
"""zlib's level: higher ones cost time, and make these pictures hardly smaller."""

Sampler = Callable[[SliceView], NDArray[np.float32]]
"""Gives the values (height, width) that a view shows; NaN outside the volume."""


@dataclass(frozen=True, eq=False)
class Reformats:
    """A volume before and after; `cubic` is what interpolation alone makes of it on the grid of `result`."""

    acquired: Volume
    cubic: Volume
    result: Volume

    @classmethod
    def of(cls, acquired: Volume, result: Volume) -> Reformats:
        """Interpolate the volume as acquired to the grid of the result, which has the corners of its box."""
        return cls(acquired, cubic_volume(acquired, result.grid), result)

    def picture(self, plane: Plane) -> bytes:
        """Draw the plane through the middle of the head as a PNG; the same input gives the same bytes.

        Above the whole plane, below its middle enlarged: the acquired voxels as they are, interpolated, and the result,
        all with the window of the volume as acquired.

        Raises
        ------
        MissingPackageError
            If Pillow is missing.
        """
        whole = _view(plane, self.acquired, self.result.grid)
        detail = replace(whole, pixel_size=whole.pixel_size / DETAIL)
        samplers: tuple[Sampler, ...] = (self._nearest, _linear(self.cubic), _linear(self.result))
        window = VoxelWindow.of(self.acquired)
        rows = [[_panel(sampler(view), window, view) for sampler in samplers] for view in (whole, detail)]
        return _as_png(_arranged(rows))

    def _nearest(self, view: SliceView) -> NDArray[np.float32]:
        """The value of the voxel that every pixel lies in."""
        voxels, grid = self.acquired.voxels, self.acquired.grid
        indices = plane_indices(*view.edges(), grid)
        nearest = [np.rint(index).astype(int) for index in indices]
        lengths = zip(nearest, voxels.shape, strict=True)
        inside = np.logical_and.reduce(np.broadcast_arrays(*((n >= 0) & (n < length) for n, length in lengths)))
        kept = tuple(np.clip(n, 0, length - 1) for n, length in zip(nearest, voxels.shape, strict=True))
        return np.where(inside, voxels[kept], np.float32(np.nan)).astype(np.float32)


def reformat_planes(grid: SliceGrid, thick_axis: int) -> tuple[Plane, Plane]:
    """The two anatomical planes that run across thick slices; `thick_axis` is 0, 1, 2 for i, j, k."""
    axis = _axes(grid)[thick_axis]
    own = max(Plane, key=lambda plane: abs(axis[plane.across]) / np.linalg.norm(axis))
    return tuple(plane for plane in (Plane.SAGITTAL, Plane.CORONAL, Plane.AXIAL) if plane is not own)


def _axes(grid: SliceGrid) -> FloatArray:
    """LPS steps (mm) along i, j, k: the rows."""
    return grid.nominal_geometry.axes.T


def _linear(volume: Volume) -> Sampler:
    return lambda view: volume_slice(volume.voxels, volume.grid, view)


def _view(plane: Plane, volume: Volume, grid: SliceGrid) -> SliceView:
    """The plane through the middle of the head, as large as the volume, with pixels as fine as `grid`."""
    low, high = _extent(volume.grid, np.zeros(3), np.array(volume.grid.size) - 1)
    right, down, _ = plane.value
    width, height = high[right] - low[right], high[down] - low[down]
    finest = min(np.linalg.norm(axis) for axis in _axes(grid))
    pixel_size = float(np.clip(finest, *(max(width, height) / count for count in reversed(PANEL))))
    sides = [max(round(length / pixel_size), SHORTEST_SIDE) for length in (width, height)]
    centre = (low + high) / 2
    centre[plane.across] = np.mean(_extent(volume.grid, *_head(volume)), axis=0)[plane.across]
    return SliceView(plane, tuple(centre.tolist()), pixel_size, *sides)


def _head(volume: Volume) -> tuple[FloatArray, FloatArray]:
    """The lowest and the highest indices i, j, k of the head."""
    mask = head_mask(volume.voxels)
    sides = [np.flatnonzero(mask.any(axis=tuple({0, 1, 2} - {axis}))) for axis in (2, 1, 0)]
    return np.array([side[0] for side in sides]), np.array([side[-1] for side in sides])


def _extent(grid: SliceGrid, first: FloatArray, last: FloatArray) -> tuple[FloatArray, FloatArray]:
    """LPS mm of the box, along the patient's axes, around the voxels from the indices `first` to `last`."""
    corners = np.array(np.meshgrid(*zip(first - 0.5, last + 0.5, strict=True))).reshape(3, -1).T
    points = grid.lps_from_ijk(corners)
    return points.min(axis=0), points.max(axis=0)


def _panel(values: NDArray[np.float32], window: VoxelWindow, view: SliceView) -> Image:
    image_type, draw_type = _pillow()
    grey = window.grey(values)[..., None]
    colours = np.where(np.isnan(grey), np.array(BACKGROUND, np.float32) / 255, grey)
    panel = image_type.fromarray(np.rint(colours * 255).astype(np.uint8))
    write_orientation(draw_type.Draw(panel), view, 0)
    write_scale(draw_type.Draw(panel), view)
    return panel


def _arranged(rows: list[list[Image]]) -> Image:
    image_type, draw_type = _pillow()
    width, height = rows[0][0].size
    columns = len(HEADINGS)
    size = (columns * width + (columns - 1) * GAP, HEADING + len(rows) * height + (len(rows) - 1) * GAP)
    picture = image_type.new("RGB", size, BACKGROUND)
    draw = draw_type.Draw(picture)
    for column, heading in enumerate(HEADINGS):
        left = column * (width + GAP)
        write_on_picture(draw, (left + width / 2, HEADING / 2), heading, "mm", TEXT)
        for number, row in enumerate(rows):
            picture.paste(row[column], (left, HEADING + number * (height + GAP)))
    return picture


def _as_png(picture: Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=COMPRESSION)
    return file.getvalue()


def _pillow():
    try:
        from PIL import Image, ImageDraw
    except ImportError as error:
        raise missing_package("Pillow", "Pictures", extra="superres") from error
    return Image, ImageDraw
