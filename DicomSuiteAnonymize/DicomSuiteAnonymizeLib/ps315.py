"""PS3.15 Table E.1-1: the action of every listed attribute, and the options: ten that change it, two about pixels."""

import enum
from collections import namedtuple
from collections.abc import Collection
from functools import cache
from pathlib import Path

from DicomSuiteAnonymizeLib.errors import AnonymizeError

EDITION = "2026c"
"""Edition of PS3.15 that the table was taken from."""

BASIC_PROFILE_CODE = "113100"
BASIC_PROFILE_MEANING = "Basic Application Confidentiality Profile"
"""PS3.16 CID 7050 (coding scheme DCM): what (0012,0064) names for the Profile itself."""

PRIVATE_BIT = 0x00010000
"""Tag and mask of the row for private attributes, which are those with an odd group number (PS3.5 7.8)."""

WHOLE_TAG = 0xFFFFFFFF
"""Mask of a row that stands for exactly one tag."""

_REPEATING_GROUP = 0xFF010000
"""Bits of a group number that identify 50xx or 60xx; the odd groups in between are private, not repeating."""

_TABLE = Path(__file__).with_name("Data") / f"ps315_{EDITION}.tsv"


class Option(enum.Enum):
    """The options of Table E.1-1, in the order of its columns, then those of E.3.1 and E.3.2, which have no column.

    `column` names the option in the data file and in parameters, `cli` is its word after --retain or --clean, `code`
    and `meaning` are its entry in PS3.16 CID 7050 (coding scheme DCM).
    """

    RETAIN_SAFE_PRIVATE = ("RetainSafePrivate", "safe-private", "113111", "Retain Safe Private Option")
    RETAIN_UIDS = ("RetainUIDs", "uids", "113110", "Retain UIDs Option")
    RETAIN_DEVICE_IDENTITY = ("RetainDeviceIdentity", "device", "113109", "Retain Device Identity Option")
    RETAIN_INSTITUTION_IDENTITY = (
        "RetainInstitutionIdentity", "institution", "113112", "Retain Institution Identity Option",
    )
    RETAIN_PATIENT_CHARACTERISTICS = (
        "RetainPatientCharacteristics", "patient-characteristics", "113108",
        "Retain Patient Characteristics Option",
    )
    RETAIN_FULL_DATES = (
        "RetainLongFullDates", "full-dates", "113106",
        "Retain Longitudinal Temporal Information Full Dates Option",
    )
    RETAIN_MODIFIED_DATES = (
        "RetainLongModifiedDates", "modified-dates", "113107",
        "Retain Longitudinal Temporal Information Modified Dates Option",
    )
    CLEAN_DESCRIPTORS = ("CleanDescriptors", "descriptors", "113105", "Clean Descriptors Option")
    CLEAN_STRUCTURED_CONTENT = (
        "CleanStructuredContent", "structured-content", "113104", "Clean Structured Content Option",
    )
    CLEAN_GRAPHICS = ("CleanGraphics", "graphics", "113103", "Clean Graphics Option")
    CLEAN_PIXEL_DATA = ("CleanPixelData", "pixel-data", "113101", "Clean Pixel Data Option")
    CLEAN_FACES = (
        "CleanRecognizableVisualFeatures", "recognizable-visual-features", "113102",
        "Clean Recognizable Visual Features Option",
    )

    def __init__(self, column: str, cli: str, code: str, meaning: str) -> None:
        self.column = column
        self.cli = cli
        self.code = code
        self.meaning = meaning


PIXEL_OPTIONS = frozenset((Option.CLEAN_PIXEL_DATA, Option.CLEAN_FACES))
"""Options that change pixels and no attribute of the table: an instance says so only where they were applied to it."""


class Row(namedtuple("Row", ("tag", "mask", "name", "basic", "options"))):
    """One row of the table: it covers the attributes for which `attribute & mask == tag`.

    `basic` is the Basic Profile's action, simple ("X") or compound ("X/Z/D"); `options` holds "K" or "C" for
    each option that has an entry, and is shared between rows.
    """

    # Not a typing.NamedTuple: importing typing takes 5 ms of the command line's start.
    __slots__ = ()
    tag: int
    mask: int
    name: str
    basic: str
    options: dict[Option, str]


@cache
def rows() -> tuple[Row, ...]:
    """Every row of the table, in ascending order of tag, then curves, overlays and private attributes."""
    return tuple(map(_row, _lines().values()))


@cache
def row_for(attribute: int) -> Row | None:
    """The row that names this very attribute; repeating groups and private attributes have rows of their own."""
    line = _lines().get(f"{attribute:08X}")
    return _row(line) if line else None


@cache
def _lines() -> dict[str, str]:
    """The table's lines by what stands in their first column."""
    return {line.partition("\t")[0]: line for line in _TABLE.read_text(encoding="utf-8").splitlines()}


def _row(line: str) -> Row:
    tag, name, basic, *entries = line.split("\t")
    return Row(*_tag_and_mask(tag), name, basic, _options(tuple(entries)))


def check_options(options: Collection[Option]) -> frozenset[Option]:
    """The options as a set.

    Raises AnonymizeError for Full Dates with Modified Dates, the one pair that PS3.15 excludes (E.3.6).
    """
    chosen = frozenset(options)
    if {Option.RETAIN_FULL_DATES, Option.RETAIN_MODIFIED_DATES} <= chosen:
        raise AnonymizeError(
            "The options full-dates and modified-dates exclude each other (PS3.15 E.3.6): dates are either "
            "kept as they are or shifted. Choose one of the two."
        )
    return chosen


def action(row: Row, options: Collection[Option]) -> str:
    """The cell that applies to the row: "K" or "C" if one of the options has an entry, else the Basic action.

    An option overrides the Profile (PS3.15 E.1.1). Between options PS3.15 sets no order; where one says K and
    another C, C applies, since it retains less. In this edition that concerns eleven dates and times of the
    device (calibration, manufacture, installation, beam hold), which Retain Device Identity keeps and
    Modified Dates shifts.
    """
    entries = {entry for option, entry in row.options.items() if option in options}
    if "C" in entries:
        return "C"
    return "K" if entries else row.basic


@cache
def _options(entries: tuple[str, ...]) -> dict[Option, str]:
    """From entries such as "RetainUIDs=K"."""
    by_column = {option.column: option for option in Option}
    return {by_column[column]: cell for column, cell in (entry.split("=") for entry in entries)}


def _tag_and_mask(tag: str) -> tuple[int, int]:
    """From eight hexadecimal digits, where x stands for any digit, or from "odd" for private attributes."""
    if tag == "odd":
        return PRIVATE_BIT, PRIVATE_BIT
    if "x" not in tag:
        return int(tag, 16), WHOLE_TAG
    element = 0 if tag.endswith("xxxx") else 0xFFFF
    return int(tag.replace("x", "0"), 16), _REPEATING_GROUP | element
