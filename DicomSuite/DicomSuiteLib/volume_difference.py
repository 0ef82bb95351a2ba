"""How much one volume differs from another, voxel by voxel."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.comparability import ComparisonError, comparability
from DicomSuiteLib.resampled_volume import resampled
from DicomSuiteLib.value_unit import NO_UNIT, ValueUnit
from DicomSuiteLib.volumes import Volume

SAME_PLACE = 1e-3
"""mm by which voxels of two volumes may be apart and count as the same."""

STORED_PET = "PET values are subtracted as they are stored, not as SUV: the difference depends on dose and weight"


def difference(
    first: Volume, second: Volume, first_unit: ValueUnit = NO_UNIT, second_unit: ValueUnit = NO_UNIT
) -> Volume:
    """Subtract `first` from `second`: what has grown since the first is positive.

    The result has the grid of `first`, single-precision values in the unit given, and no modality, since differences of
    HU are no HU. Where the grids differ, `second` is interpolated linearly, with a note; where it has no voxel, the
    difference is NaN. Its notes tell what speaks against comparing the two. PET is only comparable in SUV, whose
    factor is another for every scan: its units must be given.

    Raises
    ------
    ComparisonError
        If the volumes have no place in common, or their units differ.
    VolumeError
        If a file of one can no longer be read.
    """
    notes = comparability((first, second)) + _unit_notes(first_unit, second_unit)
    if "PT" in (first.modality, second.modality) and NO_UNIT in (first_unit, second_unit):
        notes += (STORED_PET,)
    if first.grid.is_close(second.grid, SAME_PLACE):
        values = second.voxels.astype(np.float32)
    else:
        values = resampled(second, first.grid)
        notes += (_coverage(values),)
    values *= second_unit.factor
    base = first.voxels if first_unit.factor == 1 else first.voxels * first_unit.factor
    return Volume(
        np.subtract(values, base, out=values, casting="same_kind"),
        first.grid,
        frame_of_reference_uid=first.frame_of_reference_uid,
        notes=notes,
    )


def _unit_notes(first: ValueUnit, second: ValueUnit) -> tuple[str, ...]:
    """What was assumed about the units, in words; raises if they differ."""
    names = [unit.name for unit in (first, second)]
    if all(names) and names[0] != names[1]:
        raise ComparisonError(f"Values in {names[0]} and in {names[1]} have no difference; choose volumes of one kind.")
    return tuple(dict.fromkeys(unit.note for unit in (first, second) if unit.note))


def _coverage(values: NDArray[np.float32]) -> str:
    """How the second volume was brought onto the first, in words."""
    covered = np.count_nonzero(np.isfinite(values)) / values.size
    if not covered:
        raise ComparisonError("The two volumes have no place in common; register them, or choose others.")
    words = "the second volume is interpolated onto the voxels of the first"
    return words if covered == 1 else f"{words}, {1 - covered:.1%} of which it does not cover"
