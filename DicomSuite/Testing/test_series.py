"""Series are found, sorted by position and never by name or number, and what is odd about them is said."""

import os
import random
import shutil
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import EnhancedMRImageStorage, RTStructureSetStorage, generate_uid

from dicom_slices import AXIAL, write_slice, write_stack
from DicomSuiteLib.irregularities import IrregularityKind
from DicomSuiteLib.series import find_series
from DicomSuiteLib.series_files import TRAITS, Frame
from DicomSuiteLib.stacks import sort_into_stacks
from real_data import real_data

PYDICOM_FILES = Path(pydicom.__file__).parent / "data" / "test_files"

COS, SIN = float(np.cos(0.3)), float(np.sin(0.3))
ORIENTATIONS = {
    "axial": AXIAL,
    "axial, feet first": (1, 0, 0, 0, -1, 0),
    "coronal": (1, 0, 0, 0, 0, -1),
    "sagittal": (0, 1, 0, 0, 0, -1),
    "oblique": (COS, SIN, 0, 0, 0, -1),
}


def only_series(*paths):
    scan = find_series(paths)
    assert len(scan.series) == 1
    return scan.series[0]


def kinds(series):
    return [irregularity.kind for irregularity in series.irregularities]


def only_irregularity(series):
    assert len(series.irregularities) == 1, series.irregularities
    return series.irregularities[0]


@pytest.mark.parametrize("orientation", ORIENTATIONS.values(), ids=ORIENTATIONS)
def test_slices_are_sorted_along_their_normal_whatever_names_and_numbers_say(tmp_path, orientation):
    heights = [-30 + 2.5 * n for n in range(12)]
    shuffled = random.Random(1).sample(heights, len(heights))
    write_stack(tmp_path, shuffled, orientation)
    series = only_series(tmp_path)
    normal = np.cross(orientation[:3], orientation[3:])
    assert [float(np.dot(frame.position, normal)) for frame in series.stacks[0].frames] == pytest.approx(
        heights
    )
    assert series.irregularities == ()
    assert series.geometry.size == (4, 3, 12)
    assert series.geometry.spacing == pytest.approx((0.5, 0.75, 2.5))
    assert np.allclose(np.array(series.geometry.directions)[:, 2], normal, atol=1e-5)
    assert list(series.files) == [frame.path for frame in series.stacks[0].frames]


def test_real_ct_is_ordered_and_placed_as_gdcm_does(tmp_path):
    for number, source in enumerate(sorted(real_data("sts", "STS_010", "ct").glob("*.dcm"))):
        shutil.copy(source, tmp_path / f"{(number * 37) % 59:03}.dcm")
    series = only_series(tmp_path)
    names = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(str(tmp_path))
    assert [str(path) for path in series.files] == list(names)
    image = SimpleITK.ReadImage(names)
    assert series.geometry.size == image.GetSize()
    assert np.allclose(series.geometry.origin, image.GetOrigin(), atol=1e-4)
    assert np.allclose(series.geometry.spacing, image.GetSpacing(), atol=1e-3)


def test_real_patients_have_a_regular_ct_and_an_rtstruct_without_stacks():
    scan = find_series([real_data("sts")])
    assert sorted(series.modality for series in scan.series) == ["CT"] * 6 + ["RTSTRUCT"] * 6
    assert all(series.irregularities == () for series in scan.series)
    for series in scan.series:
        if series.modality == "CT":
            assert series.geometry.spacing == pytest.approx((0.976562, 0.976562, 3.27))
            assert series.rescale == (1, 0)
        else:
            assert series.stacks == () and series.geometry is None and len(series.files) == 1
    assert len(scan.not_dicom) == 6  # the masks


def test_tilted_head_ct_reports_its_angle_and_its_three_spacings():
    series = only_series(real_data("ge_tilt"))
    assert kinds(series) == [IrregularityKind.NON_UNIFORM_SPACING, IrregularityKind.GANTRY_TILT]
    spacing, tilt = series.irregularities
    assert spacing.values == pytest.approx((4.0, 1.08, 7.0), abs=0.01)
    assert "4.00 mm x 13, 1.08 mm x 1, 7.00 mm x 13" in spacing.message
    assert tilt.values == pytest.approx((18.5,), abs=0.05)
    assert "18.5 degrees" in tilt.message
    assert series.geometry is None  # no single grid holds three spacings
    assert [frame.instance_number for frame in series.stacks[0].frames] == list(range(1, 29))


def test_evenly_spaced_part_of_the_tilted_ct_has_a_sheared_geometry(tmp_path):
    for number in range(1, 15):
        shutil.copy(real_data("ge_tilt", f"{number:02}.dcm"), tmp_path)
    series = only_series(tmp_path)
    assert kinds(series) == [IrregularityKind.GANTRY_TILT]
    geometry = series.geometry
    assert geometry.is_sheared and not geometry.is_left_handed
    for k, frame in enumerate(series.stacks[0].frames):
        assert np.allclose(geometry.lps_from_ijk((0, 0, k)), frame.position, atol=1e-4)


def test_missing_slices_are_counted_and_located(tmp_path):
    write_stack(tmp_path, [2.0 * n for n in range(20) if n not in (5, 6, 14)])
    irregularity = only_irregularity(only_series(tmp_path))
    assert irregularity.kind is IrregularityKind.GAP
    assert irregularity.values == pytest.approx((10, 12, 28))
    assert irregularity.message.startswith(
        "3 slices missing at a spacing of 2.00 mm: 2 after slice 5 (between 8.0"
    )
    assert "1 after slice 12 (between 26.0 and 30.0 mm from the first)" in irregularity.message
    assert only_series(tmp_path).geometry is None


def test_a_change_of_protocol_is_no_gap(tmp_path):
    write_stack(tmp_path, [2.0 * n for n in range(11)] + [20 + 4.0 * n for n in range(1, 8)])
    irregularity = only_irregularity(only_series(tmp_path))
    assert irregularity.kind is IrregularityKind.NON_UNIFORM_SPACING
    assert irregularity.values == pytest.approx((2, 4))


def test_slowly_drifting_spacing_is_reported(tmp_path):
    distances = np.linspace(2.0, 2.02, 60)
    write_stack(tmp_path, np.cumsum(distances).tolist())
    series = only_series(tmp_path)
    assert kinds(series) == [IrregularityKind.NON_UNIFORM_SPACING]
    assert "drifts between 2.000 and 2.020 mm" in series.irregularities[0].message


def test_positions_rounded_to_hundredths_are_regular(tmp_path):
    write_stack(tmp_path, [round(0.625 * n, 2) for n in range(30)])
    series = only_series(tmp_path)
    assert series.irregularities == ()
    assert series.geometry.spacing[2] == pytest.approx(0.625, abs=1e-3)


def test_slices_shifted_within_their_plane_are_no_tilt(tmp_path):
    for n in range(8):
        write_slice(tmp_path / f"{n}.dcm", ImagePositionPatient=[3 if n == 4 else 0, 0, 2 * n])
    irregularity = only_irregularity(only_series(tmp_path))
    assert irregularity.kind is IrregularityKind.SHIFTED_SLICES
    assert irregularity.values == pytest.approx((3,))


def test_images_side_by_side_in_one_plane_are_no_volume(tmp_path):
    for n in range(4):
        write_slice(tmp_path / f"{n}.dcm", ImagePositionPatient=[30 * n, 0, 0])
    irregularity = only_irregularity(only_series(tmp_path))
    assert irregularity.kind is IrregularityKind.SHIFTED_SLICES
    assert "side by side" in irregularity.message


def frame_at(number, position):
    return Frame(
        path=Path(f"{number}.dcm"),
        number=1,
        sop_instance_uid=f"1.{number}",
        instance_number=number % 3,
        frame_of_reference_uid="1.2",
        rows=3,
        columns=4,
        pixel_spacing=(1, 1),
        orientation=AXIAL,
        position=position,
        thickness=1,
        rescale=None,
        traits=((),) * len(TRAITS),
    )


coordinates = st.sampled_from([0.0, 0.0004, 0.009, 1.0, 2.0, 2.013, 3.5, 4.0, 400.0])
positions = st.tuples(st.sampled_from([0.0, 0.5, 9.0]), st.just(0.0), coordinates)


@given(st.lists(positions, min_size=2, max_size=6))
@settings(max_examples=400)
@example([(9.0, 0.0, 0.0), (0.0, 0.0, 0.0), (0.5, 0.0, 0.0), (9.0, 0.0, 400.0)])
def test_no_volume_goes_without_geometry_and_without_a_reason(places):
    stacks, _ = sort_into_stacks(frame_at(number, place) for number, place in enumerate(places))
    assert sum(len(stack.frames) for stack in stacks) == len(places)
    for stack in stacks:
        kinds = {irregularity.kind for irregularity in stack.irregularities}
        harmless = {IrregularityKind.SINGLE_SLICE, IrregularityKind.GANTRY_TILT}
        assert (stack.geometry is None) == bool(kinds - harmless)
        assert not {IrregularityKind.SHIFTED_SLICES, IrregularityKind.GANTRY_TILT} <= kinds
        if stack.geometry:
            assert stack.geometry.is_sheared == (IrregularityKind.GANTRY_TILT in kinds)


def test_copies_of_an_instance_are_reported_and_used_once(tmp_path):
    paths = write_stack(tmp_path / "a", [0, 2, 4, 6])
    (tmp_path / "b").mkdir()
    copies = [Path(shutil.copy(path, tmp_path / "b")) for path in paths[:2]]
    series = only_series(tmp_path)
    irregularity = only_irregularity(series)
    assert irregularity.kind is IrregularityKind.DUPLICATE_INSTANCE
    assert set(irregularity.files) == set(copies)
    assert "headers differ" not in irregularity.message
    assert series.geometry.size == (4, 3, 4)
    assert set(series.files) == {*paths, *copies}


def test_copies_with_another_header_are_said_to_differ(tmp_path):
    uid = generate_uid()
    write_slice(tmp_path / "1.dcm", SOPInstanceUID=uid, ImagePositionPatient=[0, 0, 0])
    write_slice(tmp_path / "2.dcm", SOPInstanceUID=uid, ImagePositionPatient=[0, 0, 9])
    series = only_series(tmp_path)
    assert IrregularityKind.DUPLICATE_INSTANCE in kinds(series)
    assert "headers differ" in series.irregularities[0].message


def test_images_that_share_positions_for_no_visible_reason_are_reported(tmp_path):
    write_stack(tmp_path, [0, 2, 4, 6])
    twin = write_stack(tmp_path, [4])
    series = only_series(tmp_path)
    irregularity = only_irregularity(series)
    assert irregularity.kind is IrregularityKind.DUPLICATE_POSITION
    assert "2 images share 1 position" in irregularity.message
    assert twin[0] in irregularity.files and len(irregularity.files) == 2
    assert series.geometry is None and len(series.stacks) == 1


@pytest.mark.parametrize(
    ("keyword", "values"),
    [
        ("TemporalPositionIdentifier", [1, 2, 10]),
        ("EchoTime", [4.6, 9.2, 13.8]),
        ("DiffusionBValue", [0, 500, 1000]),
        ("AcquisitionNumber", [1, 2, 3]),
        ("TriggerTime", [0, 33.3, 100]),
        ("ImageType", [["ORIGINAL", "PRIMARY", kind] for kind in "IMP"]),
    ],
)
def test_volumes_at_the_same_positions_are_told_apart(tmp_path, keyword, values):
    for value in reversed(values):
        write_stack(tmp_path, [0, 2, 4, 6], **{keyword: value, "InstanceNumber": 1})
    series = only_series(tmp_path)
    irregularity = only_irregularity(series)
    assert irregularity.kind is IrregularityKind.SEVERAL_VOLUMES
    assert irregularity.message == f"3 volumes at the same positions, told apart by {keyword}"
    assert series.geometry.size == (4, 3, 4)
    found = [pydicom.dcmread(stack.frames[0].path)[keyword].value for stack in series.stacks]
    assert found == values


def test_two_attributes_together_tell_volumes_apart(tmp_path):
    for echo in (1, 2):
        for kind in "MP":
            image_type = ["ORIGINAL", "PRIMARY", kind]
            write_stack(tmp_path, [0, 2, 4], EchoNumbers=echo, ImageType=image_type, InstanceNumber=1)
    series = only_series(tmp_path)
    assert len(series.stacks) == 4
    assert only_irregularity(series).message.endswith("told apart by EchoNumbers and ImageType")


def test_overlapping_acquisitions_of_other_extent_are_told_apart(tmp_path):
    write_stack(tmp_path, [0, 2, 4, 6, 8], AcquisitionNumber=1)
    write_stack(tmp_path, [6, 8, 10], AcquisitionNumber=2)
    series = only_series(tmp_path)
    assert [stack.geometry.size[2] for stack in series.stacks] == [5, 3]
    assert series.geometry is None  # two volumes, two geometries


def test_instance_number_tells_volumes_apart_where_nothing_else_does(tmp_path):
    first = [
        write_slice(tmp_path / f"a{n}", InstanceNumber=n, ImagePositionPatient=[0, 0, n]) for n in (1, 2, 3)
    ]
    second = [
        write_slice(tmp_path / f"A{n}", InstanceNumber=10 + n, ImagePositionPatient=[0, 0, n])
        for n in (1, 2, 3)
    ]
    series = only_series(tmp_path)
    assert only_irregularity(series).message.endswith("told apart by InstanceNumber")
    assert [[frame.path for frame in stack.frames] for stack in series.stacks] == [first, second]


def test_attributes_that_vary_from_slice_to_slice_split_nothing(tmp_path):
    for n in range(6):
        write_slice(tmp_path / f"{n}", AcquisitionNumber=n, EchoTime=n, ImagePositionPatient=[0, 0, n])
    assert only_series(tmp_path).geometry.size == (4, 3, 6)


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"Columns": 8}, IrregularityKind.MIXED_SIZE),
        ({"orientation": (0, 1, 0, 0, 0, -1)}, IrregularityKind.MIXED_ORIENTATION),
        ({"PixelSpacing": [0.75, 0.6]}, IrregularityKind.MIXED_PIXEL_SPACING),
        ({"FrameOfReferenceUID": "1.2.3"}, IrregularityKind.MIXED_FRAME_OF_REFERENCE),
    ],
)
def test_images_that_cannot_be_one_volume_are_kept_apart(tmp_path, other, kind):
    write_stack(tmp_path, [0, 2, 4, 6, 8])
    write_stack(tmp_path, [1, 3, 5], **other)
    series = only_series(tmp_path)
    assert kinds(series) == [kind]
    assert sorted(len(stack.frames) for stack in series.stacks) == [3, 5]
    assert all(stack.geometry for stack in series.stacks) and series.geometry is None


def test_an_irregularity_of_one_stack_names_it(tmp_path):
    write_stack(tmp_path, [0, 2, 4, 6, 10])
    write_stack(tmp_path, [0, 2, 4, 6, 8], orientation=(0, 1, 0, 0, 0, -1))
    gap = only_series(tmp_path).irregularities[-1]
    assert gap.kind is IrregularityKind.GAP
    assert gap.message.startswith("stack 2 of 2: 1 slice missing")


def test_differing_rescale_is_reported_and_kept_per_frame(tmp_path):
    for n, slope in enumerate([1, 1, 2]):
        attributes = {"RescaleSlope": slope, "RescaleIntercept": -1024, "ImagePositionPatient": [0, 0, n]}
        write_slice(tmp_path / f"{n}", **attributes)
    series = only_series(tmp_path)
    assert only_irregularity(series).kind is IrregularityKind.MIXED_RESCALE
    assert "1 / -1024 (2), 2 / -1024 (1)" in only_irregularity(series).message
    assert series.rescale is None
    assert [frame.rescale for frame in series.stacks[0].frames] == [(1, -1024), (1, -1024), (2, -1024)]


def test_images_without_position_keep_the_order_of_instance_number(tmp_path):
    for number in (3, 1, 20, 2):
        write_slice(tmp_path / f"{100 - number}", InstanceNumber=number)
    series = only_series(tmp_path)
    assert only_irregularity(series).kind is IrregularityKind.MISSING_POSITION
    assert [frame.instance_number for frame in series.stacks[0].frames] == [1, 2, 3, 20]
    assert series.geometry is None


@pytest.mark.parametrize(
    "defect",
    [{"ImagePositionPatient": None}, {"ImageOrientationPatient": [0] * 6}, {"ImageOrientationPatient": None}],
)
def test_single_images_without_a_usable_position_stay_out_of_the_volume(tmp_path, defect):
    write_stack(tmp_path, [0, 2, 4])
    lost = write_stack(tmp_path, [6], **defect)
    series = only_series(tmp_path)
    irregularity = only_irregularity(series)
    assert irregularity.kind is IrregularityKind.MISSING_POSITION
    assert irregularity.files == tuple(lost)
    assert "1 of 4 images" in irregularity.message
    assert {stack.geometry and stack.geometry.size for stack in series.stacks} == {(4, 3, 3), None}


@pytest.mark.parametrize(("thickness", "size"), [(2.5, (4, 3, 1)), (None, None), (0, None)])
def test_a_single_slice_has_a_geometry_if_its_thickness_is_known(tmp_path, thickness, size):
    write_stack(tmp_path, [0], SliceThickness=thickness)
    series = only_series(tmp_path)
    assert only_irregularity(series).kind is IrregularityKind.SINGLE_SLICE
    assert (series.geometry and series.geometry.size) == size


def test_missing_pixel_spacing_is_never_made_up(tmp_path):
    write_stack(tmp_path, [0, 2, 4], PixelSpacing=None)
    series = only_series(tmp_path)
    assert kinds(series) == [IrregularityKind.MISSING_PIXEL_SPACING]
    assert series.geometry is None


def test_values_that_break_their_vr_count_as_absent_and_are_not_logged(tmp_path, caplog):
    attributes = {"SpecificCharacterSet": "ISO_IR 100", "ImagePositionPatient": [11, 22, 33]}
    path = write_slice(tmp_path / "1", InstanceNumber=7, **attributes)
    content = path.read_bytes().replace(b"\\22.0\\", b"\\2x.0\\").replace(b"\x02\x007 ", b"\x02\x00?!")
    path.write_bytes(content.replace(b"ISO_IR 100", b"ISO_IR Doe"))
    scan = find_series([tmp_path])
    assert scan.unreadable == ()
    assert kinds(scan.series[0]) == [IrregularityKind.MISSING_POSITION]
    assert scan.series[0].instances[0].instance_number is None
    assert caplog.text == ""


def functional_groups(height, temporal_position):
    position, content, groups = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = [0, 0, height]
    content.TemporalPositionIndex = temporal_position
    groups.PlanePositionSequence = [position]
    groups.FrameContentSequence = [content]
    return groups


def enhanced(path, frames):
    orientation, measures, shared = Dataset(), Dataset(), Dataset()
    orientation.ImageOrientationPatient = list(AXIAL)
    measures.PixelSpacing = [0.75, 0.5]
    measures.SliceThickness = 2
    shared.PlaneOrientationSequence = [orientation]
    shared.PixelMeasuresSequence = [measures]
    attributes = dict.fromkeys(("ImageOrientationPatient", "PixelSpacing", "SliceThickness"))
    return write_slice(
        path,
        SOPClassUID=EnhancedMRImageStorage,
        Modality="MR",
        NumberOfFrames=len(frames),
        SharedFunctionalGroupsSequence=[shared],
        PerFrameFunctionalGroupsSequence=[functional_groups(*frame) for frame in frames],
        **attributes,
    )


def test_frames_of_an_enhanced_instance_are_sorted_by_their_own_positions(tmp_path):
    enhanced(tmp_path / "enhanced", [(4, 1), (0, 1), (6, 1), (2, 1)])
    series = only_series(tmp_path)
    assert [frame.number for frame in series.stacks[0].frames] == [2, 4, 1, 3]
    assert series.irregularities == ()
    assert series.geometry.size == (4, 3, 4) and series.geometry.spacing == (0.5, 0.75, 2)


def test_volumes_within_an_enhanced_instance_are_told_apart(tmp_path):
    enhanced(tmp_path / "enhanced", [(height, time) for height in (0, 2, 4) for time in (2, 1)])
    series = only_series(tmp_path)
    assert [[frame.number for frame in stack.frames] for stack in series.stacks] == [[2, 4, 6], [1, 3, 5]]
    assert len(series.files) == 1 and series.geometry.size == (4, 3, 3)


def test_real_enhanced_ct_is_placed():
    series = only_series(get_testdata_file("eCT_Supplemental.dcm"))
    assert series.geometry.size == (512, 512, 2)
    assert series.irregularities == ()


def test_dose_grid_is_placed_by_its_offsets():
    path = get_testdata_file("rtdose.dcm")
    dataset = pydicom.dcmread(path)
    series = only_series(path)
    assert series.geometry.size == (dataset.Columns, dataset.Rows, int(dataset.NumberOfFrames))
    last = np.array(dataset.ImagePositionPatient) + [0, 0, dataset.GridFrameOffsetVector[-1]]
    assert np.allclose(series.geometry.lps_from_ijk((0, 0, int(dataset.NumberOfFrames) - 1)), last)


@pytest.mark.parametrize(
    ("orientation", "offsets", "heights"),
    [
        (AXIAL, [0, 3, 6], [50, 53, 56]),
        (AXIAL, [50, 53, 56], [50, 53, 56]),
        ((1, 0, 0, 0, -1, 0), [0, 3, 6], [44, 47, 50]),
        ((1, 0, 0, 0, -1, 0), [50, 53, 56], None),
    ],
)
def test_offsets_of_a_dose_grid_are_relative_or_z_coordinates(tmp_path, orientation, offsets, heights):
    write_slice(
        tmp_path / "dose",
        Modality="RTDOSE",
        NumberOfFrames=3,
        ImagePositionPatient=[0, 0, 50],
        ImageOrientationPatient=list(orientation),
        GridFrameOffsetVector=offsets,
    )
    frames = only_series(tmp_path).stacks[0].frames
    assert sorted(frame.position[2] for frame in frames if frame.is_placed) == (heights or [])


def test_cine_frames_without_positions_are_not_stacked_at_one_place(tmp_path):
    write_slice(tmp_path / "cine", NumberOfFrames=5, ImagePositionPatient=[0, 0, 0])
    series = only_series(tmp_path)
    assert kinds(series) == [IrregularityKind.MISSING_POSITION]
    assert len(series.stacks[0].frames) == 5


def test_a_number_of_frames_that_cannot_be_is_refused(tmp_path):
    path = write_slice(tmp_path / "1.dcm", NumberOfFrames=10)
    path.write_bytes(path.read_bytes().replace(b"IS\x02\x0010", b"IS\x0a\x001999999999"))
    scan = find_series([tmp_path])
    assert [bad.reason for bad in scan.unreadable] == ["NumberOfFrames is larger than the file"]


def test_one_series_uid_in_two_patients_makes_two_series(tmp_path):
    write_stack(tmp_path, [0, 2, 4], PatientID="P1")
    write_stack(tmp_path, [6, 8, 10], PatientID="P2")
    scan = find_series([tmp_path])
    assert [len(series.files) for series in scan.series] == [3, 3]
    assert all(kinds(series) == [IrregularityKind.SHARED_SERIES_UID] for series in scan.series)


def test_files_without_series_uid_are_not_thrown_together(tmp_path):
    write_stack(tmp_path, [0, 2], SeriesInstanceUID=None)
    scan = find_series([tmp_path])
    assert [len(series.files) for series in scan.series] == [1, 1]
    assert all(IrregularityKind.MISSING_SERIES_UID in kinds(series) for series in scan.series)


def test_result_does_not_depend_on_the_order_or_number_of_paths(tmp_path):
    paths = write_stack(tmp_path / "images", [0, 2, 4, 6, 8])
    write_slice(
        tmp_path / "plan",
        SOPClassUID=RTStructureSetStorage,
        Modality="RTSTRUCT",
        Rows=None,
        Columns=None,
        SeriesInstanceUID="1.2.3.4",
    )
    whole = find_series([tmp_path])
    assert len(whole.series) == 2
    assert find_series([*reversed(paths), tmp_path / "plan", tmp_path]).series == whole.series


def test_data_sets_without_preamble_are_dicom_and_text_files_are_not(tmp_path):
    path = write_slice(tmp_path / "bare", ImagePositionPatient=[0, 0, 0])
    path.write_bytes(path.read_bytes()[132:])
    (tmp_path / "notes.txt").write_text("CT of the head, to be reported")
    (tmp_path / "one-byte").write_bytes(b"\x08")
    scan = find_series([tmp_path])
    assert [series.files for series in scan.series] == [(path,)]
    assert {path.name for path in scan.not_dicom} == {"notes.txt", "one-byte"}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_what_cannot_be_read_is_listed_with_its_reason_and_nothing_hangs(tmp_path):
    good = write_stack(tmp_path / "in", [0, 2])
    (tmp_path / "in" / "loop").symlink_to(tmp_path / "in", target_is_directory=True)
    (tmp_path / "in" / "again.dcm").symlink_to(good[0])
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    (tmp_path / "empty.dcm").touch()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "nothing.dcm").write_bytes(bytes(128) + b"DICM")
    (tmp_path / "Größe 1").mkdir()
    shutil.copy(get_testdata_file("DICOMDIR"), tmp_path / "Größe 1")
    scan = find_series([tmp_path, tmp_path / "in", tmp_path / "missing"])
    reasons = {bad.path.name: bad.reason for bad in scan.unreadable}
    assert reasons == {
        "broken": "No such file or directory",
        "missing": "No such file or directory",
        "self": "Too many levels of symbolic links",
        "empty.dcm": "empty file",
        "pipe": "not a regular file",
        "nothing.dcm": "no SOPClassUID or SOPInstanceUID in its header",
    }
    assert len(scan.series) == 1 and len(scan.series[0].files) == 2
    assert [path.name for path in scan.dicomdirs] == ["DICOMDIR"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_locked_folders_and_files_are_reported(tmp_path):
    paths = write_stack(tmp_path / "open", [0, 2])
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    paths[0].chmod(0)
    scan = find_series([tmp_path])
    locked.chmod(0o700)
    assert [bad.reason for bad in scan.unreadable] == ["Permission denied"] * 2
    assert scan.series[0].files == (paths[1],)


def test_every_file_of_pydicom_is_accounted_for_once():
    everything = [path for path in PYDICOM_FILES.rglob("*") if path.is_file()]
    calls = []
    scan = find_series([PYDICOM_FILES], on_progress=lambda done, total: calls.append((done, total)))
    accounted = [path for series in scan.series for path in series.files]
    accounted += [*scan.not_dicom, *scan.dicomdirs, *(bad.path for bad in scan.unreadable)]
    assert sorted(accounted) == sorted(everything)
    assert len(accounted) > 150 and len(scan.series) > 40 and len(scan.dicomdirs) == 8
    assert calls == [(n, len(everything)) for n in range(1, len(everything) + 1)]


def test_a_header_cut_anywhere_never_raises(tmp_path):
    source = Path(get_testdata_file("CT_small.dcm")).read_bytes()
    for length in range(0, 2000, 37):
        (tmp_path / f"{length}.dcm").write_bytes(source[:length])
    scan = find_series([tmp_path])
    total = sum(len(series.files) for series in scan.series) + len(scan.unreadable) + len(scan.not_dicom)
    assert total == len(range(0, 2000, 37))
    assert all("CompressedSamples" not in bad.reason for bad in scan.unreadable)  # the patient's name
