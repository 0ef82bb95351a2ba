"""The voxels of an NRRD file in every encoding of the format, attached, detached, or spread over many files."""

from __future__ import annotations

import bz2
import gzip
import os
import re
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.nrrd_header import NrrdHeader
from DicomSuiteRTOverlayLib.voxel_stream import check_length, read_exactly, voxel_count

_SPELLINGS = {
    "i1": ("signed char", "int8", "int8_t"),
    "u1": ("uchar", "unsigned char", "uint8", "uint8_t"),
    "i2": ("short", "short int", "signed short", "signed short int", "int16", "int16_t"),
    "u2": ("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"),
    "i4": ("int", "signed int", "int32", "int32_t"),
    "u4": ("uint", "unsigned int", "uint32", "uint32_t"),
    "i8": ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"),
    "u8": ("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"),
    "f4": ("float",),
    "f8": ("double",),
}
"""numpy's type -> NRRD's spellings of it."""

NUMBER_TYPES = {spelling: code for code, spellings in _SPELLINGS.items() for spelling in spellings}

ENCODINGS = {
    "raw": "raw",
    "gzip": "gzip",
    "gz": "gzip",
    "bzip2": "bzip2",
    "bz2": "bzip2",
    "hex": "hex",
    "txt": "ascii",
    "text": "ascii",
    "ascii": "ascii",
}

_NUMBERED_FILES = re.compile(r"([^%]*%0?\d{0,2}[diu][^%]*?)\s+(-?\d+)\s+(-?\d+)\s+(-?\d+)(?:\s+\d+)?$")
"""C's pattern of a file name, the first and the last number, the step, and perhaps the dimension of one file."""

_BYTE_ORDERS = {"little": "<", "big": ">"}


def read_nrrd_array(path: Path, header: NrrdHeader) -> NDArray:
    """Read the voxels that belong to a header.

    Returns
    -------
    array
        of the machine's byte order; its last axis is the first (fastest) of the file

    Raises
    ------
    OverlayError
        If they are missing, too few, too many or damaged; the message does not name the file at `path`.
    """
    sizes = [int(size) for size in header.fields["sizes"]]
    encoding, dtype = _encoding(header), _dtype(header)
    parts = list(_parts(path, header))
    if not parts:
        raise OverlayError("its header lists no data file; save it again from its source")
    each, rest = divmod(voxel_count(sizes), len(parts))
    if rest:
        raise OverlayError(
            f"its voxels do not spread evenly over its {len(parts)} data files; save it again from its source"
        )
    voxels = [_read_part(part, start, header, encoding, dtype, each) for part, start in parts]
    array = voxels[0] if len(voxels) == 1 else np.concatenate(voxels)
    return array.astype(dtype.newbyteorder("="), copy=False).reshape(sizes[::-1])


def _encoding(header: NrrdHeader) -> str:
    name = str(header.fields["encoding"]).lower()
    if name not in ENCODINGS:
        raise OverlayError(f"its encoding is {name!r}; save it as raw or gzip")
    return ENCODINGS[name]


def _dtype(header: NrrdHeader) -> np.dtype:
    name = str(header.fields["type"]).lower()
    if name not in NUMBER_TYPES:
        raise OverlayError(f"its voxels are of the type {name!r}; save it with whole numbers or float")
    dtype = np.dtype(NUMBER_TYPES[name])
    if dtype.itemsize == 1 or _encoding(header) == "ascii":
        return dtype
    order = str(header.fields.get("endian", "")).lower()
    if order not in _BYTE_ORDERS:
        raise OverlayError("its header does not say whether its numbers are little or big endian; save it again")
    return dtype.newbyteorder(_BYTE_ORDERS[order])


def _parts(path: Path, header: NrrdHeader) -> Iterator[tuple[Path, int]]:
    """The files that hold the data, in their order, and at which byte of each they begin."""
    named = header.fields.get("data file")
    if named is None:
        yield path, header.data_start
        return
    for name in _file_names(str(named), header):
        part = path.parent / name
        if not part.is_file():
            raise OverlayError(f"its data file {name!r} is missing; keep it beside the header")
        yield part, 0


def _file_names(named: str, header: NrrdHeader) -> Iterable[str]:
    """Names from a plain name, "LIST [subdimension]", or "pattern first last step [subdimension]"."""
    if re.match(r"LIST\b", named):
        return header.listed_files
    numbered = _NUMBERED_FILES.match(named)
    if not numbered:
        return [named]
    pattern, (first, last, step) = numbered[1], map(int, numbered.groups()[1:])
    if step == 0:
        raise OverlayError(f"its data files, {named!r}, are numbered in steps of 0; save it again from its source")
    return (pattern % number for number in range(first, last + (1 if step > 0 else -1), step))


def _read_part(part: Path, start: int, header: NrrdHeader, encoding: str, dtype: np.dtype, count: int) -> NDArray:
    with part.open("rb") as file:
        file.seek(start)
        for _ in range(int(header.fields.get("line skip", 0))):
            file.readline()
        if encoding == "ascii":
            return _from_text(file.read(), dtype, count)
        wanted = count * dtype.itemsize
        if encoding == "hex":
            return np.frombuffer(_from_hex(file.read(), wanted), dtype)
        skip = int(header.fields.get("byte skip", 0))
        if skip == -1 and encoding == "raw":
            skip = max(0, os.fstat(file.fileno()).st_size - file.tell() - wanted)
        if skip < 0:
            raise OverlayError(f"its header's byte skip of {skip} has no meaning here; save it again from its source")
        return np.frombuffer(read_exactly(_decompressed(file, encoding), wanted, skip), dtype)


def _decompressed(file: BinaryIO, encoding: str) -> BinaryIO:
    if encoding == "gzip":
        return cast(BinaryIO, gzip.GzipFile(fileobj=file))
    return cast(BinaryIO, bz2.BZ2File(file)) if encoding == "bzip2" else file


def _from_text(text: bytes, dtype: np.dtype, count: int) -> NDArray:
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # how numpy tells of what is no number
        try:
            values = np.fromstring(text.replace(b",", b" "), dtype, sep=" ")
        except (ValueError, DeprecationWarning) as error:
            raise OverlayError("its text data hold something that is no number; save it again as raw") from error
    if len(values) != count:
        raise OverlayError(f"its header promises {count} voxels, its text data hold {len(values)}; save it again")
    return values


def _from_hex(text: bytes, wanted: int) -> bytearray:
    try:
        data = bytearray.fromhex(text.decode("ascii"))
    except ValueError as error:
        raise OverlayError("its hex data hold something else; save it again as raw") from error
    check_length(len(data), max(0, len(data) - wanted), wanted)
    return data[:wanted]
