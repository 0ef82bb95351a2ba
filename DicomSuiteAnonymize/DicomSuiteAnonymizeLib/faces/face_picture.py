"""A picture of a head before and after its face is taken out: its surface from three sides, and a section.

The surface is shaded by its slope from depth maps, so that it looks the same on every machine.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteAnonymizeLib.faces.face_region import in_face
from DicomSuiteLib.affine_resampling import even_geometry, resample_affine
from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.head_mask import otsu_threshold
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.registration import Registration
from DicomSuiteLib.volumes import Volume

PIXEL_MM = 1.4
WIDTH_MM, HEIGHT_MM, DEPTH_MM = 230.0, 290.0, 260.0
MIDDLE_MM = (0.0, 5.0, -35.0)
"""LPS of the template's space, in the middle of the views."""
ANGLES_DEG = (0.0, 45.0, 90.0)
"""From the front to the patient's left."""
SKIN_HU = -300.0
_SKIN_SHARE = 0.35
"""Of the threshold between air and head: noise lies below, skin above."""
_BLUR = 1.2
_AMBIENT = 0.15
_BRIGHTEST = 99.0
_GAP = 4


def write_face_picture(path: Path, volume: Volume, registration: Registration) -> None:
    """Draw a volume before (above) and after (below) as a grey PNG that only its owner can read.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    with output_file(path) as partial:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT, 0o600))
        writer = sitk.ImageFileWriter()
        writer.SetImageIO("PNGImageIO")
        writer.SetFileName(str(partial))
        writer.Execute(sitk.GetImageFromArray(face_picture(volume, registration)))


def face_picture(volume: Volume, registration: Registration) -> NDArray[np.uint8]:
    """The picture (rows, columns)."""
    voxels = volume.voxels.astype(np.float32)
    floor = float(voxels.min())
    skin = _skin(volume, voxels, floor)
    after = np.where(_face_of(volume, registration), np.float32(min(skin, floor)), voxels)
    rows = [
        np.hstack([*(_surface(volume, heads, registration, angle, skin) for angle in ANGLES_DEG),
                   _section(volume, heads, registration)])
        for heads in (voxels, after)
    ]  # fmt: skip
    gap = np.zeros((_GAP, rows[0].shape[1]), np.uint8)
    return np.vstack([rows[0], gap, rows[1]])


def _skin(volume: Volume, voxels: NDArray[np.float32], floor: float) -> float:
    """The value where the surface is drawn."""
    if volume.modality == "CT":
        return SKIN_HU
    return floor + otsu_threshold(np.sqrt(voxels[::2, ::2, ::2] - floor)) ** 2 * _SKIN_SHARE


def _face_of(volume: Volume, registration: Registration) -> NDArray[np.bool_]:
    """Where the face is in the voxels of the volume."""
    geometry, to_template = even_geometry(volume), registration.template_from_patient
    columns, rows, slices = geometry.size
    j, i = np.indices((rows, columns))
    mask = np.empty(volume.voxels.shape, bool)
    for k in range(slices):
        points = geometry.lps_from_ijk(np.stack([i, j, np.full_like(i, k)], axis=-1))
        mask[k] = in_face(points @ to_template[:3, :3].T + to_template[:3, 3])
    return mask


def _view(angle: float) -> ImageGeometry:
    """A box in the template's space whose k goes away from the viewer, j down and i to the right of the picture."""
    turn = np.radians(angle)
    away = np.array((-np.sin(turn), np.cos(turn), 0))
    right = np.array((np.cos(turn), np.sin(turn), 0))
    down = np.array((0, 0, -1.0))
    lengths = (WIDTH_MM, HEIGHT_MM, DEPTH_MM)
    size = [int(length / PIXEL_MM) for length in lengths]
    axes = np.column_stack([right, down, away]) * PIXEL_MM
    return ImageGeometry.from_axes(size, axes, np.array(MIDDLE_MM) - axes @ ((np.array(size) - 1) / 2))


def _looked_at(volume: Volume, voxels: NDArray[np.float32], registration: Registration, view: ImageGeometry) -> NDArray:
    floor = float(voxels.min())
    return resample_affine(voxels - floor, even_geometry(volume), view, registration.patient_from_template) + floor


def _surface(
    volume: Volume, voxels: NDArray[np.float32], registration: Registration, angle: float, skin: float
) -> NDArray[np.uint8]:
    values = ndimage.gaussian_filter(_looked_at(volume, voxels, registration, _view(angle)), _BLUR)
    inside = values > skin
    labels, count = ndimage.label(inside)
    if count > 1:
        inside = labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])
    depth = _depths(values, inside, skin)
    slope_down, slope_right = np.gradient(depth)
    light = 1 / np.sqrt(1 + slope_down**2 + slope_right**2)
    shaded = np.where(inside.any(axis=0), _AMBIENT + (1 - _AMBIENT) * light, 0)
    return np.rint(shaded * 255).astype(np.uint8)


def _depths(values: FloatArray, inside: NDArray[np.bool_], skin: float) -> FloatArray:
    """How far away the surface is, in fractions of planes, as the values pass `skin`."""
    first = np.argmax(inside, axis=0)
    before = np.maximum(first - 1, 0)
    here = np.take_along_axis(values, first[None], 0)[0]
    there = np.take_along_axis(values, before[None], 0)[0]
    rise = np.where(here > there, here - there, 1)
    return first - np.clip((here - skin) / rise, 0, 1)


def _section(volume: Volume, voxels: NDArray[np.float32], registration: Registration) -> NDArray[np.uint8]:
    """The middle plane, the face to the left."""
    view = _view(90)
    middle = ImageGeometry.from_axes(
        (*view.size[:2], 1), view.axes, np.array(view.origin) + view.axes[:, 2] * (view.size[2] - 1) / 2
    )
    values = _looked_at(volume, voxels, registration, middle)[0]
    low = float(volume.voxels.min()) if volume.modality != "CT" else -200.0
    high = float(np.percentile(volume.voxels, _BRIGHTEST)) if volume.modality != "CT" else 300.0
    return np.rint(np.clip((values - low) / max(high - low, 1e-30), 0, 1) * 255).astype(np.uint8)
