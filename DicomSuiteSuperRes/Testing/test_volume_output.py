"""Volumes of preprocessing: a run that is killed leaves only what the next one removes."""

import numpy as np
import pytest
import SimpleITK as sitk

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.unfinished_files import remove_unfinished_files
from DicomSuiteSuperResLib.volume_output import write_volume

PLACE = ImageGeometry.from_axes((4, 3, 2), np.diag((1.0, 1.0, 4.0)), (0, 0, 0))
VOXELS = np.arange(24, dtype=np.int16).reshape(2, 3, 4)


def test_everything_that_a_killed_run_leaves_is_known_as_unfinished(tmp_path, monkeypatch):
    write = sitk.WriteImage

    def killed_after_writing(*args):
        write(*args)
        left_over = [path for path in tmp_path.rglob("*") if path.is_file()]
        remove_unfinished_files(tmp_path)
        assert left_over
        assert not list(tmp_path.iterdir())
        raise RuntimeError

    monkeypatch.setattr(sitk, "WriteImage", killed_after_writing)
    with pytest.raises(OutputError, match=r"a\.nii\.gz cannot be written"):
        write_volume(tmp_path / "a.nii.gz", VOXELS, PLACE)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nrrd"])
def test_file_stands_alone_with_every_value(tmp_path, suffix):
    write_volume(tmp_path / f"a{suffix}", VOXELS, PLACE)
    assert [path.name for path in tmp_path.iterdir()] == [f"a{suffix}"]
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(tmp_path / f"a{suffix}")), VOXELS)


def test_sheared_axes_are_no_nifti(tmp_path):
    sheared = ImageGeometry.from_axes((4, 3, 2), [[1, 0, 0], [0, 1, 1], [0, 0, 4]], (0, 0, 0))
    with pytest.raises(OutputError, match="use NRRD"):
        write_volume(tmp_path / "a.nii.gz", VOXELS, sheared)
    assert not list(tmp_path.iterdir())
