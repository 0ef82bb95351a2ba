"""Data sets that carry a recognisable value in every place where identifying data may sit.

`planted_dataset` fills every row of PS3.15 Table E.1-1, at top level and three sequence levels deep, and the
places that the table has no row for. Each value (its *sentinel*) is unique, so that a test can search the
output's bytes for it and knows which attribute it came from.
"""

from __future__ import annotations

import csv
import dataclasses
import datetime
import enum
import functools
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from pydicom.charset import convert_encodings, encode_string
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset, write_file_meta_info
from pydicom.uid import (
    ComprehensiveSRStorage,
    CTImageStorage,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    MRImageStorage,
)

from real_data import DATA

TABLE_FILE = DATA / "ps315_e1_1_2026c.csv"

UNLISTED_TEXT = 0x00281055
"""Window Center & Width Explanation: free text (LO) that the table does not list."""

KEPT_SEQUENCES = (0x00081115, 0x0008114A, 0x00081199)
"""Referenced Series / Instance / SOP Sequence: no row of the table, so their items stay."""

CURVE_GROUPS = (0x5000, 0x501E)
OVERLAY_GROUPS = (0x6000, 0x601E)

SHORTEST_UNMISTAKABLE = 6
"""Bytes; a shorter sentinel may turn up in an output by chance, so only its element can be looked at."""

TagPath = tuple[int, ...]
"""The tags from the top level down to the element, which lies in the first item of each sequence."""


class Kind(enum.Enum):
    """What object the values are planted in: SOP class and modality."""

    CT = (CTImageStorage, "CT")
    MR = (MRImageStorage, "MR")
    SR = (ComprehensiveSRStorage, "SR")
    PDF = (EncapsulatedPDFStorage, "DOC")


class Nesting(enum.Enum):
    """How the lengths of sequences and items are written."""

    DEFINED = "defined"
    UNDEFINED = "undefined"


@dataclass(frozen=True)
class Row:
    """One concrete row of Table E.1-1; `basic` is the Basic Profile's action, e.g. X or Z/D."""

    tag: int
    name: str
    basic: str
    vr: str


@dataclass(frozen=True)
class Planted:
    """A data set, and where its sentinels are.

    `sentinels` holds the bytes of each as they stand in the file (explicit VR little endian, no padding);
    `outside` those that are in no data element of the data set, by the name of their place.
    """

    dataset: Dataset
    meta: FileMetaDataset
    preamble: bytes
    sentinels: Mapping[TagPath, bytes]
    outside: Mapping[str, bytes] = field(default_factory=dict)
    command_set: bytes = b""

    @property
    def unmistakable(self) -> dict[TagPath | str, bytes]:
        """The sentinels, inside and outside the data set, that are long enough to be searched for."""
        everything = {**self.sentinels, **self.outside}
        return {place: value for place, value in everything.items() if len(value) >= SHORTEST_UNMISTAKABLE}

    def part10(self) -> bytes:
        """The whole file; written part by part, since `dcmwrite` refuses group 0004 and a command set."""
        buffer = DicomBytesIO()
        buffer.is_little_endian, buffer.is_implicit_VR = True, False
        buffer.write(self.preamble + b"DICM")
        write_file_meta_info(buffer, self.meta)
        buffer.write(self.command_set)
        write_dataset(buffer, self.dataset)
        return buffer.getvalue()


@functools.cache
def table_rows() -> tuple[Row, ...]:
    """The 652 concrete rows of Table E.1-1; skips the test where the development data are absent."""
    if not TABLE_FILE.is_file():
        pytest.skip(f"{TABLE_FILE} is absent; set DICOMSUITE_TEST_DATA", allow_module_level=True)
    with TABLE_FILE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if "x" not in row["tag"] and "g" not in row["tag"]]
    return tuple(_row(row["tag"], row["name"], row["basic"]) for row in rows)


def planted_dataset(kind: Kind = Kind.CT, nesting: Nesting = Nesting.DEFINED) -> Planted:
    """All rows, curves, overlays and private attributes at both depths, and what lies outside the data set."""
    garden = _Garden()
    dataset = garden.new_object(kind)
    garden.plant_everything(dataset, ())
    nested = functools.reduce(_descend, KEPT_SEQUENCES, dataset)
    garden.plant_everything(nested, KEPT_SEQUENCES)
    garden.plant_after_the_pixels(dataset)
    if kind is Kind.SR:
        garden.plant_content_tree(dataset)
    if nesting is Nesting.UNDEFINED:
        _make_lengths_undefined(dataset)
    return garden.harvest(dataset, kind)


def planted_command_set() -> Planted:
    """A CT behind a command set (group 0000, implicit VR), which holds the table's rows of that group."""
    garden = _Garden()
    dataset = garden.new_object(Kind.CT)
    commands = Dataset()
    for row in table_rows():
        if row.tag >> 16 == 0x0000:
            garden.plant(commands, (), row.tag, row.vr)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, True
    write_dataset(buffer, commands)
    return dataclasses.replace(garden.harvest(dataset, Kind.CT), command_set=buffer.getvalue())


class PersonNames(enum.Enum):
    """Specific Character Set, and a patient's name that needs it."""

    LATIN_1 = ("ISO_IR 100", "Müllerström^Jörgën")
    JAPANESE = (["", "ISO 2022 IR 87"], "Yamadaguchi^Tarouji=山田口^太郎次=やまだぐち^たろうじ")
    UTF_8 = ("ISO_IR 192", "Wangzhao^XiaoDongbei=王昭君^小东北")
    GB18030 = ("GB18030", "Wangzhao^XiaoDongbei=王昭君^小东北")

    @property
    def character_set(self) -> str | list[str]:
        """The value of Specific Character Set."""
        return self.value[0]

    @property
    def parts(self) -> tuple[str, ...]:
        """Each part of the name in each of its writings."""
        return tuple(part for group in self.value[1].split("=") for part in group.split("^"))


def planted_name(names: PersonNames) -> Planted:
    """A CT whose patient's name stands in Patient's Name and, in parts, in attributes that have no row.

    `sentinels` holds the parts in unlisted attributes: (UNLISTED_TEXT,) at top level, the same tag below
    `KEPT_SEQUENCES`; `outside` holds each part by its own text.
    """
    garden = _Garden()
    dataset = garden.new_object(Kind.CT)
    dataset.SpecificCharacterSet = names.character_set
    dataset.PatientName = names.value[1]
    dataset.PatientID = garden.take("LO")
    encodings = convert_encodings(dataset.SpecificCharacterSet)
    encoded = {part: encode_string(part, encodings) for part in names.parts}
    first, second = names.parts[:2]
    last = names.parts[-1]
    dataset.add_new(UNLISTED_TEXT, "LO", f"{first}, {second}")
    nested = functools.reduce(_descend, KEPT_SEQUENCES, dataset)
    nested.add_new(UNLISTED_TEXT, "LO", last)
    garden.sentinels[(UNLISTED_TEXT,)] = encoded[first]
    garden.sentinels[(*KEPT_SEQUENCES, UNLISTED_TEXT)] = encoded[last]
    garden.outside.update(encoded)
    return garden.harvest(dataset, Kind.CT)


class _Garden:
    """Hands out unique values and remembers where each was planted."""

    def __init__(self) -> None:
        self.sentinels: dict[TagPath, bytes] = {}
        self.outside: dict[str, bytes] = {}
        self._numbers = itertools.count(1)

    def take(self, vr: str) -> str | bytes | int:
        """A value of `vr` that no other call returns."""
        return _unique_value(vr, next(self._numbers))

    def plant(
        self, dataset: Dataset, path: TagPath, tag: int, vr: str, value: str | bytes | None = None
    ) -> None:
        """Add the element to `dataset`, which lies at `path`, and note its bytes."""
        value = self.take(vr) if value is None else value
        dataset.add_new(tag, vr, value)
        self.sentinels[(*path, tag)] = _as_bytes(vr, value)

    def new_object(self, kind: Kind) -> Dataset:
        """The few elements that make `kind` recognisable, with nothing planted yet."""
        dataset = Dataset()
        dataset.SpecificCharacterSet = "ISO_IR 100"
        dataset.SOPClassUID, dataset.Modality = kind.value
        dataset.SOPInstanceUID = self.take("UI")
        if kind in (Kind.CT, Kind.MR):
            _add_image(dataset)
        if kind is Kind.PDF:
            dataset.MIMETypeOfEncapsulatedDocument = "application/pdf"
        return dataset

    def plant_everything(self, dataset: Dataset, path: TagPath) -> None:
        """Plant all rows, repeating groups and private attributes in `dataset`, which lies at `path`."""
        for row in table_rows():
            if row.tag >> 16 not in (0x0000, 0x0002):
                self._plant_row(dataset, path, row)
        for group in CURVE_GROUPS:
            self._plant_group(dataset, path, group, {0x0022: "LO", 0x2500: "LO", 0x3000: "OW"})
        for group in OVERLAY_GROUPS:
            self._plant_group(dataset, path, group, {0x0022: "LO", 0x1500: "LO", 0x3000: "OW", 0x4000: "LT"})
        for group in (0x0009, 0x0029):
            self._plant_private(dataset, path, group)

    def plant_after_the_pixels(self, dataset: Dataset) -> None:
        """Plant what stands behind Pixel Data: a private group and Data Set Trailing Padding."""
        self._plant_private(dataset, (), 0x7FE1)
        self.plant(dataset, (), 0xFFFCFFFC, "OB")

    def plant_content_tree(self, dataset: Dataset) -> None:
        """Replace Content Sequence by a small SR tree with a person, text, a date, a UID and an image."""
        content = 0x0040A730
        del self.sentinels[(content, UNLISTED_TEXT)]
        root = Dataset()
        root.RelationshipType, root.ValueType = "CONTAINS", "CONTAINER"
        dataset.add_new(content, "SQ", [root])
        leaf = _descend(root, content)
        leaf.RelationshipType, leaf.ValueType = "CONTAINS", "TEXT"
        for tag, vr in ((0x0040A123, "PN"), (0x0040A160, "UT"), (0x0040A120, "DT"), (0x0040A124, "UI")):
            self.plant(leaf, (content, content), tag, vr)
        self.plant(_descend(leaf, 0x00081199), (content, content, 0x00081199), 0x00081155, "UI")

    def harvest(self, dataset: Dataset, kind: Kind) -> Planted:
        """Plant the preamble and the file meta information, and return the finished object."""
        if kind is Kind.PDF and (document := 0x00420011) in dataset:
            self.plant(dataset, (), document, "OB", b"%PDF-1.4 " + self.take("OB"))
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        for element, vr in (
            (0x0013, "SH"),
            (0x0016, "AE"),
            (0x0017, "AE"),
            (0x0018, "AE"),
            (0x0100, "UI"),
            (0x0102, "OB"),
        ):
            value = self.take(vr)
            meta.add_new((0x0002, element), vr, value)
            self.outside[f"file meta (0002,{element:04X})"] = _as_bytes(vr, value)
        preamble = self.take("OB")
        self.outside["preamble"] = preamble
        return Planted(dataset, meta, preamble.ljust(128, b"\0"), self.sentinels, self.outside)

    def _plant_row(self, dataset: Dataset, path: TagPath, row: Row) -> None:
        if row.vr != "SQ":
            self.plant(dataset, path, row.tag, row.vr)
        elif row.basic.endswith("U*"):  # the items stay and only their UIDs must change
            self.plant(_descend(dataset, row.tag), (*path, row.tag), 0x00081155, "UI")
        else:
            self.plant(_descend(dataset, row.tag), (*path, row.tag), UNLISTED_TEXT, "LO")

    def _plant_group(self, dataset: Dataset, path: TagPath, group: int, elements: Mapping[int, str]) -> None:
        for element, vr in elements.items():
            self.plant(dataset, path, group << 16 | element, vr)

    def _plant_private(self, dataset: Dataset, path: TagPath, group: int) -> None:
        """A block with text, bytes, an element of unknown VR and a sequence that holds a patient's name."""
        self._plant_group(dataset, path, group, {0x0010: "LO", 0x1001: "LO", 0x1002: "OB", 0x1003: "UN"})
        sequence = group << 16 | 0x1004
        self.plant(_descend(dataset, sequence), (*path, sequence), 0x00100010, "PN")


def _row(tag: str, name: str, basic: str) -> Row:
    number = int(tag[1:5] + tag[6:10], 16)
    vr = dictionary_VR(number) if dictionary_has_tag(number) else _vr_from_name(name)
    return Row(number, name, basic, vr.split(" or ")[0])


def _vr_from_name(name: str) -> str:
    """A fitting VR for the rows of edition 2026c that pydicom's dictionary does not have yet."""
    endings = {"Sequence": "SQ", "DateTime": "DT", "URI": "UR", "Comment": "UT"}
    return next((vr for ending, vr in endings.items() if name.endswith(ending)), "LO")


def _unique_value(vr: str, number: int) -> str | bytes | int:
    """A valid value of `vr` that depends on `number` (below 100,000) alone."""
    token = f"ZQ{number:06d}ZQ"
    clock = f"135724.{number:06d}"
    special = {
        "AS": f"{number % 1000:03d}Y",
        "DA": f"{datetime.date(1801, 1, 1) + datetime.timedelta(days=number):%Y%m%d}",
        "DS": f"7193.{number:06d}",
        "DT": f"18010203{clock}",
        "IS": f"1793{number:06d}",
        "OB": token.encode(),
        "OW": token.encode(),
        "TM": clock,
        "UI": f"1.2.826.0.1.777{number:06d}.9",
        "UN": token.encode(),
        "UR": f"http://{token.lower()}.example/",
        "US": number,
    }
    return special.get(vr, token)


def _as_bytes(vr: str, value: str | bytes | int) -> bytes:
    if isinstance(value, int):
        return value.to_bytes(2, "little")
    return value if isinstance(value, bytes) else value.encode("ascii")


def _descend(dataset: Dataset, tag: int) -> Dataset:
    """The first item of the sequence `tag`, which is created if it is not there."""
    if tag not in dataset:
        dataset.add_new(tag, "SQ", [Dataset()])
    return dataset[tag].value[0]


def _make_lengths_undefined(dataset: Dataset) -> None:
    for element in dataset:
        if element.VR == "SQ":
            element.is_undefined_length = True
            for item in element.value:
                item.is_undefined_length_sequence_item = True
                _make_lengths_undefined(item)


def _add_image(dataset: Dataset) -> None:
    dataset.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    dataset.ImagePositionPatient = [0, 0, 0]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [1, 1]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit = 15
    dataset.PixelRepresentation = 0
    dataset.add_new(0x7FE00010, "OW", bytes(range(256)) * 2)
