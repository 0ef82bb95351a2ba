"""NRRD without free text: fields of the format with numbers or the format's own words stay, and the voxels.

All else goes: content, labels, comments, and key/value pairs but those of diffusion and segmentation that hold numbers.
What lies in a file of its own is brought into the new one. Format: http://teem.sourceforge.net/nrrd/format.html
"""

from __future__ import annotations

import bz2
import gzip
import math
import re
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from DicomSuiteAnonymizeLib.errors import AnonymizeError

NRRD = b"NRRD000"
_LONGEST_HEADER = 4 << 20
_BLOCK_BYTES = 1 << 22
_COMPRESSION = 6

_TYPE_BYTES = {
    name: size
    for size, names in {
        1: "signed char|int8|int8_t|uchar|unsigned char|uint8|uint8_t",
        2: "short|short int|signed short|signed short int|int16|int16_t|ushort|unsigned short|unsigned short int|uint16"
        "|uint16_t",
        4: "int|signed int|int32|int32_t|uint|unsigned int|uint32|uint32_t|float",
        8: "longlong|long long|long long int|signed long long|signed long long int|int64|int64_t|ulonglong"
        "|unsigned long long|unsigned long long int|uint64|uint64_t|double",
    }.items()
    for name in names.split("|")
}
_NUMBERS = re.compile(r"(?:none|nan|[-+]?inf|[-+0-9.eE(),\s])*", re.IGNORECASE)
_WORDS = re.compile(
    r"(?:\?\?\?|none|little|big|raw|gzip|gz|bzip2|bz2|cell|node|domain|space|time|list|point|vector|covariant-vector|normal"
    r"|stub|scalar|complex|quaternion|[234]-(?:vector|gradient|normal|color)|(?:RGB|HSV|XYZ|RGBA)-color"
    r"|[23]D-(?:masked-)?(?:symmetric-)?matrix|(?:right|left)-(?:anterior|posterior)-(?:superior|inferior)(?:-time)?"
    r"|[RLAPSI]{3}T?|scanner-xyz(?:-time)?|3D-(?:right|left)-handed(?:-time)?|\s)*",
    re.IGNORECASE,
)
_UNITS = re.compile(r'(?:""|"(?:mm|cm|m|um|µm|s|ms|us|sec|Hz|ppm|rad|deg|degrees|HU|mm\^2/s|s/mm\^2)"|\?\?\?|none|\s)*')
_FORMS = {
    **dict.fromkeys(
        ("dimension", "sizes", "spacings", "thicknesses", "axis mins", "axismins", "axis maxs", "axismaxs")
        + ("min", "max", "old min", "oldmin", "old max", "oldmax", "block size", "blocksize", "number")
        + ("space dimension", "space directions", "space origin", "measurement frame"),
        _NUMBERS,
    ),
    **dict.fromkeys(("endian", "encoding", "centers", "centerings", "kinds", "space"), _WORDS),
    **dict.fromkeys(("units", "space units", "sample units", "sampleunits"), _UNITS),
}
"""Form of the value of each field that stays; `type` is one of those that are known here."""
_KEYS = re.compile(
    r"DWMRI_(?:b-value|gradient_\d{1,5}|NEX_\d{1,5}|B-matrix_\d{1,5})|Segment\d{1,4}_(?:Color|Extent|LabelValue|Layer)"
    r"|Segmentation_ReferenceImageExtentOffset"
)
_SIZES = re.compile(r"\d{1,12}(?:\s+\d{1,12}){0,15}")
_DATA_FILE = ("data file", "datafile")
_SKIPS = ("byte skip", "byteskip", "line skip", "lineskip")


def cleaned_nrrd(source: Path, target: BinaryIO) -> list[str]:
    """Write the cleaned file; what was left out. Memory does not grow with the file.

    Raises AnonymizeError where the file is damaged or of a kind that cannot be cleaned.
    """
    with open(source, "rb") as file:
        header = _Header(file)
        with closing(header.open_data(file, source)) as data:
            target.write(header.cleaned())
            follows = _copy_voxels(data, header, target)
    return header.removed + ["bytes behind the NRRD voxels"] * follows


class _Header:
    """The header of a NRRD file, read up to its end."""

    def __init__(self, file: BinaryIO) -> None:
        self.removed: list[str] = []
        self._lines: list[str] = []
        self._fields: dict[str, str] = {}
        magic = file.readline(16).rstrip(b"\r\n")
        if not re.fullmatch(rb"NRRD000[1-6]", magic):
            raise AnonymizeError("a NRRD file of another version")
        self._magic = magic.decode()
        for line in _header_lines(file):
            self._take(line)
        self._check()

    @property
    def encoding(self) -> str:
        """raw, gzip or bzip2."""
        return {"gz": "gzip", "bz2": "bzip2"}.get(word := self._fields.get("encoding", "").lower(), word)

    @property
    def voxel_bytes(self) -> int:
        """How many bytes the voxels take."""
        return math.prod(map(int, self._fields["sizes"].split())) * _TYPE_BYTES[self._fields["type"].lower()]

    def cleaned(self) -> bytes:
        """The new header with the empty line that ends it."""
        return ("\n".join([self._magic, *self._lines]) + "\n\n").encode()

    def open_data(self, file: BinaryIO, source: Path) -> BinaryIO:
        """What holds the voxels: the rest of this file, or a file beside it."""
        name = next((self._fields[field] for field in _DATA_FILE if field in self._fields), None)
        if name is None:
            return file
        beside = source.parent / name
        if Path(name).name != name or re.search(r"^LIST|%\d*d", name):
            raise AnonymizeError("a NRRD header whose voxels lie in several files or another folder; save it as .nrrd")
        try:
            return open(beside, "rb")
        except OSError:
            raise AnonymizeError("a NRRD header without the file that holds its voxels") from None

    def _take(self, line: str) -> None:
        if line.startswith("#"):
            if line.strip("# ") and not line.startswith(("# Complete NRRD", "# http")):
                self.removed.append("NRRD comment")
            return
        key, found, value = line.partition(":=")
        field, is_field, field_value = line.partition(": ")
        if is_field and (not found or len(field) < len(key)):
            self._take_field(field.strip().lower(), field_value.strip())
        elif found and _KEYS.fullmatch(key) and _NUMBERS.fullmatch(value):
            self._lines.append(f"{key}:={value}")
        elif (key, value) == ("modality", "DWMRI"):
            self._lines.append(line)
        else:
            self.removed.append("NRRD key/value")

    def _take_field(self, field: str, value: str) -> None:
        self._fields[field] = value
        form = _FORMS.get(field)
        if (field == "type" and value.lower() in _TYPE_BYTES) or (form is not None and form.fullmatch(value)):
            self._lines.append(f"{field}: {value}")
        elif field not in (*_DATA_FILE, *_SKIPS):
            self.removed.append("NRRD content" if field == "content" else "NRRD field with text")

    def _check(self) -> None:
        fields = self._fields
        skips = [fields.get(field, "0") for field in _SKIPS]
        if any(skip not in ("0", "") for skip in skips):
            raise AnonymizeError("a NRRD file that skips a part of its data, which may be anything; save it as .nrrd")
        if fields.get("type", "").lower() not in _TYPE_BYTES or not _SIZES.fullmatch(fields.get("sizes", "")):
            raise AnonymizeError("damaged: a NRRD file that does not say how many voxels it has, or of what kind")
        if self.encoding not in ("raw", "gzip", "bzip2"):
            raise AnonymizeError("a NRRD file with voxels as text; save it with encoding raw or gzip")


def _header_lines(file: BinaryIO) -> Iterator[str]:
    """Lines up to the empty one that ends the header, which a file with voxels of its own always has."""
    left = _LONGEST_HEADER
    while line := file.readline(left):
        left -= len(line)
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        if not text:
            return
        yield text
    if left <= 0:
        raise AnonymizeError("damaged: a NRRD file whose header has no end")


def _copy_voxels(data: BinaryIO, header: _Header, target: BinaryIO) -> bool:
    """Copy the voxels, unpacked and packed again where they are packed; whether anything followed them."""
    if header.encoding == "raw":
        return _copy(data, target, header.voxel_bytes)
    if header.encoding == "gzip":
        unpacked, packed = gzip.GzipFile(fileobj=data), gzip.GzipFile("", "wb", _COMPRESSION, target, mtime=0)
    else:
        unpacked, packed = bz2.BZ2File(data), bz2.BZ2File(target, "wb")
    with unpacked, packed:
        return _copy(unpacked, packed, header.voxel_bytes)


def _copy(source: BinaryIO, target: BinaryIO, count: int) -> bool:
    while count:
        block = _read(source, min(count, _BLOCK_BYTES))
        if not block:
            raise AnonymizeError("damaged: a NRRD file with fewer voxels than it says")
        target.write(block)
        count -= len(block)
    rest = iter(lambda: _read(source, _BLOCK_BYTES), b"")
    return max((bool(block.strip(b"\0")) for block in rest), default=False)


def _read(source: BinaryIO, count: int) -> bytes:
    try:
        return source.read(count)
    except (EOFError, OSError, zlib.error):
        raise AnonymizeError("damaged: the voxels of a NRRD file cannot be read") from None
