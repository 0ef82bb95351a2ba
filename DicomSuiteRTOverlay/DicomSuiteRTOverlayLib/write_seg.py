"""Write segments as a DICOM Segmentation (PS3.3 A.51, BINARY) that refers to the images of its volume."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from DicomSuiteLib.dicom_source import MANUFACTURER, PATIENT_AND_STUDY_TYPE_2, SourceSlice, source_slices
from DicomSuiteLib.file_walk import reason_of
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.version import VERSION
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.cielab_colours import cielab_from_colour
from DicomSuiteRTOverlayLib.dicom_names import MODEL_NAME, dicom_name, name_notes
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.segment_layers import label_map, segment_layers

if TYPE_CHECKING:
    import highdicom as hd

TISSUE = ("85756007", "SCT", "Tissue")
"""Category and type of a segment of which the name alone is known: CID 7150 and 7151."""


def write_seg(path: Path, segmentation: Segmentation, volume: Volume) -> tuple[str, ...]:
    """Write every segment, with its name and colour; frames without a voxel are omitted, overlaps are kept.

    Parameters
    ----------
    path : file to write; appears when it is complete
    segmentation : on the grid of `volume`
    volume : read from DICOM; patient, study and frame of reference are its own

    Returns
    -------
    tuple of str
        What was changed or left out, in words.

    Raises
    ------
    OverlayError
        If highdicom is missing, the volume is not DICOM, has no frame of reference, or is not the one that the
        segments lie on, or no segment has a voxel.
    """
    if segmentation.grid != volume.grid:
        raise OverlayError(f"{path} was not written: the segments lie on another grid of voxels than the volume.")
    layers = segment_layers(segmentation.segments)
    if not layers:
        raise OverlayError(f"{path} was not written: no segment has a voxel, and a DICOM SEG needs at least one frame.")
    slices = source_slices(volume, "DICOM SEG")
    with quiet_pydicom():
        _complete_headers(slices)
        united = _united([_part(path, segmentation, layer, slices) for layer in layers])
        united.ContentCreatorName = None  # of type 2; highdicom leaves it out
        with output_file(path) as partial:
            united.save_as(partial, enforce_file_format=True)
    return tuple(_notes(segmentation.segments))


def _notes(segments: Sequence[Segment]) -> Iterator[str]:
    yield from name_notes(segments)
    for segment in segments:
        if segment.is_empty:
            yield f"{segment.name!r} has no voxel and is written without a frame"


def _complete_headers(slices: Sequence[SourceSlice]) -> None:
    """Give the headers what highdicom insists on, and what is so by the volume's own rules.

    That is every attribute of type 2, one orientation to the last digit, and in a multi-frame image orientation and
    pixel spacing among what its frames share.
    """
    first = slices[0].header
    for image in slices:
        for keyword in PATIENT_AND_STUDY_TYPE_2:
            if keyword not in image.header:
                setattr(image.header, keyword, None)
        if "ImageOrientationPatient" in first:
            image.header.ImageOrientationPatient = first.ImageOrientationPatient
    if slices[0].frame_number is not None and "PerFrameFunctionalGroupsSequence" in first:
        shared = first.SharedFunctionalGroupsSequence[0]
        own = first.PerFrameFunctionalGroupsSequence[slices[0].frame_number - 1]
        for keyword in ("PlaneOrientationSequence", "PixelMeasuresSequence"):
            if keyword not in shared and keyword in own:
                setattr(shared, keyword, own.get(keyword))


def _part(
    path: Path, segmentation: Segmentation, layer: Sequence[int], slices: Sequence[SourceSlice]
) -> hd.seg.Segmentation:
    """A SEG of the segments of one layer; all segments are described."""
    try:
        import highdicom as hd
    except ImportError as error:
        raise missing_package("highdicom", "DICOM SEG") from error
    segments, grid = segmentation.segments, segmentation.grid
    is_multi_frame = slices[0].frame_number is not None
    positions = [hd.PlanePositionSequence("PATIENT", position) for position in grid.positions]
    descriptions = [_description(number, segment) for number, segment in enumerate(segments, start=1)]
    try:
        return hd.seg.Segmentation(
            source_images=[slices[0].header] if is_multi_frame else [image.header for image in slices],
            pixel_array=label_map(segments, layer, grid.shape),
            segmentation_type="BINARY",
            segment_descriptions=descriptions,
            series_instance_uid=generate_uid(),
            series_number=1,
            sop_instance_uid=generate_uid(),
            instance_number=1,
            manufacturer=MANUFACTURER,
            manufacturer_model_name=MODEL_NAME,
            software_versions=VERSION,
            device_serial_number="1",
            plane_positions=positions if is_multi_frame else None,
            content_label="SEGMENTATION",
            transfer_syntax_uid=ExplicitVRLittleEndian,
            specific_character_set="ISO_IR 192",
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # highdicom's words for headers it cannot use
        raise OverlayError(
            f"{path} was not written: the images' headers are no base for a DICOM SEG ({reason_of(error)}); "
            "export another format (rtstruct, seg.nrrd)."
        ) from error


def _description(number: int, segment: Segment) -> hd.seg.SegmentDescription:
    """What is known of a segment: not whether a person or a program drew it, so neither alone is claimed."""
    import highdicom as hd

    tissue = hd.sr.CodedConcept(*TISSUE)
    description = hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=dicom_name(segment),
        segmented_property_category=tissue,
        segmented_property_type=tissue,
        algorithm_type="MANUAL",
    )
    description.RecommendedDisplayCIELabValue = cielab_from_colour(segment.colour)
    description.SegmentAlgorithmType = "SEMIAUTOMATIC"
    description.SegmentAlgorithmName = "not recorded"
    return description


def _united(parts: Sequence[hd.seg.Segmentation]) -> hd.seg.Segmentation:
    """One SEG with the frames of all parts.

    highdicom writes segments that overlap from one mask of the whole volume for each; parts need one for each layer.
    """
    united = parts[0]
    if len(parts) == 1:
        return united
    united.PixelData = _joined_pixels(parts)
    frames = [frame for part in parts for frame in part.PerFrameFunctionalGroupsSequence]
    united.PerFrameFunctionalGroupsSequence = frames
    united.NumberOfFrames = len(frames)
    united.SegmentsOverlap = "YES"
    orientation = united.SharedFunctionalGroupsSequence[0].PlaneOrientationSequence[0].ImageOrientationPatient
    normal = np.cross(orientation[:3], orientation[3:])
    heights = [float(normal @ frame.PlanePositionSequence[0].ImagePositionPatient) for frame in frames]
    places = {height: number for number, height in enumerate(sorted(set(heights)), start=1)}
    for frame, height in zip(frames, heights, strict=True):
        content = frame.FrameContentSequence[0]
        content.DimensionIndexValues = [content.DimensionIndexValues[0], places[height]]
    return united


def _joined_pixels(parts: Sequence[hd.seg.Segmentation]) -> bytes:
    """The bits of all frames one after another; a frame need not end with a byte (PS3.5 section 8.1.1)."""
    bits = [part.NumberOfFrames * part.Rows * part.Columns for part in parts]
    if all(count % 8 == 0 for count in bits):
        joined = b"".join(part.PixelData[: count // 8] for part, count in zip(parts, bits, strict=True))
    else:
        values = [
            np.unpackbits(np.frombuffer(part.PixelData, np.uint8), count=count, bitorder="little")
            for part, count in zip(parts, bits, strict=True)
        ]
        joined = np.packbits(np.concatenate(values), bitorder="little").tobytes()
    return joined + b"\0" * (len(joined) % 2)
