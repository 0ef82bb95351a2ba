"""Which segment of one segmentation is meant by which of another."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from DicomSuiteLib.segment_extent import voxel_volume
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.segment_algebra import intersection


@dataclass(frozen=True, eq=False)
class Match:
    """A segment of the first segmentation and its counterpart in the second; one of them None where there is none."""

    first: Segment | None
    second: Segment | None

    @property
    def name(self) -> str:
        """The first's name, and the second's where it is called otherwise."""
        if self.first is None or self.second is None:
            return (self.first or self.second).name
        if _plain(self.first.name) == _plain(self.second.name):
            return self.first.name
        return f"{self.first.name} / {self.second.name}"


def matched_segments(first: Segmentation, second: Segmentation) -> list[Match]:
    """Pair the segments of two segmentations of one grid; those without a counterpart come alone, at the end.

    Paired are, in this order: those of the same name (upper and lower case and outer blanks aside), those that overlap,
    best Dice first, and, where each has a single segment left, these two.
    """
    lone, others = list(first.segments), list(second.segments)
    pairs = _take(lone, others, _same_names(lone, others))
    pairs += _take(lone, others, _by_overlap(lone, others, first.grid))
    if len(lone) == len(others) == 1:
        pairs += _take(lone, others, [(lone[0], others[0])])
    pairs.sort(key=lambda match: first.segments.index(match.first))
    return pairs + [Match(segment, None) for segment in lone] + [Match(None, segment) for segment in others]


def _take(lone: list[Segment], others: list[Segment], candidates: Iterable[tuple[Segment, Segment]]) -> list[Match]:
    """Pair the candidates in their order, each segment once, and take them out of the lists."""
    pairs = []
    for segment, other in candidates:
        if segment in lone and other in others:
            lone.remove(segment)
            others.remove(other)
            pairs.append(Match(segment, other))
    return pairs


def _same_names(lone: list[Segment], others: list[Segment]) -> list[tuple[Segment, Segment]]:
    return [(segment, other) for segment in lone for other in others if _plain(segment.name) == _plain(other.name)]


def _by_overlap(lone: list[Segment], others: list[Segment], grid: SliceGrid) -> list[tuple[Segment, Segment]]:
    overlapping = []
    for segment in lone:
        for other in others:
            common = voxel_volume(intersection(segment, other), grid)
            if common:
                dice = 2 * common / (voxel_volume(segment, grid) + voxel_volume(other, grid))
                overlapping.append((dice, segment, other))
    overlapping.sort(key=lambda found: found[0], reverse=True)
    return [(segment, other) for _, segment, other in overlapping]


def _plain(name: str) -> str:
    return name.strip().casefold()
