"""Make the head template of DicomSuiteLib from Colin27 (mricron-data's ch2.nii.gz) and deepbet's brain mask.

python Testing/make_head_template.py ch2.nii.gz
"""

import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from scipy import ndimage

from DicomSuiteLib.affine_resampling import resample_affine
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.head_template import BRAIN_FILE, HEAD_FILE, MNI_GRID
from DicomSuiteSuperResLib.torch_deepbet import brain_voxels, deepbet_weights

SPACING = 3.0
BLUR = 1.2
"""Voxels of 1 mm (deviation): what 3 mm voxels average."""
COARSE = ImageGeometry.from_axes((61, 73, 61), np.diag([-SPACING, -SPACING, SPACING]), (90.0, 126.0, -72.0))
"""The grid of the template: every third voxel of `MNI_GRID`."""


def main(source: Path) -> None:
    """Write both files of the template."""
    head = sitk.GetArrayFromImage(sitk.ReadImage(str(source), sitk.sitkFloat32))
    if head.shape != MNI_GRID.size[::-1]:
        raise SystemExit(f"{source} has {head.shape} voxels; Colin27 has {MNI_GRID.size[::-1]}.")
    brain = brain_voxels(head.transpose(), deepbet_weights()).transpose()
    for voxels, file in ((head, HEAD_FILE), (brain * 255.0, BRAIN_FILE)):
        smooth = ndimage.gaussian_filter(voxels.astype(np.float32), BLUR, truncate=3)
        coarse = resample_affine(smooth, MNI_GRID, COARSE, np.eye(4))
        image = sitk.GetImageFromArray(np.clip(np.rint(coarse), 0, 255).astype(np.uint8))
        COARSE.set_on_sitk(image)
        sitk.WriteImage(image, str(file), True, compressionLevel=9)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
