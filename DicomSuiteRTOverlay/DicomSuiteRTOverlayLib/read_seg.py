"""Read a DICOM Segmentation onto the voxels of a volume."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.mask_file import FileSegment, HeaderClaims, MaskFile
from DicomSuiteRTOverlayLib.mask_identity import Identity, check_identity
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.placement import Candidate, Placement, Verdict
from DicomSuiteRTOverlayLib.resample_mask import resample_mask
from DicomSuiteRTOverlayLib.seg_file import SegDescription, SegFile
from DicomSuiteRTOverlayLib.seg_geometry import even_grid
from DicomSuiteRTOverlayLib.seg_planes import PlanePart, PlanePlace, joined, laid_on_slice, place_on_lattice, plane_part


def read_seg(path: Path, volume: Volume) -> PlacedMask:
    """Read BINARY, FRACTIONAL and LABELMAP segmentations; frames may be sparse, segments may overlap.

    Frames that are slices of the volume are copied voxel by voxel, each to its own slice; others, if evenly spaced,
    are resampled to the nearest voxel. Fractions of at least a half count as inside. A segment without voxels makes
    none here, with a note; a segmentation of another patient, and one that does not reach into the volume, is refused.

    Raises
    ------
    OverlayError
        If highdicom is missing, or the file is no SEG, damaged, or does not say where its frames lie.
    """
    file = SegFile(path)
    identity = check_identity(file.references, volume)
    if not identity.belongs:
        return _refused(path, identity.reason)
    places = _places(file, volume.grid)
    if places is not None:
        return _copied(file, places, identity, volume)
    own_grid = even_grid(file)
    if own_grid is None:
        return _refused(path, "Its frames are no slices of the volume, and lie on no even grid to resample them from.")
    return _resampled(file, *own_grid, identity, volume)


def _refused(path: Path, reason: str, findings: tuple[str, ...] = ()) -> PlacedMask:
    return PlacedMask(path, Placement(Verdict.REFUSED, reason, findings=findings), None)


def _places(file: SegFile, grid: SliceGrid) -> Mapping[int, PlanePlace] | None:
    """The place of every frame by its number; None if any is no slice of the grid."""
    found: dict[bytes, PlanePlace | None] = {}  # frames of different segments share places
    places = {}
    for frame in file.frames:
        key = np.concatenate([frame.position, frame.row_step, frame.column_step]).tobytes()
        if key not in found:
            found[key] = place_on_lattice(frame, file.shape, grid)
        place = found[key]
        if place is None:
            return None
        places[frame.number] = place
    return places


def _copied(file: SegFile, places: Mapping[int, PlanePlace], identity: Identity, volume: Volume) -> PlacedMask:
    parts: dict[int, list[PlanePart]] = defaultdict(list)
    lost = 0
    for frame, number, mask in file.masks():
        part = laid_on_slice(mask, places[frame.number], volume.grid)
        lost += int(np.count_nonzero(mask))
        if part is not None:
            parts[number].append(part)
            lost -= int(np.count_nonzero(part.voxels))
    clipped = (f"{lost} voxels lie beyond the volume and are cut off",) if lost else ()
    return _placed(
        file,
        replace(identity, reason=f"{identity.reason} Its frames are slices of the volume."),
        [_segment(item, parts[item.number]) for item in _described(file, parts)],
        (*file.notes, *clipped),
        volume.grid.nominal_geometry,
        volume.grid,
    )


def _resampled(
    file: SegFile, geometry: ImageGeometry, slices: Mapping[int, int], identity: Identity, volume: Volume
) -> PlacedMask:
    parts: dict[int, list[PlanePart]] = defaultdict(list)
    for frame, number, mask in file.masks():
        if mask.any():
            parts[number].append(plane_part(slices[frame.number], mask))
    notes, segments = list(file.notes), []
    for item in _described(file, parts):
        segment, lost = _resampled_segment(file.path, _segment(item, parts[item.number]), geometry, volume.grid)
        segments.append(segment)
        notes += lost
    spacing = " x ".join(f"{length:.3g}" for length in geometry.spacing)
    reason = f"{identity.reason} Its voxels are its own ({spacing} mm); each voxel of the volume takes the nearest."
    return _placed(file, replace(identity, reason=reason), segments, tuple(notes), geometry, volume.grid)


def _described(file: SegFile, numbers: Iterable[int]) -> tuple[SegDescription, ...]:
    """What the file says of its segments, and a name for those that have frames and no description."""
    others = sorted(set(numbers) - {item.number for item in file.descriptions})
    return file.descriptions + tuple(
        SegDescription(number, f"Segment {number}", segment_colour(number)) for number in others
    )


def _segment(item: SegDescription, parts: list[PlanePart]) -> Segment:
    return Segment(item.name, item.colour, item.number, *joined(parts))


def _resampled_segment(
    path: Path, segment: Segment, geometry: ImageGeometry, grid: SliceGrid
) -> tuple[Segment, tuple[str, ...]]:
    """Bring a segment from the grid `geometry` onto `grid`; its box alone is resampled."""
    if segment.is_empty:
        return segment, ()
    box = ImageGeometry.from_axes(
        segment.voxels.shape[::-1], geometry.axes, geometry.lps_from_ijk(segment.offset[::-1])
    )
    named = FileSegment(segment.name, segment.colour, 1)
    mask = MaskFile(path, (segment.voxels.view(np.uint8),), (named,), HeaderClaims(box.size))
    resampled = resample_mask(mask, box, grid)
    return replace(resampled.segments[0], value=segment.value), resampled.notes


def _placed(
    file: SegFile,
    identity: Identity,
    segments: Sequence[Segment],
    notes: tuple[str, ...],
    geometry: ImageGeometry,
    grid: SliceGrid,
) -> PlacedMask:
    filled = tuple(segment for segment in segments if not segment.is_empty)
    if not filled:
        return _refused(file.path, "None of its voxels lies within the volume.", notes)
    empty = tuple(f"{segment.name}: no voxel within the volume" for segment in segments if segment.is_empty)
    candidate = Candidate("header", "The positions of its frames", geometry, 1.0)
    placement = Placement(Verdict.PLACED, identity.reason, (candidate,), identity.findings)
    return PlacedMask(file.path, placement, Segmentation(filled, grid, (*notes, *empty)))
