"""Closed surfaces of segmentations for the 3D views: made by the command, which keeps their volume."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayGui.overlay_query import OverlayAnswer
from DicomSuiteRTOverlayLib.read_surface import read_ply

SURFACES = ("--export", "ply")
_CLOSED_SURFACE = "Closed surface"
"""Slicer's name of the representation."""


def readSurfaces(facts: Mapping[str, Any], folder: Path, grid: SliceGrid) -> list[list[Any]]:
    """For each mask the surfaces of its segments, None for those without voxels; points are voxel indices."""
    return [_surfacesOf(mask, folder, grid) for mask in facts["masks"]]


def addSurfaces(answer: OverlayAnswer, nodes: Sequence[Any], volumeNode: Any) -> None:
    """Give segmentations their surfaces, in the order in which they were handed over."""
    ijkToRas = ImageGeometry.from_volume_node(volumeNode).ijk_to_ras
    for node, surfaces in zip(nodes, answer.content, strict=True):
        if not slicer.mrmlScene.IsNodePresent(node):
            continue
        segmentation = node.GetSegmentation()
        wasModifying = node.StartModify()
        for number, surface in enumerate(surfaces):
            segment = segmentation.GetNthSegment(number)
            if surface is not None and segment is not None:
                segment.AddRepresentation(_CLOSED_SURFACE, _polyData(*surface, ijkToRas))
        node.EndModify(wasModifying)
        node.GetDisplayNode().SetPreferredDisplayRepresentationName3D(_CLOSED_SURFACE)


def haveSurfaces(nodes: Sequence[Any]) -> bool:
    """Whether every segmentation has surfaces already."""
    return all(node.GetSegmentation().ContainsRepresentation(_CLOSED_SURFACE) for node in nodes)


def _surfacesOf(mask: Mapping[str, Any], folder: Path, grid: SliceGrid) -> list[Any]:
    files = iter(mask["exports"])
    surfaces = []
    for segment in mask["segments"]:
        if segment["voxels"] == 0:
            surfaces.append(None)
            continue
        points, triangles = read_ply(folder / next(files))
        surfaces.append((grid.ijk_from_lps(points), triangles))
    return surfaces


def _polyData(ijk: FloatArray, triangles: FloatArray, ijkToRas: FloatArray) -> Any:
    """A mesh in the node's own coordinates; seen from outside its vertices run counter-clockwise."""
    points = vtk.vtkPoints()
    points.SetData(numpy_to_vtk((ijk @ ijkToRas[:3, :3].T + ijkToRas[:3, 3]).astype(np.float32), deep=True))
    cells = vtk.vtkCellArray()
    cells.SetData(3, numpy_to_vtk(triangles.astype(np.int64).ravel(), deep=True))
    mesh = vtk.vtkPolyData()
    mesh.SetPoints(points)
    mesh.SetPolys(cells)
    normals = vtk.vtkPolyDataNormals()
    normals.SetInputData(mesh)
    normals.SplittingOff()
    normals.ConsistencyOff()
    normals.Update()
    return normals.GetOutput()
