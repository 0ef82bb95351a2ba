"""What is written as .seg.nrrd, label map or NIfTI comes back the same, here and in other readers."""

import errno

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.read_mask_file import read_mask_file
from DicomSuiteRTOverlayLib.write_mask import write_labelmap_nrrd, write_mask_file, write_nifti, write_seg_nrrd
from mask_variants import write_variants

SHAPE = (5, 6, 7)
COS, SIN = np.cos(0.4), np.sin(0.4)
GEOMETRIES = {
    "axial": ImageGeometry.from_axes(SHAPE[::-1], np.diag([0.9, 1.1, 2.5]), (-100, -120, 30)),
    "oblique": ImageGeometry.from_axes(SHAPE[::-1], [[COS, -SIN, 0], [SIN, COS, 0], [0, 0, 2]], (1, 2, 3)),
    "left-handed": ImageGeometry.from_axes(SHAPE[::-1], np.diag([0.9, 1.1, -2.5]), (-100, -120, 30)),
    "sheared": ImageGeometry.from_axes(SHAPE[::-1], [[0.9, 0, 0], [0, 1.1, 0.4], [0, 0, 2.5]], (-100, -120, 30)),
}


def box(*ranges):
    mask = np.zeros(SHAPE, bool)
    mask[tuple(slice(*ends) for ends in ranges)] = True
    return mask


BIG = box((0, 4), (1, 6), (0, 5))
SMALL = box((3, 5), (2, 4), (3, 6))
APART = box((0, 2), (0, 1), (6, 7))


def segmentation(*segments, geometry=GEOMETRIES["axial"]):
    """Of (name, colour, value, mask) each."""
    return Segmentation(tuple(Segment.from_mask(*one) for one in segments), SliceGrid.from_geometry(geometry))


def overlapping(geometry=GEOMETRIES["axial"]):
    return segmentation(
        ("Tumör \\n one\ntwo", (1, 0.5, 0.25), 7, BIG),
        ("Small", (0, 0.25, 0.5), 9, SMALL),
        ("Apart", (0, 0, 1), 300, APART),
        ("Empty", (0, 1, 1), 4, np.zeros(SHAPE, bool)),
        geometry=geometry,
    )


def voxels_of(mask, segment):
    return mask.layers[segment.layer] == segment.value


def place_of(mask):
    return ImageGeometry.from_axes(mask.claims.size, mask.claims.axes, mask.claims.origin)


@pytest.mark.parametrize("name", GEOMETRIES)
def test_seg_nrrd_keeps_names_colours_values_overlaps_and_place(tmp_path, name):
    path = tmp_path / "out.seg.nrrd"
    written = overlapping(GEOMETRIES[name])
    write_seg_nrrd(path, written)
    mask = read_mask_file(path)
    assert len(mask.layers) == 2
    assert [(s.name, s.colour, s.value) for s in mask.segments] == [
        (s.name, s.colour, s.value) for s in written.segments
    ]
    for segment, found in zip(written.segments, mask.segments, strict=True):
        np.testing.assert_array_equal(voxels_of(mask, found), segment.full_mask(SHAPE))
    assert place_of(mask).is_close(GEOMETRIES[name], 1e-9)
    assert not mask.claims.gaps and not mask.claims.remarks


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    boxes=st.lists(
        st.tuples(*(st.tuples(st.integers(0, n), st.integers(0, n)) for n in SHAPE)), min_size=1, max_size=6
    ).filter(lambda boxes: any(all(low < high for low, high in box) for box in boxes)),
    values=st.lists(st.integers(-1, 300), min_size=6, max_size=6),
)
def test_any_segments_come_back_from_seg_nrrd(tmp_path, boxes, values):
    masks = [box(*ranges) for ranges in boxes]
    path = tmp_path / "out.seg.nrrd"
    write_seg_nrrd(path, segmentation(*((f"S{n}", (1, 0, 0), values[n], mask) for n, mask in enumerate(masks))))
    read = read_mask_file(path)
    for mask, found in zip(masks, read.segments, strict=True):
        np.testing.assert_array_equal(voxels_of(read, found), mask)


def test_values_that_cannot_stand_side_by_side_are_numbered_anew(tmp_path):
    path = tmp_path / "out.seg.nrrd"
    write_seg_nrrd(path, segmentation(("A", (1, 0, 0), 1, BIG), ("B", (0, 1, 0), 1, APART)))
    mask = read_mask_file(path)
    assert [(segment.name, segment.value, segment.layer) for segment in mask.segments] == [("A", 1, 0), ("B", 2, 0)]


def test_segments_that_do_not_overlap_share_one_layer_of_three_axes(tmp_path):
    path = tmp_path / "out.seg.nrrd"
    write_seg_nrrd(path, segmentation(("A", (1, 0, 0), 1, BIG), ("B", (0, 1, 0), 2, APART)))
    image = sitk.ReadImage(str(path))
    assert ImageGeometry.from_sitk(image).is_close(GEOMETRIES["axial"])
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), BIG + 2 * APART)


def test_extents_are_the_boxes_of_the_segments(tmp_path):
    path = tmp_path / "out.seg.nrrd"
    write_seg_nrrd(path, overlapping())
    header = path.read_bytes().partition(b"\n\n")[0].decode()
    assert "Segment0_Extent:=0 4 1 5 0 3" in header
    assert "Segment3_Extent:=0 -1 0 -1 0 -1" in header
    assert "Segmentation_ReferenceImageExtentOffset:=0 0 0" in header


def test_another_place_of_the_same_size_can_be_given(tmp_path):
    path = tmp_path / "out.seg.nrrd"
    write_seg_nrrd(path, overlapping(), GEOMETRIES["sheared"])
    assert place_of(read_mask_file(path)).is_close(GEOMETRIES["sheared"], 1e-9)
    smaller = ImageGeometry.from_axes((6, 6, 5), np.eye(3), (0, 0, 0))
    with pytest.raises(OverlayError, match=r"\(7, 6, 5\) voxels"):
        write_seg_nrrd(path, overlapping(), smaller)


def test_uneven_slices_are_written_on_their_nominal_grid(tmp_path):
    positions = [(0.0, 0.0, float(z)) for z in (0, 1, 2, 4, 10)]
    grid = SliceGrid(7, 6, (1, 0, 0), (0, 1, 0), tuple(positions))
    path = tmp_path / "out.seg.nrrd"
    write_seg_nrrd(path, Segmentation((Segment.from_mask("A", (1, 0, 0), 1, BIG),), grid))
    assert place_of(read_mask_file(path)).is_close(grid.nominal_geometry, 1e-9)


def smaller_over_larger():
    return np.where(SMALL, 9, np.where(BIG, 7, 0)) + 300 * APART


@pytest.mark.parametrize("name", GEOMETRIES)
def test_label_map_as_nrrd_keeps_values_and_tells_of_overlaps(tmp_path, name):
    path = tmp_path / "out.nrrd"
    notes = write_labelmap_nrrd(path, overlapping(GEOMETRIES[name]))
    mask = read_mask_file(path)
    np.testing.assert_array_equal(mask.layers[0], smaller_over_larger())
    assert place_of(mask).is_close(GEOMETRIES[name], 1e-9)
    assert len(notes) == 1 and "overlap" in notes[0]


@pytest.mark.parametrize("name", GEOMETRIES)
def test_nifti_keeps_values_and_place_in_nibabel_and_here(tmp_path, name):
    path = tmp_path / "out.nii.gz"
    notes = write_nifti(path, overlapping(GEOMETRIES[name]))
    image = nibabel.load(path)
    np.testing.assert_allclose(image.affine, GEOMETRIES[name].ijk_to_ras, atol=1e-5)
    np.testing.assert_array_equal(np.asanyarray(image.dataobj).T, smaller_over_larger())
    assert image.header.get_xyzt_units()[0] == "mm"
    assert bool(image.header["qform_code"]) == (name != "sheared")
    assert place_of(read_mask_file(path)).is_close(GEOMETRIES[name], 1e-3)
    assert "overlap" in notes[0]


@pytest.mark.parametrize("name", ["axial", "oblique", "left-handed"])
def test_nifti_is_read_by_itk_where_axes_are_perpendicular(tmp_path, name):
    path = tmp_path / "out.nii.gz"
    write_nifti(path, overlapping(GEOMETRIES[name]))
    image = sitk.ReadImage(str(path))
    assert ImageGeometry.from_sitk(image).is_close(GEOMETRIES[name], 1e-3)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(image), smaller_over_larger())


def test_label_maps_without_loss_have_no_notes(tmp_path):
    apart = segmentation(("A", (1, 0, 0), 1, BIG), ("B", (0, 1, 0), 2, APART))
    assert write_labelmap_nrrd(tmp_path / "out.nrrd", apart) == ()
    assert write_nifti(tmp_path / "out.nii.gz", apart) == ()


def test_new_numbers_in_label_maps_are_told(tmp_path):
    apart = segmentation(("A", (1, 0, 0), 70000, BIG), ("B", (0, 1, 0), 2, APART))
    assert "numbered anew" in write_labelmap_nrrd(tmp_path / "out.nrrd", apart)[0]


@pytest.mark.parametrize("name", ["seg-layered", "labels-above-255", "float-probability", "lps"])
def test_a_mask_is_written_as_it_was_read_with_another_place(tmp_path, name):
    labels = np.zeros(SHAPE, np.uint8)
    labels[BIG], labels[APART] = 1, 2
    (variant,) = write_variants(tmp_path, labels, GEOMETRIES["axial"], [name])
    mask = read_mask_file(variant.path)
    path = tmp_path / "copy.seg.nrrd"
    write_mask_file(path, mask, GEOMETRIES["oblique"])
    copy = read_mask_file(path)
    assert copy.segments == mask.segments
    for layer, found in zip(mask.layers, copy.layers, strict=True):
        np.testing.assert_array_equal(found, layer)
    assert place_of(copy).is_close(GEOMETRIES["oblique"], 1e-9)


def test_a_failed_write_leaves_what_was_there(tmp_path, monkeypatch):
    path = tmp_path / "out.seg.nrrd"
    path.write_bytes(b"before")

    def fail(*_):
        raise OSError(errno.ENOSPC, "disk full")

    monkeypatch.setattr("DicomSuiteRTOverlayLib.label_planes._paint", fail)
    with pytest.raises(OutputError, match="disk full; make room"):
        write_seg_nrrd(path, overlapping())
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_same_segments_give_the_same_bytes_at_any_time(tmp_path, monkeypatch):
    for name, write in {"a.seg.nrrd": write_seg_nrrd, "a.nrrd": write_labelmap_nrrd, "a.nii.gz": write_nifti}.items():
        write(tmp_path / name, overlapping())
        first = (tmp_path / name).read_bytes()
        monkeypatch.setattr("time.time", lambda: 2e9)
        write(tmp_path / name, overlapping())
        assert (tmp_path / name).read_bytes() == first
