"""Places of a mask of another size than the volume's that covers the volume's whole extent."""

from __future__ import annotations

import numpy as np

from DicomSuiteLib.geometry import FloatArray, ImageGeometry
from DicomSuiteRTOverlayLib.axis_order import AXIS_ORDERS, AxisOrder
from DicomSuiteRTOverlayLib.hypotheses import Hypothesis, layout_log_odds
from DicomSuiteRTOverlayLib.layout_words import layout_words
from DicomSuiteRTOverlayLib.mask_file import HeaderClaims
from DicomSuiteRTOverlayLib.placement import Verdict

SAME_EXTENT = 0.02
"""Extents that differ by no more than this part are the same, or by no more than a voxel of the coarser grid."""


def scaled_places(claims: HeaderClaims, volume: ImageGeometry) -> list[Hypothesis]:
    """Every order of axes in which the mask's extent is the volume's; without spacings, in which sizes scale alike."""
    return [
        Hypothesis(
            key=f"extent{order.key}",
            words=f"stretched over the volume's whole extent; {layout_words(order, volume)}",
            geometry=_stretched(order, claims, volume),
            log_odds=layout_log_odds(order),
            verdict=Verdict.GUESSED,
        )
        for order in AXIS_ORDERS
        if _fits(order, claims, volume)
    ]


def _fits(order: AxisOrder, claims: HeaderClaims, volume: ImageGeometry) -> bool:
    factors = _factors(order, claims, volume)
    if claims.spacing is None:
        return bool(np.ptp(factors) <= SAME_EXTENT * factors.min())
    lengths = np.array(claims.size)[list(order.source)] * np.array(claims.spacing)[list(order.source)]
    extent = np.array(volume.size) * np.array(volume.spacing)
    coarser = np.maximum(np.array(claims.spacing)[list(order.source)], volume.spacing)
    return bool(np.all(np.abs(lengths - extent) <= np.maximum(SAME_EXTENT * extent, coarser)))


def _factors(order: AxisOrder, claims: HeaderClaims, volume: ImageGeometry) -> FloatArray:
    """Voxels of the volume per voxel of the mask along i, j, k of the volume."""
    return np.array(volume.size) / np.array(claims.size)[list(order.source)]


def _stretched(order: AxisOrder, claims: HeaderClaims, volume: ImageGeometry) -> ImageGeometry:
    factors = _factors(order, claims, volume)
    size = np.array(claims.size)[list(order.source)]
    # Outer faces coincide, not the centres of the outermost voxels.
    coarse = ImageGeometry.from_axes(size, volume.axes * factors, volume.lps_from_ijk(factors / 2 - 0.5))
    return order.mask_geometry(coarse)
