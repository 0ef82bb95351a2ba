"""The places where a mask covers the volume exactly: its array laid upon the volume's in one of up to 48 orders."""

from __future__ import annotations

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.axis_order import SAME_LAYOUT, AxisOrder, fitting_orders
from DicomSuiteRTOverlayLib.header_repairs import has_default_directions, is_complete
from DicomSuiteRTOverlayLib.hypotheses import (
    KNOWN_DEFECT,
    REVERSED_ARRAY,
    WRONG_NUMBERS,
    Hypothesis,
    layout_log_odds,
)
from DicomSuiteRTOverlayLib.layout_words import layout_words
from DicomSuiteRTOverlayLib.mask_file import HeaderClaims
from DicomSuiteRTOverlayLib.placement import Verdict

SAME_ORIGIN = 0.1
"""Parts of the volume's finest spacing by which origins may differ and still be the same."""

SAME_DIRECTION = 0.01
"""Steps along an axis agree if they differ by no more than this part of a step, about 0.6 degrees."""

WRONG_SPACING = -6.0
"""Of spacings that do not fit the volume's in this order; those of 1 mm throughout are a default and count less."""
DEFAULT_SPACING = -1.0

UNEVEN_SLICES = -2.0
"""Of a header that differs only in how slices follow each other, where the volume's are tilted or uneven: no wonder."""

def covering_places(claims: HeaderClaims, grid: SliceGrid) -> list[Hypothesis]:
    """Every order of axes in which the mask covers the volume exactly; none where sizes do not allow it."""
    volume = grid.nominal_geometry
    orders = fitting_orders(claims.size, volume.size)
    covers = any(_contradiction(claims, order.mask_geometry(volume), grid) == 0 for order in orders)
    return [_hypothesis(claims, order, grid, header_covers=covers and is_complete(claims)) for order in orders]


def _hypothesis(claims: HeaderClaims, order: AxisOrder, grid: SliceGrid, header_covers: bool) -> Hypothesis:
    geometry = order.mask_geometry(grid.nominal_geometry)
    contradiction = _contradiction(claims, geometry, grid)
    if header_covers and contradiction < 0:
        contradiction = REVERSED_ARRAY
    return Hypothesis(
        key="reference-index" if order == SAME_LAYOUT and claims.axes is not None else order.key,
        words=_words(claims, order, grid),
        geometry=geometry,
        log_odds=layout_log_odds(order) + contradiction,
        verdict=_verdict(claims, order, contradiction),
    )


def _verdict(claims: HeaderClaims, order: AxisOrder, contradiction: float) -> Verdict:
    """A repair where the header tells something of the place that agrees, or where only its defaults do not."""
    tells = claims.axes is not None or (claims.origin is not None and np.any(claims.origin))
    if tells and (contradiction == 0 or (order == SAME_LAYOUT and contradiction > WRONG_NUMBERS)):
        return Verdict.REPAIRED
    return Verdict.GUESSED


def _words(claims: HeaderClaims, order: AxisOrder, grid: SliceGrid) -> str:
    if order == SAME_LAYOUT and grid.geometry is None:
        return "slice by slice on the volume's uneven slices, each where its own position puts it"
    if order == SAME_LAYOUT and claims.axes is not None:
        return "voxel upon voxel: origin and directions taken from the volume"
    return layout_words(order, grid.nominal_geometry)


def _contradiction(claims: HeaderClaims, place: ImageGeometry, grid: SliceGrid) -> float:
    """Log odds, 0 or less, of a header that says this of a mask which lies at `place`."""
    return _of_axes(claims, place, grid) + _of_origin(claims, place)


def _of_axes(claims: HeaderClaims, place: ImageGeometry, grid: SliceGrid) -> float:
    if claims.axes is None:
        if claims.spacing is None or np.allclose(claims.spacing, place.spacing, rtol=0.02):
            return 0.0
        return DEFAULT_SPACING if np.allclose(claims.spacing, 1) else WRONG_SPACING
    steps = np.linalg.solve(place.axes, claims.axes) - np.eye(3)
    wrong = np.abs(steps).max(axis=0) > SAME_DIRECTION
    if not wrong.any():
        return 0.0
    is_uneven = grid.geometry is None or grid.geometry.is_sheared
    if is_uneven and wrong.tolist() == [False, False, True]:
        return UNEVEN_SLICES
    return KNOWN_DEFECT if has_default_directions(claims.axes) else WRONG_NUMBERS


def _of_origin(claims: HeaderClaims, place: ImageGeometry) -> float:
    if claims.origin is None:
        return 0.0
    distance = np.linalg.norm(np.array(claims.origin) - np.array(place.origin))
    if distance < SAME_ORIGIN * min(place.spacing):
        return 0.0
    return KNOWN_DEFECT if not np.any(claims.origin) else WRONG_NUMBERS
