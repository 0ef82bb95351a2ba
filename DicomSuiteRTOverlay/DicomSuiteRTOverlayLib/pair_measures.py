"""How alike two segments are: overlap, volumes, and the distance between their surfaces."""

from __future__ import annotations

from dataclasses import dataclass

from DicomSuiteLib.segment_extent import voxel_volume
from DicomSuiteLib.segments import Segment
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.segment_algebra import intersection
from DicomSuiteRTOverlayLib.surface_distances import SurfaceDistances, surface_distances


@dataclass(frozen=True)
class PairMeasures:
    """How two segments compare; the second is the reference.

    Parameters
    ----------
    first, second : names of the segments
    first_volume, second_volume, common_volume : mm³ of the voxels of either, and of those inside both
    distances : between their surfaces; None where one is empty
    notes : what is undefined and why, in words
    """

    first: str
    second: str
    first_volume: float
    second_volume: float
    common_volume: float
    distances: SurfaceDistances | None
    notes: tuple[str, ...] = ()

    @property
    def dice(self) -> float | None:
        """Twice the common volume over the sum of both (Dice 1945); None where both are empty."""
        both = self.first_volume + self.second_volume
        return 2 * self.common_volume / both if both else None

    @property
    def jaccard(self) -> float | None:
        """The common volume over that of the union (Jaccard 1912); None where both are empty."""
        union = self.first_volume + self.second_volume - self.common_volume
        return self.common_volume / union if union else None

    @property
    def volume_difference(self) -> float:
        """First minus second, mm³."""
        return self.first_volume - self.second_volume

    @property
    def volume_difference_percent(self) -> float | None:
        """First minus second, per cent of the second; None where the second is empty."""
        return 100 * self.volume_difference / self.second_volume if self.second_volume else None


def compare_segments(first: Segment, second: Segment, grid: SliceGrid) -> PairMeasures:
    """Compare a segment with a reference, `second`; both lie on `grid`."""
    return PairMeasures(
        first.name,
        second.name,
        voxel_volume(first, grid),
        voxel_volume(second, grid),
        voxel_volume(intersection(first, second), grid),
        surface_distances(first, second, grid),
        _undefined(first, second),
    )


def _undefined(first: Segment, second: Segment) -> tuple[str, ...]:
    if first.is_empty and second.is_empty:
        return ("both segments are empty: neither overlap nor distances are defined",)
    if first.is_empty:
        return ("the first segment is empty: distances are not defined",)
    if second.is_empty:
        return ("the second segment is empty: distances and the relative volume difference are not defined",)
    return ()
