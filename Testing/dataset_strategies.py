"""Hypothesis strategies for DICOM files: any attribute, VR and nesting, in every encoding pydicom writes."""

from __future__ import annotations

import datetime
import enum
import functools
import io
import string
import struct

from hypothesis import strategies as st
from pydicom import dcmwrite
from pydicom.charset import convert_encodings, default_encoding
from pydicom.datadict import DicomDictionary
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import BaseTag
from pydicom.uid import (
    UID,
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    MRImageStorage,
    RTStructureSetStorage,
    SegmentationStorage,
)

from DicomSuiteAnonymizeLib.ps315 import rows

MAX_DEPTH = 3
"""Sequence levels below the top level."""

_MAX_ELEMENTS = 8
_MAX_ITEMS = 2
_MAX_TEXT = 12
_PIXEL_DATA = 0x7FE00010
_UNDEFINED = 0xFFFFFFFF


class Encoding(enum.Enum):
    """The transfer syntaxes that files are generated in."""

    EXPLICIT_LITTLE = ExplicitVRLittleEndian
    IMPLICIT_LITTLE = ImplicitVRLittleEndian
    EXPLICIT_BIG = ExplicitVRBigEndian
    DEFLATED = DeflatedExplicitVRLittleEndian
    ENCAPSULATED = JPEG2000Lossless


class _CharacterSet(enum.Enum):
    """Specific Character Set (None: absent), and letters that it can write."""

    DEFAULT = (None, "")
    LATIN_1 = ("ISO_IR 100", "äéßØ")
    JAPANESE = (["", "ISO 2022 IR 87"], "山田太郎")
    UTF_8 = ("ISO_IR 192", "äЖ山ﬀ")
    GB18030 = ("GB18030", "王小东")


def random_datasets(*encodings: Encoding) -> st.SearchStrategy[bytes]:
    """Whole Part 10 files in one of `encodings`, or in any if none is named."""
    return st.sampled_from(encodings or tuple(Encoding)).flatmap(_files)


@st.composite
def _files(draw: st.DrawFn, encoding: Encoding) -> bytes:
    character_set = draw(st.sampled_from(_CharacterSet))
    dataset = draw(_datasets(character_set, encoding))
    if character_set.value[0] is not None:
        dataset.SpecificCharacterSet = character_set.value[0]
    dataset.SOPClassUID = draw(_SOP_CLASSES)
    dataset.SOPInstanceUID = draw(_UIDS)
    if encoding is Encoding.ENCAPSULATED or draw(st.booleans()):
        _add_pixel_data(dataset, encoding, draw(st.lists(_EVEN_BYTES.filter(bool), min_size=1, max_size=3)))
    file_dataset = FileDataset(None, dataset, preamble=draw(_PREAMBLES), file_meta=FileMetaDataset())
    file_dataset.file_meta.TransferSyntaxUID = encoding.value
    _keep_raw_elements(file_dataset, encoding)
    buffer = io.BytesIO()
    dcmwrite(buffer, file_dataset, enforce_file_format=True)
    return buffer.getvalue()


@st.composite
def _datasets(draw: st.DrawFn, character_set: _CharacterSet, encoding: Encoding, depth: int = 0) -> Dataset:
    dataset = Dataset()
    for tag, vr in draw(st.lists(_tags_and_vrs(), max_size=_MAX_ELEMENTS)):
        dataset.add_new(tag, vr, draw(_values(vr, character_set)))
    for block in draw(st.lists(_private_blocks(character_set), max_size=2)):
        dataset.update(block)
    if depth < MAX_DEPTH:
        for element in draw(st.lists(_sequences(character_set, encoding, depth), max_size=2)):
            dataset[element.tag] = element
    _keep_raw_elements(dataset, encoding)
    return dataset


@st.composite
def _sequences(
    draw: st.DrawFn, character_set: _CharacterSet, encoding: Encoding, depth: int
) -> DataElement | RawDataElement:
    """A sequence of defined or undefined length; in little endian now and then in the disguise of VR UN."""
    tag = draw(_sequence_tags())
    disguised = encoding is not Encoding.EXPLICIT_BIG and draw(st.integers(0, 4)) == 0
    inner = Encoding.IMPLICIT_LITTLE if disguised else encoding
    items = draw(st.lists(_datasets(character_set, inner, depth + 1), max_size=_MAX_ITEMS))
    for item in items:
        item.is_undefined_length_sequence_item = draw(st.booleans())
    undefined = draw(st.booleans())
    if disguised:
        value = b"".join(_implicit_item(item, character_set) for item in items)
        return RawDataElement(
            BaseTag(tag), "UN", _UNDEFINED if undefined else len(value), value, 0, False, True
        )
    element = DataElement(tag, "SQ", items)
    element.is_undefined_length = undefined
    return element


@st.composite
def _private_blocks(draw: st.DrawFn, character_set: _CharacterSet) -> Dataset:
    """Private elements of one block; one block in four has lost its Private Creator."""
    dataset = Dataset()
    group = draw(_PRIVATE_GROUPS)
    if draw(st.integers(0, 3)):
        dataset.add_new(group << 16 | 0x0010, "LO", draw(st.sampled_from(("ACME 1.1", "SIEMENS CSA HEADER"))))
    for element, vr in draw(
        st.lists(st.tuples(st.integers(0x1000, 0x10FF), st.sampled_from(_ALL_VRS)), max_size=4)
    ):
        dataset.add_new(group << 16 | element, vr, draw(_values(vr, character_set)))
    return dataset


@st.composite
def _private_tags(draw: st.DrawFn) -> int:
    return draw(_PRIVATE_GROUPS) << 16 | draw(st.integers(0x1000, 0x10FF))


@functools.cache
def _sequence_tags() -> st.SearchStrategy[int]:
    return st.sampled_from(_listed("SQ")) | st.sampled_from(_standard("SQ")) | _private_tags()


@functools.cache
def _tags_and_vrs() -> st.SearchStrategy[tuple[int, str]]:
    """Rows of the table (most often), other standard attributes, repeating groups, and unknown tags."""
    vrs = st.sampled_from(_SIMPLE_VRS)
    listed = vrs.flatmap(lambda vr: st.tuples(st.sampled_from(_listed(vr) or _standard(vr)), st.just(vr)))
    standard = vrs.flatmap(lambda vr: st.tuples(st.sampled_from(_standard(vr)), st.just(vr)))
    groups = st.sampled_from(((0x50000022, "LO"), (0x50003000, "OW"), (0x60021500, "LO"), (0x60003000, "OW")))
    unknown = st.tuples(st.integers(0x08F60001, 0x08F600FF), st.sampled_from(_ALL_VRS))
    return listed | listed | standard | groups | unknown


@functools.cache
def _listed(vr: str) -> tuple[int, ...]:
    """The tags of `vr` that have a row of their own in PS3.15 Table E.1-1."""
    return tuple(sorted({row.tag for row in rows()} & set(_standard(vr))))


@functools.cache
def _standard(vr: str) -> tuple[int, ...]:
    """The dictionary's tags of `vr`, without those that `_files` sets and groups that no data set holds."""
    fixed = {0x00080005, 0x00080016, 0x00080018, _PIXEL_DATA, 0x7FE00008, 0x7FE00009}
    return tuple(
        tag
        for tag, entry in DicomDictionary.items()
        if entry[0] == vr and tag >> 16 > 0x0004 and tag not in fixed
    )


@functools.cache
def _values(vr: str, character_set: _CharacterSet) -> st.SearchStrategy[object]:
    """Valid values of `vr`, empty ones among them."""
    if vr in _SHORT_TEXT_VRS:
        return st.lists(_text(character_set), max_size=2)
    if vr in _LONG_TEXT_VRS:
        return _text(character_set)
    return _VALUES[vr]


def _text(character_set: _CharacterSet) -> st.SearchStrategy[str]:
    return st.text(string.ascii_letters + string.digits + " .-^" + character_set.value[1], max_size=_MAX_TEXT)


def _implicit_item(item: Dataset, character_set: _CharacterSet) -> bytes:
    """One item, as it stands in the value of an element of VR UN: implicit VR little endian."""
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, item, character_set.value[0] or "ISO_IR 6")
    body = buffer.getvalue()
    if item.is_undefined_length_sequence_item:
        return struct.pack("<HHL", 0xFFFE, 0xE000, _UNDEFINED) + body + struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
    return struct.pack("<HHL", 0xFFFE, 0xE000, len(body)) + body


def _keep_raw_elements(dataset: Dataset, encoding: Encoding) -> None:
    """Let pydicom write raw elements as they are; it decodes those of a data set that was read otherwise."""
    syntax = encoding.value
    character_set = dataset.get("SpecificCharacterSet")
    decoder = default_encoding if character_set is None else convert_encodings(character_set)
    dataset.set_original_encoding(syntax.is_implicit_VR, syntax.is_little_endian, decoder)


def _add_pixel_data(dataset: Dataset, encoding: Encoding, frames: list[bytes]) -> None:
    if encoding is Encoding.ENCAPSULATED:
        dataset.add_new(_PIXEL_DATA, "OB", encapsulate(frames))
    else:
        dataset.add_new(_PIXEL_DATA, "OW", b"".join(frames))


def _multiple(strategy: st.SearchStrategy[object]) -> st.SearchStrategy[list[object]]:
    return st.lists(strategy, max_size=2)


def _whole_numbers(bits: int, signed: bool) -> st.SearchStrategy[list[object]]:
    low = -(1 << bits - 1) if signed else 0
    return _multiple(st.integers(low, low + (1 << bits) - 1))


def _bytes_of(unit: int) -> st.SearchStrategy[bytes]:
    return st.integers(0, 4).flatmap(lambda count: st.binary(min_size=count * unit, max_size=count * unit))


_PREAMBLES = st.sampled_from((bytes(128), b"II*\0".ljust(128, b"x")))
_EVEN_BYTES = _bytes_of(2)
_DATES = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31)).map(lambda date: f"{date:%Y%m%d}")
_TIMES = st.times().map(lambda time: f"{time:%H%M%S.%f}")
_UIDS = st.integers(1, 2**64).map(lambda number: UID(f"2.25.{number}"))
_WELL_KNOWN_UIDS = st.sampled_from((CTImageStorage, UID("1.2.840.10008.1.4.1.1")))
_SOP_CLASSES = st.sampled_from((CTImageStorage, MRImageStorage, RTStructureSetStorage, SegmentationStorage))
_PRIVATE_GROUPS = st.sampled_from((0x0009, 0x0029, 0x7FE1))
_CODES = st.text(string.ascii_uppercase + string.digits + "_ ", max_size=_MAX_TEXT)

_SHORT_TEXT_VRS = frozenset(("LO", "PN", "SH", "UC"))
_LONG_TEXT_VRS = frozenset(("LT", "ST", "UT"))
_VALUES: dict[str, st.SearchStrategy[object]] = {
    "AE": _multiple(st.text(string.ascii_uppercase, max_size=_MAX_TEXT)),
    "AS": st.sampled_from(("", "007D", "042Y", "011M")),
    "AT": _whole_numbers(32, signed=False),
    "CS": _multiple(_CODES),
    "DA": _multiple(_DATES | st.just("")),
    "DS": _multiple(st.decimals(-1000, 1000, places=3).map(str) | st.sampled_from(("1e3", "+1.50", " 2"))),
    "DT": _multiple(st.tuples(_DATES, _TIMES, st.sampled_from(("", "+0100"))).map("".join)),
    "FD": _multiple(st.floats(allow_nan=False)),
    "FL": _multiple(st.floats(width=32, allow_nan=False)),
    "IS": _multiple(st.integers(-(2**31), 2**31 - 1).map(str)),
    "OB": _EVEN_BYTES,
    "OD": _bytes_of(8),
    "OF": _bytes_of(4),
    "OL": _bytes_of(4),
    "OV": _bytes_of(8),
    "OW": _EVEN_BYTES,
    "SL": _whole_numbers(32, signed=True),
    "SS": _whole_numbers(16, signed=True),
    "SV": _whole_numbers(64, signed=True),
    "TM": _multiple(_TIMES | st.sampled_from(("10", "1015"))),
    "UI": _multiple(_UIDS | _WELL_KNOWN_UIDS),
    "UL": _whole_numbers(32, signed=False),
    "UN": _EVEN_BYTES,
    "UR": st.sampled_from(("", "http://name.example/a?b=c")),
    "US": _whole_numbers(16, signed=False),
    "UV": _whole_numbers(64, signed=False),
}
_ALL_VRS = tuple(sorted({*_VALUES, *_SHORT_TEXT_VRS, *_LONG_TEXT_VRS}))
_SIMPLE_VRS = tuple(vr for vr in _ALL_VRS if _standard(vr))
