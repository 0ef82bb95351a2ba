"""What a head is registered to: the template that comes with DicomSuite, or a file of the user's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.check_intensities import check_intensities
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.volumes import Volume

FOLDER = Path(__file__).with_name("Templates")
HEAD_FILE = FOLDER / "colin27_head_3mm.nii.gz"
BRAIN_FILE = FOLDER / "colin27_brain_3mm.nii.gz"
BUNDLED_NAME = "Colin27 (MNI space), 3 mm"

MNI_GRID = ImageGeometry(
    (181, 217, 181), (1.0, 1.0, 1.0), (90.0, 126.0, -72.0), ((-1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
)
"""What is resampled to MNI space: 1 mm, the box of Colin27 and of many MNI152 files."""


@dataclass(frozen=True, eq=False)
class HeadTemplate:
    """A head in the space that others are brought to.

    Parameters
    ----------
    name : what it is called in reports; no path
    head : its voxels and their place; whole-head T1 where it comes with DicomSuite
    grid : what volumes are resampled to
    brain : share (0 to 1) of brain in each voxel of `head`; None where it is not known
    """

    name: str
    head: Volume
    grid: ImageGeometry
    brain: NDArray[np.float32] | None = None


def bundled_template() -> HeadTemplate:
    """The Colin27 head in MNI space; where it comes from and its licence stand in the folder Templates."""
    brain = read_volume(BRAIN_FILE).voxels.astype(np.float32) / 255
    return HeadTemplate(BUNDLED_NAME, read_volume(HEAD_FILE), MNI_GRID, brain)


def template_from_file(path: Path) -> HeadTemplate:
    """A template of the user's: volumes are resampled to its own grid.

    Raises
    ------
    VolumeError
        If it is no volume, or values are not finite.
    GeometryError
        If its slices lie unevenly.
    """
    head = read_volume(path)
    check_intensities(head)
    return HeadTemplate("a template of the user's", head, even_geometry(head))
