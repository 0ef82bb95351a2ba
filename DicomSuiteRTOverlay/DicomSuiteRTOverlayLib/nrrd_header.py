"""The header of an NRRD file: pynrrd's fields, the key/value pairs, and where the data begin."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from DicomSuiteLib.missing_package import missing_package
from DicomSuiteRTOverlayLib.errors import OverlayError

HEADER_LIMIT = 1 << 24
"""Bytes of the longest header that is read: 10,000 slice files by name, or as many segments, need a tenth."""

_MAGIC = re.compile(rb"NRRD000[1-5]\s*$")

_SPELLINGS = {
    "centers": "centerings",
    "datafile": "data file",
    "lineskip": "line skip",
    "byteskip": "byte skip",
    "axismins": "axis mins",
    "axismaxs": "axis maxs",
    "spacedimension": "space dimension",
    "spaceunits": "space units",
    "spaceorigin": "space origin",
    "spacedirections": "space directions",
    "measurementframe": "measurement frame",
}
"""Other spellings that the NRRD definition allows -> the field's usual name."""

_UNKNOWN = ("none", "???", "")
"""Values that say of a whole field that it is not known."""


@dataclass(frozen=True, eq=False)
class NrrdHeader:
    """What stands before the data.

    Parameters
    ----------
    fields : by usual name in lower case, parsed as pynrrd's `read_header` does
    keys : the key/value pairs ("key:=value"), unescaped
    data_start : offset (bytes) of what follows the header's blank line
    listed_files : the file names after "data file: LIST"
    """

    fields: Mapping[str, Any]
    keys: Mapping[str, str]
    data_start: int
    listed_files: tuple[str, ...]


def read_nrrd_header(path: Path) -> NrrdHeader:
    """Read the header of an attached (.nrrd) or detached (.nhdr) NRRD file.

    Raises
    ------
    OverlayError
        If the file is no NRRD, or a field cannot be understood; the message does not name the file.
    """
    with path.open("rb") as file:
        if not _MAGIC.match(file.readline(16)):
            raise OverlayError("it does not begin as NRRD files do; choose the mask itself, or save it again")
        lines = [line for line in _header_lines(file) if not line.startswith("#")]
        data_start = file.tell()
    listed: tuple[str, ...] = ()
    for number, line in enumerate(lines):
        if re.match(r"data ?file:\s*LIST\b", line, re.IGNORECASE):
            lines, listed = lines[: number + 1], tuple(lines[number + 1 :])
            break
    pairs = [line.partition(":=")[::2] for line in lines if _is_pair(line)]
    keys = {key: _unescaped(value) for key, value in pairs}
    return NrrdHeader(_fields([line for line in lines if not _is_pair(line)]), keys, data_start, listed)


def _header_lines(file: BinaryIO) -> Iterator[str]:
    """The lines up to the blank one. They are UTF-8, as Slicer writes names; NRRD itself only knows ASCII."""
    while file.tell() < HEADER_LIMIT:
        line = file.readline(HEADER_LIMIT).decode("utf-8", "replace").rstrip()
        if not line:
            return
        yield line
    raise OverlayError("its header does not end; the file is damaged, save it again from its source")


def _is_pair(line: str) -> bool:
    return line.partition(":")[2].startswith("=")


def _fields(lines: list[str]) -> dict[str, Any]:
    try:
        import nrrd
    except ImportError as error:
        raise missing_package("pynrrd", "NRRD") from error
    try:
        return dict(nrrd.read_header(["NRRD0005", *filter(None, map(_usual_form, lines))]))
    except (nrrd.NRRDError, ValueError, IndexError) as error:
        raise OverlayError(f"its header cannot be understood ({error}); save it again from its source") from error


def _usual_form(line: str) -> str:
    """The line with the field's usual name and, as pynrrd wants it, no blanks inside vectors; "" if it says nothing."""
    name, _, value = line.partition(":")
    name, value = name.strip().lower(), value.strip()
    if value.lower() in _UNKNOWN:
        return ""
    if "(" in value:
        value = re.sub(r"\(\s+|\s+\)|\s*,\s*", lambda found: found[0].strip(), value)
    return f"{_SPELLINGS.get(name, name)}: {value}"


def _unescaped(value: str) -> str:
    return re.sub(r"\\([n\\])", lambda found: "\n" if found[1] == "n" else "\\", value.strip())
