"""Write a volume as NRRD or NIfTI: voxels and their place, and nothing that tells of a patient."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.output_file import OutputError, output_file
from DicomSuiteLib.unfinished_files import PART_SUFFIX
from DicomSuiteLib.volume_file import write_volume_nrrd

NIFTI_SUFFIX = ".nii.gz"


def write_volume(path: Path, voxels: NDArray, geometry: ImageGeometry) -> None:
    """Write voxels (k, j, i) at their place: NIfTI where `path` ends in .nii.gz, raw NRRD otherwise; masks as 8 bit.

    Raises
    ------
    OutputError
        If it cannot be written, or the axes are sheared and the file is to be NIfTI.
    """
    values = voxels.astype(np.uint8) if voxels.dtype == bool else voxels
    is_nifti = path.name.endswith(NIFTI_SUFFIX)
    if is_nifti and geometry.is_sheared:
        raise OutputError("The slices are sheared (gantry tilt), which ITK's NIfTI cannot hold: use NRRD.")
    with output_file(path) as partial:
        try:
            (_write_nifti if is_nifti else write_volume_nrrd)(partial, values, geometry)
        except RuntimeError as error:  # ITK's
            raise OutputError(f"{path} cannot be written; make room or choose another folder.") from error


def _write_nifti(path: Path, voxels: NDArray, geometry: ImageGeometry) -> None:
    image = sitk.GetImageFromArray(voxels)
    geometry.set_on_sitk(image)
    with TemporaryDirectory(prefix=".", suffix=PART_SUFFIX, dir=path.parent) as folder:
        named = Path(folder, f"volume{NIFTI_SUFFIX}")  # ITK chooses the format by the name
        sitk.WriteImage(image, str(named), True)
        named.replace(path)
