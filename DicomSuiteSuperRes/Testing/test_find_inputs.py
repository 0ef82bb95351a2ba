"""Which volumes are found below some paths, what they are called, and what is told of the rest."""

import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from dicom_slices import write_stack
from DicomSuiteLib.errors import UsageError
from DicomSuiteSuperResLib.find_inputs import find_inputs

PATIENT = "DOE_JANE"


def image(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(sitk.GetImageFromArray(np.arange(60, dtype=np.int16).reshape(3, 4, 5)), str(path))
    return path


def series(folder: Path, number: int = 1, **attributes: object) -> list[Path]:
    return write_stack(folder, [0, 4, 8], SeriesInstanceUID=f"1.2.{number}", SeriesNumber=number, **attributes)


@pytest.fixture
def study(tmp_path):
    folder = tmp_path / PATIENT
    image(folder / "b" / "t2 flair.nii.gz")
    image(folder / "a.nrrd")
    series(folder / PATIENT, Modality="MR")
    (folder / "notes.txt").write_text("nothing to see")
    return folder


def test_image_files_and_series_are_found_in_one_order_and_numbered(study):
    found = find_inputs([study]).volumes
    assert [(one.number, one.words, one.stem) for one in found] == [
        (1, "a.nrrd", "1-a"),
        (2, "t2 flair.nii.gz", "2-t2_flair"),
        (3, "series 3 (MR, 3 images)", "3-MR"),
    ]
    assert [one.read().voxels.shape for one in found] == [(3, 4, 5), (3, 4, 5), (3, 3, 4)]
    assert [one.is_nifti for one in found] == [False, True, False]


def test_names_of_folders_are_nowhere(study):
    for one in find_inputs([study]).volumes:
        assert PATIENT not in one.words + one.stem
        told = one.tellable(f"{one.files[0]} cannot be read", study)
        assert PATIENT not in told
        assert one.files[0].name in told


def test_names_of_files_are_nowhere_either_where_they_are_to_be_left_out(study):
    (study / f"{PATIENT}.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\2\0\0\0UL")
    found = find_inputs([study]).nameless()
    assert [(one.words, one.stem) for one in found.volumes][1] == ("input 2", "2-image")
    one = found.volumes[0]
    assert one.tellable(f"{one.files[0]} cannot be read") == "a file cannot be read"
    assert [name for name, _ in found.unreadable] == ["a file"]


def test_other_files_are_passed_over_in_folders_but_told_where_they_are_named(study):
    assert find_inputs([study]).unreadable == ()
    ((name, reason),) = find_inputs([study, study / "notes.txt"]).unreadable
    assert name == "notes.txt"
    assert "no DICOM image" in reason


def test_a_file_named_twice_is_found_once(study):
    assert len(find_inputs([study / "a.nrrd", study, study]).volumes) == 3


def test_masks_in_folders_are_passed_over(study):
    image(study / "lesion.seg.nrrd")
    assert len(find_inputs([study]).volumes) == 3


def test_damaged_dicom_files_are_told_by_their_names(study):
    (study / "cut.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\2\0\0\0UL")
    ((name, _),) = find_inputs([study]).unreadable
    assert name == "cut.dcm"


def test_paths_that_do_not_exist_or_hold_nothing_are_a_mistake_in_the_call(tmp_path):
    with pytest.raises(UsageError, match="missing does not exist"):
        find_inputs([tmp_path / "missing"])
    with pytest.raises(UsageError, match="no DICOM images, NRRD, NIfTI or MetaImage files"):
        find_inputs([tmp_path])
    with pytest.raises(UsageError, match="The list of files"):
        find_inputs([])


def test_a_changed_file_has_another_key_and_an_unchanged_one_the_same(tmp_path):
    path = image(tmp_path / "a.nrrd")
    (found,) = find_inputs([path]).volumes
    key = found.key()
    assert found.key() == key
    os.utime(path, ns=(1, 1))
    assert found.key() != key


def test_name_of_a_file_that_no_name_can_be_made_of_is_replaced(tmp_path):
    image(tmp_path / "...nrrd")
    assert [one.stem for one in find_inputs([tmp_path]).volumes] == ["1-volume"]
