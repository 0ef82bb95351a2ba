"""Find the shells of table and head holder among the thin parts of a coarse CT, on each side of the patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.segments import BoolArray
from DicomSuiteRenderLib.coarse_ct import CoarseCt

SMALLEST_LENGTH_MM = 40.0
"""Of a sheet, along the patient; a quarter of the scan is enough, too."""

SMALLEST_WIDTH_MM = 60.0
"""Of a sheet, across."""

SMALLEST_AREA_CM2 = 30.0
"""Of the sheets in the shadow of the patient; less is no table, or none that the patient could lie on."""

BEHIND = 0.7
"""Share of a sheet, in the shadow of the patient, that lies behind them; of walls inside the patient it is near 0."""

ONE_SIDED = 2.0
"""How many times as large a table is as what lies on the opposite side; a head holder's two walls are alike."""

EVERY_NEIGHBOUR = np.ones((3, 3, 3), bool)


@dataclass(frozen=True)
class Side:
    """A side of the patient: that towards which an axis (1 or 2) of a coarse CT grows, or the opposite one."""

    axis: int
    is_opposite: bool

    def facing(self, array: NDArray) -> NDArray:
        """A view of an array (z, y, x) as (z, depth, across), the depth growing towards this side."""
        return (np.flip(array, self.axis) if self.is_opposite else array).swapaxes(1, self.axis)

    def facing_back(self, array: NDArray) -> NDArray:
        """The opposite of `facing`."""
        array = array.swapaxes(1, self.axis)
        return np.flip(array, self.axis) if self.is_opposite else array


@dataclass(frozen=True, eq=False)
class TableSheets:
    """The sheets on one side of the patient.

    Parameters
    ----------
    mask : (z, y, x)
    side : of the patient
    is_table : whether it is the side that the patient lies on; else the sheets are a wall beside them
    """

    mask: BoolArray
    side: Side
    is_table: bool


def table_sheets(thin: BoolArray, patient: BoolArray, ct: CoarseCt) -> tuple[TableSheets, ...]:
    """Find the sheets among thin parts that lie behind the thick part of a patient, seen from any of four sides."""
    labels, count = ndimage.label(thin, EVERY_NEIGHBOUR)
    large = _large_parts(labels, ct)
    if not large.size:
        return ()
    sides = [Side(axis, is_opposite) for axis in (1, 2) for is_opposite in (False, True)]
    found = {side: _behind_patient(labels, count, large, patient, side) for side in sides}
    areas = {side: columns * ct.spacing[0] * ct.spacing[3 - side.axis] / 100 for side, (_, columns) in found.items()}
    largest = max(areas, key=areas.__getitem__)
    is_one_sided = areas[largest] >= ONE_SIDED * areas[Side(largest.axis, not largest.is_opposite)]
    return tuple(
        TableSheets(np.isin(labels, found[side][0]), side, is_one_sided and side == largest)
        for side, area in areas.items()
        if area >= SMALLEST_AREA_CM2
    )


def last_depths(mask: BoolArray) -> NDArray[np.int64]:
    """The last depth inside a mask (z, depth, across) of every column; -1 where there is none."""
    from_end = mask[:, ::-1].argmax(axis=1)
    return np.where(mask.any(axis=1), mask.shape[1] - 1 - from_end, -1)


def deeper_than(depths: NDArray, size: int) -> BoolArray:
    """The voxels (z, depth, across) beyond a depth of each column, of `size` in all."""
    return np.arange(size)[:, None] > depths[:, None, :]


def _large_parts(labels: NDArray, ct: CoarseCt) -> NDArray[np.int64]:
    """The numbers of the parts that are as large as a piece of table."""
    length = min(SMALLEST_LENGTH_MM, ct.values.shape[0] * ct.spacing[0] / 4)
    large = []
    for number, box in enumerate(ndimage.find_objects(labels), start=1):
        z, y, x = ((part.stop - part.start) * step for part, step in zip(box, ct.spacing, strict=True))
        if z >= length and np.hypot(y, x) >= SMALLEST_WIDTH_MM:
            large.append(number)
    return np.array(large, np.int64)


def _behind_patient(
    labels: NDArray, count: int, large: NDArray[np.int64], patient: BoolArray, side: Side
) -> tuple[NDArray[np.int64], int]:
    """The large parts behind the patient on one side, and the number of columns of shadow that they lie in."""
    labels, patient = side.facing(labels), side.facing(patient)
    shaded = np.where(patient.any(axis=1)[:, None, :], labels, 0)
    hidden = np.where(deeper_than(last_depths(patient), patient.shape[1]), shaded, 0)
    in_shadow, behind = (np.bincount(part.ravel(), minlength=count + 1)[large] for part in (shaded, hidden))
    numbers = large[behind > BEHIND * np.maximum(in_shadow, 1)]
    return numbers, np.count_nonzero(np.isin(hidden, numbers).any(axis=1))
