"""Free text in the header of a NIfTI file, where names of patients and sites turn up: found, and taken out.

The voxels stay bit by bit what they are. Layouts: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
"""

from __future__ import annotations

import gzip
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from DicomSuiteLib.output_file import output_file
from DicomSuiteSuperResLib.errors import SuperResError


@dataclass(frozen=True)
class _Layout:
    """Of one version: size of the header, where its free text stands (offset, bytes), and where the voxels' offset."""

    size: int
    texts: dict[str, tuple[int, int]]
    offset_at: int
    offset_format: str


_VERSIONS = (
    _Layout(
        348,
        {
            "data_type": (4, 10),
            "db_name": (14, 18),
            "descrip": (148, 80),
            "aux_file": (228, 24),
            "intent_name": (328, 16),
        },
        108,
        "f",
    ),
    _Layout(540, {"descrip": (240, 80), "aux_file": (320, 24), "intent_name": (508, 16)}, 168, "q"),
)
_EXTENSION_FLAG = 4  # bytes after the header; the first is 1 where extensions follow
_GZIP = b"\x1f\x8b"
EXTENSIONS = "extensions"
COMPRESSED_NAME = "name of the file in the gzip header"


def clean_nifti(source: Path, target: Path) -> tuple[str, ...]:
    """Copy a single NIfTI file without its free text and extensions; returns the fields that held some.

    The name and time that gzip files hold beside the data are left out, too.

    Raises
    ------
    SuperResError
        If `source` is no single-file NIfTI, or damaged.
    OutputError
        If `target` cannot be written.
    """
    packed = source.read_bytes()
    is_packed = packed.startswith(_GZIP)
    cleaned, found = _cleaned(_unpacked(packed, source) if is_packed else packed, source)
    if is_packed and packed[3] & 0x08:  # RFC 1952: FNAME
        found += (COMPRESSED_NAME,)
    with output_file(target) as partial:
        is_to_be_packed = target.name.lower().endswith(".gz")
        partial.write_bytes(gzip.compress(cleaned, compresslevel=6, mtime=0) if is_to_be_packed else cleaned)
    return found


def _unpacked(packed: bytes, source: Path) -> bytes:
    try:
        return gzip.decompress(packed)
    except (OSError, EOFError, zlib.error) as error:
        raise SuperResError(f"{source} is damaged or cut short; write it again from its source.") from error


def _cleaned(content: bytes, source: Path) -> tuple[bytes, tuple[str, ...]]:
    layout, order = _layout(content, source)
    header = bytearray(content[: layout.size])
    found = []
    for name, (start, length) in layout.texts.items():
        if any(header[start : start + length]):
            found.append(name)
            header[start : start + length] = bytes(length)
    (offset,) = struct.unpack_from(order + layout.offset_format, header, layout.offset_at)
    begin = layout.size + _EXTENSION_FLAG
    if not begin <= offset <= len(content):
        raise SuperResError(f"{source} does not say where its voxels are; it is damaged, or only a header (.hdr).")
    if any(content[layout.size : int(offset)]):
        found.append(EXTENSIONS)
    struct.pack_into(order + layout.offset_format, header, layout.offset_at, begin)
    return bytes(header) + bytes(_EXTENSION_FLAG) + content[int(offset) :], tuple(found)


def _layout(content: bytes, source: Path) -> tuple[_Layout, str]:
    """The version, and "<" or ">" for the order of its bytes."""
    for layout in _VERSIONS:
        for order in "<>":
            if len(content) >= layout.size and struct.unpack_from(f"{order}i", content)[0] == layout.size:
                return layout, order
    raise SuperResError(f"{source} is no NIfTI file; name a .nii or .nii.gz file.")
