"""Private attributes that are known to hold nothing about a person: the standard's, DicomSuite's and the user's.

They are known by creator, group and the low byte of their element, since the block that they lie in differs from file
to file (PS3.5 7.8.1).
"""

import re
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path

from DicomSuiteAnonymizeLib.elements import LONG_VRS, SHORT_VRS
from DicomSuiteAnonymizeLib.errors import AnonymizeError

CSA = "CSA"
"""Stands in a list in place of a VR: OB that holds a Siemens CSA header, of which siemens_csa keeps numbers."""

STANDARD, MR_DIFFUSION_TIMING = "ps3.15-e.3.10-1", "mr-diffusion-timing"
_FILES = {STANDARD: "safe_private.tsv", MR_DIFFUSION_TIMING: "mr_diffusion_timing.tsv"}
BUNDLED: Mapping[str, str] = {
    MR_DIFFUSION_TIMING: "Diffusion, slice timing, phase encoding and scaling of MR images of Siemens, GE, Philips and "
    "United Imaging, as dcm2niix reads them",
}
"""Lists that a profile may add to the standard's, by name, with what they hold."""

_VRS = frozenset(vr.decode() for vr in SHORT_VRS | LONG_VRS)
_GROUP, _ELEMENT = re.compile(r"[0-9A-Fa-f]{4}"), re.compile(r"(?:[xX0-9A-Fa-f]{2})?([0-9A-Fa-f]{2})")
_LONGEST_CREATOR = 64
_DELIMITERS = "\t;,"


class SafeAttribute(namedtuple("SafeAttribute", ("creator", "group", "element", "vr"), defaults=("",))):
    """One private attribute: creator in capitals, group, low byte of the element, VR ("" where it is not known).

    Capitals and surrounding spaces of the creator do not count. Raises AnonymizeError where it is none.
    """

    __slots__ = ()
    creator: str
    group: int
    element: int
    vr: str

    def __new__(cls, creator: str, group: int, element: int, vr: str = "") -> "SafeAttribute":
        name = creator.strip().upper()
        if not name or len(name) > _LONGEST_CREATOR or "\\" in name or not name.isprintable():
            raise AnonymizeError("a safe private attribute needs its private creator, at most 64 characters.")
        if not group & 1 or not 0x0009 <= group < 0xFFFF:
            raise AnonymizeError(f"{group:04X} is no group of private attributes; those are odd and at least 0009.")
        if not 0 <= element <= 0xFF:
            raise AnonymizeError("the element of a safe private attribute is its last two hexadecimal digits.")
        if vr and vr not in _VRS and vr != CSA:
            raise AnonymizeError(f"{vr!r} is no VR; leave it out where it is not known.")
        return super().__new__(cls, name, group, element, vr)

    @property
    def key(self) -> tuple[str, int, int]:
        """All but the VR."""
        return self[:3]


def parse_safe_attribute(creator: str, group: str, element: str, vr: str = "") -> SafeAttribute:
    """From hexadecimal digits, where "xx" or the number of a block may stand before the last two of the element.

    Raises AnonymizeError.
    """
    low = _ELEMENT.fullmatch(element.strip())
    if not _GROUP.fullmatch(group.strip()) or low is None:
        raise AnonymizeError(
            f"({group.strip()[:8]},{element.strip()[:8]}) is no private attribute: give the group as 0019 and the "
            "element as 0C or xx0C."
        )
    return SafeAttribute(creator, int(group, 16), int(low[1], 16), vr.strip().upper())


@cache
def safe_list(name: str) -> tuple[SafeAttribute, ...]:
    """The list of this name, without the names of the attributes."""
    path = Path(__file__).parents[1] / "Data" / _FILES[name]
    lines = (line.split("\t") for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(
        SafeAttribute(creator, int(group, 16), int(element, 16), vr) for creator, group, element, vr, _name in lines
    )


def safe_attributes(lists: Iterable[str], own: Iterable[SafeAttribute]) -> dict[tuple[str, int, int], str]:
    """VR by creator, group and element: the standard's table, the bundled lists named, and the user's own."""
    everything = [*safe_list(STANDARD)]
    for name in sorted(lists):
        everything += safe_list(name)
    vrs = {one.key: one.vr for one in everything}
    vrs.update((one.key, one.vr or vrs.get(one.key, "")) for one in own)
    return vrs


def read_safe_attributes(path: Path) -> tuple[SafeAttribute, ...]:
    """The user's list: lines of creator, group, element and, if known, VR, separated by tab, comma or semicolon.

    A first line of headings, empty lines and lines that begin with # do not count; what stands behind the VR neither.
    Raises AnonymizeError that names the line.
    """
    import csv

    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise AnonymizeError(f"List of private attributes {path}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise AnonymizeError(f"List of private attributes {path} is no UTF-8 text.") from error
    lines = text.splitlines()
    delimiter = next((sign for sign in _DELIMITERS if any(sign in line for line in lines)), ",")
    try:
        found = tuple(_parsed(csv.reader(lines, delimiter=delimiter), path))
    except csv.Error as error:
        raise AnonymizeError(f"List of private attributes {path} cannot be understood: {error}.") from error
    if not found:
        raise AnonymizeError(f"List of private attributes {path} is empty.")
    return found


def _parsed(rows: Iterable[list[str]], path: Path) -> Iterator[SafeAttribute]:
    for number, row in enumerate(rows, 1):
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or (number == 1 and "group" in map(str.lower, cells)):
            continue
        try:
            if len(cells) < 3:
                raise AnonymizeError("it takes at least creator, group and element.")
            vr = cells[3].upper() if len(cells) > 3 and cells[3].upper() in _VRS else ""
            yield parse_safe_attribute(*cells[:3], vr)
        except AnonymizeError as error:
            raise AnonymizeError(f"List of private attributes {path}, line {number}: {error}") from error
