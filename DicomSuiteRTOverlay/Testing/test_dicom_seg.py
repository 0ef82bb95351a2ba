"""DICOM SEG: what is written is valid and read back by others; what others write is read onto the volume."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import highdicom as hd
import numpy as np
import pydicom
import pytest
import SimpleITK as sitk
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from ct_volumes import OBLIQUE, UNEVEN_HEIGHTS, ct_volume, multi_frame_ct_volume, segmentation_of, shapes
from DicomSuiteLib.dicom_source import DicomSourceError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.placement import Verdict
from DicomSuiteRTOverlayLib.read_seg import read_seg
from DicomSuiteRTOverlayLib.write_seg import TISSUE, write_seg
from plastimatch_masks import dice
from real_data import DATA, real_data
from validators import findings, program

GE_TILT = DATA / "ge_tilt"
Written = tuple[Volume, Segmentation, Path]
SHAPE = (12, 24, 32)
EVEN = {
    "axial, pixels not square": {"pixel_spacing": (0.9, 1.3)},
    "oblique": {"orientation": OBLIQUE},
    "frames that end within a byte": {"shape": (12, 25, 33)},
}
SLICES_OF_THEIR_OWN = {
    "tilted gantry": {"tilt": 0.3},
    "uneven slices": {"shape": (10, 24, 32), "heights": UNEVEN_HEIGHTS},
}


def written(folder: Path, **place: object) -> Written:
    volume = ct_volume(folder / "ct", **({"shape": SHAPE} | place))
    segmentation = segmentation_of(volume.grid, shapes(volume.grid.shape))
    write_seg(folder / "seg.dcm", segmentation, volume)
    return volume, segmentation, folder / "seg.dcm"


@pytest.fixture(scope="module")
def axial(tmp_path_factory: pytest.TempPathFactory) -> Written:
    """An axial series, segments on it, and the SEG written from them."""
    return written(tmp_path_factory.mktemp("axial"))


def dcmqi_masks(path: Path, folder: Path, grid: SliceGrid) -> list[np.ndarray]:
    """The masks that dcmqi's segimage2itkimage reads, put on `grid` by their own positions."""
    command = [program("segimage2itkimage"), "--inputDICOM", path, "--outputDirectory", folder, "-t", "nrrd"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, timeout=120)
    masks = []
    for file in sorted(folder.glob("*.nrrd"), key=lambda file: int(file.stem)):
        image = sitk.ReadImage(file)
        places = np.argwhere(sitk.GetArrayFromImage(image))[:, ::-1]
        points = [image.TransformIndexToPhysicalPoint(place) for place in places.tolist()]
        i, j, k = np.rint(grid.ijk_from_lps(points)).astype(int).T
        masks.append(np.zeros(grid.shape, bool))
        masks[-1][k, j, i] = True
    return masks


def foreign_seg(
    path: Path, volume: Volume, array: np.ndarray, kind: str, names: Sequence[str] = ("one",), **options: object
) -> Path:
    """A SEG made by highdicom directly, of any kind, from an array as its constructor takes it."""
    tissue = hd.sr.CodedConcept(*TISSUE)
    sources = [pydicom.dcmread(file) for file in dict.fromkeys(volume.files)]
    segmentation = hd.seg.Segmentation(
        **{
            "source_images": sources,
            "pixel_array": array,
            "segmentation_type": kind,
            "segment_descriptions": [
                hd.seg.SegmentDescription(number, name, tissue, tissue, "MANUAL")
                for number, name in enumerate(names, start=1)
            ],
            "series_instance_uid": generate_uid(),
            "series_number": 1,
            "sop_instance_uid": generate_uid(),
            "instance_number": 1,
            "manufacturer": "Others",
            "manufacturer_model_name": "Other",
            "software_versions": "1",
            "device_serial_number": "1",
        }
        | options
    )
    segmentation.save_as(path)
    return path


def assert_same(read: Segmentation, expected: Segmentation) -> None:
    assert [segment.name for segment in read.segments] == [segment.name for segment in expected.segments]
    for found, segment in zip(read.segments, expected.segments, strict=True):
        assert np.array_equal(found.full_mask(read.grid.shape), segment.full_mask(read.grid.shape)), segment.name
        assert found.offset == segment.offset
        assert found.colour == pytest.approx(segment.colour, abs=1 / 255)


@pytest.mark.parametrize("place", EVEN)
def test_dcmqi_reads_every_voxel_back(tmp_path: Path, place: str) -> None:
    volume, segmentation, path = written(tmp_path, **EVEN[place])
    (tmp_path / "out").mkdir()
    masks = dcmqi_masks(path, tmp_path / "out", volume.grid)
    segments = segmentation.segments
    assert [dice(m, s.full_mask(m.shape)) for m, s in zip(masks, segments, strict=True)] == [1.0] * len(segments)


def test_dcmqi_reads_names_and_colours_back(axial: Written, tmp_path: Path) -> None:
    volume, segmentation, path = axial
    dcmqi_masks(path, tmp_path, volume.grid)
    groups = json.loads((tmp_path / "meta.json").read_text())["segmentAttributes"]
    found = [(item["SegmentLabel"], item["recommendedDisplayRGBValue"]) for group in groups for item in group]
    assert found == [(s.name, [round(255 * channel) for channel in s.colour]) for s in segmentation.segments]


@pytest.mark.parametrize("place", EVEN | SLICES_OF_THEIR_OWN)
def test_own_reader_reads_every_voxel_name_and_colour_back(tmp_path: Path, place: str) -> None:
    volume, segmentation, path = written(tmp_path, **(EVEN | SLICES_OF_THEIR_OWN)[place])
    read = read_seg(path, volume)
    assert read.placement.verdict is Verdict.PLACED
    assert_same(read.segmentation, segmentation)


@pytest.mark.parametrize("shares_orientation", [True, False])
def test_frames_of_a_multi_frame_image_are_referenced_and_read_back(tmp_path: Path, shares_orientation: bool) -> None:
    volume = multi_frame_ct_volume(tmp_path / "ct.dcm", SHAPE, shares_orientation=shares_orientation)
    segmentation = segmentation_of(volume.grid, shapes(SHAPE))
    write_seg(tmp_path / "seg.dcm", segmentation, volume)
    assert_same(read_seg(tmp_path / "seg.dcm", volume).segmentation, segmentation)
    for frame in pydicom.dcmread(tmp_path / "seg.dcm").PerFrameFunctionalGroupsSequence:
        height = frame.PlanePositionSequence[0].ImagePositionPatient[2]
        image = frame.DerivationImageSequence[0].SourceImageSequence[0]
        assert image.ReferencedFrameNumber == 1 - height / 2


def test_dciodvfy_finds_no_error(axial: Written) -> None:
    assert not findings("dciodvfy", [axial[2]])


def test_real_head_ct_with_tilt_and_three_spacings_is_valid_and_read_back(tmp_path: Path) -> None:
    real_data("ge_tilt")
    volume = read_volume(GE_TILT)
    box = np.zeros(volume.grid.shape, bool)
    box[3:25, 150:350, 180:300] = True
    segmentation = segmentation_of(volume.grid, {"box": box})
    write_seg(tmp_path / "seg.dcm", segmentation, volume)
    assert_same(read_seg(tmp_path / "seg.dcm", volume).segmentation, segmentation)
    lacking_in_the_images = findings("dciodvfy", volume.files[:1])
    assert findings("dciodvfy", [tmp_path / "seg.dcm"]) <= lacking_in_the_images


def test_frames_without_voxels_are_omitted(axial: Written) -> None:
    _, segmentation, path = axial
    filled = sum(int(plane.any()) for segment in segmentation.segments for plane in segment.voxels)
    assert pydicom.dcmread(path).NumberOfFrames == filled


def test_overlap_is_stated_and_every_slice_has_one_index(axial: Written) -> None:
    dataset = pydicom.dcmread(axial[2])
    assert dataset.SegmentsOverlap == "YES"
    indices = {
        (
            str(frame.PlanePositionSequence[0].ImagePositionPatient),
            frame.FrameContentSequence[0].DimensionIndexValues[1],
        )
        for frame in dataset.PerFrameFunctionalGroupsSequence
    }
    assert sorted(index for _, index in indices) == list(range(1, SHAPE[0] + 1))


def test_patient_study_and_frame_of_reference_are_those_of_the_images(axial: Written) -> None:
    volume, _, path = axial
    image, seg = pydicom.dcmread(volume.files[0]), pydicom.dcmread(path)
    for keyword in ("PatientName", "PatientID", "StudyInstanceUID", "AccessionNumber", "FrameOfReferenceUID"):
        assert seg[keyword].value == image[keyword].value
    assert seg.PatientName.family_name == "Müller"


def test_names_that_dicom_cannot_hold_and_empty_segments_are_told(tmp_path: Path) -> None:
    volume = ct_volume(tmp_path / "ct", SHAPE)
    ball, none = shapes(SHAPE)["ball"], np.zeros(SHAPE, bool)
    segmentation = segmentation_of(
        volume.grid, {"Herz ♥": ball, "a\\b": ball, "x" * 65: ball, "": ball, "nothing": none}
    )
    notes = write_seg(tmp_path / "seg.dcm", segmentation, volume)
    read = read_seg(tmp_path / "seg.dcm", volume).segmentation
    assert [segment.name for segment in read.segments] == ["Herz ♥", "a/b", "x" * 64, "Segment 4"]
    assert len(notes) == 4
    assert any("nothing" in note for note in read.notes)


def test_segments_without_any_voxel_are_not_written(tmp_path: Path) -> None:
    volume = ct_volume(tmp_path / "ct", SHAPE)
    with pytest.raises(OverlayError, match="no segment has a voxel"):
        write_seg(tmp_path / "seg.dcm", segmentation_of(volume.grid, {"none": np.zeros(SHAPE, bool)}), volume)
    assert not (tmp_path / "seg.dcm").exists()


def test_volume_that_is_not_dicom_is_refused(tmp_path: Path) -> None:
    grid = SliceGrid.from_geometry(ImageGeometry.from_axes(SHAPE[::-1], np.eye(3), (0, 0, 0)))
    volume = Volume(np.zeros(SHAPE, np.int16), grid, files=(tmp_path / "v.nrrd",))
    with pytest.raises(DicomSourceError, match="DICOM SEG needs the DICOM images"):
        write_seg(tmp_path / "seg.dcm", segmentation_of(grid, {"all": np.ones(SHAPE, bool)}), volume)


@pytest.mark.parametrize("kind", ["BINARY", "LABELMAP"])
def test_label_map_and_binary_of_another_maker_are_read(tmp_path: Path, kind: str) -> None:
    volume = ct_volume(tmp_path / "ct", SHAPE)
    labels = np.zeros(SHAPE, np.uint8)
    labels[2:5, 3:9, 4:20] = 1
    labels[4:9, 12:20, 4:20] = 2
    path = foreign_seg(tmp_path / "seg.dcm", volume, labels, kind, ("one", "two"))
    read = read_seg(path, volume).segmentation
    assert [segment.name for segment in read.segments] == ["one", "two"]
    for value, segment in enumerate(read.segments, start=1):
        assert np.array_equal(segment.full_mask(SHAPE), labels == value)


def test_fractions_of_at_least_a_half_are_inside_and_that_is_told(tmp_path: Path) -> None:
    volume = ct_volume(tmp_path / "ct", SHAPE)
    fractions = np.linspace(0, 1, np.prod(SHAPE)).reshape(SHAPE)
    path = foreign_seg(tmp_path / "seg.dcm", volume, fractions, "FRACTIONAL")
    read = read_seg(path, volume).segmentation
    expected = np.around(fractions * 255) >= 127.5
    assert np.array_equal(read.segments[0].full_mask(SHAPE), expected)
    assert any("fractional (probability)" in note for note in read.notes)


def test_part_of_the_slices_mirrored_is_copied_voxel_by_voxel(tmp_path: Path) -> None:
    volume = ct_volume(tmp_path / "ct", SHAPE, pixel_spacing=(0.9, 1.3))
    mask = shapes(SHAPE)["ring with island"]
    mask[:, :6] = False
    window = mask[3:9, 4:20, 10:30]
    last_row_and_column = [volume.grid.lps_from_ijk([29, 19, k]) for k in range(3, 9)]
    path = foreign_seg(
        tmp_path / "seg.dcm",
        volume,
        window[:, ::-1, ::-1].transpose(0, 2, 1),
        "BINARY",
        plane_positions=[hd.PlanePositionSequence("PATIENT", position) for position in last_row_and_column],
        plane_orientation=hd.PlaneOrientationSequence("PATIENT", (0, -1, 0, -1, 0, 0)),
        pixel_measures=hd.PixelMeasuresSequence((1.3, 0.9), 2.0),
    )
    read = read_seg(path, volume)
    expected = np.zeros(SHAPE, bool)
    expected[3:9, 4:20, 10:30] = window
    assert np.array_equal(read.segmentation.segments[0].full_mask(SHAPE), expected)
    assert "slices of the volume" in read.placement.reason


def test_voxels_beyond_the_volume_are_cut_off_and_counted(axial: Written, tmp_path: Path) -> None:
    volume, _, _ = axial
    half = Volume(
        volume.voxels[:6, :, :16],
        SliceGrid(16, 24, volume.grid.row_step, volume.grid.column_step, volume.grid.positions[:6]),
        volume.modality,
        volume.frame_of_reference_uid,
        volume.series_uid,
        volume.files[:6],
    )
    block = np.zeros(SHAPE, bool)
    block[4:8, 4:8, 14:18] = True
    write_seg(tmp_path / "seg.dcm", segmentation_of(volume.grid, {"block": block}), volume)
    read = read_seg(tmp_path / "seg.dcm", half).segmentation
    assert np.array_equal(read.segments[0].full_mask((6, 24, 16)), block[:6, :, :16])
    assert read.notes == (f"{4**3 - 2 * 4 * 2} voxels lie beyond the volume and are cut off",)


def test_segmentation_with_voxels_of_its_own_is_resampled(tmp_path: Path) -> None:
    fine = ct_volume(tmp_path / "fine", (24, 48, 64), pixel_spacing=(0.5, 0.5), heights=[float(k) for k in range(24)])
    frame = {"FrameOfReferenceUID": fine.frame_of_reference_uid}
    coarse = ct_volume(tmp_path / "coarse", SHAPE, pixel_spacing=(1.1, 0.9), **frame)
    ball = shapes(fine.grid.shape)["ball"]
    ball[10] = False
    write_seg(tmp_path / "seg.dcm", segmentation_of(fine.grid, {"ball": ball}), fine)
    read = read_seg(tmp_path / "seg.dcm", coarse)
    k, j, i = np.indices(SHAPE)
    nearest = fine.grid.ijk_from_lps(coarse.grid.lps_from_ijk(np.stack([i, j, k], axis=-1)))
    i, j, k = np.moveaxis(np.floor(nearest + 0.5).astype(int), -1, 0)
    within = (i >= 0) & (i < 64) & (j >= 0) & (j < 48) & (k >= 0) & (k < 24)
    expected = within & ball[np.clip(k, 0, 23), np.clip(j, 0, 47), np.clip(i, 0, 63)]
    assert np.array_equal(read.segmentation.segments[0].full_mask(SHAPE), expected)
    assert "0.5 x 0.5 x 1 mm" in read.placement.reason


def test_segmentation_of_another_patient_is_refused(axial: Written, tmp_path: Path) -> None:
    other = ct_volume(tmp_path / "ct", SHAPE, PatientID="P-18")
    read = read_seg(axial[2], other)
    assert read.placement.verdict is Verdict.REFUSED
    assert read.segmentation is None


def test_same_patient_in_another_frame_of_reference_is_placed_with_a_finding(axial: Written, tmp_path: Path) -> None:
    volume, _, path = axial
    dataset = pydicom.dcmread(path)
    dataset.FrameOfReferenceUID = generate_uid()
    del dataset.ReferencedSeriesSequence, dataset.SourceImageSequence
    dataset.save_as(tmp_path / "seg.dcm")
    read = read_seg(tmp_path / "seg.dcm", volume)
    assert read.placement.verdict is Verdict.PLACED
    assert any("another frame of reference" in finding for finding in read.placement.findings)


def test_segmentation_far_away_is_refused(axial: Written, tmp_path: Path) -> None:
    volume, _, path = axial
    dataset = pydicom.dcmread(path)
    for frame in dataset.PerFrameFunctionalGroupsSequence:
        x, y, z = frame.PlanePositionSequence[0].ImagePositionPatient
        frame.PlanePositionSequence[0].ImagePositionPatient = [x + 1000, y, z]
    dataset.save_as(tmp_path / "seg.dcm")
    read = read_seg(tmp_path / "seg.dcm", volume)
    assert read.placement.verdict is Verdict.REFUSED
    assert "within the volume" in read.placement.reason


def test_frames_on_no_grid_at_all_are_refused(tmp_path: Path) -> None:
    volume, _, path = written(tmp_path)
    dataset = pydicom.dcmread(path)
    for number, frame in enumerate(dataset.PerFrameFunctionalGroupsSequence):
        x, y, z = frame.PlanePositionSequence[0].ImagePositionPatient
        frame.PlanePositionSequence[0].ImagePositionPatient = [x + 0.37 * number**2 % 5, y, z]
    dataset.save_as(path)
    read = read_seg(path, volume)
    assert read.placement.verdict is Verdict.REFUSED
    assert "no even grid" in read.placement.reason


def test_segment_without_a_description_is_read_all_the_same(axial: Written, tmp_path: Path) -> None:
    volume, segmentation, path = axial
    dataset = pydicom.dcmread(path)
    del dataset.SegmentSequence[2]
    dataset.save_as(tmp_path / "seg.dcm")
    read = read_seg(tmp_path / "seg.dcm", volume).segmentation
    assert "Segment 3" in [segment.name for segment in read.segments]
    assert len(read.segments) == len(segmentation.segments)


@pytest.mark.parametrize("stated", [2.0, None, 1e-6], ids=["stated", "not stated", "absurd"])
def test_spacing_of_sparse_frames_is_found(axial: Written, tmp_path: Path, stated: float | None) -> None:
    volume, _, _ = axial
    planes = np.zeros(SHAPE, bool)
    planes[[1, 2, 8], 4:20, 4:20] = True
    write_seg(tmp_path / "seg.dcm", segmentation_of(volume.grid, {"planes": planes}), volume)
    dataset = pydicom.dcmread(tmp_path / "seg.dcm")
    measures = dataset.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0]
    del measures.SpacingBetweenSlices
    if stated is not None:
        measures.SpacingBetweenSlices = stated
    dataset.save_as(tmp_path / "seg.dcm")
    shifted = ct_volume(
        tmp_path / "ct", SHAPE, pixel_spacing=(1.1, 1.1), FrameOfReferenceUID=volume.frame_of_reference_uid
    )
    read = read_seg(tmp_path / "seg.dcm", shifted).segmentation
    assert np.flatnonzero(read.segments[0].full_mask(SHAPE).any(axis=(1, 2))).tolist() == [1, 2, 8]


def test_images_that_are_no_base_for_a_seg_are_named_as_the_reason(tmp_path: Path) -> None:
    volume = multi_frame_ct_volume(tmp_path / "ct.dcm", SHAPE)
    image = pydicom.dcmread(tmp_path / "ct.dcm")
    del image.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence
    image.save_as(tmp_path / "ct.dcm")
    with pytest.raises(OverlayError, match="the images' headers are no base"):
        write_seg(tmp_path / "seg.dcm", segmentation_of(volume.grid, {"all": np.ones(SHAPE, bool)}), volume)
    assert not (tmp_path / "seg.dcm").exists()


def test_frames_without_a_position_are_an_error(axial: Written, tmp_path: Path) -> None:
    dataset = pydicom.dcmread(axial[2])
    dataset.PerFrameFunctionalGroupsSequence[0].PlanePositionSequence[0] = Dataset()
    dataset.save_as(tmp_path / "seg.dcm")
    with pytest.raises(OverlayError, match="seg.dcm"):
        read_seg(tmp_path / "seg.dcm", axial[0])


def test_truncated_file_and_other_dicom_are_errors(axial: Written, tmp_path: Path) -> None:
    volume, _, path = axial
    (tmp_path / "short.dcm").write_bytes(path.read_bytes()[: path.stat().st_size - 3000])
    for file in (tmp_path / "short.dcm", volume.files[0]):
        with pytest.raises(OverlayError, match=file.name):
            read_seg(file, volume)


def test_damaged_reference_to_an_image_is_an_error(axial: Written, tmp_path: Path) -> None:
    volume, _, path = axial
    tag = bytes.fromhex("08005511")  # ReferencedSOPInstanceUID
    (tmp_path / "damaged.dcm").write_bytes(path.read_bytes().replace(tag + b"UI", tag + b"U/", 1))
    with pytest.raises(OverlayError, match="is it damaged"):
        read_seg(tmp_path / "damaged.dcm", volume)


def test_missing_highdicom_is_named_with_what_to_do(axial: Written, monkeypatch: pytest.MonkeyPatch) -> None:
    volume, segmentation, path = axial
    monkeypatch.setitem(sys.modules, "highdicom", None)
    with pytest.raises(MissingPackageError, match=r"highdicom is missing; .*dicomsuite\[rt\]"):
        read_seg(path, volume)
    with pytest.raises(MissingPackageError, match="highdicom is missing"):
        write_seg(path.with_name("again.dcm"), segmentation, volume)
