"""TIFF without what is written beside its pixels: every byte that its pages do not need to be read becomes zero.

So offsets stay what they are, and pixels are neither moved nor decoded (TIFF revision 6.0). Tags that stay are named;
EXIF, XMP, IPTC, GPS, Photoshop's and makers' own data, texts, dates and names go with all that they point to.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from struct import calcsize, error, unpack_from

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.formats.cleaned_picture import Cleaned, cleaned_jpeg

TIFF = (b"II*\0", b"MM\0*")
BIG_TIFF = (b"II+\0", b"MM\0+")

_KEPT_TAGS = frozenset(
    (
        254, 255, 256, 257, 258, 259, 262, 263, 266, 273, 274, 277, 278, 279, 280, 281, 282, 283, 284, 286, 287, 290,
        291, 292, 293, 296, 297, 301, 317, 318, 319, 320, 321, 322, 323, 324, 325, 332, 334, 336, 338, 339, 340, 341,
        342, 347, 529, 530, 531, 532, 32995, 32996, 32997,
    )
)  # fmt: skip
"""What says how the pixels are stored and where, how they are scaled, turned and coloured."""
_STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES, _COMPRESSION, _JPEG_TABLES = 273, 279, 324, 325, 259, 347
_OLD_JPEG, _JPEG = 6, 7
_KNOWN = {
    270: "TIFF ImageDescription", 271: "TIFF Make", 272: "TIFF Model", 305: "TIFF Software", 306: "TIFF DateTime",
    315: "TIFF Artist", 316: "TIFF HostComputer", 330: "TIFF SubIFDs", 700: "TIFF XMP", 33432: "TIFF Copyright",
    33723: "TIFF IPTC", 34377: "TIFF Photoshop", 34665: "TIFF EXIF", 34675: "TIFF ICC profile", 34853: "TIFF GPS",
}  # fmt: skip
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8}
"""Bytes of one value by field type."""
_TEXT, _BYTES = (2, 7), (1, 6)
_NUMBERS = {1: "B", 3: "H", 4: "I"}
_MOST_PAGES, _ENTRY_BYTES = 100_000, 12


def cleaned_tiff(content: bytes) -> Cleaned:
    """Raises AnonymizeError where the file is damaged or of a kind that cannot be cleaned in place."""
    try:
        return _Tiff(content).cleaned()
    except error:
        raise AnonymizeError("damaged: a TIFF file that is cut short") from None


@dataclass(frozen=True)
class _Entry:
    """One field of a directory; `at` is where its values stand, in the entry itself or elsewhere."""

    tag: int
    kind: int
    count: int
    raw: bytes
    at: int
    size: int
    is_inside: bool

    @property
    def may_be_text(self) -> bool:
        """Whether its type is text, or bytes of whatever kind that are many; JPEG tables are looked into elsewhere."""
        is_text = self.kind in _TEXT or (self.kind in _BYTES and not self.is_inside)
        return is_text and self.tag != _JPEG_TABLES


class _Tiff:
    def __init__(self, content: bytes) -> None:
        self._content = content
        self._order = "<" if content[:2] == b"II" else ">"
        self._new = bytearray(len(content))
        self._removed: list[str] = []

    def cleaned(self) -> Cleaned:
        self._keep(0, 8)
        seen: set[int] = set()
        (page,) = self._read("I", 4)
        while page:
            if page in seen or len(seen) > _MOST_PAGES:
                raise AnonymizeError("damaged: a TIFF file whose pages run in a circle")
            seen.add(page)
            page = self._page(page)
        if not seen:
            raise AnonymizeError("damaged: a TIFF file without a page")
        return bytes(self._new), self._removed

    def _page(self, at: int) -> int:
        """Copy what the page needs; where the next page begins."""
        (count,) = self._read("H", at)
        entries = [self._entry(at + 2 + number * _ENTRY_BYTES) for number in range(count)]
        behind = at + 2 + count * _ENTRY_BYTES
        (following,) = self._read("I", behind)
        kept = [entry for entry in entries if entry.tag in _KEPT_TAGS]
        if any(entry.may_be_text for entry in kept):
            raise AnonymizeError("a TIFF file with text where a number belongs, which cannot be cleaned; convert it")
        self._removed += [_KNOWN.get(entry.tag, "TIFF tag of another kind") for entry in entries if entry not in kept]
        table = len(kept).to_bytes(2, "little" if self._order == "<" else "big")
        table += b"".join(entry.raw for entry in kept) + self._content[behind : behind + 4]
        self._new[at : at + len(table)] = table
        for entry in kept:
            if not entry.is_inside:
                self._keep(entry.at, entry.size)
        by_tag = {entry.tag: entry for entry in kept}
        if _JPEG_TABLES in by_tag:
            tables = by_tag[_JPEG_TABLES]
            _require_clean(self._content[tables.at : tables.at + tables.size])
        self._pixels(by_tag)
        return following

    def _entry(self, at: int) -> _Entry:
        tag, kind, count = self._read("HHI", at)
        size = _SIZES.get(kind, 1) * count
        is_inside = size <= 4
        value_at = at + 8 if is_inside else self._read("I", at + 8)[0]
        return _Entry(tag, kind, count, self._content[at : at + _ENTRY_BYTES], value_at, size, is_inside)

    def _pixels(self, page: dict[int, _Entry]) -> None:
        compression = self._numbers(page[_COMPRESSION])[0] if _COMPRESSION in page else 1
        if compression == _OLD_JPEG:
            raise AnonymizeError("a TIFF file with JPEG of the old kind, which cannot be cleaned; convert it")
        pieces = list(self._pieces(page))
        if not pieces:
            raise AnonymizeError("damaged: a TIFF page without pixels")
        for at, size in pieces:
            self._keep(at, size)
            if compression == _JPEG:
                _require_clean(self._content[at : at + size])

    def _pieces(self, page: dict[int, _Entry]) -> Iterator[tuple[int, int]]:
        """Where each strip or tile stands, and its length."""
        for places, lengths in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES)):
            if places in page:
                if lengths not in page:
                    raise AnonymizeError("a TIFF file that does not say how long its strips are; convert it")
                yield from zip(self._numbers(page[places]), self._numbers(page[lengths]), strict=False)

    def _numbers(self, entry: _Entry) -> tuple[int, ...]:
        if entry.kind not in _NUMBERS:
            raise AnonymizeError("damaged: a TIFF file with a number of another type")
        return self._read(f"{entry.count}{_NUMBERS[entry.kind]}", entry.at)

    def _keep(self, at: int, size: int) -> None:
        if at + size > len(self._content):
            raise AnonymizeError("damaged: a TIFF file that is cut short")
        self._new[at : at + size] = self._content[at : at + size]

    def _read(self, form: str, at: int) -> tuple[int, ...]:
        if at + calcsize(self._order + form) > len(self._content):
            raise AnonymizeError("damaged: a TIFF file that is cut short")
        return unpack_from(self._order + form, self._content, at)


def _require_clean(jpeg: bytes) -> None:
    """Raises AnonymizeError where something would have to be taken out of a strip, which would move the others."""
    if cleaned_jpeg(jpeg)[1]:
        raise AnonymizeError("a TIFF file with text inside its compressed pixels, which cannot be cleaned; convert it")
