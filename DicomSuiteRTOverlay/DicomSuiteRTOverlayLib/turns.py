"""Flip and turn a mask by hand, as a rigid motion (or mirror image) in mm about the middle of its volume."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteRTOverlayLib.errors import OverlayError

AXES = "ijk"

TURNS = tuple(f"{kind}-{axis}" for kind in ("flip", "turn") for axis in AXES)
"""`flip-i` mirrors along the direction of the volume's i axis, `turn-i` rotates 90 degrees right-handed about it."""


def turned(geometry: ImageGeometry, reference: ImageGeometry, turns: Iterable[str]) -> ImageGeometry:
    """Move a mask's place by `TURNS`, one after the other, about the centre of the reference volume.

    Raises
    ------
    OverlayError
        If a turn has another name.
    """
    middle = reference.lps_from_ijk((np.array(reference.size) - 1) / 2)
    motion = np.eye(3)
    for turn in turns:
        motion = _motion(turn, reference) @ motion
    origin = middle + motion @ (np.array(geometry.origin) - middle)
    return ImageGeometry.from_axes(geometry.size, motion @ geometry.axes, origin)


def _motion(turn: str, reference: ImageGeometry) -> FloatArray:
    """3x3 matrix, LPS, of one turn: a reflection, or Rodrigues' rotation by a right angle."""
    if turn not in TURNS:
        raise OverlayError(f"There is no turn {turn!r}; use {', '.join(TURNS)}.")
    kind, axis = turn.split("-")
    x, y, z = direction = np.array(reference.directions)[:, AXES.index(axis)]
    along = np.outer(direction, direction)
    if kind == "flip":
        return np.eye(3) - 2 * along
    return along + np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
