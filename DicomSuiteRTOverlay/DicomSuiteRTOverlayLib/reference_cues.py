"""What the search for a mask's place needs of the volume: intensities and body, on a grid reduced for speed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.volumes import Volume

MOST_CELLS = 3_000_000
"""A larger volume is reduced to about this many cells: 2.4 mm for 512x512x300 voxels of 0.8x0.8x1 mm."""

LIGHT_SMOOTHING_MM, STRONG_SMOOTHING_MM = 1.0, 2.0
"""Standard deviations of smoothing against noise: to keep edges, and to tell tissues that differ by 10 HU."""

HU_ONLY_BELOW, HU_ONLY_ABOVE = -500, 100
"""Numbers that reach beyond both are HU, even where the source names no modality."""

CT_BODY_ABOVE = -300
"""HU between air and lung on the one side, fat and all other tissue on the other."""

BODY_CELL_MM = 4.0
"""Cells about this large are enough to find the body."""


@dataclass(frozen=True, slots=True)
class Windows:
    """Ranges of intensity: air to bone, fat to contrast medium, and parenchyma alone."""

    wide: tuple[float, float]
    soft: tuple[float, float]
    fine: tuple[float, float]


CT_WINDOWS = Windows((-1000, 600), (-150, 250), (-30, 130))
"""HU."""

PERCENTILES = Windows((1, 99.5), (10, 95), (20, 90))
"""Of the body's cells: what stands for `CT_WINDOWS` where numbers have no unit."""


@dataclass(frozen=True, eq=False)
class ReferenceCues:
    """A volume reduced to cells.

    Parameters
    ----------
    size, spacing : of the volume's voxels along i, j, k; mm, between slices on average
    first, step : index (i, j, k) of the centre of cell (0, 0, 0), and voxels between cells
    wide, soft, fine : (k, j, i) intensity in the three `Windows`, 0 to 1; the last one strongly smoothed
    body : (k, j, i) True inside the patient
    """

    size: tuple[int, int, int]
    spacing: FloatArray
    first: FloatArray
    step: FloatArray
    wide: NDArray[np.float32]
    soft: NDArray[np.float32]
    fine: NDArray[np.float32]
    body: NDArray[np.bool_]

    def cells_at(self, ijk: FloatArray) -> tuple[NDArray[np.intp], ...]:
        """Indices (k, j, i) of the cells nearest to voxel indices (n, 3), for use as an array's index."""
        last = np.array(self.body.shape[::-1]) - 1
        cells = np.clip(np.rint((ijk - self.first) / self.step), 0, last)  # first, as integers have an end
        return tuple(cells.astype(np.intp).T[::-1])

    def is_inside(self, ijk: FloatArray) -> NDArray[np.bool_]:
        """True for voxel indices (n, 3) in the volume: no more than half a voxel beyond an outermost centre."""
        return np.all((ijk >= -0.5) & (ijk <= np.array(self.size) - 0.5), axis=-1)


def reference_cues(volume: Volume) -> ReferenceCues:
    """Reduce a volume to what the search looks at."""
    grid = volume.grid
    spacing = np.array(
        [np.linalg.norm(grid.row_step), np.linalg.norm(grid.column_step), float(np.mean(grid.slice_distances))]
    )
    step = _reduction(grid.size, spacing)
    cells = _reduced(volume.voxels, step)
    light = _smoothed(cells, LIGHT_SMOOTHING_MM, spacing * step)
    is_ct = volume.modality == "CT" or (not volume.modality and _reads_like_hu(light))
    body = _body(light, spacing * step, is_ct)
    windows = CT_WINDOWS if is_ct else _windows_of(light[body])
    # Clipped before it is smoothed, so that bone and air do not shine into their neighbourhood.
    strong = _smoothed(cells.clip(*windows.soft), STRONG_SMOOTHING_MM, spacing * step)
    return ReferenceCues(
        size=grid.size,
        spacing=spacing,
        first=(step - 1) / 2,
        step=step.astype(float),
        wide=_windowed(light, windows.wide),
        soft=_windowed(light, windows.soft),
        fine=_windowed(strong, windows.fine),
        body=body,
    )


def _reduction(size: tuple[int, int, int], spacing: FloatArray) -> NDArray[np.int64]:
    """Voxels per cell along i, j, k: the finest axis is made coarser until there are few enough cells."""
    step = np.ones(3, int)
    while np.prod(np.array(size) // step) > MOST_CELLS:
        step[np.argmin(spacing * step)] += 1
    return step


def _reduced(voxels: NDArray, step: NDArray[np.int64]) -> NDArray[np.float32]:
    """Means over the eight corners of blocks of `step` (i, j, k) voxels: nearly as calm as over all, much faster."""
    shape = np.array(voxels.shape) // step[::-1]
    corners = [(0,) if length == 1 else (0, length - 1) for length in step[::-1].tolist()]
    total, count = np.zeros(shape, np.float32), 0
    for starts in product(*corners):
        parts = zip(starts, shape, step[::-1], strict=True)
        total += voxels[tuple(slice(start, start + n * every, every) for start, n, every in parts)]
        count += 1
    return total / np.float32(count)


def _smoothed(cells: NDArray[np.float32], sigma_mm: float, spacing: FloatArray) -> NDArray[np.float32]:
    return ndimage.gaussian_filter(cells, sigma_mm / spacing[::-1], truncate=3)


def _reads_like_hu(cells: NDArray[np.float32]) -> bool:
    return bool(cells.min() < HU_ONLY_BELOW and cells.max() > HU_ONLY_ABOVE)


def _body(cells: NDArray[np.float32], spacing: FloatArray, is_ct: bool) -> NDArray[np.bool_]:
    """The largest connected part that is no air, with what it encloses in a slice; everything if there is none.

    Hollows are filled first: a thin chest wall would not survive the opening that parts the patient from the table.
    """
    thinned = np.maximum(1, np.rint(BODY_CELL_MM / spacing)).astype(int)[::-1]
    few = cells[tuple(slice(None, None, every) for every in thinned)]
    solid = few > (CT_BODY_ABOVE if is_ct else _air_limit(few))
    for plane in solid:
        plane[...] = ndimage.binary_fill_holes(plane)
    parts, count = ndimage.label(ndimage.binary_opening(solid))
    if count == 0:
        return np.ones(cells.shape, bool)
    largest = parts == np.argmax(np.bincount(parts.ravel())[1:]) + 1
    for axis, every in enumerate(thinned.tolist()):
        largest = largest.take(np.arange(cells.shape[axis]) // every, axis)
    return largest


def _air_limit(cells: NDArray[np.float32]) -> float:
    """Halfway up to Otsu's threshold, so that dark tissue counts as body: Otsu, IEEE Trans SMC 9:62-66 (1979)."""
    low, high = np.percentile(cells, (0.5, 99.5))
    counts, edges = np.histogram(cells, 128, (low, max(high, low + 1e-6)))
    middles = (edges[:-1] + edges[1:]) / 2
    below, sums = np.cumsum(counts)[:-1], np.cumsum(counts * middles)[:-1]
    above, all_sums = counts.sum() - below, (counts * middles).sum()
    between = below * above * (sums / np.maximum(below, 1) - (all_sums - sums) / np.maximum(above, 1)) ** 2
    return float(low + (middles[np.argmax(between)] - low) / 2)


def _windows_of(values: NDArray[np.float32]) -> Windows:
    return Windows(
        *(
            tuple(np.percentile(values, part).tolist())
            for part in (PERCENTILES.wide, PERCENTILES.soft, PERCENTILES.fine)
        )
    )


def _windowed(cells: NDArray[np.float32], window: tuple[float, float]) -> NDArray[np.float32]:
    low, high = window
    return ((cells - low) / max(high - low, 1e-6)).clip(0, 1)
