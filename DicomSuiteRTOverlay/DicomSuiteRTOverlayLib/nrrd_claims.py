"""What an NRRD header says about the place of its voxels, by every way that the format has to say it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from DicomSuiteLib.geometry import NRRD_SPACES, FloatArray, GeometryError, ImageGeometry
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.length_units import MM_PER_UNIT
from DicomSuiteRTOverlayLib.mask_file import Gap, HeaderClaims
from DicomSuiteRTOverlayLib.nrrd_axes import NrrdAxes, per_axis

_SHORT_SPACES_WITH_TIME = {"rast": "ras", "last": "las", "lpst": "lps"}

UNBOUND_SPACES = ("scanner-xyz", "3d-right-handed", "3d-left-handed")
"""NRRD's spaces of three dimensions that are not bound to the patient."""

Fields = Mapping[str, Any]


def nrrd_claims(fields: Fields, axes: NrrdAxes) -> HeaderClaims:
    """Turn the fields of a header, as pynrrd's `read_header` returns them, into claims in LPS and mm.

    Numbers of a space that is not bound to the patient are kept as if they were LPS; `Gap.NO_SPACE` tells of it.

    Raises
    ------
    OverlayError
        If directions are no numbers, have no length or lie in one plane, or axes differ in their unit of length.
    """
    space = _space(fields)
    signs = np.array(NRRD_SPACES.get(space, (1, 1, 1)), dtype=float)
    unit = _unit_scale(fields, axes)
    size = tuple(int(fields["sizes"][axis]) for axis in axes.spatial)
    steps = _steps(fields, axes, size, signs * unit)
    spacing = None if steps is not None else _spacing(fields, axes, unit)
    origin = _vector_origin(fields, signs * unit)
    if origin is None and steps is None:
        origin = _origin_of_mins(fields, axes, signs, unit, spacing)
    missing = {
        Gap.NO_SPACE: space not in NRRD_SPACES,
        Gap.NO_ORIGIN: origin is None,
        Gap.NO_DIRECTIONS: steps is None,
        Gap.NO_SPACING: steps is None and spacing is None,
    }
    gaps = frozenset(gap for gap, is_missing in missing.items() if is_missing)
    return HeaderClaims(size, steps, spacing, origin, gaps, unit, tuple(_remarks(fields, axes)))


def _space(fields: Fields) -> str:
    """The space's name in lower case, without time; empty if there is none."""
    name = str(fields.get("space", "")).strip().lower().removesuffix("-time")
    return _SHORT_SPACES_WITH_TIME.get(name, name)


def _steps(fields: Fields, axes: NrrdAxes, size: tuple[int, ...], factors: FloatArray) -> FloatArray | None:
    """3x3, columns are the steps along i, j, k; None if the header has no directions."""
    if "space directions" not in fields:
        return None
    rows = [list(per_axis(fields, "space directions", None)[axis])[:3] for axis in axes.spatial]
    if any(len(row) != 3 for row in rows):
        raise OverlayError("its directions are not those of a space of 3 dimensions; save it again from its source")
    steps = np.array(rows, dtype=float).T * factors[:, None]
    try:
        ImageGeometry.from_axes(size, steps, (0, 0, 0))
    except GeometryError as error:
        raise OverlayError(f"its directions describe no volume: {error} Save it again from its source") from error
    return steps


def _vector_origin(fields: Fields, factors: FloatArray) -> tuple[float, float, float] | None:
    """From "space origin"; None if it is absent or, as NaN, unknown."""
    given = np.asarray(fields.get("space origin", ()), dtype=float)[:3]
    if given.shape != (3,) or not np.all(np.isfinite(given)):
        return None
    return _three(given * factors)


def _spacing(fields: Fields, axes: NrrdAxes, unit: float) -> tuple[float, float, float] | None:
    """From "spacings", else from mins and maxs, else from "thicknesses"; None if an axis has none of them."""
    mins, maxs = _known(fields, "axis mins", axes), _known(fields, "axis maxs", axes)
    sizes = np.array([int(fields["sizes"][axis]) for axis in axes.spatial])
    steps_between = np.where(_is_node_centred(fields, axes), np.maximum(sizes - 1, 1), sizes)
    spacing = _known(fields, "spacings", axes)
    for other in ((maxs - mins) / steps_between, _known(fields, "thicknesses", axes)):
        spacing = np.where(_is_length(spacing), spacing, other)
    return _three(np.abs(spacing) * unit) if np.all(_is_length(spacing)) else None


def _origin_of_mins(
    fields: Fields, axes: NrrdAxes, signs: FloatArray, unit: float, spacing: Sequence[float] | None
) -> tuple[float, float, float] | None:
    """The first voxel's centre from "axis mins": half a voxel further on, unless samples are node-centred.

    What is not said to be node-centred counts as cell-centred, as in NRRD's own library and in ITK.
    """
    mins, maxs = _known(fields, "axis mins", axes), _known(fields, "axis maxs", axes)
    if spacing is None or not np.all(np.isfinite(mins)):
        return None
    onwards = np.where(maxs < mins, -0.5, 0.5) * spacing
    return _three((mins * unit + np.where(_is_node_centred(fields, axes), 0, onwards)) * signs)


def _known(fields: Fields, name: str, axes: NrrdAxes) -> FloatArray:
    """The numbers (3,) that a field has for i, j, k; NaN where it has none."""
    values = per_axis(fields, name, np.nan)
    return np.array([values[axis] for axis in axes.spatial], dtype=float)


def _three(values: FloatArray) -> tuple[float, float, float]:
    first, second, third = values.tolist()
    return first, second, third


def _is_length(values: FloatArray) -> FloatArray:
    return np.isfinite(values) & (values != 0)


def _is_node_centred(fields: Fields, axes: NrrdAxes) -> FloatArray:
    centerings = per_axis(fields, "centerings", "")
    return np.array([str(centerings[axis]).lower() == "node" for axis in axes.spatial])


def _units(fields: Fields, axes: NrrdAxes) -> list[str]:
    """The words for the unit of length: of the space's axes, or, without directions, of the file's."""
    named = list(fields.get("space units", ()))[:3]
    if not named and "space directions" not in fields:
        units = per_axis(fields, "units", "")
        named = [units[axis] for axis in axes.spatial]
    return [str(name).strip().lower() for name in named]


def _unit_scale(fields: Fields, axes: NrrdAxes) -> float:
    scales = {MM_PER_UNIT.get(unit, 1.0) for unit in _units(fields, axes)}
    if len(scales) > 1:
        raise OverlayError("its axes differ in their unit of length; save it with all of them in mm")
    return scales.pop() if scales else 1.0


def _remarks(fields: Fields, axes: NrrdAxes) -> Iterator[str]:
    space = _space(fields)
    if space and space not in NRRD_SPACES and space not in UNBOUND_SPACES:
        yield "the header names a space that NRRD does not know"
    if space == "3d-left-handed":
        yield "the header's space is left-handed, a patient's is right-handed"
    if any(unit not in MM_PER_UNIT and unit not in ("", "???", "none") for unit in _units(fields, axes)):
        yield "the header's unit of length is not known; mm was assumed"
    if "measurement frame" in fields:
        yield "the header's measurement frame says nothing about a mask's place and was not used"
    if "space directions" in fields:
        return
    if np.any(_known(fields, "spacings", axes) < 0):
        yield "negative spacings were taken without their sign"
    if "thicknesses" in fields and not np.all(_is_length(_known(fields, "spacings", axes))):
        yield "slice thicknesses were taken where the header has no spacing"
    if "axis mins" in fields and "space origin" not in fields:
        yield "axis mins were taken for the origin"
