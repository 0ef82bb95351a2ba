"""Reading a DICOM file without decoding it: meta information, data set in pieces, bulk data only located."""

import os
from collections import namedtuple
from hashlib import sha256

from DicomSuiteAnonymizeLib.elements import (
    ITEM,
    LONG_VRS,
    PIXEL_TAGS,
    SEQUENCE_END,
    SHORT_VRS,
    UNDEFINED,
    DataSetWalk,
    FileRange,
    Incomplete,
    Unsupported,
    header_of,
    wire,
)
from DicomSuiteAnonymizeLib.emitter import Change
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.plan import Plan
from DicomSuiteAnonymizeLib.reasons import place, too_long
from DicomSuiteAnonymizeLib.steps import PRIVATE_REMOVED, UNLISTED, Action, Step

PREAMBLE = 128
DICM = b"DICM"
IMPLICIT_LITTLE, EXPLICIT_LITTLE = b"1.2.840.10008.1.2", b"1.2.840.10008.1.2.1"
EXPLICIT_BIG = b"1.2.840.10008.1.2.2"
DEFLATED = frozenset((b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.2.4.95", b"1.2.840.10008.1.2.4.205"))
"""Transfer syntaxes whose whole data set is one deflate stream (PS3.5 A.5, and the deflated JPIP ones)."""

_FIRST_READ = 16 * 1024
"""Bytes; holds the whole header of most images."""
_LARGE_VALUE = 1024 * 1024
"""Bytes; a larger binary value passes from file to file without passing through memory."""
_LARGE_VRS = frozenset((b"OB", b"OD", b"OF", b"OL", b"OV", b"OW"))
_MAX_IN_MEMORY = 2**31
_FLAGS = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
"""Without waiting, in case that the path has become a pipe."""
TRAILING_BYTES = ("trailing bytes", Action.REMOVE.value, "not part of the data set")
COMMAND_SET = ("command set", Action.REMOVE.value, "not part of the data set")


class SourceFile:
    """A file open for reading only; a context manager."""

    def __init__(self, path: str) -> None:
        self.descriptor = os.open(path, _FLAGS)
        self.size = os.fstat(self.descriptor).st_size

    def __enter__(self) -> "SourceFile":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def read_at(self, offset: int, count: int) -> bytes:
        """Up to `count` bytes from `offset`; fewer only at the end of the file."""
        if hasattr(os, "pread"):
            data = os.pread(self.descriptor, count, offset)
        else:
            os.lseek(self.descriptor, offset, os.SEEK_SET)
            data = os.read(self.descriptor, count)
        if len(data) < count and offset + len(data) < self.size and data:
            return data + self.read_at(offset + len(data), count - len(data))
        return data

    def read_into(self, buffer: memoryview, offset: int) -> int:
        """Fill `buffer` from `offset`; how many bytes were read, 0 at the end of the file."""
        if hasattr(os, "preadv"):
            return os.preadv(self.descriptor, (buffer,), offset)
        data = self.read_at(offset, len(buffer))
        buffer[: len(data)] = data
        return len(data)


class WalkedFile(
    namedtuple(
        "WalkedFile",
        ("media_class", "media_instance", "transfer_syntax", "explicit", "nodes", "pixel_length", "digest", "left_out"),
    )
):
    """A file's structure under a plan.

    `nodes` are those of the data set up to the end of the file, with pixel data as bytes (its header) and FileRange;
    `pixel_length` is the length that the pixel data's header states, None where there is no pixel data;
    `left_out` says what else the file held than meta information and data set;
    `digest` is the SHA-256 of everything that was read, that is, of all but the bulk values.
    """

    __slots__ = ()
    media_class: bytes
    media_instance: bytes
    transfer_syntax: bytes
    explicit: bool
    nodes: list
    pixel_length: int | None
    digest: str
    left_out: tuple[Change, ...]


def walk_file(source: SourceFile, plan: Plan) -> WalkedFile:
    """Walk a Part 10 file in a little-endian, not deflated transfer syntax.

    Raises Unsupported where the pydicom path has to try, AnonymizeError where the file is broken beyond doubt.
    """
    return _FileWalk(source, plan).walked()


class _FileWalk:
    def __init__(self, source: SourceFile, plan: Plan) -> None:
        self._source = source
        self._buffer = source.read_at(0, _FIRST_READ)
        self._pos = 0
        self._base = 0
        meta, start = read_meta(self._buffer)
        self._meta = meta
        self._syntax = meta.get(0x0010, b"")
        if not self._syntax or self._syntax == EXPLICIT_BIG or self._syntax in DEFLATED:
            raise Unsupported(f"transfer syntax {self._syntax.decode('ascii', 'replace') or '(none)'}")
        self._media_class = meta.get(0x0002, b"")
        if not self._media_class:
            raise Unsupported("no Media Storage SOP Class UID")
        self._explicit = self._syntax != IMPLICIT_LITTLE
        level = plan.level(self._media_class.decode("ascii", "replace"))
        self._walk = DataSetWalk(level, self._explicit, plan.inserts, level.template(self._explicit))
        self._hash = sha256()
        self._left_out: list[Change] = []
        self._pixel_length: int | None = None
        self._advance(start)
        if self._explicit:
            self._drop_command_set()
        self._check_encoding()

    def walked(self) -> WalkedFile:
        if self._base == self._source.size:
            raise AnonymizeError("truncated: there is no data set")
        if self._walk_on():
            self._pass_pixels()
            self._read_tail()
        self._walk.finish()
        return WalkedFile(
            self._media_class, self._meta.get(0x0003, b""), self._syntax, self._explicit, self._walk.nodes,
            self._pixel_length, self._hash.hexdigest(), tuple(self._left_out),
        )  # fmt: skip

    def _walk_on(self) -> bool:
        """Walk up to the pixel data, or up to the end of the file; whether it was the pixel data."""
        while self._pos < len(self._buffer):
            pos, at_pixels = self._walk.feed(self._buffer, self._pos)
            self._advance(pos - self._pos)
            if at_pixels:
                return True
            if self._base < self._source.size:
                self._more()
        return False

    def _advance(self, count: int) -> None:
        """Leave `count` bytes behind: `_base` is where the bytes from `_pos` on stand in the file."""
        self._hash.update(self._buffer[self._pos : self._pos + count])
        self._pos += count
        self._base += count

    def _trim(self) -> None:
        """Let the buffer begin at the bytes that were not walked yet."""
        self._buffer = self._buffer[self._pos :]
        self._pos = 0

    def _drop_command_set(self) -> None:
        """Group 0000 is a message's, not a file's; where it was stored all the same it is implicit VR (PS3.7 6.3.1)."""
        if self._buffer[self._pos : self._pos + 2] != b"\0\0" or self._buffer[self._pos + 4 : self._pos + 6].isalpha():
            return
        self._trim()
        pos = 0
        while len(self._buffer) - pos >= 8 and self._buffer[pos : pos + 2] == b"\0\0":
            _, _, header, length = header_of(self._buffer, pos, False)
            pos += header + length
        if pos > len(self._buffer):
            raise Unsupported("a command set longer than 16 KiB")
        self._left_out.append(COMMAND_SET)
        self._advance(pos)

    def _check_encoding(self) -> None:
        """A data set in another encoding than declared could pass as one long value that is kept."""
        first = self._buffer[self._pos : self._pos + 6]
        is_big_endian = len(first) > 1 and not first[0] and first[1]
        has_vr = first[4:6] in SHORT_VRS or first[4:6] in LONG_VRS
        if is_big_endian or (len(first) == 6 and has_vr is not self._explicit):
            raise Unsupported("the data set is not encoded as its transfer syntax says")

    def _skip_to(self, offset: int) -> None:
        """Go on at `offset` without having read what lies between."""
        self._base = offset
        self._pos = 0
        self._buffer = self._source.read_at(offset, _FIRST_READ) if offset < self._source.size else b""

    def _more(self) -> None:
        """The next element is not complete: get more of it, or pass over a large value."""
        self._trim()
        have = len(self._buffer)
        left = self._source.size - self._base - have
        if left == 0:
            if have < 8 and not self._buffer.strip(b"\0"):
                self._drop_rest()
                return
            raise AnonymizeError(self._truncation())
        wanted = max(_FIRST_READ, 4 * have)
        try:
            tag, vr, header, length = header_of(self._buffer, 0, self._explicit)
        except Incomplete:
            vr, length = b"", UNDEFINED
        if length != UNDEFINED:
            if header + length > have + left:
                raise AnonymizeError(self._truncation())
            if length > _LARGE_VALUE and vr != b"SQ" and self._pass_large(tag, vr, header, length):
                return
            wanted = header + length + _FIRST_READ
        if wanted > _MAX_IN_MEMORY:
            what = "sequence" if length == UNDEFINED or vr == b"SQ" else "value"
            raise AnonymizeError(f"a {what} of more than 2 GiB; split the object before de-identifying it")
        self._buffer = self._source.read_at(self._base, wanted)

    def _pass_large(self, tag: int, vr: bytes, header: int, length: int) -> bool:
        """Keep, drop or replace a value without reading it; False where it has to be read."""
        step: Step | None = self._walk.level.steps[tag]
        if step is UNLISTED:
            step = self._walk.level.unlisted(tag)
        if step is None and vr in _LARGE_VRS:
            nodes = [self._buffer[:header], FileRange(self._base + header, length)]
        elif step is PRIVATE_REMOVED or (step is not None and vr in _LARGE_VRS and not self._walk.level.settles):
            nodes = [(tag, vr, b"\0\0", step, vr)]
        else:
            return False
        self._walk.pass_over(wire(tag), nodes)
        self._hash.update(self._buffer[:header])
        self._skip_to(self._base + header + length)
        return True

    def _pass_pixels(self) -> None:
        if len(self._buffer) - self._pos < 12:
            self._skip_to(self._base)
        pos = self._pos
        try:
            tag, _, header, length = header_of(self._buffer, pos, self._explicit)
        except Incomplete:
            raise AnonymizeError(self._truncation()) from None
        start = self._base
        self._pixel_length = length
        if length == UNDEFINED:
            end = self._end_of_fragments(start + header)
        else:
            end = start + header + length
            if end > self._source.size:
                raise AnonymizeError(self._truncation())
        element_header = self._buffer[pos : pos + header]
        self._hash.update(element_header)
        self._walk.nodes += [element_header, FileRange(start + header, end - start - header)]
        self._skip_to(end)

    def _end_of_fragments(self, offset: int) -> int:
        while True:
            head = self._source.read_at(offset, 8)
            if len(head) < 8:
                raise AnonymizeError("truncated: the compressed pixel data has no end")
            tag, length = int.from_bytes(head[:4], "little"), int.from_bytes(head[4:], "little")
            offset += 8
            if tag == SEQUENCE_END:
                return offset
            if tag != ITEM or length == UNDEFINED:
                raise AnonymizeError("broken: the compressed pixel data holds something else than fragments")
            offset += length

    def _read_tail(self) -> None:
        """Elements behind the pixel data; anything else there is padding or junk, and is left behind unread."""
        if self._base == self._source.size:
            return
        try:
            is_element = wire(header_of(self._buffer, 0, self._explicit)[0]) > max(PIXEL_TAGS)
        except (Unsupported, Incomplete):
            is_element = False
        if not is_element:
            self._left_out.append(TRAILING_BYTES)
            return
        walk, self._walk = self._walk, DataSetWalk(self._walk.level, self._explicit, ())
        try:
            self._walk_on()
        except AnonymizeError:  # the rest is incomplete
            self._left_out.append(TRAILING_BYTES)
        walk.nodes += self._walk.nodes
        self._walk = walk

    def _drop_rest(self) -> None:
        self._left_out.append(TRAILING_BYTES)
        self._advance(len(self._buffer) - self._pos)

    def _truncation(self) -> str:
        self._trim()
        try:
            tag, _, header, length = header_of(self._buffer, 0, self._explicit)
        except Incomplete:
            return f"truncated: the file ends at byte {self._source.size}, inside an element's header"
        if length == UNDEFINED:
            where = f"byte {self._source.size}, inside {place((wire(tag),))}"
            return f"truncated: the file ends at {where}, which has no end"
        return too_long(wire(tag), length, self._source.size - self._base - header)


def read_meta(b: bytes) -> tuple[dict[int, bytes], int]:
    """Unpadded values of the file meta information by element number, and where the data set starts.

    Group length (0002,0000) is not relied upon. Raises Unsupported where there is no preamble or meta information.
    """
    if b[PREAMBLE : PREAMBLE + 4] != DICM:
        raise Unsupported("no preamble")
    meta: dict[int, bytes] = {}
    pos = PREAMBLE + 4
    while b[pos : pos + 2] == b"\x02\x00":
        try:
            tag, _, header, length = header_of(b, pos, True)
        except Incomplete:
            break
        if length > len(b):
            raise Unsupported("file meta information longer than 16 KiB")
        meta[tag >> 16] = b[pos + header : pos + header + length].rstrip(b"\0 ")
        pos += header + length
    if pos > len(b):
        raise Unsupported("file meta information longer than 16 KiB")
    return meta, pos
