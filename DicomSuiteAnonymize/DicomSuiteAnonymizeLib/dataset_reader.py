"""Reading what the byte walker refuses: any encoding, also a wrongly declared one, every length checked."""

import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.filereader import data_element_generator

from DicomSuiteAnonymizeLib.dictionary import wire_vrs
from DicomSuiteAnonymizeLib.elements import LONG_VRS, PIXEL_TAGS, SHORT_VRS, UNDEFINED, Nested, wire
from DicomSuiteAnonymizeLib.engine import NotDicom
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.plan import Level, Plan
from DicomSuiteAnonymizeLib.reasons import place, too_long
from DicomSuiteAnonymizeLib.source_file import (
    DEFLATED,
    DICM,
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PREAMBLE,
    SourceFile,
)
from DicomSuiteAnonymizeLib.steps import PRIVATE_REMOVED, UNLISTED, Step

_CLASS, _INSTANCE = 0x00080016, 0x00080018
_ITEM, _SEQUENCE_END, _DELIMITERS = 0xFFFEE000, 0xFFFEE0DD, 0xFFFE
_ITEM_TAG = b"\xfe\xff\x00\xe0"
_SHORTEST_ELEMENT = 8
_MAX_BYTES = 2**31
"""This path holds a file in memory, more than once."""
_TOO_LARGE = "more than 2 GiB in an encoding that has to be read as a whole; convert it to explicit VR first"
_MAX_DEPTH = 64
_VRS = SHORT_VRS | LONG_VRS
_FRAGMENTED = frozenset((b"OB", b"OW"))
_UID = re.compile(rb"[0-9]+(\.[0-9]+)+")
_Element = RawDataElement | DataElement
_StopWhen = Callable[[int, str | None, int], bool]


class Encoding(NamedTuple):
    """How a data set or the items of a sequence are encoded (PS3.5 7.1, 7.3)."""

    implicit: bool
    little: bool


IMPLICIT, EXPLICIT, BIG_ENDIAN = Encoding(True, True), Encoding(False, True), Encoding(False, False)
_NATIVE = {IMPLICIT_LITTLE: IMPLICIT, EXPLICIT_LITTLE: EXPLICIT, EXPLICIT_BIG: BIG_ENDIAN}
_SYNTAX_OF = {encoding: syntax for syntax, encoding in _NATIVE.items()}


@dataclass(slots=True)
class ReadFile:
    """A file as it was understood.

    `nodes` are those of the data set in file order: a tuple (wire tag, VR, value, step, VR in the file) for
    an element with a step, a RawDataElement for one that stays as it is, a Nested for a sequence.
    `media_class` and `media_instance` are the data set's where there is no meta information.
    `pixel_length` is the length that the pixel data's header states, None where there is no pixel data.
    `transfer_syntax` says how the data set is really encoded; `digest` is the SHA-256 of the whole file.
    """

    media_class: bytes
    media_instance: bytes
    transfer_syntax: bytes
    encoding: Encoding
    nodes: list
    pixel_length: int | None
    digest: str
    dropped_trailing_bytes: bool


def read_file(source: SourceFile, plan: Plan) -> ReadFile:
    """Read a file in any encoding.

    Raises NotDicom for what is something else, and AnonymizeError for DICOM that cannot be read completely
    and beyond doubt; the message names tags, never values.
    """
    data = _whole(source)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # An unknown character set is no reason to refuse a file: nothing is decoded here.
        warnings.filterwarnings("ignore", module=r"pydicom\.charset$")
        start = _start_of(data)
        reader = _Reader(start.data, start.position)
        nodes = reader.data_set(start.encoding, plan.level(start.sop_class.decode("ascii", "replace")))
    if start.transfer_syntax != start.claimed and any(map(_is_compressed, nodes)):
        raise AnonymizeError("compressed pixel data, and no transfer syntax that says how it is compressed")
    return ReadFile(
        start.sop_class,
        start.sop_instance,
        start.transfer_syntax,
        start.encoding,
        nodes,
        reader.pixel_length,
        sha256(data).hexdigest(),
        start.junk_follows or reader.dropped_trailing_bytes,
    )


def known_vr(wire_tag: int, vr: bytes) -> bytes:
    """What VR an element really has: for UN, the dictionary's."""
    return wire_vrs().get(wire_tag, vr) if vr == b"UN" else vr


def _whole(source: SourceFile) -> bytes:
    if source.size == 0:
        raise AnonymizeError("empty: the file has 0 bytes")
    head = source.read_at(0, PREAMBLE + len(DICM))
    if head[PREAMBLE:] != DICM and head[:2] not in (b"\2\0", b"\x08\0", b"\0\x08"):
        raise NotDicom  # without a preamble, a file begins with meta information or with group 0008
    if source.size > _MAX_BYTES:
        raise AnonymizeError(_TOO_LARGE)
    data = source.read_at(0, source.size)
    if len(data) < source.size:
        raise AnonymizeError(f"truncated while it was read, at byte {len(data)} of {source.size}")
    return data


class _FileStart:
    """What has to be known before a data set can be read: where it begins, how it is encoded, what it is."""

    def __init__(self, data: bytes, meta: dict[int, bytes], position: int) -> None:
        self.claimed = meta.get(0x0010, b"")
        self.data, self.position, self.junk_follows = data, position, False
        if self.claimed in DEFLATED:
            self.data, self.junk_follows = _inflated(data[position:])
            self.position = 0
        self.encoding = _encoding_of(self.data[self.position : self.position + _SHORTEST_ELEMENT])
        self.transfer_syntax = _transfer_syntax(self.claimed, self.encoding)
        values = {} if meta.get(0x0002) and meta.get(0x0003) else self._leading_values()
        self.sop_class = meta.get(0x0002) or values.get(_CLASS, b"").strip(b"\0 ")
        self.sop_instance = meta.get(0x0003) or values.get(_INSTANCE, b"").strip(b"\0 ")

    def _leading_values(self) -> dict[int, bytes]:
        file = BytesIO(self.data)
        file.seek(self.position)
        elements = _elements(file, self.encoding, lambda tag, vr, length: tag > _INSTANCE)
        return {element.tag: element.value or b"" for element in elements if element.is_raw}


def _start_of(data: bytes) -> _FileStart:
    marked = data[PREAMBLE : PREAMBLE + len(DICM)] == DICM
    if marked or (data[:2] == b"\2\0" and data[4:6] in _VRS):
        return _FileStart(data, *_meta(data, PREAMBLE + len(DICM) if marked else 0))
    try:
        start = _FileStart(data, {}, 0)
    except AnonymizeError:
        raise NotDicom from None
    if not _UID.fullmatch(start.sop_class) or not _UID.fullmatch(start.sop_instance):
        raise NotDicom  # bytes that happen to look like elements
    return start


def _meta(data: bytes, position: int) -> tuple[dict[int, bytes], int]:
    """Unpadded values of the file meta information by element number, and where the data set begins."""
    file = BytesIO(data)
    file.seek(position)
    elements = _elements(file, EXPLICIT, lambda tag, vr, length: tag >> 16 != 0x0002)
    values = {element.tag & 0xFFFF: element.value or b"" for element in elements if element.is_raw}
    return {number: value.rstrip(b"\0 ") for number, value in values.items()}, file.tell()


def _inflated(data: bytes) -> tuple[bytes, bool]:
    """The data set, and whether anything but padding follows its deflate stream."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        inflated = stream.decompress(data, _MAX_BYTES)
    except zlib.error:
        raise AnonymizeError("broken: the deflated data set cannot be inflated") from None
    if stream.unconsumed_tail:
        raise AnonymizeError(_TOO_LARGE)
    if not stream.eof:
        raise AnonymizeError("truncated: the deflated data set has no end")
    return inflated, bool(stream.unused_data.strip(b"\0"))


def _encoding_of(element: bytes) -> Encoding:
    """Encoding of the data set that begins so. Raises AnonymizeError where there is no telling."""
    if len(element) < _SHORTEST_ELEMENT:
        raise AnonymizeError("truncated: there is no data set")
    explicit = element[4:6] in _VRS
    if element[0] or not element[1]:  # in big endian the group, 0008 as a rule, begins with a zero
        return EXPLICIT if explicit else IMPLICIT
    if not explicit:
        raise AnonymizeError("broken: the data set begins with something that is no element")
    return BIG_ENDIAN


def _transfer_syntax(claimed: bytes, found: Encoding) -> bytes:
    """The claimed transfer syntax where it is true, else the one of the encoding that was found."""
    if claimed and found == _NATIVE.get(claimed, EXPLICIT):
        return claimed
    if claimed and claimed not in _NATIVE:
        raise AnonymizeError("the data set is not in explicit VR little endian, as its transfer syntax says")
    return _SYNTAX_OF[found]


def _elements(file: BytesIO, encoding: Encoding, stop_when: _StopWhen) -> Iterator[_Element]:
    """Elements as pydicom reads them up to the one to stop at, all complete. Raises AnonymizeError."""
    elements = data_element_generator(file, *encoding, stop_when)
    while True:
        try:
            element = next(elements, None)
        except struct.error:
            raise AnonymizeError(f"truncated at byte {file.tell()}, inside an element's header") from None
        except Exception as error:  # pydicom has no error type of its own, and its texts may hold values
            raise AnonymizeError(f"unreadable: {type(error).__name__} at byte {file.tell()}") from None
        if element is None:
            return
        there = len(element.value or b"")
        if element.is_raw and there < element.length != UNDEFINED:
            raise AnonymizeError(too_long(element.tag, element.length, there))
        yield element


class _Reader:
    """Reads one data set, from `position` to the end of `data`."""

    def __init__(self, data: bytes, position: int) -> None:
        self._data = data
        self._size = len(data)
        self._file = BytesIO(data)
        self._file.seek(position)
        self.dropped_trailing_bytes = False
        self.pixel_length: int | None = None

    def data_set(self, encoding: Encoding, level: Level) -> list:
        """Nodes of the whole data set; padding and junk at its end are left behind."""
        nodes: list = []
        while left := self._size - self._file.tell():
            if left < _SHORTEST_ELEMENT and not self._data[-left:].strip(b"\0"):
                self.dropped_trailing_bytes = True
                break
            element = self._element(encoding, self._size)
            nodes.append(self._node(element, encoding, self._size, level))
            if element.tag in PIXEL_TAGS:
                self.pixel_length = element.length
                return nodes + self._tail(encoding, level)
        return nodes

    def _tail(self, encoding: Encoding, level: Level) -> list:
        """Elements behind the pixel data; anything else there is no part of the data set."""
        nodes: list = []
        while self._file.tell() < self._size:
            try:
                element = self._element(encoding, self._size)
                node = self._node(element, encoding, self._size, level)
            except AnonymizeError:
                element = None
            if element is None or element.tag <= max(PIXEL_TAGS):
                self.dropped_trailing_bytes = True
                break
            nodes.append(node)
        return nodes

    def _item(self, encoding: Encoding, length: int, end: int, level: Level) -> list:
        nodes: list = []
        delimited = length == UNDEFINED
        end = end if delimited else self._within(self._file.tell() + length, end, level.path)
        while self._file.tell() < end:
            element = self._element(encoding, end, delimited)
            if element is None:
                return nodes
            nodes.append(self._node(element, encoding, end, level))
            self._within(self._file.tell(), end, (*level.path, element.tag))
        if delimited:
            raise AnonymizeError(f"truncated: an item of {place(level.path)} has no end")
        return nodes

    def _element(self, encoding: Encoding, end: int, delimited: bool = False) -> RawDataElement | None:
        """The next element, without a value if its length is undefined; None at the end of an open item."""
        opened: list[RawDataElement] = []

        def is_open(tag: int, vr: str | None, length: int) -> bool:
            if length == UNDEFINED:
                opened.append(RawDataElement(tag, vr, length, None, self._file.tell(), *encoding))
            return length == UNDEFINED

        start = self._file.tell()
        if end - start < _SHORTEST_ELEMENT:
            raise AnonymizeError(f"truncated: the {end - start} bytes before byte {end} are no element")
        element = next(_elements(self._file, encoding, is_open), None)
        if opened:
            element = opened[0]
            self._file.seek(element.value_tell)
        if element is None and delimited:
            return None
        if element is None or element.tag >> 16 == _DELIMITERS:
            raise AnonymizeError(f"broken: an item begins or ends at byte {start}, where an element belongs")
        if not element.tag and not element.length:
            raise AnonymizeError(f"broken: zeros at byte {start}, where an element belongs")
        return element

    def _node(self, element: RawDataElement, encoding: Encoding, end: int, level: Level):
        tag = wire(element.tag)
        step = level.steps[tag]
        if step is UNLISTED:
            step = level.unlisted(tag)
        pixels = element.tag in PIXEL_TAGS
        if pixels and not level.path:
            step = None
        wire_vr = _wire_vr(element)
        vr = known_vr(tag, wire_vr)
        if element.length == UNDEFINED:
            if wire_vr not in _FRAGMENTED and not pixels:
                return self._sequence(element, wire_vr, step, encoding, end, level)
            element = element._replace(value=self._fragments(encoding))
        elif vr == b"SQ" and step is not PRIVATE_REMOVED:
            return self._sequence(element, wire_vr, step, encoding, end, level)
        elif vr == b"UN" and tag & 1 and step is not None and not step.blind:
            hidden = self._hidden_sequence(element, step, end, level)
            if hidden is not None:
                return hidden
        if step is None:
            return element._replace(VR=wire_vr.decode())
        return tag, vr, element.value or b"", step, wire_vr

    def _hidden_sequence(self, element, step: Step, end: int, level: Level) -> Nested | None:
        """The private sequence that stands as UN; None, with the file behind it, where it is none."""
        if not (element.value or b"").startswith(_ITEM_TAG):
            return None
        behind = self._file.tell()
        try:
            return self._sequence(element, b"UN", step, IMPLICIT, end, level)
        except AnonymizeError:
            self._file.seek(behind)
            return None

    def _sequence(self, element, wire_vr, step: Step | None, encoding: Encoding, end: int, outer: Level) -> Nested:
        level = outer.child(wire(element.tag), step)
        if len(level.path) > _MAX_DEPTH:
            raise AnonymizeError(f"sequences nested deeper than {_MAX_DEPTH} levels")
        if wire_vr == b"UN":
            encoding = IMPLICIT  # whatever surrounds it (PS3.5 6.2.2)
        node = Nested(wire(element.tag), wire_vr, step, level, not encoding.implicit, [])
        self._file.seek(element.value_tell)
        delimited = element.length == UNDEFINED
        end = end if delimited else self._within(element.value_tell + element.length, end, level.path)
        while delimited or self._file.tell() < end:
            tag, length = self._item_header(encoding)
            if tag == _SEQUENCE_END and delimited:
                break
            if tag != _ITEM:
                raise AnonymizeError(f"broken: {place(level.path)} holds something else than items")
            node.items.append(self._item(self._encoding_in_item(encoding), length, end, level))
        return node

    def _encoding_in_item(self, encoding: Encoding) -> Encoding:
        """Some writers put explicit VR into the sequences of VR UN."""
        start = self._file.tell()
        tag, vr = self._data[start : start + 4], self._data[start + 4 : start + 6]
        known = wire_vrs().get(int.from_bytes(tag, "little"))
        return EXPLICIT if encoding == IMPLICIT and vr == known else encoding

    def _fragments(self, encoding: Encoding) -> bytes:
        """Value of encapsulated pixel data: its fragments with their headers (PS3.5 A.4)."""
        start = self._file.tell()
        while True:
            tag, length = self._item_header(encoding)
            if tag == _SEQUENCE_END:
                return self._data[start : self._file.tell() - _SHORTEST_ELEMENT]
            if tag != _ITEM or length == UNDEFINED:
                raise AnonymizeError("broken: the compressed pixel data holds something else than fragments")
            self._file.seek(length, 1)

    def _item_header(self, encoding: Encoding) -> tuple[int, int]:
        header = self._file.read(8)
        if len(header) < 8:
            raise AnonymizeError("truncated: the file ends inside a sequence or compressed pixel data")
        group, element, length = struct.unpack("<HHL" if encoding.little else ">HHL", header)
        return group << 16 | element, length

    def _within(self, position: int, end: int, path: tuple[int, ...]) -> int:
        if position > end:
            raise AnonymizeError(f"broken: {place(path)} is longer than what holds it")
        return position


def _wire_vr(element: RawDataElement) -> bytes:
    """VR to write: the file's, or the dictionary's where the file has none or one that does not exist."""
    vr = (element.VR or "").encode("ascii", "replace")
    return vr if vr in _VRS else wire_vrs().get(wire(element.tag), b"UN")


def _is_compressed(node) -> bool:
    return isinstance(node, RawDataElement) and node.tag in PIXEL_TAGS and node.length == UNDEFINED
