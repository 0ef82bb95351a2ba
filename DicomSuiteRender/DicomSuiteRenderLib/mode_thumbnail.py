"""A small picture of what a render mode makes of a volume, cast by numpy alone: no scene, no graphics card, no wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, zoom

from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.native_mode import in_native_values
from DicomSuiteRenderLib.render_mode import RenderMode, Technique, ViewDirection
from DicomSuiteRenderLib.window_level import WindowLevel

FloatArray = NDArray[np.float32]
Light = tuple[FloatArray, FloatArray]
"""Colour (rows, columns, 3) and opacity (rows, columns) of one layer across the rays."""

EDGE = 64
"""Voxels along the longest edge of what thumbnails are cast through, and pixels along the edge of one."""
_FINER = 2
"""Places along an axis whose mean is one voxel of a miniature, so that noise does not look like structure."""
_AMBIENT = 0.25
"""Light on a surface that is seen edgewise."""
_SMOOTHING = 1.2
"""Standard deviation (voxels) of the filter before gradients are taken: steps between voxels are no relief."""
_LAYERS = 2
"""Layers across the rays for each voxel, so that colours do not come in rings."""
_UNIT_MM = 1.0
"""The length along a ray that the opacities of a mode stand for."""
_OPAQUE = 0.99

_RAYS: dict[ViewDirection, tuple[tuple[int, int, int], tuple[int, int, int]]] = {
    ViewDirection.ANTERIOR: ((1, 0, 2), (1, -1, 1)),
    ViewDirection.POSTERIOR: ((1, 0, 2), (-1, -1, -1)),
    ViewDirection.LEFT: ((2, 0, 1), (-1, -1, 1)),
    ViewDirection.RIGHT: ((2, 0, 1), (1, -1, -1)),
    ViewDirection.SUPERIOR: ((0, 1, 2), (-1, 1, -1)),
    ViewDirection.INFERIOR: ((0, 1, 2), (1, 1, 1)),
}
"""Axes of a cube (superior, posterior, left) that become depth, rows, columns, and which way each runs."""


@dataclass(frozen=True, eq=False)
class Miniature:
    """A volume in small.

    Parameters
    ----------
    values : (superior, posterior, left), smoothed; NaN where the volume is not
    spacing : mm, the same along all three axes
    """

    values: FloatArray
    spacing: float

    @classmethod
    def of(cls, volume: Volume) -> Miniature:
        """Take mean values on an even grid along the patient's axes."""
        columns, rows, slices = (edge - 0.5 for edge in volume.grid.size)
        corners = [(i, j, k) for i in (-0.5, columns) for j in (-0.5, rows) for k in (-0.5, slices)]
        lps = volume.grid.lps_from_ijk(corners)
        low, high = lps.min(axis=0), lps.max(axis=0)
        spacing = float((high - low).max() / EDGE)
        counts = np.clip(np.ceil((high - low) / spacing).astype(int), 1, EDGE)
        start = (low + high - spacing * counts) / 2
        places = [start[axis] + spacing * (np.arange(_FINER * counts[axis]) + 0.5) / _FINER for axis in range(3)]
        left, posterior, superior = places
        slabs = [_means(volume, left, posterior, pair) for pair in superior.reshape(-1, _FINER)]
        return cls(np.concatenate(slabs), spacing)

    @property
    def window(self) -> WindowLevel:
        """From the lowest to the highest value, for a volume without a display window."""
        known = self.values[np.isfinite(self.values)]
        low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
        return WindowLevel.from_ends(low, high if high > low else low + 1)


def mode_thumbnail(mode: RenderMode, miniature: Miniature, window: WindowLevel) -> NDArray[np.uint8]:
    """Cast parallel rays through a volume in small, (EDGE, EDGE, 3); tables are not removed.

    `window` is the volume's display window, for modes whose values are relative to it.
    """
    native = in_native_values(mode, window)
    colour, opacity = _cast(native, _rays(miniature.values, mode.direction), miniature.spacing)
    return _framed(colour, opacity, mode)


def _means(volume: Volume, left: FloatArray, posterior: FloatArray, superior: FloatArray) -> FloatArray:
    """One layer of a miniature: means of the nearest voxels at _FINER³ places each, (1, posterior, left)."""
    z, y, x = np.meshgrid(superior, posterior, left, indexing="ij")
    ijk = np.rint(volume.grid.ijk_from_lps(np.stack([x, y, z], axis=-1))).astype(int)
    size = np.array(volume.grid.size)
    is_inside = np.all((ijk >= 0) & (ijk < size), axis=-1)
    i, j, k = np.moveaxis(np.clip(ijk, 0, size - 1), -1, 0)
    values = volume.voxels[k, j, i].astype(np.float32)
    is_known = is_inside & np.isfinite(values)
    blocks = (len(superior) // _FINER, _FINER, len(posterior) // _FINER, _FINER, len(left) // _FINER, _FINER)
    counts = is_known.reshape(blocks).sum(axis=(1, 3, 5))
    sums = np.where(is_known, values, 0).reshape(blocks).sum(axis=(1, 3, 5), dtype=np.float32)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan).astype(np.float32)


def _rays(values: FloatArray, direction: ViewDirection) -> FloatArray:
    """The cube as (depth, rows, columns), the nearest first."""
    axes, signs = _RAYS[direction]
    return values.transpose(axes)[tuple(slice(None, None, sign) for sign in signs)]


def _cast(mode: RenderMode, rays: FloatArray, step: float) -> Light:
    if mode.look is not None and mode.look.technique is not Technique.COMPOSITE and not mode.levels:
        return _projected(mode, rays)
    return _composed(mode, rays, step)


def _projected(mode: RenderMode, rays: FloatArray) -> Light:
    """One value for each ray."""
    is_known = np.isfinite(rays)
    hits = is_known.any(axis=0)
    match mode.look.technique:
        case Technique.MAXIMUM:
            values = np.where(is_known, rays, -np.inf).max(axis=0)
        case Technique.MINIMUM:
            values = np.where(is_known, rays, np.inf).min(axis=0)
        case _:
            values = np.where(is_known, rays, 0).sum(axis=0) / np.maximum(is_known.sum(axis=0), 1)
    values = np.where(hits, values, 0)
    colour, opacity = _transferred(mode, values)
    return colour, opacity * hits


def _composed(mode: RenderMode, rays: FloatArray, step: float) -> Light:
    """Layers from the front to the back."""
    lowest = np.nanmin(rays, initial=np.inf)
    filled = np.where(np.isfinite(rays), rays, lowest if np.isfinite(lowest) else 0)
    filled, shades = (zoom(along, (_LAYERS, 1, 1), order=1) for along in (filled, _shades(filled)))
    colour = np.zeros((*rays.shape[1:], 3), np.float32)
    opacity = np.zeros(rays.shape[1:], np.float32)
    before = np.full(rays.shape[1:], -np.inf, np.float32)
    for values, shade in zip(filled, shades, strict=True):
        for layer_colour, layer_opacity in _layers(mode, values, before, shade, step / _LAYERS):
            share = (1 - opacity) * layer_opacity
            colour += share[..., None] * layer_colour
            opacity += share
        before = values
        if opacity.min() >= _OPAQUE:
            break
    return colour / np.maximum(opacity, 1e-6)[..., None], opacity


def _layers(mode: RenderMode, values: FloatArray, before: FloatArray, shade: FloatArray, step: float) -> list[Light]:
    layers: list[Light] = []
    for level in mode.levels:
        is_crossed = (values >= level.value) & (before < level.value)
        layers.append((shade[..., None] * np.array(level.colour, np.float32), is_crossed * level.opacity))
    if mode.look is not None:
        colour, opacity = _transferred(mode, values)
        lit = colour * shade[..., None] if mode.look.shading is not None else colour
        layers.append((lit, 1 - (1 - np.clip(opacity, 0, 1)) ** (step / _UNIT_MM)))
    return layers


def _transferred(mode: RenderMode, values: FloatArray) -> Light:
    opacity = _interpolated(values, mode.look.opacity)[..., 0]
    return _interpolated(values, mode.look.colours), opacity


def _interpolated(values: FloatArray, points: Sequence[Sequence[float]]) -> FloatArray:
    """Piecewise linear; (…, what follows the value in each point)."""
    at, *channels = np.array(points, dtype=float).T
    return np.stack([np.interp(values, at, channel) for channel in channels], axis=-1).astype(np.float32)


def _shades(rays: FloatArray) -> FloatArray:
    """How much of the viewer's own light each voxel gives back: most where the value changes along the ray."""
    if min(rays.shape) < 2:
        return np.ones_like(rays)
    along, *across = np.gradient(gaussian_filter(rays, _SMOOTHING))
    length = np.sqrt(along**2 + across[0] ** 2 + across[1] ** 2)
    facing = np.divide(np.abs(along), length, out=np.ones_like(length), where=length > 0)
    return (_AMBIENT + (1 - _AMBIENT) * facing).astype(np.float32)


def _framed(colour: FloatArray, opacity: FloatArray, mode: RenderMode) -> NDArray[np.uint8]:
    """In the middle of a square with the mode's background."""
    bottom, top = (np.array(shade, np.float32) for shade in mode.background)
    height = np.linspace(1, 0, EDGE, dtype=np.float32)[:, None, None]
    picture = np.broadcast_to(bottom + height * (top - bottom), (EDGE, EDGE, 3)).copy()
    rows, columns = opacity.shape
    row, column = (EDGE - rows) // 2, (EDGE - columns) // 2
    place = picture[row : row + rows, column : column + columns]
    place += opacity[..., None] * (colour - place)
    return np.rint(255 * np.clip(picture, 0, 1)).astype(np.uint8)
