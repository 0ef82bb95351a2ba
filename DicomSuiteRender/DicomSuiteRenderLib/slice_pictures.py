"""Pictures of slices, voxel by voxel or to scale, with whatever shall be seen on them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.mask_painting import FINENESS, paint_mask
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.picture_text import has_room, write_orientation, write_scale
from DicomSuiteLib.segment_extent import BoundingBox, bounding_box
from DicomSuiteLib.segments import BoolArray, Colour, Segment, Segmentation, smallest_box
from DicomSuiteLib.slice_views import Plane, SliceView, segment_slice, volume_slice
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.grey_transform import GreyTransform
from DicomSuiteRenderLib.native_plane import NativePlane

LARGEST_SIDE = 8192
"""Pixels: more of them than a screen shows, and a slip of the scale rather than a wish."""

FINEST_SAMPLING = 4
"""Pixels larger than voxels are the mean of up to so many samples along each side, so that nothing falls between."""


class SliceLook(TypedDict, total=False):
    """What else a picture may be asked for; see `SlicePictures`."""

    scale: float | None
    letters: bool
    scale_bar: bool
    masks: Segmentation | None


@dataclass(frozen=True, eq=False)
class SlicePictures:
    """How slices of a volume in one plane are drawn.

    Without `scale` a picture shows a plane of the volume's own voxels, the one nearest to the anatomical plane, each
    voxel as one pixel: nothing is resampled, and where voxels are not cubes neither is what is shown in proportion.
    With it pixels are square and the plane is the anatomical one through the middle of that plane of voxels, however
    the volume lies, interpolated linearly; every picture then shows the whole extent of the volume.

    Parameters
    ----------
    volume : NaN, and what lies outside of it, is black
    plane : anatomical
    grey : turns values into shades
    scale : mm per pixel; None for one voxel per pixel
    letters : whether the sides of the patient and the place of the slice are written on the picture, if it has room
    scale_bar : whether a bar tells the scale across the picture, if it has room
    masks : laid over the volume; they lie on its voxels

    Raises
    ------
    RenderError
        If the scale makes no picture, or the masks lie on other voxels than the volume's.
    """

    volume: Volume
    plane: Plane
    grey: GreyTransform
    scale: float | None = None
    letters: bool = False
    scale_bar: bool = False
    masks: Segmentation | None = None

    def __post_init__(self) -> None:
        if self.masks is not None and not self.masks.grid.is_close(self.volume.grid):
            raise RenderError("The masks do not lie on the voxels of the volume; place them on it first.")
        if self.scale is not None and not self._makes_a_picture(self.scale):
            raise RenderError(
                f"A scale of {self.scale:g} mm per pixel makes no picture of at most {LARGEST_SIDE} pixels a side."
            )

    @cached_property
    def native(self) -> NativePlane:
        """The planes of voxels that are counted, and drawn where there is no scale."""
        return NativePlane.nearest(self.plane, self.volume.grid)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of the pictures must know, in words."""
        name, notes = self.plane.name.lower(), []
        if self.scale is None and self.native.is_oblique:
            notes.append(f"{name} pictures lie {self.native.tilt:.0f}° off the patient's axes, as their voxels do")
        if (self.letters or self.scale_bar) and not has_room(self._view(0)):
            notes.append(f"{name} pictures are too small to write on")
        return tuple(notes)

    def picture(self, index: int) -> NDArray[np.uint8]:
        """Draw one slice, (height, width), or (height, width, 3) where there is anything on it.

        Parameters
        ----------
        index : number of the plane of voxels from 0, along that axis of the voxels which runs through the picture

        Raises
        ------
        RenderError
            If there is no such slice.
        MissingPackageError
            If Pillow is missing, which writes on pictures.
        """
        self.native.check(index)
        view = self._view(index)
        shades = self._native_shades(index) if self.scale is None else self._scaled_shades(view)
        grey = _bytes(shades)
        if not (self.letters or self.scale_bar or self.masks):
            return grey
        pixels = np.stack((grey,) * 3, axis=2)
        _paint(pixels, shades, self._native_parts(index) if self.scale is None else self._scaled_parts(view))
        return self._written_on(pixels, view)

    def _native_shades(self, index: int) -> NDArray[np.float32]:
        return _black_where_nan(self.grey.shades(self.native.values(self.volume.voxels, index)))

    def _scaled_shades(self, view: SliceView) -> NDArray[np.float32]:
        finest = min(self.volume.grid.nominal_geometry.spacing)
        times = int(np.clip(np.ceil(view.pixel_size / finest), 1, FINEST_SAMPLING))
        finer = SliceView(view.plane, view.centre, view.pixel_size / times, view.width * times, view.height * times)
        shades = _black_where_nan(self.grey.shades(volume_slice(self.volume.voxels, self.volume.grid, finer)))
        return shades.reshape(view.height, times, view.width, times).mean(axis=(1, 3))

    def _native_parts(self, index: int) -> list[_Part]:
        parts = []
        for segment in self.masks.segments if self.masks else ():
            mask = self.native.mask(segment, index)
            if mask is not None and mask.any():
                _, rows, columns = smallest_box(mask[None])
                rows, columns = (slice(max(side.start - 1, 0), side.stop + 1) for side in (rows, columns))
                parts.append(_Part(segment.colour, rows, columns, _finer(mask[rows, columns])))
        return parts

    def _scaled_parts(self, view: SliceView) -> list[_Part]:
        parts = []
        for segment, box in self._boxes.items():
            seen = view.part(box, FINENESS)
            if seen is not None:
                finer, rows, columns = seen
                parts.append(_Part(segment.colour, rows, columns, segment_slice(segment, self.volume.grid, finer)))
        return parts

    def _written_on(self, pixels: NDArray[np.uint8], view: SliceView) -> NDArray[np.uint8]:
        if not (self.letters or self.scale_bar) or not has_room(view):
            return pixels
        try:
            from PIL import Image, ImageDraw
        except ImportError as error:
            raise missing_package("Pillow", "Pictures") from error
        picture = Image.fromarray(pixels)
        draw = ImageDraw.Draw(picture)
        if self.letters:
            write_orientation(draw, view, notes=self._tilt)
        if self.scale_bar:
            write_scale(draw, view)
        return np.array(picture)

    @property
    def _tilt(self) -> tuple[str, ...]:
        if self.scale is None and self.native.is_oblique:
            return (f"oblique {self.native.tilt:.0f}°",)
        return ()

    def _view(self, index: int) -> SliceView:
        """Where the picture lies; without a scale, the width of a pixel is that of a voxel, its height may differ."""
        if self.scale is None:
            pixel_size = self.volume.grid.nominal_geometry.spacing[self.native.right]
            return SliceView(self.plane, self.native.centre(index), pixel_size, *self.native.size)
        low, high = self._extent
        centre = (low + high) / 2
        centre[self.plane.across] = self.native.centre(index)[self.plane.across]
        return SliceView(self.plane, tuple(centre.tolist()), self.scale, *self._scaled_size)

    def _makes_a_picture(self, scale: float) -> bool:
        low, high = self._extent
        return 0 < scale < math.inf and float((high - low).max()) <= LARGEST_SIDE * scale

    @cached_property
    def _scaled_size(self) -> tuple[int, int]:
        """Width and height in pixels that hold the whole volume."""
        low, high = self._extent
        right, down, _ = self.plane.value
        return tuple(max(1, int(np.ceil((high - low)[axis] / self.scale - 1e-6))) for axis in (right, down))

    @cached_property
    def _extent(self) -> tuple[FloatArray, FloatArray]:
        """The ends of the box (LPS mm) along the patient's axes that holds every voxel."""
        grid = self.volume.grid
        columns, rows, slices = grid.size
        heights = [-0.5, *range(slices), slices - 0.5]
        corners = [(i, j, k) for k in heights for j in (-0.5, rows - 0.5) for i in (-0.5, columns - 0.5)]
        places = grid.lps_from_ijk(corners)
        return places.min(axis=0), places.max(axis=0)

    @cached_property
    def _boxes(self) -> dict[Segment, BoundingBox]:
        """The segments that are not empty, and where they lie in the patient."""
        segments = self.masks.segments if self.masks else ()
        return {segment: box for segment in segments if (box := bounding_box(segment, self.volume.grid))}


@dataclass(frozen=True, eq=False)
class _Part:
    """Where on a picture a segment is seen: `inside` in finer pixels, as `paint_mask` wants it."""

    colour: Colour
    rows: slice
    columns: slice
    inside: BoolArray


def _paint(pixels: NDArray[np.uint8], shades: NDArray[np.float32], parts: Sequence[_Part]) -> None:
    """Lay segments over the pixels (height, width, 3), in place; only the region that they take is worked on."""
    if not parts:
        return
    top, left = min(part.rows.start for part in parts), min(part.columns.start for part in parts)
    region = slice(top, max(part.rows.stop for part in parts)), slice(left, max(part.columns.stop for part in parts))
    colours = np.stack((shades[region],) * 3, axis=2)
    for part in parts:
        rows, columns = part.rows, part.columns
        of_part = colours[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
        paint_mask(of_part, part.colour, part.inside)
    pixels[region] = _bytes(colours)


def _finer(mask: BoolArray) -> BoolArray:
    return mask.repeat(FINENESS, axis=0).repeat(FINENESS, axis=1)


def _black_where_nan(shades: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.fmax(shades, 0)


def _bytes(shades: NDArray[np.float32]) -> NDArray[np.uint8]:
    return (shades * 255 + 0.5).astype(np.uint8)
