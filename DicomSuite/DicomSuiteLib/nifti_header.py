"""Free text in the header of a NIfTI file, where names of patients and sites turn up: found, and taken out.

The voxels stay bit by bit what they are. Layouts: nifti1.h and nifti2.h of the NIfTI Data Format Working Group.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.unusable_file import UnusableFileError


@dataclass(frozen=True)
class _Layout:
    """Of one version: size of the header, where its free text and what nobody uses stand (offset, bytes), and where its
    numbers, and how.

    `shape` is how many axes there are, and the lengths of seven, of which the first ones count.
    """

    size: int
    texts: dict[str, tuple[int, int]]
    shape: tuple[int, str]
    datatype: tuple[int, str]
    offset: tuple[int, str]


_VERSIONS = (
    _Layout(
        348,
        {
            "data_type": (4, 10),
            "db_name": (14, 18),
            "extents and session_error": (32, 6),
            "glmax and glmin": (140, 8),
            "descrip": (148, 80),
            "aux_file": (228, 24),
            "intent_name": (328, 16),
        },
        shape=(40, "8h"),
        datatype=(70, "h"),
        offset=(108, "f"),
    ),
    _Layout(
        540,
        {"descrip": (240, 80), "aux_file": (320, 24), "intent_name": (508, 16), "unused_str": (525, 15)},
        shape=(16, "8q"),
        datatype=(12, "h"),
        offset=(168, "q"),
    ),
)
_DATATYPES = {1: (2, 256), 2: (4, 512), 3: (128,), 4: (8, 16, 768, 2304), 8: (32, 64, 1024, 1280), 16: (1536, 1792)}
"""By the bytes that a voxel takes; readers go by them, too, and not by bitpix."""
_VOXEL_BYTES = {datatype: size for size, datatypes in _DATATYPES.items() for datatype in datatypes}
_EXTENSION_FLAG = 4  # bytes after the header; the first is 1 where extensions follow
_BLOCK_BYTES = 1 << 22
_GZIP = b"\x1f\x8b"
_COMPRESSION = 6
EXTENSIONS = "extensions"
TRAILING = "bytes after the voxels"
COMPRESSED_NAME = "name of the file in the gzip header"


def clean_nifti(source: Path, target: Path) -> tuple[str, ...]:
    """Copy a single NIfTI file without its free text, its extensions, and whatever follows its voxels.

    The name and time that gzip files hold beside the data are left out, too. Memory does not grow with the file.

    Returns
    -------
    tuple of str
        What held something that was left out.

    Raises
    ------
    UnusableFileError
        If `source` cannot be read, is no single-file NIfTI, or damaged.
    OutputError
        If `target` cannot be written.
    """
    with _told(source):
        file = source.open("rb")
    with file:
        content = _Content(file, source)
        header = _Header(content)
        found = header.clear_texts()
        if content.skip(header.voxels_at - len(header.content)):
            found.append(EXTENSIONS)
        with output_file(target) as partial, _new(partial, target.name.lower().endswith(".gz")) as cleaned:
            cleaned.write(header.content)
            for block in content.blocks(header.voxel_bytes):
                cleaned.write(block)
            if content.skip_rest():
                found.append(TRAILING)
    return (*found, COMPRESSED_NAME) if content.is_named else tuple(found)


@contextmanager
def _told(source: Path) -> Iterator[None]:
    """Say in words why a file cannot be read."""
    try:
        yield
    except (OSError, EOFError, zlib.error) as error:
        reason = getattr(error, "strerror", None) or "it is damaged or cut short; write it again from its source"
        raise UnusableFileError(source, f"cannot be read: {reason}") from error


@contextmanager
def _new(path: Path, is_packed: bool) -> Iterator[BinaryIO]:
    """A file to write to; packed, the same content gives the same bytes, for neither name nor time goes in."""
    with path.open("wb") as file:
        if is_packed:
            with gzip.GzipFile("", "wb", _COMPRESSION, file, mtime=0) as packed:
                yield packed
        else:
            yield file


class _Content:
    """What a NIfTI file holds, unpacked where it is packed, read once from its beginning to its end.

    Attributes
    ----------
    is_named : whether it is packed, and tells the name of the file that was

    Raises UnusableFileError where it cannot be read or ends too soon.
    """

    def __init__(self, file: BinaryIO, source: Path) -> None:
        self.source = source
        with _told(source):
            start = file.read(4)
            file.seek(0)
        is_packed = start.startswith(_GZIP)
        self.is_named = is_packed and bool(start[-1] & 0x08)  # RFC 1952: FNAME
        self._file = gzip.GzipFile(fileobj=file) if is_packed else file

    def read(self, count: int) -> bytes:
        """The next `count` bytes; fewer at the end."""
        with _told(self.source):
            return self._file.read(count)

    def blocks(self, count: int) -> Iterator[bytes]:
        """The next `count` bytes, some at a time."""
        while count:
            block = self.read(min(count, _BLOCK_BYTES))
            if not block:
                raise UnusableFileError(self.source, "damaged or cut short: voxels are missing; get it again")
            count -= len(block)
            yield block

    def skip(self, count: int) -> bool:
        """Pass over the next `count` bytes; whether one of them is not 0."""
        return _any_filled(self.blocks(count))

    def skip_rest(self) -> bool:
        """Pass over what is left, so that the check sum at the end is compared; whether a byte of it is not 0."""
        return _any_filled(iter(lambda: self.read(_BLOCK_BYTES), b""))


def _any_filled(blocks: Iterator[bytes]) -> bool:
    """Whether a byte is not 0, once all blocks have been taken."""
    return max((bool(block.strip(b"\0")) for block in blocks), default=False)


class _Header:
    """The header at the beginning of `content`, and the four bytes after it, as they are to be written.

    Attributes
    ----------
    voxels_at : where the voxels begin in the file that was read
    voxel_bytes : how many bytes they take
    """

    def __init__(self, content: _Content) -> None:
        self._source = content.source
        start = content.read(4)
        self._layout, self._order = self._understood(start)
        self.content = bytearray(start + content.read(self._layout.size + _EXTENSION_FLAG - len(start)))
        self.voxels_at = self._offset()
        self.voxel_bytes = self._counted()
        at, kind = self._layout.offset
        struct.pack_into(self._order + kind, self.content, at, len(self.content))
        self.content[self._layout.size :] = bytes(_EXTENSION_FLAG)

    def _understood(self, start: bytes) -> tuple[_Layout, str]:
        """The version, and "<" or ">" for the order of its bytes."""
        for layout in _VERSIONS:
            for order in "<>":
                if start == struct.pack(f"{order}i", layout.size):
                    return layout, order
        raise UnusableFileError(self._source, "no NIfTI file; name a .nii or .nii.gz file")

    def _numbers(self, place: tuple[int, str]) -> tuple[float, ...]:
        at, kind = place
        return struct.unpack_from(self._order + kind, self.content, at)

    def _offset(self) -> int:
        begin = self._layout.size + _EXTENSION_FLAG
        offset = self._numbers(self._layout.offset)[0] if len(self.content) == begin else 0
        if not begin <= offset < math.inf:
            raise UnusableFileError(
                self._source, "does not say where its voxels are; it is damaged, or only a header (.hdr)"
            )
        return int(offset)

    def _counted(self) -> int:
        axes, *lengths = self._numbers(self._layout.shape)
        (datatype,) = self._numbers(self._layout.datatype)
        if not 1 <= axes <= len(lengths) or min(lengths[:axes]) < 1 or datatype not in _VOXEL_BYTES:
            raise UnusableFileError(self._source, "does not say how many voxels it has, or of what kind; it is damaged")
        return math.prod(lengths[:axes]) * _VOXEL_BYTES[datatype]

    def clear_texts(self) -> list[str]:
        """Make the free text empty; returns which fields held some."""
        found = []
        for name, (start, length) in self._layout.texts.items():
            if any(self.content[start : start + length]):
                found.append(name)
                self.content[start : start + length] = bytes(length)
        return found
