"""Sequence of Ultrasound Regions (0018,6011): what lies outside of a picture's scan regions is text and trimmings."""

from __future__ import annotations

from itertools import pairwise

from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box

_SCANS = frozenset((1, 2, 3, 4))
"""Region Spatial Format (0018,6012): 2D, M-mode, spectral, waveform. Others are graphics or unknown (C.8.5.5.1.1)."""
_MOST_COVERED = 0.95
"""Where regions cover more of a picture than this, they are no description of where the text is."""


def boxes_outside_regions(dataset: Dataset, rows: int, columns: int) -> tuple[Box, ...]:
    """Boxes that cover everything outside of the scan regions; none where the regions do not tell text from scan."""
    regions = [region for item in dataset.get("SequenceOfUltrasoundRegions") or () if (region := _region(item))]
    inside = [(max(x0, 0), max(y0, 0), min(x1, columns), min(y1, rows)) for x0, y0, x1, y1 in regions]
    inside = [(x0, y0, x1, y1) for x0, y0, x1, y1 in inside if x0 < x1 and y0 < y1]
    if not inside or len(inside) != len(regions):
        return ()
    outside = tuple(_outside(inside, rows, columns))
    covered = 1 - sum(width * height for _, _, width, height in outside) / (rows * columns)
    return outside if covered <= _MOST_COVERED else ()


def _region(item: Dataset) -> tuple[int, int, int, int] | None:
    """Left, top, and the first column and row behind a scan region; None for a region of another kind."""
    values = [item.get(f"RegionLocation{corner}") for corner in ("MinX0", "MinY0", "MaxX1", "MaxY1")]
    if item.get("RegionSpatialFormat") not in _SCANS or not all(isinstance(value, int) for value in values):
        return None
    left, top, right, bottom = values
    return left, top, right + 1, bottom + 1


def _outside(inside: list[tuple[int, int, int, int]], rows: int, columns: int) -> list[Box]:
    """The complement of the rectangles, in bands from top to bottom; equal bands are one."""
    edges = sorted({0, rows, *(edge for _, top, _, bottom in inside for edge in (top, bottom))})
    bands: list[tuple[int, int, list[tuple[int, int]]]] = []
    for top, bottom in pairwise(edges):
        gaps = _gaps(sorted((x0, x1) for x0, y0, x1, y1 in inside if y0 <= top and bottom <= y1), columns)
        if bands and bands[-1][2] == gaps:
            bands[-1] = (bands[-1][0], bottom, gaps)
        else:
            bands.append((top, bottom, gaps))
    return [(left, top, right - left, bottom - top) for top, bottom, gaps in bands for left, right in gaps]


def _gaps(intervals: list[tuple[int, int]], columns: int) -> list[tuple[int, int]]:
    gaps, covered_to = [], 0
    for left, right in intervals:
        if left > covered_to:
            gaps.append((covered_to, left))
        covered_to = max(covered_to, right)
    return gaps + ([(covered_to, columns)] if covered_to < columns else [])
