"""Read a mask from NIfTI: .nii and .nii.gz, versions 1 and 2."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import LPS_FROM_RAS, FloatArray, GeometryError, ImageGeometry
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import Gap, HeaderClaims
from DicomSuiteRTOverlayLib.mask_layers import StoredVoxels, layers_of
from DicomSuiteRTOverlayLib.voxel_stream import BROKEN_OFF, DAMAGED, read_exactly, voxel_count

if TYPE_CHECKING:
    from nibabel import Nifti1Header

_GZIP_MAGIC = b"\x1f\x8b"

NIFTI1_LENGTH, NIFTI2_LENGTH = 348, 540
"""Bytes of the header, which its own first number repeats."""

MM_PER_UNIT = {1: 1000.0, 2: 1.0, 3: 1e-3}
"""Code of the unit of length in the lowest three bits of xyzt_units -> mm; any other is taken for mm."""

SAME_PLACE = 0.01
"""sform and qform that differ by less (mm, at the furthest corner) agree: they are stored as float32."""


def read_nifti_mask(path: Path) -> StoredVoxels:
    """Read header and voxels of a NIfTI file, packed or not, whatever its name says.

    Raises
    ------
    OverlayError
        If it is damaged or holds no volume; the message does not name the file.
    """
    with path.open("rb") as file:
        is_packed = file.read(len(_GZIP_MAGIC)) == _GZIP_MAGIC
        file.seek(0)
        stream = cast(BinaryIO, gzip.GzipFile(fileobj=file)) if is_packed else file
        header = _header(stream)
        sizes = [int(size) for size in header.get_data_shape()]
        layer = _layer_axis(sizes)
        return StoredVoxels(layers_of(_voxels(stream, header, sizes), (0, 1, 2), layer), nifti_claims(header))


def _header(stream: BinaryIO) -> Nifti1Header:
    try:
        import nibabel
    except ImportError as error:
        raise missing_package("nibabel", "NIfTI") from error
    kinds = {NIFTI1_LENGTH: nibabel.Nifti1Header, NIFTI2_LENGTH: nibabel.Nifti2Header}
    try:
        block = stream.read(4)
        own_length = {int.from_bytes(block, "little"), int.from_bytes(block, "big")} & kinds.keys()
        if not own_length:
            raise OverlayError("it does not begin as NIfTI files do; choose the mask itself, or save it again")
        length = own_length.pop()
        block += stream.read(length - len(block))
    except EOFError as error:
        raise OverlayError(BROKEN_OFF) from error
    except (gzip.BadGzipFile, zlib.error) as error:
        raise OverlayError(DAMAGED) from error
    if len(block) < length:
        raise OverlayError("its header is cut short; copy or save it again")
    return kinds[length](block, check=False)


def _layer_axis(sizes: list[int]) -> int | None:
    if len(sizes) < 3:
        raise OverlayError(f"it has {len(sizes)} axes; a mask needs 3: choose the mask of one whole volume")
    others = [axis for axis, size in enumerate(sizes) if axis > 2 and size > 1]
    if len(others) > 1:
        raise OverlayError("it holds more than one volume along several axes; save one as a mask")
    return others[0] if others else None


def _voxels(stream: BinaryIO, header: Nifti1Header, sizes: list[int]) -> NDArray:
    """All voxels, with the header's scaling applied; the last axis is the fastest of the file."""
    try:
        dtype = header.get_data_dtype()
    except KeyError as error:
        raise OverlayError("its header names no type of number; save it again from its source") from error
    if dtype.kind not in "iuf":
        raise OverlayError(
            "each of its voxels holds more than a number (a colour or complex), so it is no mask; choose the mask"
        )
    read_so_far = int(header["sizeof_hdr"])
    skip = max(0, int(header["vox_offset"]) - read_so_far)
    data = read_exactly(stream, voxel_count(sizes) * dtype.itemsize, skip)
    stored = np.frombuffer(data, dtype).reshape(sizes[::-1])
    slope, intercept = np.float32(header["scl_slope"]), np.float32(header["scl_inter"])
    if not np.isfinite(slope) or slope == 0 or (slope, intercept) == (1, 0):
        return stored.astype(dtype.newbyteorder("="), copy=False)
    return stored * slope + (intercept if np.isfinite(intercept) else 0)


def nifti_claims(header: Nifti1Header) -> HeaderClaims:
    """Turn a header into claims in LPS and mm: the sform, sheared or not, else the qform, else spacings alone.

    Raises
    ------
    OverlayError
        If no form that is given describes a volume.
    """
    first, second, third = header.get_data_shape()[:3]
    size = (int(first), int(second), int(third))
    unit = MM_PER_UNIT.get(int(header["xyzt_units"]) & 7, 1.0)
    forms = [LPS_FROM_RAS @ form for form in (_sform(header), _qform(header)) if form is not None]
    valid = [form for form in forms if _describes_volume(form, size)]
    if forms and not valid:
        raise OverlayError("its affine holds no numbers or lies in one plane; save it again from its source")
    if not valid:
        return _claims_of_spacing(header, size, unit)
    remarks = []
    if len(valid) < len(forms):
        remarks.append("one of sform and qform describes no volume; the other was used")
    elif len(valid) == 2 and (apart := _furthest(valid[0], valid[1], size) * unit) > SAME_PLACE:
        remarks.append(f"sform and qform lie up to {apart:.1f} mm apart; the sform was used")
    axes, origin = valid[0][:3, :3] * unit, valid[0][:3, 3] * unit
    return HeaderClaims(size, axes, None, tuple(origin.tolist()), unit_scale=unit, remarks=tuple(remarks))


def _sform(header: Nifti1Header) -> FloatArray | None:
    if int(header["sform_code"]) == 0:
        return None
    return np.array([header["srow_x"], header["srow_y"], header["srow_z"], (0, 0, 0, 1)], dtype=float)


def _qform(header: Nifti1Header) -> FloatArray | None:
    """The qform; NaN where its quaternion or its spacings are impossible."""
    from nibabel.spatialimages import HeaderDataError

    if int(header["qform_code"]) == 0:
        return None
    try:
        return np.array(header.get_qform(), dtype=float)
    except (HeaderDataError, ValueError):
        return np.full((4, 4), np.nan)


def _describes_volume(form: FloatArray, size: tuple[int, int, int]) -> bool:
    try:
        ImageGeometry.from_axes(size, form[:3, :3], form[:3, 3])
    except GeometryError:
        return False
    return True


def _furthest(first: FloatArray, second: FloatArray, size: tuple[int, int, int]) -> float:
    """The largest distance between the places that two affines give to the corners of the volume."""
    ends = np.array(np.meshgrid(*([0, n - 1] for n in size), [1])).reshape(4, -1)
    return float(np.linalg.norm((first - second) @ ends, axis=0).max())


def _claims_of_spacing(header: Nifti1Header, size: tuple[int, int, int], unit: float) -> HeaderClaims:
    spacing = np.array(header["pixdim"][1:4], dtype=float) * unit
    gaps = {Gap.NO_SPACE, Gap.NO_ORIGIN, Gap.NO_DIRECTIONS}
    if np.all(np.isfinite(spacing) & (spacing > 0)):
        return HeaderClaims(size, spacing=tuple(spacing.tolist()), gaps=frozenset(gaps), unit_scale=unit)
    return HeaderClaims(size, gaps=frozenset({*gaps, Gap.NO_SPACING}), unit_scale=unit)
