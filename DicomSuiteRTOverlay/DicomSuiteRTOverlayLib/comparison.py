"""Compare two segmentations of one volume: measures of every pair, and coloured segments that show the differences."""

from __future__ import annotations

from dataclasses import dataclass, replace

from DicomSuiteLib.segments import Colour, Segment, Segmentation
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.pair_measures import PairMeasures, compare_segments
from DicomSuiteRTOverlayLib.segment_algebra import difference, intersection
from DicomSuiteRTOverlayLib.segment_matching import Match, matched_segments

COLOUR_OF_BOTH: Colour = (0.0, 0.62, 0.45)
COLOUR_OF_FIRST: Colour = (0.34, 0.71, 0.91)
COLOUR_OF_SECOND: Colour = (0.90, 0.62, 0.0)
"""Bluish green, sky blue and orange of the palette by Okabe and Ito, which the colour-blind can tell apart."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """What two segmentations have in common and where they differ.

    Parameters
    ----------
    differences : up to three segments a pair, "X: both", "X: only in A", "X: only in B"; empty ones are left out
    pairs : the measures of every pair, in the order of the first segmentation; the second is the reference
    """

    differences: Segmentation
    pairs: tuple[PairMeasures, ...]


def compare_segmentations(first: Segmentation, second: Segmentation) -> Comparison:
    """Compare a segmentation, A, with a reference, B, that lies on the same grid.

    Segments are paired by `matched_segments`; those without a counterpart are noted and are wholly "only in" one.

    Raises
    ------
    OverlayError
        If the two do not lie on the same voxels.
    """
    if not first.grid.is_close(second.grid):
        raise OverlayError(
            "The two segmentations do not lie on the same voxels; place both on the same volume, then compare them."
        )
    matches = matched_segments(first, second)
    parts = [part for match in matches for part in _parts(match) if not part.is_empty]
    numbered = tuple(replace(part, value=number) for number, part in enumerate(parts, start=1))
    pairs = tuple(
        compare_segments(match.first, match.second, first.grid) for match in matches if match.first and match.second
    )
    return Comparison(Segmentation(numbered, first.grid, _lonely(matches)), pairs)


def _parts(match: Match) -> list[Segment]:
    def painted(segment: Segment, where: str, colour: Colour) -> Segment:
        return replace(segment, name=f"{match.name}: {where}", colour=colour)

    if match.second is None:
        return [painted(match.first, "only in A", COLOUR_OF_FIRST)]
    if match.first is None:
        return [painted(match.second, "only in B", COLOUR_OF_SECOND)]
    return [
        painted(intersection(match.first, match.second), "both", COLOUR_OF_BOTH),
        painted(difference(match.first, match.second), "only in A", COLOUR_OF_FIRST),
        painted(difference(match.second, match.first), "only in B", COLOUR_OF_SECOND),
    ]


def _lonely(matches: list[Match]) -> tuple[str, ...]:
    return tuple(
        f"{match.name} has no counterpart in {'B' if match.second is None else 'A'}"
        for match in matches
        if match.first is None or match.second is None
    )
