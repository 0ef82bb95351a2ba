"""RTSTRUCT export: valid, complete in its references, and read back voxel by voxel by others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from ct_volumes import (
    OBLIQUE,
    UNEVEN_HEIGHTS,
    ct_volume,
    multi_frame_ct_volume,
    segmentation_of,
    shapes,
    write_ct_series,
)
from DicomSuiteLib.dicom_source import DicomSourceError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.read_rtstruct import read_rtstruct
from DicomSuiteRTOverlayLib.write_rtstruct import write_rtstruct
from plastimatch_masks import dice, plastimatch_masks
from polygon_fill import even_odd
from real_data import DATA, real_data
from validators import findings

GE_TILT = DATA / "ge_tilt"
Written = tuple[Volume, Segmentation, Path]
SHAPE = (12, 24, 32)
PLACES = {
    "axial, pixels not square": {"pixel_spacing": (0.9, 1.3)},
    "oblique": {"orientation": OBLIQUE},
    "sagittal": {"orientation": (0, 1, 0, 0, 0, -1)},
}
SLICES_OF_THEIR_OWN = {
    "tilted gantry": {"tilt": 0.3},
    "uneven slices": {"shape": (10, 24, 32), "heights": UNEVEN_HEIGHTS},
}


def written(folder: Path, **place: object) -> Written:
    volume = ct_volume(folder / "ct", **({"shape": SHAPE} | place))
    segmentation = segmentation_of(volume.grid, shapes(volume.grid.shape))
    write_rtstruct(folder / "rs.dcm", segmentation, volume)
    return volume, segmentation, folder / "rs.dcm"


@pytest.fixture(scope="module")
def axial(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """An axial series, segments on it, and the RTSTRUCT written from them."""
    return written(tmp_path_factory.mktemp("axial"))


def contours(dataset: Dataset) -> list[Dataset]:
    return [contour for roi in dataset.ROIContourSequence for contour in roi.get("ContourSequence", [])]


@pytest.mark.parametrize("options", [(), ("--xor-contours",)], ids=["union", "xor"])
@pytest.mark.parametrize("place", PLACES)
def test_plastimatch_reads_every_voxel_back(tmp_path: Path, place: str, options: tuple[str, ...]) -> None:
    volume, segmentation, path = written(tmp_path, **PLACES[place])
    masks = plastimatch_masks(path, volume, tmp_path, *options)
    scores = {s.name: dice(masks[s.name], s.full_mask(volume.grid.shape)) for s in segmentation.segments}
    assert scores == dict.fromkeys(scores, 1.0)
    assert len(scores) == 8


def spheres_and_torus(grid: SliceGrid) -> dict[str, np.ndarray]:
    """Balls of 25 and 4 mm and a torus, about the middle of the grid."""
    indices = np.stack(np.indices(grid.shape)[::-1], axis=-1)
    across = np.cross(grid.row_step, grid.column_step)
    frame = np.column_stack([grid.row_step, grid.column_step, across])
    x, y, z = np.moveaxis(
        (grid.lps_from_ijk(indices) - grid.lps_from_ijk(np.array(grid.size) / 2))
        @ (frame / np.linalg.norm(frame, axis=0)),
        -1,
        0,
    )
    return {
        "sphere 25": x**2 + y**2 + z**2 < 25**2,
        "sphere 4": x**2 + y**2 + z**2 < 4**2,
        "torus": (np.hypot(x, y) - 15) ** 2 + z**2 < 6**2,
    }


@pytest.mark.parametrize("place", PLACES)
def test_plastimatch_reads_spheres_and_torus_back(tmp_path: Path, place: str) -> None:
    volume = ct_volume(tmp_path / "ct", (28, 64, 64), **PLACES[place])
    segmentation = segmentation_of(volume.grid, spheres_and_torus(volume.grid))
    write_rtstruct(tmp_path / "rs.dcm", segmentation, volume)
    masks = plastimatch_masks(tmp_path / "rs.dcm", volume, tmp_path)
    for segment in segmentation.segments:
        assert dice(masks[segment.name], segment.full_mask(volume.grid.shape)) == 1.0


@pytest.mark.parametrize("place", PLACES | SLICES_OF_THEIR_OWN)
def test_own_reader_reads_every_voxel_back(tmp_path: Path, place: str) -> None:
    volume, segmentation, path = written(tmp_path, **(PLACES | SLICES_OF_THEIR_OWN)[place])
    read = read_rtstruct(path, volume).segmentation
    assert [s.name for s in read.segments] == [s.name for s in segmentation.segments]
    for found, segment in zip(read.segments, segmentation.segments, strict=True):
        assert np.array_equal(found.full_mask(volume.grid.shape), segment.full_mask(volume.grid.shape)), segment.name
        assert found.colour == pytest.approx(segment.colour, abs=1 / 255)


@pytest.mark.parametrize("place", SLICES_OF_THEIR_OWN)
def test_contours_lie_on_the_image_that_they_refer_to(tmp_path: Path, place: str) -> None:
    volume, segmentation, path = written(tmp_path, **SLICES_OF_THEIR_OWN[place])
    images = {str(image.SOPInstanceUID): image for image in map(pydicom.dcmread, volume.files)}
    for roi, segment in zip(pydicom.dcmread(path).ROIContourSequence, segmentation.segments, strict=True):
        found = np.zeros(volume.grid.shape, bool)
        for contour in roi.ContourSequence:
            image = images[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
            offsets = np.reshape(contour.ContourData, (-1, 3)).astype(float) - np.array(image.ImagePositionPatient)
            orientation = np.array(image.ImageOrientationPatient, float).reshape(2, 3)
            assert np.abs(offsets @ np.cross(*orientation)).max() < 1e-4
            in_plane = offsets @ orientation.T / np.array(image.PixelSpacing, float)[::-1]
            found[image.InstanceNumber - 1] ^= even_odd([in_plane.round(3)], volume.grid.shape[1:])
        assert np.array_equal(found, segment.full_mask(volume.grid.shape))


def test_dciodvfy_finds_no_error(axial: Written) -> None:
    _, _, path = axial
    assert not findings("dciodvfy", [path])


def test_real_head_ct_with_tilt_and_three_spacings_is_valid_and_read_back(tmp_path: Path) -> None:
    real_data("ge_tilt")
    volume = read_volume(GE_TILT)
    hollow = np.zeros(volume.grid.shape, bool)
    hollow[3:25, 150:350, 180:300] = True
    hollow[8:20, 200:300, 200:280] = False
    write_rtstruct(tmp_path / "rs.dcm", segmentation_of(volume.grid, {"hollow": hollow}), volume)
    read = read_rtstruct(tmp_path / "rs.dcm", volume).segmentation
    assert np.array_equal(read.segments[0].full_mask(hollow.shape), hollow)
    lacking_in_the_images = findings("dciodvfy", volume.files[:1])
    assert findings("dciodvfy", [tmp_path / "rs.dcm"]) <= lacking_in_the_images


def test_patient_and_study_are_those_of_the_images(axial: Written) -> None:
    volume, _, path = axial
    image, structures = pydicom.dcmread(volume.files[0]), pydicom.dcmread(path)
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "StudyInstanceUID", "AccessionNumber"):
        assert structures[keyword].value == image[keyword].value
    assert structures.PatientName.family_name == "Müller"
    assert structures.PatientIdentityRemoved == "NO"
    assert structures.FrameOfReferenceUID == image.FrameOfReferenceUID
    assert structures.SeriesInstanceUID != image.SeriesInstanceUID


def test_every_image_of_the_series_is_referenced(axial: Written) -> None:
    volume, _, path = axial
    study = pydicom.dcmread(path).ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0]
    series = study.RTReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == volume.series_uid
    assert [item.ReferencedSOPInstanceUID for item in series.ContourImageSequence] == [
        pydicom.dcmread(file).SOPInstanceUID for file in volume.files
    ]


def test_nothing_is_claimed_that_is_not_known(axial: Written) -> None:
    _, _, path = axial
    structures = pydicom.dcmread(path)
    assert structures.ApprovalStatus == "UNAPPROVED"
    assert {roi.ROIGenerationAlgorithm for roi in structures.StructureSetROISequence} == {""}
    assert {roi.RTROIInterpretedType for roi in structures.RTROIObservationsSequence} == {""}


def test_every_file_has_identifiers_of_its_own(tmp_path: Path, axial: Written) -> None:
    volume, segmentation, path = axial
    write_rtstruct(tmp_path / "again.dcm", segmentation, volume)
    first, second = pydicom.dcmread(path), pydicom.dcmread(tmp_path / "again.dcm")
    assert first.SOPInstanceUID != second.SOPInstanceUID
    assert first.SeriesInstanceUID != second.SeriesInstanceUID


def test_frames_of_a_multi_frame_image_are_referenced_by_number(tmp_path: Path) -> None:
    volume = multi_frame_ct_volume(tmp_path / "ct.dcm", SHAPE)
    segmentation = segmentation_of(volume.grid, {"ball": shapes(SHAPE)["ball"]})
    write_rtstruct(tmp_path / "rs.dcm", segmentation, volume)
    for contour in contours(pydicom.dcmread(tmp_path / "rs.dcm")):
        height = contour.ContourData[2]
        assert contour.ContourImageSequence[0].ReferencedFrameNumber == 1 - height / 2


def test_contour_longer_than_an_explicit_length_allows_is_written(tmp_path: Path) -> None:
    comb = np.zeros((2, 600, 600), bool)
    comb[0, :, ::2] = True
    comb[0, 100] = True
    volume = ct_volume(tmp_path / "ct", comb.shape, pixel_spacing=(0.703125, 0.703125))
    write_rtstruct(tmp_path / "rs.dcm", segmentation_of(volume.grid, {"comb": comb}), volume)
    (contour,) = contours(pydicom.dcmread(tmp_path / "rs.dcm"))
    assert len(contour.get_item("ContourData").value) > 65_534
    assert len(contour.ContourData) == 3 * contour.NumberOfContourPoints
    assert not findings("dciodvfy", [tmp_path / "rs.dcm"])


def test_empty_segment_and_names_that_dicom_cannot_hold_are_told(tmp_path: Path) -> None:
    volume = ct_volume(tmp_path / "ct", SHAPE)
    ball, none = shapes(SHAPE)["ball"], np.zeros(SHAPE, bool)
    segmentation = segmentation_of(volume.grid, {"Herz ♥": ball, "a\\b": ball, "x" * 65: ball, "nothing": none})
    notes = write_rtstruct(tmp_path / "rs.dcm", segmentation, volume)
    structures = pydicom.dcmread(tmp_path / "rs.dcm")
    names = [roi.ROIName for roi in structures.StructureSetROISequence]
    assert names == ["Herz ♥", "a/b", "x" * 64, "nothing"]
    assert "ContourSequence" not in structures.ROIContourSequence[3]
    assert [note.split("'")[1] for note in notes] == ["a\\\\b", "x" * 65, "nothing"]
    assert not findings("dciodvfy", [tmp_path / "rs.dcm"])


def test_volume_that_is_not_dicom_is_refused(tmp_path: Path) -> None:
    grid = SliceGrid.from_geometry(ImageGeometry(SHAPE[::-1], (1, 1, 2), (0, 0, 0), ((1, 0, 0), (0, 1, 0), (0, 0, 1))))
    volume = Volume(np.zeros(SHAPE, np.int16), grid, files=(tmp_path / "v.nrrd",))
    with pytest.raises(DicomSourceError, match="RTSTRUCT needs the DICOM images"):
        write_rtstruct(tmp_path / "rs.dcm", segmentation_of(grid, {"all": np.ones(SHAPE, bool)}), volume)
    assert not list(tmp_path.iterdir())


def test_images_without_frame_of_reference_are_refused(tmp_path: Path) -> None:
    volume = ct_volume(tmp_path / "ct", SHAPE, FrameOfReferenceUID=None)
    with pytest.raises(DicomSourceError, match="FrameOfReferenceUID"):
        write_rtstruct(tmp_path / "rs.dcm", segmentation_of(volume.grid, {"all": np.ones(SHAPE, bool)}), volume)


def test_segments_of_another_grid_are_refused(tmp_path: Path, axial: Written) -> None:
    _, segmentation, _ = axial
    other = ct_volume(tmp_path / "ct", SHAPE, pixel_spacing=(2.0, 2.0))
    with pytest.raises(OverlayError, match="another grid"):
        write_rtstruct(tmp_path / "rs.dcm", segmentation, other)


def test_image_that_has_gone_is_named(tmp_path: Path) -> None:
    volume, segmentation, _ = written(tmp_path)
    volume.files[3].unlink()
    with pytest.raises(DicomSourceError, match=volume.files[3].name):
        write_rtstruct(tmp_path / "again.dcm", segmentation, volume)
    assert not (tmp_path / "again.dcm").exists()


def test_attributes_that_every_object_has_are_empty_where_the_images_lack_them(tmp_path: Path) -> None:
    paths = write_ct_series(tmp_path / "ct", SHAPE)
    for path in paths:
        image = pydicom.dcmread(path)
        del image.AccessionNumber, image.PatientBirthDate
        image.save_as(path)
    volume = read_volume(tmp_path / "ct")
    write_rtstruct(tmp_path / "rs.dcm", segmentation_of(volume.grid, {"all": np.ones(SHAPE, bool)}), volume)
    structures = pydicom.dcmread(tmp_path / "rs.dcm")
    assert structures.AccessionNumber == structures.PatientBirthDate == ""
