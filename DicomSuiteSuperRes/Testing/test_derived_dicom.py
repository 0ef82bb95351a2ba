"""A result as a DICOM series: valid, at its place to a micrometre, in the same study, and plainly derived."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import Tag

from ct_volumes import multi_frame_ct_volume
from DicomSuiteLib.dicom_source import DicomSourceError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.quiet_pydicom import quiet_pydicom
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.derived_dicom import write_derived_series
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.models import DERIVED
from placed_volumes import TURN
from real_data import real_data
from thick_series import SIZE, derived_result, thick_geometry, write_thick_series
from validators import findings

PLACES = {
    "upright": thick_geometry(),
    "oblique": thick_geometry(TURN),
    "tilted": thick_geometry(shear_mm=1.3),
    "oblique and tilted": thick_geometry(TURN, shear_mm=-0.7),
}


@pytest.fixture
def source(tmp_path: Path) -> Volume:
    return read_volume(write_thick_series(tmp_path / "source", thick_geometry(TURN)))


def assert_corners(volume: Volume, geometry: ImageGeometry) -> None:
    """The volume's box has the corners of `geometry` within a micrometre."""
    distances = np.linalg.norm(volume.grid.geometry.corners - geometry.corners, axis=1)
    assert distances.max() < 1e-3


@pytest.mark.parametrize("place", PLACES)
def test_series_is_read_back_where_it_lies_with_every_value(place: str, tmp_path: Path) -> None:
    source = read_volume(write_thick_series(tmp_path / "source", PLACES[place]))
    result = derived_result(source)
    files = write_derived_series(result, source, tmp_path / "derived")
    found = read_volume(tmp_path / "derived")
    assert found.files == files
    assert np.array_equal(found.voxels, result.volume.voxels)
    assert found.voxels.dtype == source.voxels.dtype
    assert_corners(found, result.volume.grid.geometry)
    assert_corners(found, source.grid.geometry)
    assert found.notes == source.notes


def test_simpleitk_reads_the_series_alike(source: Volume, tmp_path: Path) -> None:
    files = write_derived_series(derived_result(source), source, tmp_path / "derived")
    reader = sitk.ImageSeriesReader()
    names = reader.GetGDCMSeriesFileNames(str(tmp_path / "derived"))
    assert [Path(name) for name in names] == list(files)
    reader.SetFileNames(names)
    image = reader.Execute()
    assert ImageGeometry.from_sitk(image).is_close(derived_result(source).volume.grid.geometry, 1e-3)
    assert np.array_equal(sitk.GetArrayFromImage(image), derived_result(source).volume.voxels)


@pytest.mark.parametrize(
    ("modality", "voxels"),
    [
        ("MR", None),
        ("MR", np.linspace(-0.5, 3, 4 * 600, dtype=np.float32).reshape(20, 10, 12)),
        ("CT", None),
        ("CT", np.linspace(-1000.5, 2000, 4 * 600).reshape(20, 10, 12)),
    ],
)
def test_validator_finds_no_error(modality: str, voxels: np.ndarray | None, tmp_path: Path) -> None:
    folder = write_thick_series(tmp_path / "source", thick_geometry(), Modality=modality, PatientName="Doe^Jane")
    assert not findings("dciodvfy", [folder / "000.dcm"])
    source = read_volume(folder)
    files = write_derived_series(derived_result(source, voxels=voxels), source, tmp_path / "derived")
    assert not findings("dciodvfy", files[:1])
    assert not findings("dcentvfy", [*files, *source.files])


def test_series_says_that_it_was_derived_from_what_and_by_what(source: Volume, tmp_path: Path) -> None:
    files = write_derived_series(derived_result(source), source, tmp_path / "derived")
    first, *_, last = map(pydicom.dcmread, files)
    assert list(first.ImageType) == ["DERIVED", "SECONDARY", "OTHER"]
    assert first.DerivationDescription.startswith(DERIVED)
    for words in ("thin-slices 1.0", "ab" * 32, "factor 4.0", "DicomSuite"):
        assert words in first.DerivationDescription
    assert first.SeriesDescription == "t2 tra super-resolved"
    assert first.DerivationCodeSequence[0].CodeValue == "113085"
    acquired = [pydicom.dcmread(file).SOPInstanceUID for file in source.files]
    for image in (first, last):
        assert [item.ReferencedSOPInstanceUID for item in image.SourceImageSequence] == acquired
        purposes = {item.PurposeOfReferenceCodeSequence[0].CodeValue for item in image.SourceImageSequence}
        assert purposes == {"121322"}
    (scanner,) = first.ContributingEquipmentSequence
    assert (scanner.Manufacturer, scanner.ManufacturerModelName) == ("Maker", "Scanner")
    assert (first.Manufacturer, first.ManufacturerModelName) == ("DicomSuite", "DicomSuite SuperRes")


def test_series_belongs_to_the_same_study_and_has_uids_of_its_own(source: Volume, tmp_path: Path) -> None:
    files = write_derived_series(derived_result(source), source, tmp_path / "derived")
    again = write_derived_series(derived_result(source), source, tmp_path / "again")
    acquired, first = pydicom.dcmread(source.files[0]), pydicom.dcmread(files[0])
    for keyword in ("StudyInstanceUID", "FrameOfReferenceUID", "PatientName", "PatientID", "AccessionNumber"):
        assert first[keyword].value == acquired[keyword].value
    assert str(first.PatientName) == "Müller^Jörg"
    assert first.SeriesNumber == 1003
    every = [pydicom.dcmread(file) for file in (*source.files, *files, *again)]
    assert len({image.SOPInstanceUID for image in every}) == len(every)
    assert len({image.SeriesInstanceUID for image in every}) == 3


def test_slice_takes_its_acquisition_from_the_slice_in_which_it_lies(source: Volume, tmp_path: Path) -> None:
    files = write_derived_series(derived_result(source), source, tmp_path / "derived")
    times = [pydicom.dcmread(file).EchoTime for file in files]
    assert times == [90.5 + number // 4 for number in range(20)]
    windows = [pydicom.dcmread(file).WindowCenter for file in files]
    assert windows == [100 + number // 4 for number in range(20)]
    assert [pydicom.dcmread(file).SliceThickness for file in files] == pytest.approx([4.2 / 4] * 20)


def test_fractions_are_kept_to_a_65535th_of_their_range(source: Volume, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    voxels = random.normal(0.1, 3, (4 * SIZE[2], SIZE[1], SIZE[0])).astype(np.float32)
    write_derived_series(derived_result(source, voxels=voxels), source, tmp_path / "derived")
    found = read_volume(tmp_path / "derived").voxels
    assert np.abs(found - voxels).max() <= 0.51 * (voxels.max() - voxels.min()) / 65535
    assert found.min() == pytest.approx(voxels.min())
    assert found.max() == pytest.approx(voxels.max())


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, np.int32])
def test_whole_numbers_of_sixteen_bits_are_kept_as_they_are(dtype: type, source: Volume, tmp_path: Path) -> None:
    voxels = np.zeros((4 * SIZE[2], SIZE[1], SIZE[0]), dtype)
    limits = np.iinfo(np.int16 if dtype == np.int32 else dtype)
    voxels[0, 0, :2] = limits.min, limits.max
    write_derived_series(derived_result(source, voxels=voxels), source, tmp_path / "derived")
    found = read_volume(tmp_path / "derived").voxels
    assert np.array_equal(found, voxels)


def test_constant_volume_keeps_its_value(source: Volume, tmp_path: Path) -> None:
    voxels = np.full((4 * SIZE[2], SIZE[1], SIZE[0]), -2.625)
    write_derived_series(derived_result(source, voxels=voxels), source, tmp_path / "derived")
    assert np.unique(read_volume(tmp_path / "derived").voxels) == [-2.625]


def test_mr_without_sequence_or_maker_is_still_valid(tmp_path: Path) -> None:
    missing = dict.fromkeys(("ScanningSequence", "SequenceVariant", "EchoTime", "Manufacturer", "ImageType"))
    source = read_volume(write_thick_series(tmp_path / "source", thick_geometry(), **missing))
    files = write_derived_series(derived_result(source), source, tmp_path / "derived")
    first = pydicom.dcmread(files[0])
    assert (first.ScanningSequence, first.SequenceVariant, first.EchoTime) == ("RM", "NONE", None)
    assert "ContributingEquipmentSequence" not in first
    assert not findings("dciodvfy", files[:1])


def test_series_of_a_real_scan_is_as_valid_as_the_scan(tmp_path: Path) -> None:
    source = read_volume(real_data("sts", "STS_002", "ct"))
    files = write_derived_series(derived_result(source, factor=1), source, tmp_path / "derived")
    found = read_volume(tmp_path / "derived")
    assert_corners(found, source.grid.geometry)
    before = findings("dciodvfy", source.files[:1])
    assert not findings("dciodvfy", [files[0], files[-1]]) - before


def test_multi_frame_image_gives_valid_single_images_that_refer_to_its_frames(tmp_path: Path) -> None:
    source = multi_frame_ct_volume(tmp_path / "enhanced" / "1.dcm", (5, 10, 12))
    files = write_derived_series(derived_result(source), source, tmp_path / "derived")
    assert not findings("dciodvfy", files[:1])
    first, enhanced = pydicom.dcmread(files[0]), pydicom.dcmread(source.files[0])
    assert sorted(item.ReferencedFrameNumber for item in first.SourceImageSequence) == [1, 2, 3, 4, 5]
    assert {item.ReferencedSOPInstanceUID for item in first.SourceImageSequence} == {enhanced.SOPInstanceUID}
    found = read_volume(tmp_path / "derived")
    assert_corners(found, source.grid.geometry)
    assert np.array_equal(found.voxels, np.repeat(source.voxels, 4, axis=0))


def test_volume_that_is_not_dicom_or_neither_mr_nor_ct_is_refused(source: Volume, tmp_path: Path) -> None:
    result = derived_result(source)
    bare = Volume(source.voxels, source.grid, files=source.files)
    with pytest.raises(DicomSourceError, match="not read from any"):
        write_derived_series(result, bare, tmp_path / "derived")
    other = Volume(source.voxels, source.grid, "PT", "1.2", "1.3", source.files)
    with pytest.raises(SuperResError, match="MR and CT, and the images are PT"):
        write_derived_series(result, other, tmp_path / "derived")


BROKEN = {
    "PatientWeight": b"70 kg ",
    "PatientSize": b"1,70",
    "EchoTime": b"x ",
    "WindowCenter": b"a\\b ",
    "EchoNumbers": b"inf ",
    "PercentSampling": b"all ",
}
"""Values that break their VR, as files hold them."""


def rewritten(folder: Path, change: Callable[[pydicom.Dataset], None]) -> Volume:
    """A thick series whose files were changed, read again."""
    write_thick_series(folder, thick_geometry(TURN))
    with quiet_pydicom():
        for path in folder.iterdir():
            image = pydicom.dcmread(path)
            change(image)
            image.save_as(path)
    return read_volume(folder)


def put_raw(image: pydicom.Dataset, keyword: str, value: bytes) -> None:
    """Give an image a value as it would stand in its file, right or wrong."""
    tag = Tag(keyword)
    image[tag] = RawDataElement(tag, dictionary_VR(tag), len(value), value, 0, False, True)


@pytest.mark.parametrize("keyword", BROKEN)
def test_value_that_breaks_its_vr_is_left_out(keyword: str, tmp_path: Path) -> None:
    source = rewritten(tmp_path / "source", lambda image: put_raw(image, keyword, BROKEN[keyword]))
    first = pydicom.dcmread(write_derived_series(derived_result(source), source, tmp_path / "derived")[0])
    assert first.get(keyword) is None
    assert (keyword in first) == (keyword == "EchoTime")  # of type 2 in MR images
    assert first.WindowWidth == 300


def test_missing_study_is_told(tmp_path: Path) -> None:
    source = rewritten(tmp_path / "source", lambda image: image.pop("StudyInstanceUID"))
    with pytest.raises(DicomSourceError, match="has no StudyInstanceUID"):
        write_derived_series(derived_result(source), source, tmp_path / "derived")


@pytest.mark.parametrize(
    ("acquired", "number"), [(b"A1", 1000), (b"1\\2 ", 1000), (b"2147483600", 2**31 - 1), (b"-5", 995), (b"", 1000)]
)
def test_number_of_the_series_is_one_that_dicom_allows(acquired: bytes, number: int, tmp_path: Path) -> None:
    source = rewritten(tmp_path / "source", lambda image: put_raw(image, "SeriesNumber", acquired))
    first = pydicom.dcmread(write_derived_series(derived_result(source), source, tmp_path / "derived")[0])
    assert first.SeriesNumber == number


def test_other_identifiers_of_the_patient_keep_their_letters_and_nothing_private_comes_with_them(
    tmp_path: Path,
) -> None:
    def identify(image: pydicom.Dataset) -> None:
        image.SpecificCharacterSet = "ISO_IR 100"
        item = pydicom.Dataset()
        item.PatientID, item.IssuerOfPatientID, item.PatientComments = "Jür", "Höß", "SECRET"
        item.private_block(0x0019, "ACME", create=True).add_new(1, "LO", "SECRET")
        image.OtherPatientIDsSequence = [item]

    source = rewritten(tmp_path / "source", identify)
    (path, *_) = write_derived_series(derived_result(source), source, tmp_path / "derived")
    (item,) = pydicom.dcmread(path).OtherPatientIDsSequence
    assert (item.PatientID, item.IssuerOfPatientID) == ("Jür", "Höß")
    assert b"SECRET" not in path.read_bytes()
    assert b"ACME" not in path.read_bytes()


def test_nothing_is_overwritten_and_nothing_half_written_stays(
    source: Volume, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result, folder = derived_result(source), tmp_path / "derived"
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        write_derived_series(result, source, folder, token)
    monkeypatch.setattr(pydicom.dataset.FileDataset, "save_as", _no_room_after(3))
    with pytest.raises(OutputError, match="No space left"):
        write_derived_series(result, source, folder)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]
    monkeypatch.undo()
    write_derived_series(result, source, folder)
    with pytest.raises(OutputError, match="there already"):
        write_derived_series(result, source, folder)


def _no_room_after(count: int):
    """A FileDataset.save_as that works `count` times."""
    real, written = pydicom.dataset.FileDataset.save_as, []

    def save_as(dataset: pydicom.FileDataset, path: Path, **options: object) -> None:
        if len(written) == count:
            raise OSError(28, "No space left on device")
        written.append(path)
        real(dataset, path, **options)

    return save_as
