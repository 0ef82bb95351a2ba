"""Names in DICOM files of masks; those of segments are LO (ROIName, SegmentLabel): 64 characters, no backslash."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from DicomSuiteLib.segments import Segment

MODEL_NAME = "DicomSuite RTOverlay"
"""ManufacturerModelName of what is written."""

LONGEST_NAME = 64
"""Characters of an LO: PS3.5 table 6.2-1."""


def dicom_name(segment: Segment) -> str:
    """The segment's name without the backslash, which separates values, and without what is too long.

    One that is empty is replaced by the segment's value, because SegmentLabel must not be empty.
    """
    printable = "".join(letter if letter.isprintable() and letter != "\\" else "/" for letter in segment.name)
    return printable[:LONGEST_NAME].strip() or f"Segment {segment.value}"


def name_notes(segments: Iterable[Segment]) -> Iterator[str]:
    """Say which names DICOM cannot hold, and what stands for them."""
    for segment in segments:
        if dicom_name(segment) != segment.name:
            yield f"{segment.name!r} is written as {dicom_name(segment)!r}, as DICOM allows it"
