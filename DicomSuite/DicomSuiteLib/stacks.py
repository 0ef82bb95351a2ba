"""Sort the frames of one series into stacks: each one volume, ordered along the normal of its slices."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from DicomSuiteLib.geometry import FloatArray, GeometryError, ImageGeometry, Vector3, checked_orientation
from DicomSuiteLib.irregularities import Irregularity, IrregularityKind, slice_irregularities
from DicomSuiteLib.series_files import TRAITS, Frame, Trait

ALIKE_TOLERANCE = 1e-4
"""Orientations (cosines) and pixel spacings (mm) closer than this are the same: 0.05 mm over 500 mm."""

SAME_POSITION_DECIMALS = 3
"""Positions that agree to this many decimals of a mm are the same position."""


@dataclass(frozen=True, slots=True)
class Stack:
    """Frames of one size, spacing, orientation and frame of reference, in order along their normal.

    `geometry` is that of the array got by stacking the frames as they are, and None where no even grid holds
    them; then `irregularities` says why. Frames without a position are in the order of their InstanceNumber.
    """

    frames: tuple[Frame, ...]
    geometry: ImageGeometry | None
    irregularities: tuple[Irregularity, ...]


def sort_into_stacks(frames: Iterable[Frame]) -> tuple[list[Stack], list[Irregularity]]:
    """Split the frames of one series where they cannot be one volume, sort each part, and say why."""
    ordered = sorted(frames, key=_instance_order)
    orientations, spacings = _Alike(), _Alike()
    planes: dict[Hashable, list[Frame]] = defaultdict(list)
    for frame in ordered:
        planes[_plane(frame, orientations, spacings)].append(frame)
    stacks, found = [], _mixed_planes(orientations, spacings)
    missing = _missing_positions(ordered)
    for alike in planes.values():
        if not alike[0].is_placed:
            stacks.append(Stack(tuple(alike), None, missing))
            continue
        volumes, split_by = _split_volumes(alike)
        if len(volumes) > 1:
            found.append(_several_volumes(len(volumes), split_by))
        stacks += [_placed_stack(volume) for volume in volumes]
    return stacks, found


class _Alike:
    """Gives vectors that are equal within `ALIKE_TOLERANCE` the same number, in the order they come."""

    def __init__(self) -> None:
        self.distinct: list[tuple[float, ...]] = []
        self._numbers: dict[tuple[float, ...], int] = {}

    def number_of(self, vector: tuple[float, ...] | None) -> int:
        """Return the number of `vector`; -1 stands for an absent one."""
        if vector is None:
            return -1
        if vector not in self._numbers:
            self._numbers[vector] = self._new_number_of(vector)
        return self._numbers[vector]

    def _new_number_of(self, vector: tuple[float, ...]) -> int:
        for number, known in enumerate(self.distinct):
            if max(abs(a - b) for a, b in zip(known, vector, strict=True)) <= ALIKE_TOLERANCE:
                return number
        self.distinct.append(vector)
        return len(self.distinct) - 1


def _plane(frame: Frame, orientations: _Alike, spacings: _Alike) -> Hashable:
    """What the frames of one stack share."""
    size = frame.columns, frame.rows
    if not frame.is_placed:
        return size
    orientation = orientations.number_of(frame.orientation)
    return size, frame.frame_of_reference_uid, orientation, spacings.number_of(frame.pixel_spacing)


def _mixed_planes(orientations: _Alike, spacings: _Alike) -> list[Irregularity]:
    found = []
    if len(orientations.distinct) > 1:
        message = f"{len(orientations.distinct)} different orientations, kept apart as separate stacks"
        found.append(Irregularity(IrregularityKind.MIXED_ORIENTATION, message))
    if len(spacings.distinct) > 1:
        message = f"{len(spacings.distinct)} different pixel spacings, kept apart as separate stacks"
        found.append(Irregularity(IrregularityKind.MIXED_PIXEL_SPACING, message))
    return found


def _several_volumes(count: int, split_by: Sequence[str]) -> Irregularity:
    message = f"{count} volumes at the same positions, told apart by {' and '.join(split_by)}"
    return Irregularity(IrregularityKind.SEVERAL_VOLUMES, message)


def _missing_positions(frames: Sequence[Frame]) -> tuple[Irregularity, ...]:
    unplaced = [frame for frame in frames if not frame.is_placed]
    if len(frames) == len(unplaced) == 1:
        message = "the image has no position in the patient"
    elif len(unplaced) == len(frames):
        message = "no image has a position in the patient: kept in the order of InstanceNumber"
    else:
        message = f"{len(unplaced)} of {len(frames)} images have no position: kept apart"
    files = tuple(dict.fromkeys(frame.path for frame in unplaced))
    return (Irregularity(IrregularityKind.MISSING_POSITION, message, (), files),)


def _placed_stack(frames: Sequence[Frame]) -> Stack:
    normal = _normal(frames[0])

    def order(frame: Frame) -> tuple[Any, ...]:
        return float(np.dot(frame.position, normal)), frame.traits, _instance_order(frame)

    ordered = sorted(frames, key=order)
    return Stack(tuple(ordered), _geometry(ordered), tuple(_placement_irregularities(ordered, normal)))


def _normal(frame: Frame) -> FloatArray:
    row, column = checked_orientation(frame.orientation)
    return np.cross(row, column)


def _geometry(ordered: Sequence[Frame]) -> ImageGeometry | None:
    first = ordered[0]
    if first.pixel_spacing is None or max(_position_counts(ordered).values()) > 1:
        return None
    positions = [frame.position for frame in ordered]
    size = first.rows, first.columns
    try:
        return ImageGeometry.from_dicom_slices(
            positions, first.orientation, first.pixel_spacing, *size, single_slice_spacing=first.thickness
        )
    except GeometryError:  # why is found by _placement_irregularities
        return None


def _placement_irregularities(ordered: Sequence[Frame], normal: FloatArray) -> list[Irregularity]:
    kind, found = IrregularityKind, []
    if ordered[0].pixel_spacing is None:
        found.append(Irregularity(kind.MISSING_PIXEL_SPACING, "no PixelSpacing: the pixel size is unknown"))
    if len(ordered) == 1:
        thickness = ordered[0].thickness
        extent = "unknown" if thickness is None else f"{thickness:g} mm, and counts as its spacing"
        return [*found, Irregularity(kind.SINGLE_SLICE, f"a single slice; its thickness is {extent}")]
    at_position: dict[Vector3, list[Frame]] = defaultdict(list)
    for frame in ordered:
        at_position[_rounded_position(frame)].append(frame)
    if len(at_position) < len(ordered):
        found.append(_duplicate_positions(at_position.values()))
    if len(at_position) > 1:
        positions = np.array([frames[0].position for frames in at_position.values()])
        found += slice_irregularities(positions, normal)
    return found


def _duplicate_positions(at_position: Iterable[Sequence[Frame]]) -> Irregularity:
    shared = [frames for frames in at_position if len(frames) > 1]
    count = sum(map(len, shared))
    places = "1 position" if len(shared) == 1 else f"{len(shared)} positions"
    message = f"{count} images share {places}, and no attribute tells volumes apart"
    files = dict.fromkeys(frame.path for frames in shared for frame in frames)
    return Irregularity(IrregularityKind.DUPLICATE_POSITION, message, (), tuple(files))


def _split_volumes(frames: Sequence[Frame]) -> tuple[list[list[Frame]], tuple[str, ...]]:
    """Split frames that share positions into volumes; also return the attributes that told them apart."""
    if max(_position_counts(frames).values()) == 1:
        return [list(frames)], ()
    for index, source in enumerate(TRAITS):
        groups: dict[Trait, list[Frame]] = defaultdict(list)
        for frame in frames:
            groups[frame.traits[index]].append(frame)
        if _are_volumes(list(groups.values()), frames):
            parts = [_split_volumes(groups[value]) for value in sorted(groups)]
            names = dict.fromkeys([source.keyword, *(name for _, names in parts for name in names)])
            return [volume for volumes, _ in parts for volume in volumes], tuple(names)
    return _split_by_instance_number(frames)


def _are_volumes(groups: Sequence[Sequence[Frame]], frames: Sequence[Frame]) -> bool:
    """True if each group fills every position, or the fewest groups possible leave no position shared."""
    if len(groups) < 2:
        return False
    counts = _position_counts(frames)
    group_counts = [_position_counts(group) for group in groups]
    if all(len(of_group) == len(counts) for of_group in group_counts):
        return True
    shares_no_position = all(max(of_group.values()) == 1 for of_group in group_counts)
    return shares_no_position and len(groups) == max(counts.values())


def _split_by_instance_number(frames: Sequence[Frame]) -> tuple[list[list[Frame]], tuple[str, ...]]:
    """Last resort where each position has as many images: take them in the order of InstanceNumber."""
    depths = set(_position_counts(frames).values())
    numbers = {frame.instance_number for frame in frames}
    if len(depths) > 1 or None in numbers or len(numbers) < len(frames):
        return [list(frames)], ()
    at_position: dict[Vector3, list[Frame]] = defaultdict(list)
    for frame in sorted(frames, key=_instance_order):
        at_position[_rounded_position(frame)].append(frame)
    return [list(volume) for volume in zip(*at_position.values(), strict=True)], ("InstanceNumber",)


def _position_counts(frames: Sequence[Frame]) -> Counter[Vector3]:
    return Counter(map(_rounded_position, frames))


def _rounded_position(frame: Frame) -> Vector3:
    return tuple(round(value, SAME_POSITION_DECIMALS) for value in frame.position)


def _instance_order(frame: Frame) -> tuple[bool, int, str, int]:
    number = frame.instance_number
    return number is None, number or 0, frame.sop_instance_uid, frame.number
