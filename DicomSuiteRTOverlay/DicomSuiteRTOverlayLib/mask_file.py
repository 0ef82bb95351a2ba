"""What a mask file holds: labels, segments, and what its header says about where they lie."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import Colour


class Gap(StrEnum):
    """What a header leaves open about a mask's place; the values are stable words for JSON."""

    NO_SPACE = "no-space"
    """No name of a space, or one that is not bound to the patient (scanner-xyz, space dimension alone)."""
    NO_ORIGIN = "no-origin"
    NO_DIRECTIONS = "no-directions"
    """No directions; spacings may be known."""
    NO_SPACING = "no-spacing"
    """Neither directions nor spacings: voxels have no size."""


@dataclass(frozen=True, eq=False)
class HeaderClaims:
    """What a header says about the place of an array, in the order and with the signs of LPS, mm.

    Parameters
    ----------
    size : voxels along i, j, k (the array's last, middle and first axis)
    axes : 3x3, columns are the steps (mm) to the next voxel along i, j, k; None if there are no directions
    spacing : mm along i, j, k where the header gives lengths only; None if it gives nothing or gives `axes`
    origin : centre of voxel (0, 0, 0); None if not given
    gaps : what is missing
    unit_scale : mm of the unit in which the header's numbers were given and by which they were multiplied
    remarks : what was understood in an unusual header, in words ("axis mins taken for the origin", …)
    """

    size: tuple[int, int, int]
    axes: FloatArray | None = None
    spacing: tuple[float, float, float] | None = None
    origin: tuple[float, float, float] | None = None
    gaps: frozenset[Gap] = frozenset()
    unit_scale: float = 1.0
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class FileSegment:
    """One segment of a mask file: the voxels of `layer` that have the value `value`."""

    name: str
    colour: Colour
    value: int
    layer: int = 0


@dataclass(frozen=True, eq=False)
class MaskFile:
    """A mask as its file has it, before it is placed.

    Parameters
    ----------
    path : where it came from
    layers : each an integer array (k, j, i) of the same shape; more than one where segments overlap
    segments : by layer and value; every value other than 0 has one
    claims : what the header says about its place
    notes : what was changed while reading (a threshold, …), in words; no path, no identifying value
    """

    path: Path
    layers: tuple[NDArray, ...]
    segments: tuple[FileSegment, ...]
    claims: HeaderClaims
    notes: tuple[str, ...] = field(default=())

    @property
    def shape(self) -> tuple[int, int, int]:
        """(slices, rows, columns) of every layer."""
        return self.layers[0].shape
