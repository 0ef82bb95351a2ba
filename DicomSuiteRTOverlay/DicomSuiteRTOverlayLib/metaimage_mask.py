"""Read a mask from MetaImage: .mha, and .mhd with its data files."""

from __future__ import annotations

import os
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.length_units import MM_PER_UNIT
from DicomSuiteRTOverlayLib.mask_file import Gap, HeaderClaims
from DicomSuiteRTOverlayLib.mask_layers import StoredVoxels, layers_of
from DicomSuiteRTOverlayLib.voxel_stream import BROKEN_OFF, DAMAGED, PADDING, check_length, voxel_count

HEADER_LINES = 1000
"""More lines than any header has; MetaImage ends its header with ElementDataFile."""

LINE_LENGTH = 1 << 16

ORIGIN_FIELDS = ("Offset", "Position", "Origin")
DIRECTION_FIELDS = ("TransformMatrix", "Rotation", "Orientation")
SPACING_FIELDS = ("ElementSpacing", "ElementSize")

COMES_FROM = {"R": (1, 0, 0), "L": (-1, 0, 0), "A": (0, 1, 0), "P": (0, -1, 0), "I": (0, 0, 1), "S": (0, 0, -1)}
"""Letter of AnatomicalOrientation -> LPS direction of an axis; it names the side from which the axis comes."""

_CHUNK = 1 << 20


def read_metaimage_mask(path: Path) -> StoredVoxels:
    """Read header and voxels of a MetaImage file.

    Raises
    ------
    OverlayError
        If it is damaged or holds no volume; the message does not name the file.
    """
    fields, data_start = _read_fields(path)
    reader = sitk.ImageFileReader()
    reader.SetImageIO("MetaImageIO")
    reader.SetFileName(os.fspath(path))
    try:
        reader.ReadImageInformation()
        _check_volume(reader)
        _check_data(path, fields, data_start, reader)
        image = reader.Execute()
    except RuntimeError as error:
        raise OverlayError(
            "it cannot be read as MetaImage: its directions may be impossible, its data missing or cut short; keep "
            "header and data together, or save it again from its source"
        ) from error
    layer = 3 if reader.GetDimension() == 4 else None
    array = sitk.GetArrayFromImage(image)
    return StoredVoxels(layers_of(array, (0, 1, 2), layer), metaimage_claims(fields, reader))


def _read_fields(path: Path) -> tuple[dict[str, str], int]:
    """The fields of the header, and the offset of what follows it."""
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        for _ in range(HEADER_LINES):
            name, equals, value = file.readline(LINE_LENGTH).decode("latin-1").partition("=")
            if not equals:
                break
            fields[name.strip()] = value.strip()
            if name.strip() == "ElementDataFile":
                return fields, file.tell()
    raise OverlayError("it does not begin as MetaImage files do; choose the mask itself, or save it again")


def _check_volume(reader: sitk.ImageFileReader) -> None:
    dimension, numbers = reader.GetDimension(), reader.GetNumberOfComponents()
    if dimension not in (3, 4):
        raise OverlayError(f"it has {dimension} axes; a mask needs 3: choose the mask of one whole volume")
    if numbers != 1:
        raise OverlayError(f"each of its voxels holds {numbers} numbers, so it is no mask; choose the mask")


def _check_data(path: Path, fields: Mapping[str, str], data_start: int, reader: sitk.ImageFileReader) -> None:
    """Compare the size in the header with the data: ITK leaves voxels undefined where packed data are too few.

    Data of several files, of text, or with a header of their own are left to ITK.
    """
    count = voxel_count(reader.GetSize())
    name = fields["ElementDataFile"]
    is_local = name.upper() == "LOCAL"
    if (
        name.startswith("LIST")
        or "%" in name
        or fields.get("HeaderSize", "0") != "0"
        or not _is_true(fields, "BinaryData")
    ):
        return
    data, start = (path, data_start) if is_local else (path.parent / name, 0)
    if not data.is_file():
        raise OverlayError(f"its data file {name!r} is missing; keep it beside the header")
    wanted = count * sitk.Image([1, 1, 1], reader.GetPixelID()).GetSizeOfPixelComponent()
    is_packed = _is_true(fields, "CompressedData")
    found = _unpacked_length(data, start, wanted) if is_packed else data.stat().st_size - start
    check_length(min(found, wanted), max(0, found - wanted), wanted)


def _is_true(fields: Mapping[str, str], name: str) -> bool:
    return fields.get(name, "").lower() in ("true", "1")


def _unpacked_length(data: Path, start: int, wanted: int) -> int:
    """How many bytes zlib data unpack to; counting ends soon after `wanted`."""
    unpacker, found = zlib.decompressobj(), 0
    with data.open("rb") as file:
        file.seek(start)
        try:
            while not unpacker.eof and found <= wanted + PADDING:
                packed = unpacker.unconsumed_tail or file.read(_CHUNK)
                if not packed:
                    raise OverlayError(BROKEN_OFF)
                found += len(unpacker.decompress(packed, _CHUNK))
        except zlib.error as error:
            raise OverlayError(DAMAGED) from error
    return found


def metaimage_claims(fields: Mapping[str, str], reader: sitk.ImageFileReader) -> HeaderClaims:
    """Turn a header into claims in LPS and mm; what ITK fills in where the header says nothing is a gap.

    Parameters
    ----------
    fields : the header's, as they stand in the file
    reader : after it has read the image information
    """
    first, second, third = reader.GetSize()[:3]
    dimension = reader.GetDimension()
    directions = np.array(reader.GetDirection()).reshape(dimension, dimension)[:3, :3]
    unit = MM_PER_UNIT.get(fields.get("DistanceUnits", "mm").lower(), 1.0)
    spacing = np.array(reader.GetSpacing()[:3]) * unit
    named = _named_directions(fields.get("AnatomicalOrientation", ""))
    has_matrix = any(field in fields for field in DIRECTION_FIELDS)
    has_spacing = any(field in fields for field in SPACING_FIELDS)
    has_origin = any(field in fields for field in ORIGIN_FIELDS)
    remarks = []
    if not has_matrix and named is not None:
        directions = named
        remarks.append("AnatomicalOrientation was taken for the directions")
    elif named is not None and not np.array_equal(_nearest_axes(directions), named):
        remarks.append("AnatomicalOrientation contradicts the directions and was not used")
    has_directions = has_spacing and (has_matrix or named is not None)
    missing = {
        Gap.NO_ORIGIN: not has_origin,
        Gap.NO_DIRECTIONS: not has_directions,
        Gap.NO_SPACING: not has_spacing,
    }
    return HeaderClaims(
        (first, second, third),
        directions * spacing if has_directions else None,
        tuple(spacing.tolist()) if has_spacing and not has_directions else None,
        tuple((np.array(reader.GetOrigin()[:3]) * unit).tolist()) if has_origin else None,
        frozenset(gap for gap, is_missing in missing.items() if is_missing),
        unit,
        tuple(remarks),
    )


def _named_directions(letters: str) -> FloatArray | None:
    """3x3, columns are the directions that the letters name; None where they name none or one twice."""
    if len(letters) < 3 or any(letter not in COMES_FROM for letter in letters[:3]):
        return None
    directions = np.array([COMES_FROM[letter] for letter in letters[:3]], dtype=float).T
    return directions if np.linalg.matrix_rank(directions) == 3 else None


def _nearest_axes(directions: FloatArray) -> FloatArray:
    """3x3, each column the direction along x, y or z that is nearest to that of `directions`."""
    largest = np.abs(directions) == np.abs(directions).max(axis=0)
    return np.where(largest, np.sign(directions), 0)
