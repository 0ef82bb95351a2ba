"""DICOM files byte by byte, in any encoding and with any lie about a length, which no DICOM library would write."""

import struct
import zlib
from enum import Enum
from pathlib import Path

PATIENT = "Zebrafish"
"""Stands in every identifying value, so that whatever leaks one is found by this word."""
UNDEFINED = 0xFFFFFFFF
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
FIRST_ELEMENT = 0x00080016
_LONG_VRS = frozenset(("OB", "OW", "SQ", "UN", "UT"))
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


class Encoding(Enum):
    """Transfer syntaxes that differ in how a data set is encoded; JPEG 2000 stands for all compressed ones."""

    EXPLICIT = "1.2.840.10008.1.2.1"
    IMPLICIT = "1.2.840.10008.1.2"
    BIG_ENDIAN = "1.2.840.10008.1.2.2"
    DEFLATED = "1.2.840.10008.1.2.1.99"
    JPEG_2000 = "1.2.840.10008.1.2.4.90"

    @property
    def byte_order(self) -> str:
        """As struct has it."""
        return ">" if self is Encoding.BIG_ENDIAN else "<"


def header(tag: int, vr: str, length: int, encoding: Encoding = Encoding.EXPLICIT) -> bytes:
    """Header of an element whose value is claimed to have `length` bytes."""
    order = encoding.byte_order
    start = struct.pack(f"{order}HH", tag >> 16, tag & 0xFFFF)
    if encoding is Encoding.IMPLICIT:
        return start + struct.pack("<L", length)
    if vr in _LONG_VRS:
        return start + vr.encode() + bytes(2) + struct.pack(f"{order}L", length)
    return start + vr.encode() + struct.pack(f"{order}H", length)


def element(tag: int, vr: str, value: bytes | str | int, encoding: Encoding = Encoding.EXPLICIT) -> bytes:
    """An element that tells the truth; text is padded, a number is one of VR US."""
    if isinstance(value, int):
        value = struct.pack(f"{encoding.byte_order}H", value)
    elif isinstance(value, str):
        value = value.encode() + (b"\0" if vr == "UI" else b" ") * (len(value) % 2)
    return header(tag, vr, len(value), encoding) + value


def item(body: bytes, length: int | None = None, encoding: Encoding = Encoding.EXPLICIT) -> bytes:
    """A sequence item, or a fragment of pixel data, that claims to have `length` bytes; the default is the truth."""
    head = struct.pack(f"{encoding.byte_order}HHL", 0xFFFE, 0xE000, len(body) if length is None else length)
    return head + body + (delimiter(_ITEM_END, encoding) if length == UNDEFINED else b"")


def sequence(tag: int, items: bytes, length: int | None = None, encoding: Encoding = Encoding.EXPLICIT) -> bytes:
    """A sequence that claims to have `length` bytes; the default is the truth."""
    head = header(tag, "SQ", len(items) if length is None else length, encoding)
    return head + items + (delimiter(_SEQUENCE_END, encoding) if length == UNDEFINED else b"")


def delimiter(tag: int, encoding: Encoding = Encoding.EXPLICIT) -> bytes:
    """The end of an item or sequence of undefined length."""
    return struct.pack(f"{encoding.byte_order}HHL", tag >> 16, tag & 0xFFFF, 0)


def fragments(*parts: bytes) -> bytes:
    """Encapsulated pixel data (PS3.5 A.4) with an empty offset table."""
    return header(0x7FE00010, "OB", UNDEFINED) + item(b"") + b"".join(map(item, parts)) + delimiter(_SEQUENCE_END)


def nested(depth: int, length: int | None = None) -> bytes:
    """Content Sequences within each other, with one Patient's Name in the innermost; `length` is that of all."""
    body = element(0x00100010, "PN", f"{PATIENT}^Inner")
    for _ in range(depth):
        body = sequence(0x0040A730, item(body, length), length)
    return body


def file_of(data_set: bytes, encoding: Encoding = Encoding.EXPLICIT, instance: str = "1.2.3.4") -> bytes:
    """Preamble, file meta information and the data set, deflated where the encoding says so."""
    meta = b"".join(
        element(0x00020000 | number, vr, value)
        for number, vr, value in (
            (0x0001, "OB", b"\0\1"),
            (0x0002, "UI", CT_IMAGE_STORAGE),
            (0x0003, "UI", instance),
            (0x0010, "UI", encoding.value),
        )
    )
    length = element(0x00020000, "UL", struct.pack("<L", len(meta)))
    if encoding is Encoding.DEFLATED:
        stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data_set = stream.compress(data_set) + stream.flush()
    return bytes(128) + b"DICM" + length + meta + data_set


def ct_header(encoding: Encoding = Encoding.EXPLICIT, instance: str = "1.2.3.4") -> bytes:
    """Data set of a CT image of 4 x 4 pixels of 8 bits, up to group 0028; its patient is PATIENT."""
    referenced = element(0x00080050, "SH", f"{PATIENT} 1", encoding) + element(0x00081155, "UI", "1.2.3", encoding)
    open_item = item(referenced, UNDEFINED, encoding)
    values: list[tuple[int, str, bytes | str | int]] = [
        (0x00080018, "UI", instance),
        (0x00080060, "CS", "CT"),
        (0x00081030, "LO", f"Study of {PATIENT}"),
        (0x00100010, "PN", f"{PATIENT}^Xenia"),
        (0x00100020, "LO", f"{PATIENT}-1"),
        (0x0020000D, "UI", "1.2.3.1"),
        (0x0020000E, "UI", "1.2.3.2"),
        (0x00280002, "US", 1),
        (0x00280004, "CS", "MONOCHROME2"),
        (0x00280010, "US", 4),
        (0x00280011, "US", 4),
        (0x00280100, "US", 8),
        (0x00280101, "US", 8),
        (0x00280102, "US", 7),
        (0x00280103, "US", 0),
    ]
    elements = {tag: element(tag, vr, value, encoding) for tag, vr, value in values}
    elements[FIRST_ELEMENT] = element(FIRST_ELEMENT, "UI", CT_IMAGE_STORAGE, encoding)
    elements[0x00081110] = sequence(0x00081110, item(referenced, None, encoding), None, encoding)
    elements[0x00081140] = sequence(0x00081140, open_item, UNDEFINED, encoding)
    return b"".join(elements[tag] for tag in sorted(elements))


PIXELS = bytes(range(16))


def ct_file(extra: bytes = b"", encoding: Encoding = Encoding.EXPLICIT, pixels: bytes | None = None) -> bytes:
    """A CT image; `extra` stands between the header and the pixel data element, which `pixels` replaces."""
    if pixels is None and encoding is Encoding.JPEG_2000:
        pixels = fragments(PIXELS, PIXELS)
    elif pixels is None:
        pixels = element(0x7FE00010, "OB", PIXELS, encoding)
    return file_of(ct_header(encoding) + extra + pixels, encoding)


def write_sparse(path: Path, pieces: list[bytes | int]) -> Path:
    """A file of bytes and, for each number, of a hole of so many zero bytes that takes no room on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for piece in pieces:
            if isinstance(piece, bytes):
                file.write(piece)
            else:
                file.seek(piece, 1)
        file.truncate()
    return path


HISTORY, ICC_PROFILE, TEXT, REQUESTS = 0x00324000, 0x00282000, 0x0040A160, 0x00400275
NAME = element(0x00100010, "PN", f"{PATIENT}^Inner")
NEARLY_4_GIB = 0xFFFFFFF0

LIES = {
    "text beyond the file": (
        ct_file(header(HISTORY, "LT", 60_000) + b"abcd"),
        r"truncated: \(0032,4000\) claims 60000 bytes, but only \d+ follow",
    ),
    "long text of nearly 4 GiB": (
        ct_file(header(TEXT, "UT", NEARLY_4_GIB) + b"abcd"),
        r"truncated: \(0040,A160\) claims 4294967280 bytes, but only \d+ follow",
    ),
    "bytes of nearly 4 GiB": (
        ct_file(header(ICC_PROFILE, "OB", NEARLY_4_GIB) + b"abcd"),
        r"truncated: \(0028,2000\) claims 4294967280 bytes, but only \d+ follow",
    ),
    "sequence of nearly 4 GiB": (
        ct_file(sequence(REQUESTS, item(NAME), NEARLY_4_GIB)),
        r"truncated: \(0040,0275\) claims 4294967280 bytes, but only \d+ follow",
    ),
    "item of nearly 4 GiB": (
        ct_file(sequence(REQUESTS, item(NAME, NEARLY_4_GIB))),
        r"broken: \(0040,0275\) is longer than what holds it",
    ),
    "item of nearly 4 GiB in an open sequence": (
        ct_file(sequence(REQUESTS, item(NAME, NEARLY_4_GIB), UNDEFINED)),
        r"truncated: the file ends at byte \d+, inside \(0040,0275\), which has no end",
    ),
    "item longer than its sequence": (
        ct_file(sequence(REQUESTS, item(NAME, len(NAME) + 8))),
        r"broken: \(0040,0275\) is longer than what holds it",
    ),
    "element longer than its item": (
        ct_file(sequence(REQUESTS, item(header(0x00100010, "PN", 20) + b"abcd"))),
        r"broken: \(0040,0275\)/\(0010,0010\) is longer than what holds it",
    ),
    "item shorter than its element": (
        ct_file(sequence(REQUESTS, item(NAME, len(NAME) - 2))),
        r"broken: \(0040,0275\)/\(0010,0010\) is longer than what holds it",
    ),
    "sequence shorter than its item": (
        ct_file(sequence(REQUESTS, item(NAME), len(NAME))),
        r"broken: \(0040,0275\) is longer than what holds it",
    ),
    "sequence without its end": (
        ct_file(header(REQUESTS, "SQ", UNDEFINED) + item(NAME)),
        r"broken: \(0040,0275\) holds something else than items",
    ),
    "open item without its end": (
        ct_file(sequence(REQUESTS, item(NAME, UNDEFINED)[:-8], UNDEFINED)),
        r"broken: an item begins or ends at byte \d+, where an element belongs",
    ),
    "text of undefined length": (
        ct_file(header(TEXT, "UT", UNDEFINED) + b"Once upon a time"),
        r"broken: \(0040,A160\) holds something else than items",
    ),
    "unknown value of undefined length": (
        ct_file(header(TEXT, "UN", UNDEFINED) + b"Once upon a time"),
        r"broken: \(0040,A160\) holds something else than items",
    ),
    "bytes of undefined length": (
        ct_file(header(ICC_PROFILE, "OB", UNDEFINED) + b"Once upon a time"),
        r"broken: .* something else than fragments",
    ),
    "text of undefined length in implicit VR": (
        ct_file(header(HISTORY, "LT", UNDEFINED, Encoding.IMPLICIT) + b"Once upon a time", Encoding.IMPLICIT),
        r"broken: \(0032,4000\) holds something else than items",
    ),
    "pixels beyond the file": (
        ct_file(pixels=header(0x7FE00010, "OB", 17) + PIXELS),
        r"truncated: \(7FE0,0010\) claims 17 bytes, but only 16 follow",
    ),
    "pixels of nearly 4 GiB": (
        ct_file(pixels=header(0x7FE00010, "OB", NEARLY_4_GIB) + PIXELS),
        r"truncated: \(7FE0,0010\) claims 4294967280 bytes, but only 16 follow",
    ),
    "fewer pixels than the file holds": (
        ct_file(pixels=header(0x7FE00010, "OB", 6) + PIXELS),
        r"broken: .*\(7FE0,0010\)",
    ),
    "fragment of nearly 4 GiB": (
        ct_file(pixels=fragments(PIXELS)[:-8] + item(PIXELS, NEARLY_4_GIB), encoding=Encoding.JPEG_2000),
        r"truncated: the compressed pixel data has no end",
    ),
    "fragment of undefined length": (
        ct_file(pixels=fragments(PIXELS)[:-8] + item(PIXELS, UNDEFINED), encoding=Encoding.JPEG_2000),
        r"broken: the compressed pixel data holds something else than fragments",
    ),
    "fragments without their end": (
        ct_file(pixels=fragments(PIXELS)[:-8], encoding=Encoding.JPEG_2000),
        r"truncated: the compressed pixel data has no end",
    ),
    "meta information beyond the file": (
        bytes(128) + b"DICM" + header(0x00020102, "OB", NEARLY_4_GIB) + ct_file()[132:],
        r"truncated: \(0002,0102\) claims 4294967280 bytes, but only \d+ follow",
    ),
    "meta information and nothing else": (file_of(b""), r"truncated: there is no data set"),
    "deflated data that is none": (
        file_of(b"", Encoding.DEFLATED)[:-2] + b"\xff" * 50,
        r"broken: the deflated data set cannot be inflated",
    ),
    "200 levels of defined length": (ct_file(nested(200)), r"sequences nested deeper than 64 levels"),
    "200 levels of undefined length": (ct_file(nested(200, UNDEFINED)), r"sequences nested deeper than 64 levels"),
    "5000 levels of undefined length": (ct_file(nested(5000, UNDEFINED)), r"sequences nested deeper than 64 levels"),
}
"""Files whose lengths contradict each other, each with a pattern of the reason to refuse it."""

HARMLESS = {
    "text of odd length": ct_file(header(HISTORY, "LT", 3) + b"abc"),
    "item with a text of odd length": ct_file(sequence(REQUESTS, item(header(0x00400007, "LO", 3) + b"abc"))),
    "group length of 0": ct_file().replace(ct_file()[132:144], ct_file()[132:140] + bytes(4)),
    "group length of nearly 4 GiB": ct_file().replace(ct_file()[132:144], ct_file()[132:140] + b"\xf0\xff\xff\xff"),
    "empty open sequence": ct_file(sequence(REQUESTS, b"", UNDEFINED)),
    "60 levels of defined length": ct_file(nested(60)),
    "60 levels of undefined length": ct_file(nested(60, UNDEFINED)),
}
"""Files that break a rule about lengths and can be read all the same; each has PIXELS."""
