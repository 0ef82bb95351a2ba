"""Reading a DICOM file for verification, with pydicom and apart from the engine's own walker.

Elements are taken one by one in file order, so that an element that stands there twice, or behind the pixel data, is
seen as well; values stay encoded, so that what cannot be decoded is looked at all the same.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from typing import BinaryIO

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.datadict import dictionary_has_tag, dictionary_VR, repeater_has_tag
from pydicom.dataelem import DataElement, RawDataElement, convert_raw_data_element
from pydicom.filereader import data_element_generator
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pydicom.valuerep import EXPLICIT_VR_LENGTH_32

from DicomSuiteAnonymizeLib.dictionary import public_vrs
from DicomSuiteAnonymizeLib.tag_path import TagPath

PIXEL_TAGS = frozenset((0x7FE00008, 0x7FE00009, 0x7FE00010))
CHARACTER_SET = 0x00080005
BINARY_VRS = frozenset(("OB", "OD", "OF", "OL", "OV", "OW", "UN"))

_PREAMBLE_BYTES = 128
_DEFLATED = frozenset(("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205"))
_NATIVE_LITTLE_ENDIAN = frozenset(("", ImplicitVRLittleEndian, ExplicitVRLittleEndian))
_OVERLAY_TYPE = 0x0040
_UNDEFINED = 0xFFFFFFFF
_LARGE_VALUE = 1024 * 1024
"""Bytes; of a file whose digest covers "all but bulk values", larger binary values are left out as well."""
_CHUNK = 1 << 20
_ITEM_TAG = b"\xfe\xff\x00\xe0"
_FIRST_GROUPS = frozenset((b"\0\0", b"\2\0", b"\4\0", b"\x08\0", b"\0\x08"))
"""Encoded groups that a file without preamble may begin with, the last in big endian; anything else is not DICOM."""
_DEFAULT_ENCODINGS = ("iso8859",)
_DELIMITERS = {"\\", "^", "=", "\r", "\n", "\t", "\f"}

Element = RawDataElement | DataElement


class NotReadable(Exception):
    """The bytes are no DICOM data set, or a broken one; says why, never with a value."""


@dataclass(frozen=True)
class ValueRange:
    """Where the value of a top-level element lies in `Instance.body`, in bytes."""

    tag: int
    start: int
    end: int


@dataclass(frozen=True)
class Instance:
    """One file's content, with pixel data located and not read.

    Attributes
    ----------
    preamble
        128 bytes, or b"" where the file has none.
    meta
        Encoded, unpadded values of the file meta information by tag.
    elements
        Top-level elements in file order, without pixel data.
    behind_pixels
        Those of them that stand behind the pixel data.
    pixels, bulk
        Values of pixel data, and of other large binary elements.
    body
        What the ranges count in: the open file, or the inflated data set.
    leftover
        Bytes behind the last complete element.
    big_endian
        Whether binary values are big endian.
    """

    preamble: bytes
    meta: dict[int, bytes]
    elements: tuple[Element, ...]
    pixels: tuple[ValueRange, ...]
    bulk: tuple[ValueRange, ...]
    body: BinaryIO
    behind_pixels: tuple[Element, ...]
    leftover: int
    big_endian: bool

    def pixel_sha256(self) -> tuple[tuple[int, str], ...]:
        """(tag, SHA-256) of each pixel data value as it is encoded, fragment headers included."""
        return tuple((value.tag, _range_sha256(self.body, value.start, value.end)) for value in self.pixels)

    def attributes(self) -> Iterator["Attribute"]:
        """Every attribute at every depth in file order, a sequence before its items; see Attribute."""
        return _attributes(self.elements, _DEFAULT_ENCODINGS, ())


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute as it stands in the file.

    Attributes
    ----------
    path
        Tags of the enclosing sequences, outermost first, then its own.
    vr
        VR in the file, or the dictionary's where the file has none or UN.
    value
        Encoded value; b"" for a sequence.
    items
        Number of items of a sequence.
    creator
        Private creator of the block that a private attribute lies in, upper case; "" where there is none.
    overlay_type
        Overlay Type (60xx,0040) of the attribute's group in the same item, "G" or "R"; "" where there is none.
    encodings
        Python names of the character sets that apply.
    """

    path: TagPath
    vr: str
    value: bytes
    items: int
    creator: str
    overlay_type: str
    encodings: tuple[str, ...]

    @property
    def tag(self) -> int:
        """The attribute's own tag."""
        return self.path[-1]

    @property
    def text(self) -> str:
        """The value decoded, without padding; what does not follow the character set is read as Latin-1."""
        value = self.value.strip(b"\0 ")
        if value.isascii() and b"\x1b" not in value:
            return value.decode("ascii")
        try:
            return decode_bytes(value, self.encodings, _DELIMITERS)
        except (LookupError, UnicodeError):
            return value.decode("latin-1")


def read_instance(stream: BinaryIO, *, strict: bool) -> Instance:
    """Read an open file up to and behind its pixel data.

    With `strict` only files of PS3.10 with preamble, meta information and nothing incomplete pass; without it also
    bare data sets and wrong declarations: the encoding is then taken from the first element. Raises NotReadable;
    pydicom may raise anything on broken bytes.
    """
    preamble = _preamble(stream)
    if strict and not preamble:
        raise NotReadable("no preamble")
    if not preamble and _peek(stream, 2) not in _FIRST_GROUPS:
        raise NotReadable("no DICOM data set")
    meta, _ = _elements(stream, implicit=False, big_endian=False, stop_when=lambda tag, *_: tag >> 16 != 2)
    values = {int(element.tag): (element.value or b"").rstrip(b"\0 ") for element in meta}
    syntax = values.get(0x00020010, b"").decode("ascii", "replace")
    if strict and not syntax:
        raise NotReadable("no Transfer Syntax UID")
    if not strict and syntax in _NATIVE_LITTLE_ENDIAN:
        syntax = _guessed_syntax(stream)
    body = stream
    if syntax in _DEFLATED:
        body = BytesIO(zlib.decompress(stream.read(), -zlib.MAX_WBITS))
    return _read_body(body, preamble, values, syntax, strict)


def header_sha256(stream: BinaryIO, left_out: Sequence[ValueRange]) -> str:
    """SHA-256 of a whole file but the ranges."""
    digest = sha256()
    position = 0
    for start, end in sorted((value.start, value.end) for value in left_out):
        _hash_range(stream, position, start, digest)
        position = end
    _hash_range(stream, position, stream.seek(0, 2), digest)
    return digest.hexdigest()


def is_known(tag: int) -> bool:
    """Whether the standard's dictionary has the public attribute, repeating groups included."""
    return dictionary_has_tag(tag) or repeater_has_tag(tag) or tag in public_vrs()


def _preamble(stream: BinaryIO) -> bytes:
    """The preamble, with the stream behind the prefix; b"" and the stream at its start where there is none."""
    head = stream.read(_PREAMBLE_BYTES + 4)
    if head[_PREAMBLE_BYTES:] == b"DICM":
        return head[:_PREAMBLE_BYTES]
    stream.seek(0)
    return b""


def _read_body(body: BinaryIO, preamble: bytes, meta: dict[int, bytes], syntax: str, strict: bool) -> Instance:
    implicit, big_endian = syntax == ImplicitVRLittleEndian, syntax == ExplicitVRBigEndian
    head, end = _elements(body, implicit, big_endian, stop_when=lambda tag, *_: tag in PIXEL_TAGS)
    pixels = []
    while found := _pixel_range(body, implicit, big_endian):
        pixels.append(found)
        end = found.end
    tail, tail_end = _elements(body, implicit, big_endian) if pixels else ([], end)
    size = body.seek(0, 2)
    elements = (*head, *tail)
    if strict:
        _require_complete(elements, max(end, tail_end), size)
    leftover = size - max(end, tail_end)
    return Instance(preamble, meta, elements, tuple(pixels), _bulk(elements), body, tuple(tail), leftover, big_endian)


def _elements(stream: BinaryIO, implicit: bool, big_endian: bool, stop_when=None) -> tuple[list[Element], int]:
    """Elements from here on and the position behind the last of them, which is where the stream is left."""
    elements = []
    end = stream.tell()
    for element in data_element_generator(stream, implicit, not big_endian, stop_when=stop_when):
        elements.append(element)
        end = stream.tell()
    stream.seek(end)
    return elements, end


def _pixel_range(stream: BinaryIO, implicit: bool, big_endian: bool) -> ValueRange | None:
    """The pixel data value that begins here, with the stream behind it; None where something else does."""
    order = "big" if big_endian else "little"
    head = stream.read(8)
    tag = int.from_bytes(head[:2], order) << 16 | int.from_bytes(head[2:4], order)
    if len(head) < 8 or tag not in PIXEL_TAGS:
        stream.seek(-len(head), 1)
        return None
    if implicit:
        length = int.from_bytes(head[4:], order)
    elif head[4:6].decode("ascii", "replace") in EXPLICIT_VR_LENGTH_32:
        length = int.from_bytes(stream.read(4), order)
    else:
        length = int.from_bytes(head[6:], order)
    start = stream.tell()
    end = _end_of_fragments(stream) if length == _UNDEFINED else stream.seek(start + length)
    return ValueRange(tag, start, end)


def _end_of_fragments(stream: BinaryIO) -> int:
    """Position behind the sequence delimiter; fragments are little endian (PS3.5 A.4)."""
    while True:
        head = stream.read(8)
        if head[:4] == b"\xfe\xff\xdd\xe0":
            return stream.tell()
        length = int.from_bytes(head[4:], "little")
        if len(head) < 8 or head[:4] != b"\xfe\xff\x00\xe0" or length == _UNDEFINED:
            raise NotReadable("the compressed pixel data has no end")
        stream.seek(length, 1)


def _require_complete(elements: Iterable[Element], end: int, size: int) -> None:
    if end > size:
        raise NotReadable("truncated inside the pixel data")
    for element in elements:
        if isinstance(element, RawDataElement) and element.length not in (_UNDEFINED, len(element.value or b"")):
            raise NotReadable("truncated inside an element")


def _bulk(elements: Iterable[Element]) -> tuple[ValueRange, ...]:
    return tuple(
        ValueRange(int(element.tag), element.value_tell, element.value_tell + element.length)
        for element in elements
        if isinstance(element, RawDataElement)
        and _LARGE_VALUE < element.length < _UNDEFINED
        and vr_of(element) in BINARY_VRS - {"UN"}
    )


def _attributes(elements: Iterable[Element], encodings: tuple[str, ...], path: TagPath) -> Iterator[Attribute]:
    elements = tuple(elements)
    encodings = _encodings(elements) or encodings
    creators = {
        (element.tag.group, element.tag.elem): _word(element).upper()
        for element in elements
        if element.tag.is_private_creator
    }
    overlays = {
        element.tag.group: _word(element)
        for element in elements
        if element.tag.elem == _OVERLAY_TYPE and 0x6000 <= element.tag.group <= 0x60FF
    }
    for element in elements:
        tag = element.tag
        own_path = (*path, int(tag))
        vr = "SQ" if _is_hidden_sequence(element) else vr_of(element)
        items = _items(element, encodings) if vr == "SQ" else ()
        yield Attribute(
            own_path,
            vr,
            b"" if vr == "SQ" else _encoded(element),
            len(items),
            creators.get((tag.group, tag.elem if tag.is_private_creator else tag.elem >> 8), ""),
            overlays.get(tag.group, ""),
            encodings,
        )
        for item in items:
            yield from _attributes(map(item.get_item, item.keys()), encodings, own_path)


def _is_hidden_sequence(element: Element) -> bool:
    """Whether a private sequence stands as UN, thus in implicit VR (PS3.5 6.2.2)."""
    is_unknown = isinstance(element, RawDataElement) and element.VR in (None, "UN") and element.tag.is_private
    return is_unknown and (element.value or b"").startswith(_ITEM_TAG)


def _word(element: Element) -> str:
    return _encoded(element).decode("ascii", "replace").strip("\0 ")


def vr_of(element: Element) -> str:
    """VR in the file, or the dictionary's where the file has none or UN."""
    vr = element.VR
    if vr not in (None, "UN"):
        return vr
    tag = element.tag
    if tag.is_private:
        return "UN"
    if tag in public_vrs():
        return public_vrs()[tag].decode()
    return dictionary_VR(tag)[:2] if is_known(tag) else "UN"


def _items(element: Element, encodings: tuple[str, ...]) -> Sequence:
    if isinstance(element, RawDataElement):
        if _is_hidden_sequence(element):
            element = element._replace(is_implicit_VR=True, is_little_endian=True)
        element = convert_raw_data_element(element._replace(VR="SQ"), encoding=list(encodings))
    return element.value


def _encoded(element: Element) -> bytes:
    """Encoded value; pydicom has decoded only what it needs itself, which is never text that matters here."""
    value = element.value
    return value if isinstance(value, bytes) else b""


def _encodings(elements: Sequence[Element]) -> tuple[str, ...]:
    for element in elements:
        if element.tag == CHARACTER_SET and isinstance(element.value, bytes):
            names = [name.strip() for name in element.value.decode("ascii", "replace").rstrip("\0 ").split("\\")]
            return tuple(convert_encodings(names if len(names) > 1 else names[0]))
    return ()


def _guessed_syntax(stream: BinaryIO) -> str:
    """Encoding of a data set as its first element shows it."""
    head = _peek(stream, 6)
    if not head[4:6].isalpha():
        return ImplicitVRLittleEndian
    return ExplicitVRBigEndian if head[0] == 0 else ExplicitVRLittleEndian


def _peek(stream: BinaryIO, count: int) -> bytes:
    head = stream.read(count)
    stream.seek(-len(head), 1)
    return head


def _range_sha256(stream: BinaryIO, start: int, end: int) -> str:
    digest = sha256()
    _hash_range(stream, start, end, digest)
    return digest.hexdigest()


def _hash_range(stream: BinaryIO, start: int, end: int, digest) -> None:
    stream.seek(start)
    while start < end and (chunk := stream.read(min(_CHUNK, end - start))):
        digest.update(chunk)
        start += len(chunk)
