"""Pictures slice by slice: a slice view moves through the volume it shows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.offscreen_views import SliceView2D
from DicomSuiteRenderLib.window_picture import Picture


def slice_sweep(view: SliceView2D, frames: int | None = None) -> Iterator[Picture]:
    """Draw the slices of the view's background volume, from the lowest offset to the highest.

    `frames` of them at equal distances, or one for each step of the spacing of its voxels. The view shows the slice it
    showed before when the pictures end, or when the iterator is closed before that.

    Raises
    ------
    RenderError
        If the view shows no volume, or `frames` is not at least 1.
    """
    if view.composite_node.GetBackgroundVolumeID() is None:
        raise RenderError("The slice view shows no volume; choose one first.")
    if frames is not None and frames < 1:
        raise RenderError(f"A sweep has at least 1 picture, not {frames}; give how many there shall be.")
    return _pictures(view, _offsets(view, frames))


def _pictures(view: SliceView2D, offsets: FloatArray) -> Iterator[Picture]:
    before = view.logic.GetSliceOffset()
    try:
        for offset in offsets:
            view.logic.SetSliceOffset(offset)
            yield view.picture()
    finally:
        view.logic.SetSliceOffset(before)


def _offsets(view: SliceView2D, frames: int | None) -> FloatArray:
    """Offsets (mm along the view's normal) of the slices' centres."""
    bounds = [0.0] * 6
    view.logic.GetLowestVolumeSliceBounds(bounds, True)
    first, last = bounds[4:]
    spacing = view.logic.GetLowestVolumeSliceSpacing()[2]
    return np.linspace(first, last, frames or round((last - first) / spacing) + 1)
