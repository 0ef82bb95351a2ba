"""A phantom for render modes: a body of soft tissue with a bone, a gas bubble and a table, and a view that shows it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.scene import mrml_scene
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume, remove_volume_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.offscreen_views import View3D
from DicomSuiteRenderLib.own_nodes import remove_orphans

EDGE = 64
SPACING = (1.0, 1.0, 1.0)
AIR, TISSUE, BONE, GAS = -1000, 40, 800, -800


def phantom(modality: str = "CT", dtype: type = np.int16) -> Volume:
    """An ellipsoid of 64³ voxels of 1 mm, smooth enough for light, with nothing alike from two sides."""
    k, j, i = np.indices((EDGE, EDGE, EDGE), dtype=float)
    voxels = np.full((EDGE, EDGE, EDGE), float(AIR))
    _put(voxels, TISSUE, 26 - np.sqrt((k - 32) ** 2 + ((j - 32) * 1.3) ** 2 + (i - 32) ** 2))
    _put(voxels, BONE, 5 - np.hypot(j - 40, i - 38))
    _put(voxels, GAS, 7 - np.sqrt((k - 40) ** 2 + (j - 26) ** 2 + (i - 22) ** 2))
    geometry = ImageGeometry.from_axes((EDGE, EDGE, EDGE), np.diag(SPACING), (-31.5, -20.0, 100.0))
    return Volume(np.rint(voxels).astype(dtype), SliceGrid.from_geometry(geometry), modality)


@contextmanager
def shown(volume: Volume, size: tuple[int, int] = (200, 200)) -> Iterator[tuple[Any, View3D]]:
    """The volume's node in the scene and a 3D view, both taken away afterwards, whatever the block left of them."""
    node = node_of_volume(volume, "phantom")
    try:
        with View3D(size) as view:
            yield node, view
    finally:
        if mrml_scene().IsNodePresent(node):
            remove_volume_node(node)
        remove_orphans()


def _put(voxels: np.ndarray, value: float, depth: np.ndarray) -> None:
    """Fill where `depth` (voxels below the surface) is positive, with an edge as wide as a voxel."""
    share = np.clip(depth + 0.5, 0, 1)
    voxels += share * (value - voxels)
