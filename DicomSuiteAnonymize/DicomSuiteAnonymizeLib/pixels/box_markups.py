"""Boxes of pixels as ROI markups in the scene, and back: exact whatever way the picture lies in the patient.

A box is (left, top, width, height) in whole pixels; the pixel in column 0 and row 0 is its first. Pixel (c, r) covers
the indices c - 0.5 to c + 0.5 and r - 0.5 to r + 0.5 of its picture's geometry.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from DicomSuiteLib.geometry import LPS_FROM_RAS, FloatArray, ImageGeometry

Box = tuple[int, int, int, int]


def place_box(node: Any, box: Box, picture: ImageGeometry) -> None:
    """Let a vtkMRMLMarkupsROINode enclose exactly the box's pixels, as thick as the picture."""
    import vtk

    left, top, width, height = box
    axes = np.array(picture.directions)
    if picture.is_left_handed:  # an ROI turns like a right hand; a box is the same with an axis reversed
        axes[:, 2] *= -1
    object_to_lps = np.eye(4)
    object_to_lps[:3, :3] = axes
    object_to_lps[:3, 3] = picture.lps_from_ijk((left + (width - 1) / 2, top + (height - 1) / 2, 0))
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy((LPS_FROM_RAS @ object_to_lps).ravel().tolist())
    node.SetAndObserveObjectToNodeMatrix(matrix)
    node.SetSize(width * picture.spacing[0], height * picture.spacing[1], picture.spacing[2])


def box_of(node: Any, picture: ImageGeometry) -> Box | None:
    """The ROI with its edges moved to the nearest borders between pixels; None where it holds none of the picture.

    A box that is only moved keeps its size.
    """
    borders = picture.ijk_from_lps(_corners(node))[:, :2] + 0.5  # pixel c lies between c and c + 1
    size = np.array(picture.size[:2])
    low = np.clip(np.floor(borders.min(axis=0) + 0.5), 0, size).astype(int)
    high = np.clip(np.floor(borders.max(axis=0) + 0.5), 0, size).astype(int)
    if np.any(high <= low):
        return None
    return *low.tolist(), *(high - low).tolist()


def _corners(node: Any) -> FloatArray:
    """The eight corners of the ROI, (8, 3) LPS mm."""
    matrix = node.GetObjectToWorldMatrix()
    object_to_ras = np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])
    half = np.array(node.GetSize()) / 2
    signs = np.array(np.meshgrid((-1, 1), (-1, 1), (-1, 1))).reshape(3, -1).T
    corners = np.hstack([signs * half, np.ones((len(signs), 1))])
    return (corners @ (LPS_FROM_RAS @ object_to_ras).T)[:, :3]
