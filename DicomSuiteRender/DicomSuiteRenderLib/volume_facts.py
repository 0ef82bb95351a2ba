"""What a volume itself says about its voxels and where they lie, whatever file it came from."""

from __future__ import annotations

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.slice_views import Plane
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.metadata_attributes import FactGroup
from DicomSuiteRenderLib.technical_metadata import Fact

ALONG_AXIS = 0.5
"""Degrees off a plane of the patient that still count as along it."""

EVEN_MM = 0.01
"""mm by which slice distances may differ and are told as one."""

PLANES = {plane.across: plane for plane in Plane}


def volume_facts(volume: Volume) -> tuple[Fact, ...]:
    """Tell size, spacing, orientation, kind of numbers, memory and irregularities of a volume; nothing identifying."""
    grid, kind = volume.grid, volume.voxels.dtype
    lines = [
        (FactGroup.GEOMETRY, "Voxels (columns × rows × slices)", " × ".join(map(str, grid.size))),
        (FactGroup.GEOMETRY, "Spacing", f"{_spacing(volume)} mm"),
        (FactGroup.GEOMETRY, "Orientation", _orientation(volume)),
        (FactGroup.VALUES, "Numbers in memory", f"{kind.name}, {volume.voxels.nbytes / 2**20:.0f} MiB"),
        *((FactGroup.GEOMETRY, "Irregular", note) for note in volume.notes),
    ]
    return tuple(Fact(group, name, value) for group, name, value in lines)


def _spacing(volume: Volume) -> str:
    """mm between columns, rows, slices."""
    grid = volume.grid
    in_plane = (np.linalg.norm(step) for step in (grid.row_step, grid.column_step))
    distances = grid.slice_distances
    across = f"{distances.mean():.4g}"
    if np.ptp(distances) > EVEN_MM:
        across = f"{distances.min():.4g} to {distances.max():.4g}"
    return " × ".join([*(f"{length:.4g}" for length in in_plane), across])


def _orientation(volume: Volume) -> str:
    """The plane of the slices, how far they are turned out of it, and how far the gantry was tilted."""
    normal = np.cross(volume.grid.row_step, volume.grid.column_step)
    axis = int(np.abs(normal).argmax())
    words = [PLANES[axis].name.lower()]
    if (turned := _degrees(normal, np.eye(3)[axis])) > ALONG_AXIS:
        words.append(f"turned by {turned:.1f}°")
    if len(volume.grid.positions) > 1:
        line = np.array(volume.grid.positions[-1]) - volume.grid.positions[0]
        if (tilted := _degrees(line, normal)) > ALONG_AXIS:
            words.append(f"slices shifted by {tilted:.1f}° (gantry tilt)")
    return ", ".join(words)


def _degrees(one: FloatArray, other: FloatArray) -> float:
    """The angle (0 to 90 degrees) between two lines."""
    return float(np.degrees(np.arctan2(np.linalg.norm(np.cross(one, other)), abs(one @ other))))
