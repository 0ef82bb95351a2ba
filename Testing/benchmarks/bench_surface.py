"""Closed surfaces of balls: volume, area, roundness and time against Slicer's own conversion at its default smoothing.

    python Testing/benchmarks/bench_surface.py

Volume is compared with that of the voxels, area with that of the ball of this volume, roundness is the angle (root mean
square) between normals of triangles and the ball's. Needs slicer-core or Slicer's own Python.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer
import vtk
from vtkmodules.util.numpy_support import numpy_to_vtk, vtk_to_numpy

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "DicomSuite"), str(ROOT / "DicomSuiteRTOverlay")]

from DicomSuiteLib.closed_surface import Surface, closed_surface, mesh_area, mesh_volume  # noqa: E402
from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.segments import Segment  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402

CASES = [
    (radius, spacing) for spacing in ((1.0, 1.0, 1.0), (0.7, 0.7, 2.5), (1.0, 1.0, 3.0)) for radius in (4, 8, 25, 100)
]
OFF_CENTRE = np.array([0.13, 0.21, -0.17])
ROUNDS = 2


@dataclass(frozen=True, eq=False)
class Ball:
    """A ball on voxels."""

    segment: Segment
    geometry: ImageGeometry
    centre: np.ndarray

    @property
    def volume(self) -> float:
        """Of its voxels, mm³."""
        return float(self.segment.voxels.sum() * np.prod(self.geometry.spacing))


def ball(radius: float, spacing: tuple[float, float, float]) -> Ball:
    steps = np.array(spacing)
    size = np.ceil(2 * radius / steps).astype(int) + 5
    centre = (size - 1) / 2 + OFF_CENTRE
    k, j, i = np.ogrid[: size[2], : size[1], : size[0]]
    squares = [((axis - middle) * step) ** 2 for axis, middle, step in zip((i, j, k), centre, steps, strict=True)]
    geometry = ImageGeometry.from_axes(size, np.diag(steps), (0, 0, 0))
    mask = sum(squares) < radius**2
    return Ball(Segment.from_mask("ball", (1, 0, 0), 1, mask), geometry, geometry.lps_from_ijk(centre))


def ours(case: Ball) -> Surface:
    return closed_surface(case.segment, SliceGrid.from_geometry(case.geometry))


def slicers(case: Ball) -> Surface:
    """vtkSegmentationCore's conversion, numbers in the geometry's own axes."""
    columns, rows, slices = case.geometry.size
    labels = slicer.vtkOrientedImageData()
    labels.SetDimensions(columns, rows, slices)
    mask = case.segment.full_mask((slices, rows, columns)).view(np.uint8)
    labels.GetPointData().SetScalars(numpy_to_vtk(mask.ravel()))
    labels.SetSpacing(case.geometry.spacing)
    segment = slicer.vtkSegment()
    segment.AddRepresentation("Binary labelmap", labels)
    segmentation = slicer.vtkSegmentation()
    segmentation.SetSourceRepresentationName("Binary labelmap")
    segmentation.AddSegment(segment, "ball")
    if not segmentation.CreateRepresentation("Closed surface"):
        raise RuntimeError("Slicer made no closed surface")
    mesh = vtk.vtkTriangleFilter()
    mesh.SetInputData(segment.GetRepresentation("Closed surface"))
    mesh.Update()
    polygons = mesh.GetOutput()
    points = vtk_to_numpy(polygons.GetPoints().GetData()).astype(float)
    return Surface(points, vtk_to_numpy(polygons.GetPolys().GetConnectivityArray()).reshape(-1, 3).astype(np.int64))


def roundness(surface: Surface, centre: np.ndarray) -> float:
    corners = surface.points[surface.triangles]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    outwards = corners.mean(axis=1) - centre
    lengths = np.linalg.norm(normals, axis=1) * np.linalg.norm(outwards, axis=1)
    cosines = np.einsum("ni,ni->n", normals, outwards)[lengths > 0] / lengths[lengths > 0]
    return float(np.degrees(np.sqrt(np.mean(np.arccos(np.clip(cosines, -1, 1)) ** 2))))


def timed(make: Callable[[Ball], Surface], case: Ball) -> tuple[Surface, float]:
    """The surface, and the least seconds of several rounds."""
    seconds = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        surface = make(case)
        seconds.append(time.perf_counter() - start)
    return surface, min(seconds)


def main() -> None:
    slicer.vtkSegmentationConverterFactory.GetInstance().RegisterConverterRule(
        slicer.vtkBinaryLabelmapToClosedSurfaceConversionRule()
    )
    print(f"{'':34}volume / voxels     area / ball's    normals off     time")
    print(f"{'radius  voxel (mm)':34}ours    Slicer     ours   Slicer    ours   Slicer    ours / Slicer's")
    for radius, spacing in CASES:
        case = ball(radius, spacing)
        area = 4 * np.pi * (3 * case.volume / (4 * np.pi)) ** (2 / 3)
        (own, own_time), (other, other_time) = timed(ours, case), timed(slicers, case)
        print(
            f"{radius:4} mm  {' x '.join(map(str, spacing)):24}"
            f"{mesh_volume(own) / case.volume:6.4f}  {abs(mesh_volume(other)) / case.volume:6.4f}"
            f"{mesh_area(own) / area:10.4f}  {mesh_area(other) / area:6.4f}"
            f"{roundness(own, case.centre):7.1f}°  {roundness(other, case.centre):5.1f}°"
            f"{own_time / other_time:10.2f}"
        )


if __name__ == "__main__":
    main()
