"""Write segments as voxels: Slicer's .seg.nrrd with everything in it, or one label map as NRRD or NIfTI."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.nrrd_text import nrrd_header
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.label_boxes import label_boxes
from DicomSuiteRTOverlayLib.label_planes import label_planes, label_values_of
from DicomSuiteRTOverlayLib.mask_file import FileSegment, MaskFile
from DicomSuiteRTOverlayLib.seg_nrrd_fields import seg_nrrd_keys
from DicomSuiteRTOverlayLib.segment_algebra import intersection
from DicomSuiteRTOverlayLib.segment_layers import segment_layers

COMPRESSION = 1
"""gzip's level: labels are nearly as small at 1 as at 9, and written several times as fast."""

NIFTI_SCANNER = 1
"""NIfTI's code for coordinates of the scanner: the patient's, as DICOM has them."""


def write_seg_nrrd(path: Path, segmentation: Segmentation, geometry: ImageGeometry | None = None) -> None:
    """Write segments with names and colours as .seg.nrrd; as many layers as their overlaps need.

    Parameters
    ----------
    path : to write to; a file there is replaced
    segmentation : its segments, empty ones too, are described in their order
    geometry : of the grid's voxels, sheared or left-handed as it may be; None for the nominal one

    Raises
    ------
    OverlayError
        If `geometry` has another size than the grid.
    """
    geometry = _geometry(segmentation, geometry)
    segments = segmentation.segments
    layers = segment_layers(segments) or [[]]
    values = label_values_of(segments)
    layer_of = {place: layer for layer, places in enumerate(layers) for place in places}
    described = [
        FileSegment(segment.name, segment.colour, value, layer_of.get(place, 0))
        for place, (segment, value) in enumerate(zip(segments, values, strict=True))
    ]
    keys = seg_nrrd_keys(described, [segment.box for segment in segments])
    planes = label_planes(segments, values, layers, segmentation.grid.shape)
    _write_nrrd(path, planes, len(layers), _dtype(values), geometry, keys)


def write_mask_file(path: Path, mask: MaskFile, geometry: ImageGeometry) -> None:
    """Write the voxels of a mask as .seg.nrrd, as they are in its file, with another place: that of `geometry`.

    Raises
    ------
    OverlayError
        If `geometry` has another size than the mask.
    """
    if geometry.size != mask.shape[::-1]:
        raise OverlayError(f"{path}: the mask has {mask.shape[::-1]} voxels, its place {geometry.size}.")
    dtype = np.result_type(*mask.layers)
    planes = (np.stack([layer[k] for layer in mask.layers], axis=-1) for k in range(mask.shape[0]))
    _write_nrrd(path, planes, len(mask.layers), dtype, geometry, seg_nrrd_keys(mask.segments, label_boxes(mask)))


def write_labelmap_nrrd(
    path: Path, segmentation: Segmentation, geometry: ImageGeometry | None = None
) -> tuple[str, ...]:
    """Write one label map as NRRD, with parameters and errors as `write_seg_nrrd`.

    Returns what the file could not hold, in words: overlaps, where the smaller segment is kept, and label values.
    """
    geometry = _geometry(segmentation, geometry)
    planes, dtype, notes = _label_map(segmentation)
    _write_nrrd(path, planes, 1, dtype, geometry, {})
    return notes


def write_nifti(path: Path, segmentation: Segmentation, geometry: ImageGeometry | None = None) -> tuple[str, ...]:
    """Write one label map as NIfTI (.nii.gz), with parameters, results and errors as `write_labelmap_nrrd`.

    The sform holds sheared axes too; the qform is left out then, because it cannot.
    """
    try:
        import nibabel
    except ImportError as error:
        raise missing_package("nibabel", "NIfTI") from error
    geometry = _geometry(segmentation, geometry)
    planes, dtype, notes = _label_map(segmentation)
    header = nibabel.Nifti1Header()
    header.set_data_shape(geometry.size)
    header.set_data_dtype(dtype)
    header.set_xyzt_units("mm")
    header.set_sform(geometry.ijk_to_ras, NIFTI_SCANNER)
    header.set_zooms(geometry.spacing)
    if not geometry.is_sheared:
        header.set_qform(geometry.ijk_to_ras, NIFTI_SCANNER)
    header["vox_offset"] = header.single_vox_offset
    no_extensions = bytes(4)
    with output_file(path) as partial, partial.open("wb") as file:
        _pack(file, chain([header.binaryblock, no_extensions], (plane.tobytes() for plane in planes)))
    return notes


def _geometry(segmentation: Segmentation, geometry: ImageGeometry | None) -> ImageGeometry:
    if geometry is None:
        return segmentation.grid.nominal_geometry
    if geometry.size != segmentation.grid.size:
        raise OverlayError(f"The segments have {segmentation.grid.size} voxels, the place given {geometry.size}.")
    return geometry


def _label_map(segmentation: Segmentation) -> tuple[Iterator[NDArray], np.dtype, tuple[str, ...]]:
    """The planes of one layer, smaller segments over larger ones; their type; and what was lost."""
    segments = segmentation.segments
    values = label_values_of(segments)
    large_to_small = sorted(range(len(segments)), key=lambda place: -np.count_nonzero(segments[place].voxels))
    planes = label_planes(segments, values, [large_to_small], segmentation.grid.shape)
    return planes, _dtype(values), tuple(_losses(segments, values))


def _losses(segments: Sequence[Segment], values: Sequence[int]) -> Iterator[str]:
    shared = sum(not intersection(first, second).is_empty for first, second in combinations(segments, 2))
    if shared:
        pairs = "A pair" if shared == 1 else f"{shared} pairs"
        yield f"{pairs} of segments overlap; a label map holds one value a voxel: the smaller segment was kept there."
    if any(segment.value != value for segment, value in zip(segments, values, strict=True)):
        yield "The segments were numbered anew, from 1 on in their order."


def _dtype(values: Sequence[int]) -> np.dtype:
    return np.min_scalar_type(max(values, default=0))


def _write_nrrd(
    path: Path,
    planes: Iterable[NDArray],
    layers: int,
    dtype: np.dtype,
    geometry: ImageGeometry,
    keys: Mapping[str, str],
) -> None:
    """Write planes (rows, columns, layers); of several layers the axis that counts them is the first in the file."""
    header = nrrd_header(dtype, geometry, endian="little", encoding="gzip", layers=layers, keys=keys)
    little_endian = dtype.newbyteorder("<")
    with output_file(path) as partial, partial.open("wb") as file:
        file.write(header)
        _pack(file, (plane.astype(little_endian, copy=False).tobytes() for plane in planes))


def _pack(file: BinaryIO, parts: Iterable[bytes]) -> None:
    with gzip.GzipFile("", "wb", COMPRESSION, file, mtime=0) as packed:
        for part in parts:
            packed.write(part)
