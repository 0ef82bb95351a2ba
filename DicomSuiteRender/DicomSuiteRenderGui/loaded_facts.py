"""What a volume is like as it was loaded, whatever file it came from; nothing that could identify a patient."""

from __future__ import annotations

from typing import Any

import numpy as np
from slicer.i18n import tr as _

from DicomSuiteLib.geometry import COSINE_TOLERANCE, FloatArray, ImageGeometry
from DicomSuiteLib.value_unit import ValueUnit
from DicomSuiteLib.volumes import Volume

_MEBIBYTE = 2**20
_DIRECTIONS = (("L", "R"), ("P", "A"), ("S", "I"))
"""Where each LPS axis leads forwards, and backwards."""


def loadedFacts(node: Any, volume: Volume, unit: ValueUnit) -> list[tuple[str, str]]:
    """Names and values, in the order in which they are read."""
    grid = volume.grid
    between_columns, between_rows = (float(np.linalg.norm(step)) for step in (grid.row_step, grid.column_step))
    columns, rows, slices = grid.size
    facts = [
        (_("Size (voxels)"), f"{columns} × {rows} × {slices}"),
        (_("Spacing in plane"), f"{between_columns:.4g} × {between_rows:.4g} mm"),
        (_("Slice spacing"), _distances(grid.slice_distances)),
        (_("First voxel (LPS)"), ", ".join(f"{value:z.2f}" for value in grid.positions[0]) + " mm"),
        (_("Axes lead to"), _axes(grid.nominal_geometry)),
        (_("Voxels"), f"{volume.voxels.dtype.name}, {volume.voxels.nbytes / _MEBIBYTE:.1f} MiB"),
        (_("Unit"), " ".join(filter(None, (unit.quantity, unit.symbol))) or _("not known")),
    ]
    if unit.note:
        facts.append((_("About the unit"), unit.note))
    if node.GetParentTransformNode() is not None:
        facts.append((_("Transform"), _("a transform is applied")))
    return facts


def _distances(distances: FloatArray) -> str:
    least, most = (f"{length:.4g}" for length in (distances.min(), distances.max()))
    return f"{least} mm" if least == most else _("{least} to {most} mm, uneven").format(least=least, most=most)


def _axes(geometry: ImageGeometry) -> str:
    """The nearest directions of rows, columns and slices, and what is special about them."""
    directions = np.array(geometry.directions)
    nearest = np.abs(directions).argmax(axis=0)
    letters = [_DIRECTIONS[axis][int(directions[axis, column] < 0)] for column, axis in enumerate(nearest)]
    words = [", ".join(letters)]
    if np.abs(directions).max(axis=0).min() < 1 - COSINE_TOLERANCE:
        words.append(_("oblique"))
    if geometry.is_sheared:
        words.append(_("slices shifted against each other (gantry tilt)"))
    if geometry.is_left_handed:
        words.append(_("left-handed"))
    return "; ".join(words)
