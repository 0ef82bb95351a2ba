"""What can be odd about a DICOM series, found from positions and headers, in words a clinician can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from DicomSuiteLib.geometry import (
    COSINE_TOLERANCE,
    FloatArray,
    are_stacked,
    slice_offsets,
    slice_position_tolerance,
)
from DicomSuiteLib.series_files import Frame

NORMAL_SHARE = 2 / 3
"""At least this share of the slice distances must be equal before a larger one counts as a gap."""

LISTED = 6
"""How many gaps or spacings one message lists before it sums up the rest."""


class IrregularityKind(StrEnum):
    """Kinds of irregularity; the values are stable words for JSON."""

    DUPLICATE_INSTANCE = "duplicate-instance"
    DUPLICATE_POSITION = "duplicate-position"
    SEVERAL_VOLUMES = "several-volumes"
    GAP = "gap"
    NON_UNIFORM_SPACING = "non-uniform-spacing"
    SHIFTED_SLICES = "shifted-slices"
    GANTRY_TILT = "gantry-tilt"
    SINGLE_SLICE = "single-slice"
    MISSING_POSITION = "missing-position"
    MISSING_PIXEL_SPACING = "missing-pixel-spacing"
    MIXED_SIZE = "mixed-size"
    MIXED_PIXEL_SPACING = "mixed-pixel-spacing"
    MIXED_ORIENTATION = "mixed-orientation"
    MIXED_RESCALE = "mixed-rescale"
    MIXED_FRAME_OF_REFERENCE = "mixed-frame-of-reference"
    SHARED_SERIES_UID = "shared-series-uid"
    MISSING_SERIES_UID = "missing-series-uid"


@dataclass(frozen=True, slots=True)
class Irregularity:
    """One odd thing about a series.

    `message` quotes no identifying value and no path. `values` are the numbers behind it: degrees for a tilt,
    mm for spacings and shifts, mm from the first slice for missing slices. `files` are those concerned where
    they are a part of all.
    """

    kind: IrregularityKind
    message: str
    values: tuple[float, ...] = ()
    files: tuple[Path, ...] = ()


def slice_irregularities(positions: FloatArray, normal: FloatArray) -> list[Irregularity]:
    """Say why slices make no even grid with axes at right angles, if so.

    Parameters
    ----------
    positions : (n, 3) LPS mm of n >= 2 different places, sorted along `normal`
    normal : LPS unit vector
    """
    if not are_stacked(positions, normal):
        message = "slices lie side by side, not on top of each other"
        return [Irregularity(IrregularityKind.SHIFTED_SLICES, message)]
    along = (positions - positions[0]) @ normal
    step = np.linalg.norm(positions[-1] - positions[0]) / (len(positions) - 1)
    tolerance = slice_position_tolerance(float(step))
    shift = _largest_shift(positions, along)
    found = []
    if slice_offsets(positions).max() > tolerance:
        found += _unevenness(along, shift, tolerance)
    if shift <= tolerance and (tilt := _gantry_tilt(positions, normal)):
        found.append(tilt)
    return found


def _unevenness(along: FloatArray, shift: float, tolerance: float) -> list[Irregularity]:
    """Name at least one reason, spacing along the normal or `shift` (mm) across it, or both."""
    unevenness = float(np.abs(along - np.linspace(0, along[-1], len(along))).max())
    found = []
    if unevenness > tolerance or unevenness >= shift:
        found.append(_gap(along) or _non_uniform(along))
    if shift > tolerance or shift > unevenness:
        message = f"slices are shifted against each other within their plane, by up to {shift:.2f} mm"
        found.append(Irregularity(IrregularityKind.SHIFTED_SLICES, message, (shift,)))
    return found


def _gantry_tilt(positions: FloatArray, normal: FloatArray) -> Irregularity | None:
    line = positions[-1] - positions[0]
    height = line @ normal
    sideways = np.linalg.norm(line - height * normal)
    if sideways <= COSINE_TOLERANCE * np.linalg.norm(line):
        return None
    degrees = float(np.degrees(np.arctan2(sideways, height)))
    message = f"gantry tilt of {degrees:.1f} degrees: slices are stacked aslant, the volume is sheared"
    return Irregularity(IrregularityKind.GANTRY_TILT, message, (degrees,))


def _largest_shift(positions: FloatArray, along: FloatArray) -> float:
    """Largest distance (mm) of a slice, within its plane, from the line through the first and last one."""
    line = positions[0] + np.outer(along / along[-1], positions[-1] - positions[0])
    return float(np.linalg.norm(positions - line, axis=1).max())


def _gap(along: FloatArray) -> Irregularity | None:
    """Missing slices: most distances are equal, the others whole multiples of them."""
    distances = np.diff(along)
    spacing = float(np.median(distances))
    if spacing <= 0:
        return None
    steps = np.rint(distances / spacing)
    tolerance = slice_position_tolerance(spacing)
    are_multiples = np.all(np.abs(distances - steps * spacing) <= tolerance * steps)
    if not are_multiples or np.all(steps == 1) or np.mean(steps == 1) < NORMAL_SHARE:
        return None
    missing, places = [], []
    for index in np.flatnonzero(steps > 1):
        count = int(steps[index]) - 1
        missing += [float(along[index] + n * spacing) for n in range(1, count + 1)]
        place = f"between {along[index]:.1f} and {along[index + 1]:.1f} mm from the first"
        places.append(f"{count} after slice {index + 1} ({place})")
    noun = "slice" if len(missing) == 1 else "slices"
    message = f"{len(missing)} {noun} missing at a spacing of {spacing:.2f} mm: {_listed(places)}"
    return Irregularity(IrregularityKind.GAP, message, tuple(missing))


def _non_uniform(along: FloatArray) -> Irregularity:
    distances = np.diff(along)
    spacings: list[list[float]] = []
    for distance in distances.tolist():
        for alike in spacings:
            if abs(alike[0] - distance) <= slice_position_tolerance(alike[0]):
                alike.append(distance)
                break
        else:
            spacings.append([distance])
    values = tuple(float(np.mean(alike)) for alike in spacings)
    if len(spacings) == 1:
        message = f"slice spacing drifts between {distances.min():.3f} and {distances.max():.3f} mm"
    else:
        counts = [f"{value:.2f} mm x {len(alike)}" for value, alike in zip(values, spacings, strict=True)]
        message = f"{len(spacings)} different slice spacings: {_listed(counts)}"
    return Irregularity(IrregularityKind.NON_UNIFORM_SPACING, message, values)


def _listed(items: Sequence[str]) -> str:
    shown = ", ".join(items[:LISTED])
    return shown if len(items) <= LISTED else f"{shown} and {len(items) - LISTED} more"


def mixed_attributes(frames: Sequence[Frame]) -> list[Irregularity]:
    """Report sizes, rescale values and frames of reference that differ between the images of a series."""
    kinds = IrregularityKind
    sizes = Counter(f"{frame.columns} x {frame.rows}" for frame in frames)
    rescales = Counter(_rescale_text(frame) for frame in frames)
    references = {frame.frame_of_reference_uid for frame in frames if frame.is_placed}
    found = []
    if len(sizes) > 1:
        found.append(Irregularity(kinds.MIXED_SIZE, f"different image sizes: {_counted(sizes)}"))
    if len(rescales) > 1:
        message = f"different rescale slopes / intercepts: {_counted(rescales)}"
        found.append(Irregularity(kinds.MIXED_RESCALE, message))
    if len(references) > 1:
        message = f"{len(references)} different frames of reference, kept apart as separate stacks"
        found.append(Irregularity(kinds.MIXED_FRAME_OF_REFERENCE, message))
    return found


def _counted(counter: Counter[str]) -> str:
    return _listed([f"{value} ({count})" for value, count in counter.most_common()])


def _rescale_text(frame: Frame) -> str:
    return "none" if frame.rescale is None else f"{frame.rescale[0]:.9g} / {frame.rescale[1]:.9g}"
