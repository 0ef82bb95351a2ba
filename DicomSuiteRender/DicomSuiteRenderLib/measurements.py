"""Measure distances, angles, areas, boxes and thresholds in the patient, and the voxels inside them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from DicomSuiteLib.geometry import FloatArray, Vector3
from DicomSuiteLib.value_statistics import ValueStatistics, value_statistics
from DicomSuiteLib.value_unit import NO_UNIT, ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.measured_box import MeasuredBox
from DicomSuiteRenderLib.outlined_voxels import outlined_voxels
from DicomSuiteRenderLib.outlines import Outline


class MeasureKind(StrEnum):
    """What was measured."""

    DISTANCE = "distance"
    ANGLE = "angle"
    AREA = "area"
    BOX = "box"
    THRESHOLD = "threshold"

    @property
    def unit(self) -> str:
        """Of `Measurement.size`."""
        return SIZE_UNITS[self]


SIZE_UNITS = {
    MeasureKind.DISTANCE: "mm",
    MeasureKind.ANGLE: "°",
    MeasureKind.AREA: "mm²",
    MeasureKind.BOX: "mm³",
    MeasureKind.THRESHOLD: "mm³",
}


@dataclass(frozen=True)
class Measurement:
    """One result.

    Parameters
    ----------
    kind : what was measured
    name : as the user calls it
    size : in `kind.unit`
    points : LPS mm of what it was measured by: ends, vertex, control points, the centre of a box
    voxel_count : voxels inside; None where there was no volume, or nothing is inside of a line
    values : of those voxels that have a value, in `unit`; None where there are none
    unit : of `values`
    notes : what is special, in words; no identifying value
    """

    kind: MeasureKind
    name: str
    size: float
    points: tuple[Vector3, ...] = ()
    voxel_count: int | None = None
    values: ValueStatistics | None = None
    unit: ValueUnit = NO_UNIT
    notes: tuple[str, ...] = ()


def measure_distance(name: str, points: ArrayLike) -> Measurement:
    """Measure the mm between two points, (2, 3) LPS mm."""
    first, second = _points(points, 2, "A distance")
    return Measurement(MeasureKind.DISTANCE, name, float(np.linalg.norm(second - first)), _as_vectors((first, second)))


def measure_angle(name: str, points: ArrayLike) -> Measurement:
    """Measure the angle (0 to 180 degrees) at the second of three points, (3, 3) LPS mm."""
    first, vertex, second = _points(points, 3, "An angle")
    one, other = first - vertex, second - vertex
    if not np.any(one) or not np.any(other):
        raise RenderError("Two points of the angle are the same; move them apart.")
    # The arc cosine of the scalar product would lose half the digits near 0 and 180 degrees.
    angle = np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), one @ other))
    return Measurement(MeasureKind.ANGLE, name, float(angle), _as_vectors((first, vertex, second)))


def measure_area(name: str, outline: Outline, volume: Volume | None = None, unit: ValueUnit = NO_UNIT) -> Measurement:
    """Measure the area inside an outline, and the voxels of a volume that it goes around (`outlined_voxels`)."""
    area = Measurement(MeasureKind.AREA, name, outline.area, _as_vectors(outline.points))
    if volume is None:
        return area
    i, j, k = outlined_voxels(outline, volume.grid).T
    notes = _unevenness(outline, volume)
    return _with_values(replace(area, notes=notes), volume.voxels[k, j, i], unit)


def measure_box(name: str, box: MeasuredBox, volume: Volume | None = None, unit: ValueUnit = NO_UNIT) -> Measurement:
    """Measure a box, and the voxels of a volume whose centres lie in it."""
    measured = Measurement(MeasureKind.BOX, name, box.volume, (box.centre,))
    if volume is None:
        return measured
    parts = [volume.voxels[k, rows, columns][inside] for k, rows, columns, inside in box.voxels(volume.grid)]
    return _with_values(measured, _joined(parts, volume), unit)


def measure_threshold(
    name: str,
    volume: Volume,
    low: float = -np.inf,
    high: float = np.inf,
    unit: ValueUnit = NO_UNIT,
    box: MeasuredBox | None = None,
) -> Measurement:
    """Measure the voxels with values from `low` to `high` (both included, in `unit`), in a box or everywhere.

    The size is the volume of these voxels; on uneven slices each stands for half the way to its neighbours.

    Raises
    ------
    RenderError
        If `low` is above `high`.
    """
    if not low <= high:
        raise RenderError(f"No value lies from {low:g} to {high:g}; enter the lower limit first.")
    size, parts = 0.0, []
    for k, inside in _slices(volume, box):
        values = inside[(inside >= low / unit.factor) & (inside <= high / unit.factor)]
        size += len(values) * float(volume.grid.voxel_volumes[k])
        parts.append(values)
    points = () if box is None else (box.centre,)
    return _with_values(Measurement(MeasureKind.THRESHOLD, name, size, points), _joined(parts, volume), unit)


def _points(points: ArrayLike, count: int, what: str) -> FloatArray:
    array = np.asarray(points, dtype=float)
    if array.shape != (count, 3):
        raise RenderError(f"{what} needs {count} points; it has {len(array)}.")
    return array


def _as_vectors(points: Iterable[NDArray]) -> tuple[Vector3, ...]:
    return tuple(tuple(np.asarray(point).tolist()) for point in points)


def _unevenness(outline: Outline, volume: Volume) -> tuple[str, ...]:
    thinnest = min(np.linalg.norm(volume.grid.row_step), np.linalg.norm(volume.grid.column_step))
    if outline.unevenness <= thinnest / 2:
        return ()
    return (f"the outline is up to {outline.unevenness:.1f} mm off its plane and is measured as seen across it",)


def _slices(volume: Volume, box: MeasuredBox | None) -> Iterable[tuple[int, NDArray]]:
    """Number, and voxel values, of every slice; of those inside the box where there is one."""
    if box is None:
        return enumerate(volume.voxels)
    return ((k, volume.voxels[k, rows, columns][inside]) for k, rows, columns, inside in box.voxels(volume.grid))


def _joined(parts: list[NDArray], volume: Volume) -> NDArray:
    return np.concatenate(parts) if parts else np.empty(0, volume.voxels.dtype)


def _with_values(measurement: Measurement, voxels: NDArray, unit: ValueUnit) -> Measurement:
    """The measurement with the statistics of voxels (n,) in a unit."""
    notes = list(measurement.notes)
    values = voxels if unit.factor == 1 else voxels * unit.factor
    if np.issubdtype(values.dtype, np.inexact):
        values = values[np.isfinite(values)]
    if left_out := len(voxels) - len(values):
        notes.append(f"{left_out} voxels without a value are left out")
    if not len(voxels):
        notes.append("no voxel of the volume is inside")
    if unit.note:
        notes.append(unit.note)
    return replace(measurement, voxel_count=len(voxels), values=value_statistics(values), unit=unit, notes=tuple(notes))
