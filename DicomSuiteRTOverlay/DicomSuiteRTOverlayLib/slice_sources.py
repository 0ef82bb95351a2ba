"""Which contour planes each slice is made from: the one on which it lies, those around it, or none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteRTOverlayLib.contour_planes import ROUNDING_SHARE, ContourPlane, SliceHeights
from DicomSuiteRTOverlayLib.shape_interpolation import planes_around

REGULAR_GAP = 1.5
"""Across a gap of up to this many usual ones a structure goes on; were a plane missing in it, it would be two."""

SPARSE_GAP = 3.0
"""Where contours become sparser it goes on across gaps of up to this many usual ones, if one beside is as wide."""

WIDEST_GAP_MM = 15.0
"""Contours wider apart than on every fifth slice of 3 mm are of separate parts, not of one drawn sparsely."""

TIE = 1e-3
"""Slices: a limit that falls on a slice must not be decided by rounding."""


@dataclass(frozen=True)
class SliceSource:
    """What slice `number` is made from: one plane that it copies, or the planes that shape one between or beyond them.

    `planes` are indices, lowest first, as `planes_around` gives them.
    """

    number: int
    planes: tuple[int, ...]


@dataclass(frozen=True)
class _Reach:
    """Slices by which a part goes on before its first and after its last plane."""

    before: float
    after: float


def usual_gap(numbers: Sequence[FloatArray], heights: SliceHeights) -> float:
    """The usual distance, in slices, between neighbouring planes of all ROIs of a structure set; 1 if none tells.

    Parameters
    ----------
    numbers : for each ROI the fractional slice numbers (n,) of its contours, in any order
    heights : of the slices; gaps wider than `WIDEST_GAP_MM` are between separate parts, and do not count
    """
    gaps = np.concatenate([np.diff(np.sort(own)) for own in numbers]) if numbers else np.zeros(0)
    widest = WIDEST_GAP_MM / float(np.median(heights.grid.slice_distances))
    gaps = gaps[(gaps > ROUNDING_SHARE) & (gaps <= widest)]
    return _usual(gaps) if len(gaps) else 1.0


def slice_sources(planes: Sequence[ContourPlane], heights: SliceHeights, usual: float) -> list[SliceSource]:
    """Tell for every slice in the volume that has a share in the structure what it is made from.

    A slice that lies on a plane copies it; one between two planes of a bridged gap is shaped by those around it; one
    within half a plane spacing beyond the end of a part tapers off: lower limit included, upper one not, so that as
    many slices stand for a plane as fit into its spacing.

    Parameters
    ----------
    planes : of one ROI, sorted along the slices
    usual : `usual_gap` of the structure set, for an ROI that has too few planes to tell
    """
    if not planes:
        return []
    ks = np.array([plane.k for plane in planes])
    parts = _parts(planes, usual)
    reaches = _reaches(ks, parts, usual)
    sources = []
    for number, height in enumerate(heights.of_slices.tolist()):
        nearest = int(np.argmin(np.abs(ks - number)))
        if abs(planes[nearest].height - height) <= heights.tolerance:
            sources.append(SliceSource(number, (nearest,)))
            continue
        for part, reach in zip(parts, reaches, strict=True):
            if ks[part.start] - reach.before - TIE <= number < ks[part.stop - 1] + reach.after - TIE:
                around = planes_around(ks[part.start : part.stop], number)
                sources.append(SliceSource(number, tuple(part.start + plane for plane in around)))
                break
    return sources


def _gaps(planes: Sequence[ContourPlane]) -> FloatArray:
    return np.abs(np.diff([plane.k for plane in planes]))


def _usual(gaps: FloatArray) -> float:
    return float(np.sort(gaps)[(len(gaps) - 1) // 2])


def _parts(planes: Sequence[ContourPlane], usual: float) -> list[range]:
    """The planes of each part of a structure that goes on without a gap."""
    limits = [0, *(np.flatnonzero(~_bridged(planes, usual)) + 1).tolist(), len(planes)]
    return [range(first, last) for first, last in zip(limits[:-1], limits[1:], strict=True)]


def _bridged(planes: Sequence[ContourPlane], usual: float) -> NDArray[np.bool_]:
    """True for each gap between neighbouring planes across which the structure goes on."""
    gaps = _gaps(planes)
    own = _usual(gaps) if len(gaps) > 1 else usual
    beside = np.maximum(np.append(gaps[1:], 0), np.append(0, gaps[:-1]))[: len(gaps)]
    regular = gaps <= REGULAR_GAP * own
    sparse = (gaps <= REGULAR_GAP * beside) & (gaps <= SPARSE_GAP * own)
    narrow = np.abs(np.diff([plane.height for plane in planes])) <= WIDEST_GAP_MM
    return (regular | sparse) & narrow | (gaps <= REGULAR_GAP)


def _reaches(ks: FloatArray, parts: Sequence[range], usual: float) -> list[_Reach]:
    """How far each part goes on beyond its first and last plane: half the spacing that it has there."""
    spacings = [np.diff(ks[part.start : part.stop]) for part in parts]
    kept = np.concatenate(spacings)
    lone = _usual(kept) if len(kept) else max(usual, 1.0)
    return [_Reach(lone / 2, lone / 2) if not len(gaps) else _Reach(gaps[0] / 2, gaps[-1] / 2) for gaps in spacings]
