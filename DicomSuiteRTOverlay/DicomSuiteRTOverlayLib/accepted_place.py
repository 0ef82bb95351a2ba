"""The place that a user has chosen for a mask: one of its candidates, turned by hand where wanted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import FileSegment, HeaderClaims, MaskFile
from DicomSuiteRTOverlayLib.mask_samples import mask_samples
from DicomSuiteRTOverlayLib.overlap import overlap_findings
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.resample_mask import resample_mask
from DicomSuiteRTOverlayLib.turns import TURNS, turned

AS_PLACED = "as-placed"
"""The key of the place that a mask already has; the only one of contours and DICOM SEG."""


@dataclass(frozen=True)
class AcceptedPlace:
    """A candidate's key, and turns that follow it in order."""

    key: str
    turns: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ",".join((self.key, *self.turns))


def parse_accepted(word: str) -> tuple[int, AcceptedPlace]:
    """Read "N=KEY[,TURN…]", where N is the number of a mask from 1; raise UsageError where it is anything else."""
    number, equals, rest = word.partition("=")
    key, *turns = rest.split(",")
    if not equals or not number.isdecimal() or not key:
        raise UsageError(f"--accept takes N=KEY or N=KEY,TURN…, for example 1={AS_PLACED},flip-k, not {word!r}.")
    unknown = [turn for turn in turns if turn not in TURNS]
    if unknown:
        raise UsageError(f"--accept {word}: {unknown[0]!r} is no turn; choose from {', '.join(TURNS)}.")
    return int(number), AcceptedPlace(key, tuple(turns))


def parse_all_accepted(words: Iterable[str]) -> dict[int, AcceptedPlace]:
    """Read every word as `parse_accepted`; raise UsageError also where two are about the same mask."""
    accepted: dict[int, AcceptedPlace] = {}
    for word in words:
        number, place = parse_accepted(word)
        if number in accepted:
            raise UsageError(f"--accept names mask {number} twice: {accepted[number]} and {place}; choose one.")
        accepted[number] = place
    return accepted


def accept(
    mask: PlacedMask, place: AcceptedPlace, volume: Volume, *, smooth: bool = False
) -> tuple[Segmentation, tuple[str, ...]]:
    """The mask's segments at the place that the user has chosen, and findings on that place.

    Raises
    ------
    OverlayError
        If `place` names no candidate of this mask, or the mask was refused.
    """
    if mask.segmentation is None:
        raise OverlayError(f"{mask.path} was refused, so there is no place to accept: {mask.placement.reason}")
    source, geometry = _source(mask, place.key)
    if not place.turns and source is None:
        return mask.segmentation, mask.placement.findings
    on_identity = () if mask.source is not None else mask.placement.findings
    if source is None:
        source, geometry = _as_mask_file(mask)
    geometry = turned(geometry, volume.grid.nominal_geometry, place.turns)
    findings = (*on_identity, *overlap_findings(geometry, mask_samples(source), volume.grid))
    return resample_mask(source, geometry, volume.grid, smooth), findings


def _source(mask: PlacedMask, key: str) -> tuple[MaskFile | None, ImageGeometry | None]:
    """Voxels and geometry behind `key`; none for contours and SEG, which are on the volume's voxels already."""
    candidates = {candidate.key: candidate.geometry for candidate in mask.placement.candidates}
    if mask.source is not None and candidates:
        candidates.setdefault(AS_PLACED, mask.placement.candidates[0].geometry)
    elif key == AS_PLACED:
        return None, None
    if key not in candidates:
        known = ", ".join(candidates) or AS_PLACED
        raise OverlayError(f"{mask.path} has no candidate {key!r}; choose from {known}.")
    return mask.source, candidates[key]


def _as_mask_file(mask: PlacedMask) -> tuple[MaskFile, ImageGeometry]:
    """Segments on the volume's voxels as a mask of its own, cut to the box that holds them all, so that it can turn."""
    segments = [segment for segment in mask.segmentation.segments if not segment.is_empty]
    if not segments:
        raise OverlayError(f"{mask.path} has no voxel on the volume, so there is nothing to turn.")
    low = np.min([segment.offset for segment in segments], axis=0)
    high = np.max([np.add(segment.offset, segment.voxels.shape) for segment in segments], axis=0)
    layers = []
    for segment in segments:
        layer = np.zeros(high - low, np.uint8)
        box = zip(segment.box, low, strict=True)
        layer[tuple(slice(part.start - start, part.stop - start) for part, start in box)] = segment.voxels
        layers.append(layer)
    whole = mask.segmentation.grid.nominal_geometry
    geometry = ImageGeometry.from_axes((high - low)[::-1], whole.axes, whole.lps_from_ijk(low[::-1]))
    named = tuple(FileSegment(segment.name, segment.colour, 1, layer) for layer, segment in enumerate(segments))
    claims = HeaderClaims(geometry.size, geometry.axes, origin=geometry.origin)
    return MaskFile(mask.path, tuple(layers), named, claims), geometry
