"""A small chest phantom in Hounsfield units, made of shapes whose outlines are known exactly."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk

from DicomSuiteLib.geometry import ImageGeometry

GEOMETRY = ImageGeometry(
    size=(128, 128, 40),
    spacing=(2.5, 2.5, 3.0),
    origin=(-158.75, -158.75, -612.0),
    directions=((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
)
"""Axial slices, feet to head; x and y straddle the isocentre."""

SLICE_POSITIONS_MM = tuple(GEOMETRY.origin[2] + k * GEOMETRY.spacing[2] for k in range(GEOMETRY.size[2]))
"""The z coordinate (LPS) of each slice."""

_MIDDLE_Z_MM = (SLICE_POSITIONS_MM[0] + SLICE_POSITIONS_MM[-1]) / 2
_NOISE_HU = 12.0
_BLUR_MM = 1.5
_CONTOUR_POINTS = 72

_AIR, _LUNG, _FAT, _MUSCLE, _HEART, _LESION, _AORTA = -1000, -830, -95, 50, 42, 65, 190
_CORTICAL_BONE, _MARROW, _SPINAL_CANAL, _TABLE_SHELL, _TABLE_FOAM = 850, 320, 25, -60, -900


@dataclass(frozen=True)
class Ellipsoid:
    """An axis-aligned ellipsoid; an infinite third half-axis makes it an elliptic cylinder along z.

    `centre_mm` and `half_axes_mm` are x, y, z in LPS millimetres.
    """

    centre_mm: tuple[float, float, float]
    half_axes_mm: tuple[float, float, float]

    def contains(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Whether each point (LPS mm; the three arrays broadcast) lies inside or on the surface."""
        offsets = ((p - c) / a for p, c, a in zip((x, y, z), self.centre_mm, self.half_axes_mm, strict=True))
        return sum(offset**2 for offset in offsets) <= 1.0

    def outline(self, z_mm: float) -> np.ndarray | None:
        """The outline in the axial plane at `z_mm`: (n, 3) points in LPS mm; None if the plane misses it."""
        height = (z_mm - self.centre_mm[2]) / self.half_axes_mm[2]
        if abs(height) >= 1.0:
            return None
        scale = np.sqrt(1.0 - height**2)
        angle = np.linspace(0.0, 2.0 * np.pi, _CONTOUR_POINTS, endpoint=False)
        x = self.centre_mm[0] + scale * self.half_axes_mm[0] * np.cos(angle)
        y = self.centre_mm[1] + scale * self.half_axes_mm[1] * np.sin(angle)
        return np.column_stack((x, y, np.full_like(x, z_mm)))


BODY = Ellipsoid((0.0, -4.0, _MIDDLE_Z_MM), (142.0, 96.0, np.inf))
HEART = Ellipsoid((24.0, -34.0, _MIDDLE_Z_MM - 14.0), (46.0, 38.0, 38.0))
_TRUNK_MUSCLE = Ellipsoid(BODY.centre_mm, (130.0, 85.0, np.inf))
_LUNGS = (
    Ellipsoid((-66.0, -8.0, _MIDDLE_Z_MM - 4.0), (50.0, 66.0, 66.0)),
    Ellipsoid((66.0, -8.0, _MIDDLE_Z_MM - 4.0), (48.0, 64.0, 64.0)),
)


@dataclass(frozen=True)
class Phantom:
    """The phantom's voxels and the three structures that have contours.

    `hounsfield` has shape (slices, rows, columns), dtype int16, in HU, placed by `GEOMETRY`.
    """

    hounsfield: np.ndarray
    body: Ellipsoid
    lesion: Ellipsoid
    heart: Ellipsoid

    def lesion_mask(self) -> np.ndarray:
        """One where a voxel's centre lies in the lesion, else zero: uint8, shape (slices, rows, columns)."""
        return self.lesion.contains(*_voxel_centres()).astype(np.uint8)


def make_phantom(seed: int) -> Phantom:
    """The phantom for `seed`, which places the lesion in the right lung and draws the noise."""
    random = np.random.default_rng(seed)
    radius = float(random.uniform(12.0, 16.0))
    shift = random.uniform(-8.0, 8.0, size=3)
    centre = (-66.0 + float(shift[0]), -8.0 + float(shift[1]), _MIDDLE_Z_MM + float(shift[2]))
    lesion = Ellipsoid(centre, (radius, radius, radius))
    image = sitk.GetImageFromArray(_paint(lesion))
    GEOMETRY.set_on_sitk(image)
    blurred = sitk.GetArrayFromImage(sitk.SmoothingRecursiveGaussian(image, _BLUR_MM))
    noisy = blurred + random.normal(0.0, _NOISE_HU, size=blurred.shape)
    return Phantom(np.clip(np.rint(noisy), -1024, 3071).astype(np.int16), BODY, lesion, HEART)


def _voxel_centres() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The x, y and z coordinates (LPS mm) of the voxel centres, ready to broadcast as (z, y, x)."""
    x, y, z = (
        start + step * np.arange(count)
        for start, step, count in zip(GEOMETRY.origin, GEOMETRY.spacing, GEOMETRY.size, strict=True)
    )
    return x[None, None, :], y[None, :, None], z[:, None, None]


def _paint(lesion: Ellipsoid) -> np.ndarray:
    """The noiseless phantom in HU (float32, (slices, rows, columns)); later shapes lie over earlier ones."""
    x, y, z = _voxel_centres()
    hounsfield = np.full(GEOMETRY.size[::-1], _AIR, dtype=np.float32)

    def fill(shape: Ellipsoid | Callable[..., np.ndarray], value: float) -> None:
        inside = shape.contains(x, y, z) if isinstance(shape, Ellipsoid) else shape(x, y, z)
        hounsfield[np.broadcast_to(inside, hounsfield.shape)] = value

    fill(lambda x, y, z: (abs(x) <= 150.0) & (abs(y - 107.0) <= 9.0), _TABLE_SHELL)
    fill(lambda x, y, z: (abs(x) <= 146.0) & (abs(y - 107.0) <= 5.0), _TABLE_FOAM)
    fill(BODY, _FAT)
    fill(_TRUNK_MUSCLE, _MUSCLE)
    fill(_is_rib, _CORTICAL_BONE)
    for lung in _LUNGS:
        fill(lung, _LUNG)
    fill(HEART, _HEART)
    fill(_cylinder(20.0, 34.0, 12.0), _AORTA)
    fill(_cylinder(0.0, 50.0, 19.0), _CORTICAL_BONE)
    fill(_cylinder(0.0, 50.0, 16.0), _MARROW)
    fill(_cylinder(0.0, 74.0, 12.0), _CORTICAL_BONE)
    fill(_cylinder(0.0, 74.0, 8.0), _SPINAL_CANAL)
    fill(lambda x, y, z: (abs(x) <= 15.0) & (abs(y + 84.0) <= 5.0), _MARROW)
    fill(lesion, _LESION)
    return hounsfield


def _cylinder(x_mm: float, y_mm: float, radius_mm: float) -> Ellipsoid:
    return Ellipsoid((x_mm, y_mm, _MIDDLE_Z_MM), (radius_mm, radius_mm, np.inf))


def _is_rib(x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
    """Hoops in the chest wall, 9 mm high every 27 mm, that slope down towards the front."""
    wall = Ellipsoid(BODY.centre_mm, (126.0, 80.0, np.inf)).contains(x, y, z)
    cavity = Ellipsoid(BODY.centre_mm, (118.0, 72.0, np.inf)).contains(x, y, z)
    along = (z - _MIDDLE_Z_MM - 0.25 * y) % 27.0
    return wall & ~cavity & (along <= 9.0)
