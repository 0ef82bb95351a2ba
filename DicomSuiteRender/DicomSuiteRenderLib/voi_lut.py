"""The windows and look-up tables that a DICOM image brings along (VOI LUT module, PS3.3 C.11.2)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom.dataset import Dataset

from DicomSuiteLib.dicom_headers import FRAME_GROUPS, items_of, read_headers
from DicomSuiteLib.printable import printable
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.series_files import UNUSABLE_VALUE
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel
from DicomSuiteRenderLib.window_presets import WindowPreset

_KEYWORDS = (
    "WindowCenter",
    "WindowWidth",
    "WindowCenterWidthExplanation",
    "VOILUTFunction",
    "VOILUTSequence",
    "PixelRepresentation",
)
"""The last one decides whether a table's first value may be negative."""

_WHOLE_RANGE = 1 << 16
"""The number of entries that a LUT Descriptor gives as 0."""


@dataclass(frozen=True, eq=False)
class VoiLut:
    """A look-up table of a DICOM image: VOI LUT Sequence (0028,3010).

    Parameters
    ----------
    key, name : as for `WindowPreset`
    first : the whole value that the first entry is for; values below have the first shade, values behind the last
        entry the last one
    entries : (n >= 2,) shades from 0 (black) to 1 (white)
    """

    key: str
    name: str
    first: int
    entries: NDArray[np.float32]

    def shades(self, values: ArrayLike) -> NDArray[np.float32]:
        """Shades from 0 (black) to 1 (white) of values of any shape; NaN stays NaN."""
        numbers = np.rint(np.asarray(values, dtype=float)) - self.first
        known = np.nan_to_num(np.clip(numbers, 0, len(self.entries) - 1)).astype(int)
        return np.where(np.isnan(numbers), np.float32(np.nan), self.entries[known])

    def display_lut(self) -> DisplayLut:
        """The same as a table of few points, which can be edited and shown in slice views."""
        return DisplayLut.fitted(np.arange(self.first, self.first + len(self.entries), dtype=float), self.entries)


def dicom_windows(files: Sequence[Path]) -> tuple[WindowPreset | VoiLut, ...]:
    """What the images of a volume, in their order, want to be shown with: look-up tables, then windows.

    Where slices differ the middle one decides, which is what a volume is first seen at. Windows and tables that the
    standard does not allow are left out.

    Raises
    ------
    VolumeError
        If the file is gone, or cannot be read as DICOM.
    """
    if not files:
        return ()
    (header,) = read_headers([files[len(files) // 2]], _KEYWORDS)
    with quiet_pydicom():
        module = _voi_lut_module(header)
        tables = [table for item in items_of(module, "VOILUTSequence") if (table := _table(item, header))]
        windows = dict.fromkeys(_windows(module))
    named = [VoiLut(f"dicom-lut-{number}", *table) for number, table in enumerate(tables, start=1)]
    presets = [
        WindowPreset(f"dicom-{number}", name or f"DICOM {number}", window)
        for number, (name, window) in enumerate(windows, start=1)
    ]
    return (*named, *presets)


def _voi_lut_module(header: Dataset) -> Dataset:
    """Where windows stand: at top level, or in a functional group of all frames or of the middle one."""
    for keyword in FRAME_GROUPS:
        frames = items_of(header, keyword)
        if frames and (found := items_of(frames[len(frames) // 2], "FrameVOILUTSequence")):
            return found[0]
    return header


def _windows(module: Dataset) -> Iterator[tuple[str, WindowLevel]]:
    names = _values(module, "WindowCenterWidthExplanation")
    levels, widths = _values(module, "WindowCenter"), _values(module, "WindowWidth")
    function = _text(module, "VOILUTFunction").upper() or VoiFunction.LINEAR
    for index, (level, width) in enumerate(zip(levels, widths, strict=False)):
        name = printable(str(names[index])).strip() if index < len(names) else ""
        try:
            window = WindowLevel(float(level), float(width), VoiFunction(function))
        except (ValueError, TypeError, RenderError):
            continue
        yield name, window


def _table(item: Dataset, header: Dataset) -> tuple[str, int, NDArray[np.float32]] | None:
    """Explanation, first value and shades of one table; None where it is not as the standard has it."""
    try:
        count, first, bits = (int(number) for number in item.LUTDescriptor)
        numbers = _lut_data(item.LUTData, header)[: count or _WHOLE_RANGE]
    except UNUSABLE_VALUE:
        return None
    if len(numbers) < max(count, 2) or bits < 1:
        return None
    shades = np.minimum(numbers / (2.0**bits - 1), 1).astype(np.float32)
    return _text(item, "LUTExplanation") or "DICOM look-up table", first, shades


def _lut_data(data: Any, header: Dataset) -> NDArray[np.int64]:
    """LUT Data (0028,3006), which is numbers, or bytes in the order of the file."""
    if not isinstance(data, bytes):
        return np.atleast_1d(np.asarray(data, np.int64))
    is_little_endian = header.original_encoding[1] is not False
    return np.frombuffer(data, "<u2" if is_little_endian else ">u2").astype(np.int64)


def _text(dataset: Dataset, keyword: str) -> str:
    return printable(" ".join(map(str, _values(dataset, keyword)))).strip()


def _values(dataset: Dataset, keyword: str) -> list[Any]:
    try:
        value = dataset.get(keyword)
    except UNUSABLE_VALUE:
        return []
    if value is None or value == "":
        return []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]
