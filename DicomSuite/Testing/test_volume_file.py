"""Volumes that are handed to other processes as NRRD come back voxel by voxel, at their place."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.volume_file import write_volume_nrrd

SHAPE = (6, 12, 10)
PLACE = ImageGeometry(
    SHAPE[::-1], (1.5, 2.0, 3.0), (5.1, -6.2, 7.3), ((0.8, -0.6, 0.0), (0.6, 0.8, 0.0), (0.0, 0.0, 1.0))
)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float32, np.int64])
def test_volume_comes_back_with_every_digit_of_its_place(tmp_path: Path, dtype: type) -> None:
    voxels = np.arange(np.prod(SHAPE)).reshape(SHAPE).astype(dtype)
    write_volume_nrrd(tmp_path / "volume.nrrd", voxels, PLACE)
    back = read_volume(tmp_path / "volume.nrrd")
    assert np.array_equal(back.voxels, voxels) and back.voxels.dtype == dtype
    assert back.grid.geometry.is_close(PLACE, 1e-9)


def test_slices_that_are_not_contiguous_are_written_in_order(tmp_path: Path) -> None:
    voxels = np.arange(np.prod(SHAPE), dtype=np.int16).reshape(SHAPE[::-1]).T
    write_volume_nrrd(tmp_path / "volume.nrrd", voxels, PLACE)
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "volume.nrrd"))), voxels)
