"""Volumes from DICOM, NRRD, NIfTI and MetaImage: values, places and what is refused."""


import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.uid import JPEG2000Lossless, generate_uid

from copied_study import copied_study
from dicom_slices import write_slice, write_stack
from DicomSuiteLib.dicom_volume import _decoded_by_gdcm
from DicomSuiteLib.read_volume import read_listed_volume, read_volume
from DicomSuiteLib.synthetic_phantom import GEOMETRY, make_phantom
from DicomSuiteLib.volumes import VolumeError
from real_data import real_data


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return copied_study(tmp_path_factory.mktemp("volume") / "study")


def test_dicom_series_is_hounsfield_units_at_its_place(study):
    volume = read_volume(study.ct_files[0].parent)
    assert volume.voxels.dtype == np.int16
    assert np.array_equal(volume.voxels, make_phantom(0).hounsfield)
    assert volume.grid.geometry.is_close(GEOMETRY)
    assert (volume.modality, volume.files) == ("CT", study.ct_files)
    assert volume.is_dicom


def test_listed_files_in_any_order_are_the_same_volume(study):
    listed = read_listed_volume(study.ct_files[::-1])
    assert listed.files == study.ct_files
    assert np.array_equal(listed.voxels, make_phantom(0).hounsfield)


@pytest.mark.parametrize("suffix", [".nrrd", ".nii.gz", ".mha", ".mhd"])
def test_image_file_holds_the_same_voxels_at_the_same_place(tmp_path, suffix):
    image = sitk.GetImageFromArray(make_phantom(0).hounsfield)
    GEOMETRY.set_on_sitk(image)
    path = tmp_path / f"volume{suffix}"
    sitk.WriteImage(image, str(path))
    volume = read_volume(path)
    assert np.array_equal(volume.voxels, make_phantom(0).hounsfield)
    assert volume.grid.geometry.is_close(GEOMETRY)
    assert not volume.is_dicom


def test_rescale_of_each_slice_is_its_own(tmp_path):
    for k, slope in enumerate([0.5, 2.0]):
        own = {"ImagePositionPatient": [0, 0, k], "RescaleSlope": slope, "RescaleIntercept": -1}
        path = write_slice(tmp_path / f"{k}.dcm", **own)
        dataset = pydicom.dcmread(path)
        dataset.PixelData = bytes([10] * 12)
        dataset.save_as(path)
    volume = read_volume(tmp_path)
    assert volume.voxels.dtype == np.float32
    assert volume.voxels[:, 0, 0].tolist() == [4, 19]


def test_compressed_slices_have_the_values_of_plain_ones(study, tmp_path):
    for path in study.ct_files[:3]:
        dataset = pydicom.dcmread(path)
        dataset.compress(JPEG2000Lossless)
        dataset.save_as(tmp_path / path.name)
    assert np.array_equal(read_volume(tmp_path).voxels, make_phantom(0).hounsfield[:3])


def test_folder_with_two_series_asks_for_one_and_takes_the_chosen_by_number_or_uid(tmp_path):
    write_stack(tmp_path / "a", [0, 1, 2], Modality="PT")
    other = generate_uid()
    write_stack(tmp_path / "b", [0, 1], SeriesInstanceUID=other, SeriesNumber=7)
    with pytest.raises(VolumeError, match="2 series with images.*by its number .*3 images") as refused:
        read_volume(tmp_path)
    assert other not in str(refused.value)
    assert read_volume(tmp_path, other).modality == "CT"
    assert {read_volume(tmp_path, number).modality for number in ("1", "2")} == {"CT", "PT"}
    with pytest.raises(VolumeError, match="not among them"):
        read_volume(tmp_path, "3")


def test_localizer_of_the_series_is_left_out_and_told(tmp_path):
    write_stack(tmp_path, [0, 1, 2])
    write_stack(tmp_path, [5], orientation=(0, 1, 0, 0, 0, -1))
    volume = read_volume(tmp_path)
    assert volume.voxels.shape == (3, 3, 4)
    assert any("left out" in note for note in volume.notes)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("absent", None, "does not exist"),
        ("text.txt", b"hello", "no DICOM images"),
        ("broken.nrrd", b"NRRD0004\n", "cannot be read"),
        ("broken.nii.gz", b"\x1f\x8b", "cannot be read"),
    ],
)
def test_what_is_no_volume_is_refused_with_its_name(tmp_path, name, content, words):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(VolumeError, match=words) as refused:
        read_volume(tmp_path / name)
    assert name in str(refused.value)


def test_truncated_pixels_are_refused(study, tmp_path):
    for path in study.ct_files[:3]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    broken = tmp_path / study.ct_files[1].name
    broken.write_bytes(broken.read_bytes()[:-5000])
    with pytest.raises(VolumeError, match=broken.name):
        read_volume(tmp_path)


def test_each_slice_of_a_tilted_uneven_series_is_where_its_position_says():
    folder = real_data("ge_tilt")
    volume = read_volume(folder)
    for k, path in enumerate(volume.files):
        header = pydicom.dcmread(path, stop_before_pixels=True)
        assert np.allclose(volume.grid.lps_from_ijk([0, 0, k]), header.ImagePositionPatient, atol=1e-9)


def test_decoder_that_slicer_always_has_gives_the_same_stored_values(study, tmp_path):
    dataset = pydicom.dcmread(study.ct_files[20])
    plain = dataset.pixel_array
    dataset.compress(JPEG2000Lossless)
    dataset.save_as(tmp_path / "compressed.dcm")
    decoded = _decoded_by_gdcm(tmp_path / "compressed.dcm", NotImplementedError())
    assert np.array_equal(decoded, plain)


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("share", [0.5, 0.99])
def test_nifti_file_that_is_cut_short_is_refused_and_not_filled_with_zeros(tmp_path, suffix, share):
    voxels = np.random.default_rng(1).integers(0, 4000, (20, 30, 40)).astype(np.int16)
    path = tmp_path / f"volume{suffix}"
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(path))
    assert read_volume(path).grid.shape == voxels.shape
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(VolumeError, match="cut short"):
        read_volume(path)
