"""RTSTRUCT as plastimatch fills it, an independent reader."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from DicomSuiteLib.volumes import Volume
from validators import program


def plastimatch_masks(rtstruct: Path, volume: Volume, folder: Path, *options: str) -> dict[str, np.ndarray]:
    """The mask of every ROI, by name, on the grid of `volume`; skips the test where plastimatch is not installed."""
    image = sitk.GetImageFromArray(volume.voxels)
    volume.grid.geometry.set_on_sitk(image)
    sitk.WriteImage(image, folder / "fixed.nrrd")
    command = [program("plastimatch"), "convert", "--input", rtstruct, "--fixed", folder / "fixed.nrrd"]
    subprocess.run(
        [*command, "--output-prefix", folder / "rois", "--prefix-format", "nrrd", *options],
        check=True,
        stdout=subprocess.DEVNULL,
        timeout=120,
    )
    files = sorted((folder / "rois").glob("*.nrrd"))
    return {file.stem: sitk.GetArrayFromImage(sitk.ReadImage(file)) > 0 for file in files}


def dice(first: np.ndarray, second: np.ndarray) -> float:
    """2 |A and B| / (|A| + |B|)."""
    return float(2 * np.count_nonzero(first & second) / (np.count_nonzero(first) + np.count_nonzero(second)))
