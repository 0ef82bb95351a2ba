"""A mask with the verdict on its place and, where there is one, its segments on the volume's voxels."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from DicomSuiteLib.segments import Segmentation
from DicomSuiteRTOverlayLib.mask_file import MaskFile
from DicomSuiteRTOverlayLib.placement import Placement


@dataclass(frozen=True, eq=False)
class PlacedMask:
    """What became of one mask.

    Parameters
    ----------
    path : where it came from
    placement : the verdict, with the reason and the candidates
    segmentation : on the volume's grid, by the first candidate; None where refused
    source : the voxels as the file has them, for another candidate; None for contours and DICOM SEG
    """

    path: Path
    placement: Placement
    segmentation: Segmentation | None
    source: MaskFile | None = None
