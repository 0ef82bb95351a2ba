"""PNG and JPEG without what is written beside their pixels: the compressed pixels are copied, never decoded again.

What stays is named; all else goes: text, comments, EXIF, XMP, IPTC, thumbnails, colour profiles, maker notes, whatever
follows the picture's end. Only how a camera was held (Orientation) stays, or a picture would lie on its side.

Parts with numbers must have the length that these take, so that no text stands in them. What is hidden in the
compressed data of a JPEG file is not looked for.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from struct import Struct, error, pack

from DicomSuiteAnonymizeLib.errors import AnonymizeError

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"

Cleaned = tuple[bytes, list[str]]
"""A file's new content, and what was left out of it: names of the format's own parts, without any value."""

_KEPT_CHUNKS = frozenset(
    (b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"sBIT", b"bKGD", b"pHYs", b"acTL")
    + (b"fcTL", b"fdAT", b"cICP", b"mDCV", b"cLLI")
)
_CHUNK_BYTES = {
    b"IHDR": 13, b"IEND": 0, b"gAMA": 4, b"cHRM": 32, b"sRGB": 1, b"pHYs": 9, b"acTL": 8, b"fcTL": 26, b"cICP": 4,
    b"mDCV": 24, b"cLLI": 8,
}  # fmt: skip
_CHUNK_BYTES_BY_COLOUR = {
    b"tRNS": {0: 2, 2: 6},
    b"bKGD": {0: 2, 2: 6, 3: 1, 4: 2, 6: 6},
    b"sBIT": {0: 1, 2: 3, 3: 3, 4: 2, 6: 4},
}
"""Length of the content of what stays, where it is fixed; for some by the picture's colour type."""
_MOST_BYTES = {b"PLTE": 3 * 256, b"tRNS": 256}
_COLOUR_TYPE_AT = 25
_KNOWN_CHUNKS = frozenset((b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"tIME", b"iCCP", b"sPLT", b"hIST", b"oFFs", b"dSIG"))
_BIG_LENGTH, _BIG_SHORT = Struct(">I"), Struct(">H")
_AROUND_CHUNK = 12
"""Bytes of length, kind and checksum."""
_BLOCK_BYTES = 1 << 22

_STANDALONE = frozenset((0x01, *range(0xD0, 0xD8)))
"""JPEG markers without a length: TEM and restarts (ISO/IEC 10918-1 table B.1)."""
_START_OF_SCAN, _END_OF_IMAGE, _COMMENT = 0xDA, 0xD9, 0xFE
_JFIF, _EXIF, _ADOBE = 0xE0, 0xE1, 0xEE
_HUFFMAN_TABLES, _ARITHMETIC_CODING, _QUANTISATION, _LINES, _RESTARTS = 0xC4, 0xCC, 0xDB, 0xDC, 0xDD
_FRAMES = frozenset(range(0xC0, 0xD0)) - {_HUFFMAN_TABLES, 0xC8, _ARITHMETIC_CODING}
_KEPT_MARKERS = _FRAMES | {
    _HUFFMAN_TABLES, _ARITHMETIC_CODING, _QUANTISATION, _LINES, _RESTARTS, _START_OF_SCAN,
}  # fmt: skip
_JFIF_BYTES, _ADOBE_BYTES = 14, 12
_ORIENTATION = 0x0112


def cleaned_png(content: bytes) -> Cleaned:
    """Raises AnonymizeError where a chunk is damaged or missing, or something hides behind the pixels in theirs."""
    parts, removed, position = [PNG], [], len(PNG)
    colour_type = int.from_bytes(content[_COLOUR_TYPE_AT : _COLOUR_TYPE_AT + 1], "big")
    while True:
        kind, chunk = _chunk(content, position)
        position += len(chunk)
        if kind in _KEPT_CHUNKS:
            _check_chunk(kind, len(chunk) - _AROUND_CHUNK, colour_type)
            parts.append(chunk)
        else:
            removed.append(f"PNG {kind.decode()}" if kind in _KNOWN_CHUNKS else "PNG chunk of another kind")
        if kind == b"IEND":
            break
    _check_pixels(part[8:-4] for part in parts if part[4:8] == b"IDAT")
    return b"".join(parts), removed + ["bytes behind the PNG picture"] * (position < len(content))


def _chunk(content: bytes, position: int) -> tuple[bytes, bytes]:
    """Kind and whole of the chunk at this position."""
    try:
        (length,) = _BIG_LENGTH.unpack_from(content, position)
        end = position + 8 + length
        (checksum,) = _BIG_LENGTH.unpack_from(content, end)
    except error:
        raise AnonymizeError("damaged: a PNG file that is cut short") from None
    if zlib.crc32(content[position + 4 : end]) != checksum:
        raise AnonymizeError("damaged: a PNG file with a wrong checksum")
    return content[position + 4 : position + 8], content[position : end + 4]


def _check_chunk(kind: bytes, length: int, colour_type: int) -> None:
    fixed = _CHUNK_BYTES.get(kind, _CHUNK_BYTES_BY_COLOUR.get(kind, {}).get(colour_type, length))
    if length != fixed or length > _MOST_BYTES.get(kind, length):
        raise AnonymizeError("damaged: a PNG file with a part of a wrong length")


def _check_pixels(packed: Iterator[bytes]) -> None:
    """Raises AnonymizeError unless these are one compressed stream, and nothing more."""
    stream = zlib.decompressobj()
    behind = 0
    for part in packed:
        behind += len(part) if stream.eof else 0
        while part and not stream.eof:
            _unpacked(stream, part)
            part = stream.unconsumed_tail
    if not stream.eof:
        raise AnonymizeError("damaged: a PNG file without pixels, or with some missing")
    if behind or stream.unused_data:
        raise AnonymizeError("a PNG file that hides something behind its pixels; save it again")


def _unpacked(stream, part: bytes) -> bytes:
    try:
        return stream.decompress(part, _BLOCK_BYTES)
    except zlib.error:
        raise AnonymizeError("damaged: the pixels of a PNG file cannot be read") from None


def cleaned_jpeg(content: bytes) -> Cleaned:
    """Raises AnonymizeError where a segment is damaged or the end of the picture is missing."""
    kept, removed = [content[:2]], []
    position = 2
    for marker, segment in _segments(content):
        position += len(segment)
        stays = _kept_segment(marker, segment)
        kept.append(stays)
        if stays != segment:
            removed.append(_segment_name(marker))
    return b"".join(kept), removed + ["bytes behind the JPEG picture"] * (position < len(content))


def _kept_segment(marker: int, segment: bytes) -> bytes:
    """What stays of a segment: of JFIF all but its thumbnail, of Adobe's the colour transform, of EXIF Orientation."""
    if marker in _KEPT_MARKERS or marker in _STANDALONE or marker == _END_OF_IMAGE:
        return segment
    if marker == _JFIF and segment[4:9] == b"JFIF\0" and len(segment) >= 4 + _JFIF_BYTES:
        return b"\xff\xe0" + _BIG_SHORT.pack(2 + _JFIF_BYTES) + segment[4 : 2 + _JFIF_BYTES] + b"\0\0"
    if marker == _ADOBE and segment[4:9] == b"Adobe" and len(segment) >= 4 + _ADOBE_BYTES:
        return b"\xff\xee" + _BIG_SHORT.pack(2 + _ADOBE_BYTES) + segment[4 : 4 + _ADOBE_BYTES]
    orientation = _orientation(segment[10:]) if marker == _EXIF and segment[4:10] == b"Exif\0\0" else 1
    return b"" if orientation == 1 else _exif_with(orientation)


def _segment_name(marker: int) -> str:
    if marker in range(_JFIF, _JFIF + 16):
        return f"JPEG APP{marker - _JFIF}"
    return "JPEG comment" if marker == _COMMENT else "JPEG segment of another kind"


def _segments(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and bytes of each segment behind the start of the image, up to its end; a scan with its entropy data."""
    position = 2
    while True:
        start = position
        while content[position : position + 2] == b"\xff\xff":  # fill bytes
            position += 1
        if position + 2 > len(content) or content[position] != 0xFF:
            raise AnonymizeError("damaged: a JPEG file without an end")
        marker = content[position + 1]
        position += 2
        if marker not in _STANDALONE and marker != _END_OF_IMAGE:
            position += _segment_length(content, position, marker)
        if marker == _START_OF_SCAN:
            position = _end_of_scan(content, position)
        yield marker, content[start:position]
        if marker == _END_OF_IMAGE:
            return


def _segment_length(content: bytes, position: int, marker: int) -> int:
    length = _BIG_SHORT.unpack_from(content, position)[0] if position + 2 <= len(content) else 0
    if length < 2 or position + length > len(content):
        raise AnonymizeError("damaged: a JPEG file that is cut short")
    if marker in _KEPT_MARKERS and not _is_filled(marker, content[position + 2 : position + length]):
        raise AnonymizeError("damaged: a JPEG file with a segment of a wrong length")
    return length


def _is_filled(marker: int, body: bytes) -> bool:
    """Whether a segment holds what its kind takes, and nothing behind it (ISO/IEC 10918-1 B.2)."""
    if marker in _FRAMES:
        return len(body) > 5 and len(body) == 6 + 3 * body[5]
    if marker == _START_OF_SCAN:
        return len(body) > 0 and len(body) == 4 + 2 * body[0]
    if marker in (_LINES, _RESTARTS):
        return len(body) == 2
    if marker == _ARITHMETIC_CODING:
        return len(body) % 2 == 0
    while body:
        body = body[_table_bytes(marker, body) :]
    return True


def _table_bytes(marker: int, body: bytes) -> int:
    """Length of the first of a segment's tables. Raises AnonymizeError where it is cut short."""
    length = 65 + 64 * (body[0] >> 4) if marker == _QUANTISATION else 17 + sum(body[1:17])
    if length > len(body):
        raise AnonymizeError("damaged: a JPEG file with a segment of a wrong length")
    return length


def _end_of_scan(content: bytes, position: int) -> int:
    """Where the next marker begins that is neither a stuffed byte nor a restart."""
    while True:
        position = content.find(b"\xff", position)
        if position < 0 or position + 1 >= len(content):
            raise AnonymizeError("damaged: a JPEG file without an end")
        following = content[position + 1]
        if following not in (0x00, 0xFF) and following not in _STANDALONE:
            return position
        position += 1 if following == 0xFF else 2


def _orientation(tiff: bytes) -> int:
    """Orientation in the first directory of EXIF, from 1 to 8; 1 where there is none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        (at,) = Struct(f"{order}I").unpack_from(tiff, 4)
        (count,) = Struct(f"{order}H").unpack_from(tiff, at)
        entries = [Struct(f"{order}HHIH").unpack_from(tiff, at + 2 + 12 * number) for number in range(count)]
    except error:
        return 1
    found = [value for tag, kind, items, value in entries if (tag, kind, items) == (_ORIENTATION, 3, 1)]
    return found[0] if found and 1 <= found[0] <= 8 else 1


def _exif_with(orientation: int) -> bytes:
    """EXIF that says how the camera was held, and nothing else."""
    tiff = b"MM\0*" + pack(">IHHHIHHI", 8, 1, _ORIENTATION, 3, 1, orientation, 0, 0)
    return b"\xff\xe1" + _BIG_SHORT.pack(8 + len(tiff)) + b"Exif\0\0" + tiff
