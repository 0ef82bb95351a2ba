"""Which axes of an NRRD file are space, and which one is a list of layers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from DicomSuiteRTOverlayLib.errors import OverlayError

POSSIBLY_SPATIAL_KINDS = ("domain", "space", "none", "???", "")
"""NRRD's kinds of axes along which voxels lie side by side, and its words for an axis of which nothing is said."""


@dataclass(frozen=True)
class NrrdAxes:
    """Axes of the file, counted from the fastest: the voxels' i, j, k, and the one that counts layers, if any."""

    spatial: tuple[int, int, int]
    layer: int | None


def nrrd_axes(fields: Mapping[str, Any]) -> NrrdAxes:
    """Tell the axes of space from a list, layers or time, in a header as pynrrd's `read_header` returns it.

    Raises
    ------
    OverlayError
        If there are not three axes of space, or others of more than one element than one of layers.
    """
    sizes = [int(size) for size in fields["sizes"]]
    if fields.get("dimension", len(sizes)) != len(sizes):
        raise OverlayError(f"its header gives {len(sizes)} sizes for {fields['dimension']} axes; save it again")
    spatial = _without_direction(fields, sizes) if "space directions" in fields else _by_kind(fields, sizes)
    if len(spatial) != 3:
        raise OverlayError(
            f"{len(spatial)} of its {len(sizes)} axes have a direction in space; a mask needs 3: "
            "choose the mask of one whole volume, saved with its directions"
        )
    others = [axis for axis, size in enumerate(sizes) if size > 1 and axis not in spatial]
    if len(others) > 1 or any(_is_time(fields, axis) for axis in others):
        raise OverlayError("it holds more than one volume (a series in time, or nested lists); save one as a mask")
    return NrrdAxes((spatial[0], spatial[1], spatial[2]), others[0] if others else None)


def per_axis(fields: Mapping[str, Any], name: str, unknown: Any) -> list[Any]:
    """The values of a field that has one for every axis; `unknown` for all where it is absent.

    Raises OverlayError if their number differs from that of the axes.
    """
    count = len(fields["sizes"])
    values = list(fields.get(name, [unknown] * count))
    if len(values) != count:
        raise OverlayError(f"its header gives {len(values)} {name} for {count} axes; save it again from its source")
    return values


def _without_direction(fields: Mapping[str, Any], sizes: Sequence[int]) -> list[int]:
    """Axes whose direction is not "none", which pynrrd reads as NaN, and not that of time alone."""
    rows = per_axis(fields, "space directions", None)
    in_time = [axis for axis in range(len(sizes)) if _is_time(fields, axis)]
    return [axis for axis, row in enumerate(rows) if not np.all(np.isnan(row)) and axis not in in_time]


def _by_kind(fields: Mapping[str, Any], sizes: Sequence[int]) -> list[int]:
    """Axes that may be space by their kind; of too many, an axis of one element at the end or the start is none."""
    kinds = per_axis(fields, "kinds", "")
    axes = [axis for axis, kind in enumerate(kinds) if str(kind).lower() in POSSIBLY_SPATIAL_KINDS]
    while len(axes) > 3 and 1 in (sizes[axes[-1]], sizes[axes[0]]):
        axes.pop(-1 if sizes[axes[-1]] == 1 else 0)
    if len(axes) == 4:
        axes.pop(0 if sizes[axes[0]] < sizes[axes[-1]] else -1)
    return axes


def _is_time(fields: Mapping[str, Any], axis: int) -> bool:
    if str(per_axis(fields, "kinds", "")[axis]).lower() == "time":
        return True
    direction = per_axis(fields, "space directions", [])[axis]
    return len(direction) == 4 and not np.any(direction[:3])
