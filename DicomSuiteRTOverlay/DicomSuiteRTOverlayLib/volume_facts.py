"""What alignment.json says about the volume, read back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid


def geometry_of(facts: Mapping[str, Any]) -> ImageGeometry:
    """The geometry that "size" and "ijk_to_lps" of a volume or a candidate describe."""
    return ImageGeometry.from_ijk_to_lps(facts["ijk_to_lps"], facts["size"])


def grid_of(facts: Mapping[str, Any]) -> SliceGrid:
    """Where the voxels of the volume lie, each slice at its own position."""
    grid = SliceGrid.from_geometry(geometry_of(facts))
    positions = facts["slice_positions"]
    return grid if positions is None else replace(grid, positions=tuple(map(tuple, positions)))
