"""What two segments have in common, and what only one of them has; never more than their boxes is held."""

from __future__ import annotations

from dataclasses import replace

from DicomSuiteLib.segments import BoolArray, Segment, smallest_box

Box = tuple[slice, slice, slice]


def intersection(first: Segment, second: Segment) -> Segment:
    """The voxels that are inside both; name, colour and value are the first's."""
    box = _common_box(first, second)
    return _trimmed(first, tuple(part.start for part in box), _part(first, box) & _part(second, box))


def difference(first: Segment, second: Segment) -> Segment:
    """The voxels that are inside the first and not inside the second; name, colour and value are the first's."""
    box = _common_box(first, second)
    voxels = first.voxels.copy()
    voxels[_within(first, box)] &= ~_part(second, box)
    return _trimmed(first, first.offset, voxels)


def _common_box(first: Segment, second: Segment) -> Box:
    """Where the boxes of both overlap, in the grid; of no extent where they do not."""
    return tuple(
        slice(start := max(a.start, b.start), max(start, min(a.stop, b.stop)))
        for a, b in zip(first.box, second.box, strict=True)
    )


def _within(segment: Segment, box: Box) -> Box:
    """The same box counted from the first voxel of the segment's own."""
    return tuple(slice(part.start - start, part.stop - start) for part, start in zip(box, segment.offset, strict=True))


def _part(segment: Segment, box: Box) -> BoolArray:
    return segment.voxels[_within(segment, box)]


def _trimmed(like: Segment, offset: tuple[int, int, int], voxels: BoolArray) -> Segment:
    box = smallest_box(voxels)
    start = tuple(first + part.start for first, part in zip(offset, box, strict=True))
    return replace(like, offset=start, voxels=voxels[box].copy())
