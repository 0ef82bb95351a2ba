"""Read a mask from NRRD: .nrrd, .nhdr with its data files, Slicer's .seg.nrrd."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_layers import StoredVoxels, layers_of
from DicomSuiteRTOverlayLib.nrrd_axes import NrrdAxes, nrrd_axes, per_axis
from DicomSuiteRTOverlayLib.nrrd_claims import nrrd_claims
from DicomSuiteRTOverlayLib.nrrd_data import read_nrrd_array
from DicomSuiteRTOverlayLib.nrrd_header import read_nrrd_header
from DicomSuiteRTOverlayLib.seg_nrrd_fields import cropping_remark, seg_nrrd_segments
from DicomSuiteRTOverlayLib.voxel_stream import voxel_count


def read_nrrd_mask(path: Path) -> StoredVoxels:
    """Read header and voxels of an NRRD file.

    Raises
    ------
    OverlayError
        If it is damaged or holds no volume; the message does not name the file.
    """
    header = read_nrrd_header(path)
    missing = {"type", "encoding", "sizes"} - header.fields.keys()
    if missing:
        raise OverlayError(f"its header has no {' and no '.join(sorted(missing))}; save it again from its source")
    voxel_count(header.fields["sizes"])  # so that an impossible size is told as such
    axes = nrrd_axes(header.fields)
    _check_layer_axis(header.fields, axes)
    claims = nrrd_claims(header.fields, axes)
    claims = replace(claims, remarks=claims.remarks + cropping_remark(header.keys))
    layers = layers_of(read_nrrd_array(path, header), axes.spatial, axes.layer)
    return StoredVoxels(layers, claims, seg_nrrd_segments(header.keys, len(layers)))


def _check_layer_axis(fields: Mapping[str, Any], axes: NrrdAxes) -> None:
    """Kinds like RGB-color, 3-vector, 2D-matrix are one value of several numbers, not several layers."""
    kind = "" if axes.layer is None else str(per_axis(fields, "kinds", "")[axes.layer]).lower()
    if "-" in kind or kind in ("complex", "quaternion"):
        raise OverlayError(f"each of its voxels holds a {kind}, so it is no mask; choose the mask")
