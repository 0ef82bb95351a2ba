"""Write a volume as NRRD or NIfTI: voxels and their place, and nothing that tells of a patient."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.geometry import GeometryError, ImageGeometry
from DicomSuiteLib.output_file import OutputError, output_file
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
    with output_file(path) as partial:
        if path.name.endswith(NIFTI_SUFFIX):
            _write_nifti(partial, values, geometry)
        else:
            write_volume_nrrd(partial, values, geometry)


def _write_nifti(path: Path, voxels: NDArray, geometry: ImageGeometry) -> None:
    image = sitk.GetImageFromArray(voxels)
    named = path.with_name(f"{path.name}{NIFTI_SUFFIX}")  # ITK chooses the format by the name
    try:
        geometry.set_on_sitk(image)
        sitk.WriteImage(image, str(named), True)
        named.replace(path)
    except GeometryError as error:
        raise OutputError("The slices are sheared (gantry tilt), which ITK's NIfTI cannot hold: use NRRD.") from error
    except RuntimeError as error:
        raise OutputError(f"{named.name} cannot be written; make room or choose another folder.") from error
    finally:
        named.unlink(missing_ok=True)
