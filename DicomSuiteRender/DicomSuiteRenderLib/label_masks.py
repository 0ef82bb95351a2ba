"""A label map that lies on a volume's own voxels, as segments to be drawn over it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRenderLib.errors import RenderError

MOST_LABELS = 4096
"""A file with more values holds an image, not labels."""


def read_label_masks(path: Path, grid: SliceGrid) -> Segmentation:
    """Read a label map (NRRD, `.seg.nrrd` without overlap, NIfTI, MetaImage): every value above 0 is a segment.

    Raises
    ------
    RenderError
        If it does not lie on the voxels of `grid`, or holds no labels.
    VolumeError
        If it cannot be read.
    """
    labels = read_volume(path)
    # Slices of uneven volumes are stored one after the other, as if they were even.
    if not any(labels.grid.is_close(own) for own in (grid, SliceGrid.from_geometry(grid.nominal_geometry))):
        raise RenderError(f"{path} does not lie on the volume's own voxels; 'dicomsuite overlay' puts it there.")
    values = np.unique(labels.voxels)
    values = values[values > 0]
    if not len(values) or len(values) > MOST_LABELS or np.any(values != np.floor(values)):
        raise RenderError(f"{path} holds no labels, which are whole numbers above 0; name a label map.")
    return Segmentation(
        tuple(
            Segment.from_mask(f"Label {value:g}", segment_colour(number), int(value), labels.voxels == value)
            for number, value in enumerate(values)
        ),
        grid,
    )
