"""Find the DICOM series below some folders, sort each along its normal, and say what is irregular about it.

The order of slices comes from ImageOrientationPatient and ImagePositionPatient. InstanceNumber only breaks
ties, and orders images that have no position.
"""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from DicomSuiteLib.file_walk import UnreadablePath, walk_files
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.irregularities import Irregularity, IrregularityKind, mixed_attributes
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series_files import Frame, Instance, OtherFile, read_instance
from DicomSuiteLib.stacks import Stack, sort_into_stacks

SEGMENTATION_STORAGE = "1.2.840.10008.5.1.4.1.1.66.4"
"""Frames of a segmentation belong to segments, not to one volume: they are listed, but not stacked."""


@dataclass(frozen=True, slots=True)
class Series:
    """The instances of one series (same patient, StudyInstanceUID and SeriesInstanceUID).

    `stacks` holds its volumes: one where all is regular, none where it holds no images (RTSTRUCT, SR, SEG).
    """

    instances: tuple[Instance, ...]
    """In the order of the stacks; repeated copies of an instance come last."""
    stacks: tuple[Stack, ...]
    irregularities: tuple[Irregularity, ...]

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID; empty if missing."""
        return self.instances[0].study_uid

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID; empty if missing."""
        return self.instances[0].series_uid

    @property
    def modality(self) -> str:
        """Modality; empty if missing."""
        return self.instances[0].modality

    @property
    def files(self) -> tuple[Path, ...]:
        """Every file of the series."""
        return tuple(instance.path for instance in self.instances)

    @property
    def geometry(self) -> ImageGeometry | None:
        """Geometry of its volume, or of its volumes if all have the same; None if there is no single one."""
        geometries = {stack.geometry for stack in self.stacks}
        return geometries.pop() if len(geometries) == 1 else None

    @property
    def rescale(self) -> tuple[float, float] | None:
        """Rescale slope and intercept if all images have the same; each frame knows its own."""
        rescales = {frame.rescale for stack in self.stacks for frame in stack.frames}
        return rescales.pop() if len(rescales) == 1 else None


@dataclass(frozen=True, slots=True)
class SeriesScan:
    """All files found below some paths: every one is in exactly one of the four."""

    series: tuple[Series, ...]
    not_dicom: tuple[Path, ...]
    dicomdirs: tuple[Path, ...]
    unreadable: tuple[UnreadablePath, ...]


def find_series(
    paths: Iterable[str | os.PathLike[str]], *, on_progress: Callable[[int, int], None] | None = None
) -> SeriesScan:
    """Read the headers of all files at and below `paths` and sort them into series.

    Bad files and folders are reported, never raised. `on_progress` gets the number of files done, and of all.
    Which files make up which series, and in which order, does not depend on their names; only which of
    several copies of one instance is used does.
    """
    found = list(walk_files(paths))
    instances: list[Instance] = []
    others: dict[OtherFile, list[Path]] = defaultdict(list)
    unreadable: list[UnreadablePath] = []
    with quiet_pydicom():
        for done, path in enumerate(found, start=1):
            match path if isinstance(path, UnreadablePath) else read_instance(path):
                case Instance() as instance:
                    instances.append(instance)
                case OtherFile() as kind:
                    others[kind].append(path)
                case UnreadablePath() as bad:
                    unreadable.append(bad)
            if on_progress:
                on_progress(done, len(found))
    return SeriesScan(
        series=group_into_series(instances),
        not_dicom=tuple(others[OtherFile.NOT_DICOM]),
        dicomdirs=tuple(others[OtherFile.DICOMDIR]),
        unreadable=tuple(unreadable),
    )


def group_into_series(instances: Iterable[Instance]) -> tuple[Series, ...]:
    """Group instances by patient, study and series, sorted by these and by SeriesNumber.

    Instances without a SeriesInstanceUID have nothing to belong together by: each is a series of its own.
    """
    groups: dict[tuple[str, ...], list[Instance]] = defaultdict(list)
    for instance in instances:
        key = instance.patient_id, instance.study_uid, instance.series_uid
        groups[key if instance.series_uid else (*key, str(instance.path))].append(instance)
    uses = Counter(key[2] for key in groups)
    series = [_series(group, shares_uid=uses[key[2]] > 1) for key, group in groups.items()]
    return tuple(sorted(series, key=_series_order))


def _series(instances: Sequence[Instance], shares_uid: bool) -> Series:
    first_copies, copies, found = _without_copies(instances)
    if not instances[0].series_uid:
        message = "no SeriesInstanceUID: taken for a series of its own"
        found.append(Irregularity(IrregularityKind.MISSING_SERIES_UID, message))
    elif shares_uid:
        message = "its SeriesInstanceUID is also used in another study or for another patient"
        found.append(Irregularity(IrregularityKind.SHARED_SERIES_UID, message))
    frames = [
        frame
        for instance in first_copies
        if instance.sop_class_uid != SEGMENTATION_STORAGE
        for frame in instance.frames
    ]
    stacks, split = sort_into_stacks(frames)
    found += mixed_attributes(frames) + split + _of_stacks(stacks)
    ordered = _in_order_of_stacks(first_copies, stacks)
    return Series((*ordered, *copies), tuple(stacks), tuple(found))


def _of_stacks(stacks: Sequence[Stack]) -> list[Irregularity]:
    """Irregularities of the stacks, told once where several have the same, and of which unless of all."""
    alike: dict[tuple[IrregularityKind, str], dict[int, Irregularity]] = defaultdict(dict)
    for number, stack in enumerate(stacks, start=1):
        for irregularity in stack.irregularities:
            alike[irregularity.kind, irregularity.message][number] = irregularity
    found = []
    for (_, message), in_stacks in alike.items():
        first = next(iter(in_stacks.values()))
        if len(in_stacks) == 1 < len(stacks):
            message = f"stack {next(iter(in_stacks))} of {len(stacks)}: {message}"
        elif len(in_stacks) < len(stacks):
            message = f"{len(in_stacks)} of {len(stacks)} stacks: {message}"
        files = dict.fromkeys(file for irregularity in in_stacks.values() for file in irregularity.files)
        found.append(replace(first, message=message, files=tuple(files)))
    return found


def _without_copies(
    instances: Sequence[Instance],
) -> tuple[list[Instance], list[Instance], list[Irregularity]]:
    """Set aside repeated copies of one SOP instance; the copy whose path sorts first stays."""
    kept: dict[str, Instance] = {}
    copies = []
    for instance in sorted(instances, key=lambda instance: instance.path):
        if kept.setdefault(instance.sop_instance_uid, instance) is not instance:
            copies.append(instance)
    return list(kept.values()), copies, [_repeated_instances(kept, copies)] if copies else []


def _repeated_instances(kept: Mapping[str, Instance], copies: Sequence[Instance]) -> Irregularity:
    repeated = len({copy.sop_instance_uid for copy in copies})
    noun = "1 SOP instance is" if repeated == 1 else f"{repeated} SOP instances are"
    message = f"{noun} present more than once; further copies left out: {len(copies)}"
    if not all(_same_header(copy, kept[copy.sop_instance_uid]) for copy in copies):
        message += ", although their headers differ"
    files = tuple(copy.path for copy in copies)
    return Irregularity(IrregularityKind.DUPLICATE_INSTANCE, message, (), files)


def _same_header(one: Instance, other: Instance) -> bool:
    def without_path(frames: Iterable[Frame]) -> tuple[Frame, ...]:
        return tuple(replace(frame, path=one.path) for frame in frames)

    return replace(other, path=one.path, frames=without_path(other.frames)) == one


def _in_order_of_stacks(instances: Sequence[Instance], stacks: Sequence[Stack]) -> list[Instance]:
    paths = dict.fromkeys(frame.path for stack in stacks for frame in stack.frames)
    places = {path: place for place, path in enumerate(paths)}

    def order(instance: Instance) -> tuple[int, bool, int, str]:
        number = instance.instance_number
        return places.get(instance.path, 0), number is None, number or 0, instance.sop_instance_uid

    return sorted(instances, key=order)


def _series_order(series: Series) -> tuple[Any, ...]:
    first = series.instances[0]
    patient = first.patient_id, first.patient_name, first.study_uid
    number = first.series_number
    return *patient, number is None, number or 0, first.series_uid, first.sop_instance_uid
