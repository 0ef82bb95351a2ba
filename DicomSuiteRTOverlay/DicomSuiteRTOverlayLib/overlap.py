"""How a mask's place relates to its volume: what lies beyond it, and how the two grids differ, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.mask_samples import LabelSamples
from DicomSuiteRTOverlayLib.voxel_map import VoxelMap

SMALLEST_ROTATION = 0.05
"""Degrees; less moves no voxel of a 512 matrix by half its size."""

SAME_SPACING = 0.01
"""Spacings that differ by less than this part are the same."""

FACES = (("i = 0", "the last i"), ("j = 0", "the last j"), ("the first slice", "the last slice"))


def overlap_findings(geometry: ImageGeometry, samples: Sequence[LabelSamples], grid: SliceGrid) -> tuple[str, ...]:
    """What is worth knowing about a mask whose voxels lie at `geometry`; nothing where it fits voxel upon voxel."""
    place = VoxelMap(geometry, grid)
    findings = list(_beyond(samples, place, grid))
    if place.lattice is None:
        findings += _grid_differences(geometry, grid.nominal_geometry)
    return tuple(findings)


def distance_apart(geometry: ImageGeometry, grid: SliceGrid) -> float:
    """Shortest distance (mm) between the boxes of mask and volume along the volume's axes; 0 where they meet."""
    corners = grid.ijk_from_lps(geometry.corners)
    last = np.array(grid.size) - 0.5
    gaps = np.maximum(np.maximum(corners.min(axis=0) - last, -0.5 - corners.max(axis=0)), 0)
    return float(np.linalg.norm(gaps * grid.nominal_geometry.spacing))


def _beyond(samples: Sequence[LabelSamples], place: VoxelMap, grid: SliceGrid) -> Iterator[str]:
    last = np.array(grid.size) - 0.5
    total, outside = 0.0, 0.0
    low, high = np.full(3, np.inf), np.full(3, -np.inf)
    reach = np.abs(place.matrix).sum(axis=1) / 2  # from a voxel's centre to its faces
    for part in samples:
        points = place.volume_from_mask(np.concatenate([part.inside, part.boundary]))
        low, high = np.minimum(low, points.min(axis=0) - reach), np.maximum(high, points.max(axis=0) + reach)
        inner = place.volume_from_mask(part.inside)
        total += part.voxels
        outside += part.voxels * float(np.mean(np.any((inner < -0.5) | (inner > last), axis=1)))
    if outside:
        share = 100 * outside / total
        spacing = grid.nominal_geometry.spacing
        gone = [
            f"{length * spacing[axis]:.1f} mm beyond {FACES[axis][side]}"
            for axis in range(3)
            for side, length in enumerate((-0.5 - low[axis], high[axis] - last[axis]))
            if length > 1e-6
        ]
        yield f"about {share:.2g} % of the mask lies outside the volume and is cut off: {', '.join(gone)}"


def _grid_differences(geometry: ImageGeometry, volume: ImageGeometry) -> Iterator[str]:
    if geometry.is_sheared and not volume.is_sheared:
        yield "the mask's axes are not perpendicular; it is resampled"
        return
    turned = _rotation(geometry, volume)
    if turned >= SMALLEST_ROTATION:
        yield f"the mask's grid is turned by {turned:.1f} degrees against the volume's; it is resampled"
    nearest_axis = np.abs(_cosines(geometry, volume)).argmax(axis=1)
    own = np.array(geometry.spacing)[nearest_axis]
    if np.any(np.abs(own / volume.spacing - 1) > SAME_SPACING):
        yield f"the mask's voxels are {_by(own)} mm, the volume's {_by(volume.spacing)} mm; it is resampled"
    elif turned < SMALLEST_ROTATION:
        first = volume.ijk_from_lps(geometry.origin)
        shift = np.linalg.norm((first - np.rint(first)) * volume.spacing)
        yield f"the mask's voxels lie {shift:.2f} mm off the volume's; it is resampled"


def _rotation(geometry: ImageGeometry, volume: ImageGeometry) -> float:
    """Degrees by which the mask's axes are turned away from the volume's axes nearest to them, at the most."""
    nearest = np.abs(_cosines(geometry, volume)).max(axis=0)
    return float(np.degrees(np.arccos(np.clip(nearest, -1, 1))).max())


def _cosines(geometry: ImageGeometry, volume: ImageGeometry) -> FloatArray:
    return np.array(volume.directions).T @ np.array(geometry.directions)


def _by(lengths: FloatArray | Sequence[float]) -> str:
    return " x ".join(f"{length:.3g}" for length in lengths)
