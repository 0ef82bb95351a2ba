"""Read an RTSTRUCT and lay its ROIs over a volume."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.mask_identity import check_identity
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.placement import Candidate, Placement, Verdict
from DicomSuiteRTOverlayLib.rtstruct_contours import Roi, StructureSet, read_structure_set
from DicomSuiteRTOverlayLib.rtstruct_mask import RoiMask, mm_outside, rois_to_masks


def read_rtstruct(path: str | os.PathLike[str], volume: Volume) -> PlacedMask:
    """Turn the ROIs of an RTSTRUCT into segments on a volume's voxels: a voxel is inside if its centre is.

    An ROI without voxels makes no segment; the notes say of each what was left out, cut off or interpolated, and why. A
    structure set of another patient, and one that does not reach into the volume, is refused and makes none at all.

    Raises
    ------
    OverlayError
        If the file is no RTSTRUCT, incomplete, or damaged beyond single contours.
    """
    path = Path(path)
    structure_set = read_structure_set(path)
    identity = check_identity(structure_set.references, volume)
    if not identity.belongs:
        return _refused(path, identity.reason)
    masks = rois_to_masks(structure_set.rois, volume.grid)
    segments = tuple(mask.segment for mask in masks if mask.segment is not None)
    if not segments:
        return _refused(path, _why_nothing(structure_set.rois, volume), _all_notes(masks))
    candidate = Candidate("header", "The contours' own coordinates", volume.grid.nominal_geometry, 1.0)
    findings = identity.findings + _other_frames(structure_set, volume)
    placement = Placement(Verdict.PLACED, identity.reason, (candidate,), findings)
    return PlacedMask(path, placement, Segmentation(segments, volume.grid, _all_notes(masks)))


def _refused(path: Path, reason: str, findings: tuple[str, ...] = ()) -> PlacedMask:
    return PlacedMask(path, Placement(Verdict.REFUSED, reason, findings=findings), None)


def _all_notes(masks: Sequence[RoiMask]) -> tuple[str, ...]:
    return tuple(note for mask in masks for note in mask.notes)


def _why_nothing(rois: Sequence[Roi], volume: Volume) -> str:
    drawn = [roi for roi in rois if roi.contours]
    if not drawn:
        return "The structure set has no closed contour that could be filled."
    distance = min(float(mm_outside(np.concatenate(roi.contours), volume.grid).min()) for roi in drawn)
    if distance > 0:
        return f"No contour reaches into the volume, the nearest is {distance:.1f} mm away; choose another volume."
    return "No voxel centre of the volume lies inside a contour."


def _other_frames(structure_set: StructureSet, volume: Volume) -> tuple[str, ...]:
    """A finding where only some ROIs are in the volume's frame of reference."""
    frames = {roi.number: roi.frame_of_reference_uid for roi in structure_set.rois}
    if volume.frame_of_reference_uid not in frames.values():
        return ()
    others = [roi.name for roi in structure_set.rois if frames[roi.number] not in ("", volume.frame_of_reference_uid)]
    if not others:
        return ()
    return (f"Drawn in another frame of reference, a registration may be needed: {', '.join(others)}.",)
