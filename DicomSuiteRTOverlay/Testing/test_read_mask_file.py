"""Masks are read from every kind of voxel file as they are in it; a bad file is refused with the reason."""

import gzip
import re
import struct
import sys
import zlib

import nibabel
import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from DicomSuiteLib.geometry import LPS_FROM_RAS, ImageGeometry
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.mask_file import Gap
from DicomSuiteRTOverlayLib.mask_layers import label_values
from DicomSuiteRTOverlayLib.nifti_mask import NIFTI1_LENGTH
from DicomSuiteRTOverlayLib.read_mask_file import MASK_SUFFIXES, read_mask_file
from DicomSuiteRTOverlayLib.voxel_stream import PADDING
from mask_variants import VARIANTS, Expected, in_space, lower_half, write_nrrd, write_variants

GEOMETRY = ImageGeometry.from_axes((20, 16, 12), np.diag([0.9, 1.1, 2.5]), (-100, -120, 30))
SHEARED_RAS = np.array([[-0.9, 0, 0, 100], [0, -1.1, 0.4, 120], [0, 0, 2.5, 30], [0, 0, 0, 1]])


def labels():
    voxels = np.zeros((12, 16, 20), np.uint8)
    voxels[3:8, 4:9, 6:15] = 1
    voxels[4, 5, 3] = 1
    voxels[7:9, 10:12, 2:6] = 2
    return voxels


def nrrd_of(folder, array, fields=None, **options):
    path = folder / "mask.nrrd"
    write_nrrd(path, array, in_space("LPS", GEOMETRY) if fields is None else fields, **options)
    return path


def nifti_of(folder, array, affine=SHEARED_RAS, name="mask.nii.gz", **codes):
    """Write an array (k, j, i) as NIfTI; `codes` go into the header."""
    data = nibabel.Nifti1Image(array.T, affine).to_bytes()
    header = nibabel.Nifti1Header(data[:NIFTI1_LENGTH])
    for field, value in codes.items():
        header[field] = value
    data = header.binaryblock + data[NIFTI1_LENGTH:]
    path = folder / name
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def metaimage_of(folder, array, name="mask.mha", packed=False):
    image = sitk.GetImageFromArray(array)
    GEOMETRY.set_on_sitk(image)
    path = folder / name
    sitk.WriteImage(image, str(path), packed)
    return path


def edited(path, *replacements):
    data = path.read_bytes()
    for old, new in replacements:
        assert old in data
        data = data.replace(old, new)
    path.write_bytes(data)
    return path


def refusal(path, *args):
    with pytest.raises(OverlayError) as caught:
        read_mask_file(path, *args)
    message = str(caught.value)
    assert str(path) in message
    assert re.search(r"(choose|save|copy|check|keep)", message, re.IGNORECASE), "says nothing to do"
    assert message.endswith(".") and not message.endswith("..")
    return message


# NRRD


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_gives_its_voxels_and_a_true_header_its_place(tmp_path, name):
    (variant,) = write_variants(tmp_path, labels(), GEOMETRY, [name])
    mask = read_mask_file(variant.path)
    assert mask.shape == variant.labels.shape == mask.claims.size[::-1]
    inside = np.any([layer != 0 for layer in mask.layers], axis=0)
    np.testing.assert_array_equal(inside, variant.labels != 0)
    if len(mask.layers) == 1:
        np.testing.assert_array_equal(mask.layers[0], variant.labels)
    assert all(layer.dtype.isnative and layer.dtype.kind in "iu" for layer in mask.layers)
    if variant.expected is Expected.PLACED:
        claims = mask.claims
        assert not claims.gaps
        assert ImageGeometry.from_axes(claims.size, claims.axes, claims.origin).is_close(variant.truth)


def test_every_variant_holds_the_same_points(tmp_path):
    """The generator itself: what the variants call the truth is the same set of places in the patient."""

    def points(voxels, geometry):
        return set(map(tuple, np.round(geometry.lps_from_ijk(np.argwhere(voxels)[:, ::-1]), 6)))

    expected = points(labels(), GEOMETRY)
    variants = write_variants(tmp_path, labels(), GEOMETRY)
    assert len(variants) >= 28
    for variant in variants:
        assert points(variant.labels, variant.truth) == expected, variant.name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(
    dtype=st.sampled_from(["i1", "u1", "<i2", ">i2", "<u2", ">u2", "<i4", ">i4", "<u4", ">u4", "<i8", ">u8"]),
    encoding=st.sampled_from(["raw", "gzip", "bzip2", "hex", "ascii"]),
    values=st.lists(st.integers(0, 127), min_size=24, max_size=24).filter(any),
)
def test_every_integer_type_in_every_encoding_comes_back(tmp_path, dtype, encoding, values):
    array = np.array(values, dtype).reshape(4, 3, 2)
    mask = read_mask_file(nrrd_of(tmp_path, array, encoding=encoding))
    np.testing.assert_array_equal(mask.layers[0], array)
    assert [segment.value for segment in mask.segments] == sorted(set(values) - {0})


def test_labels_keep_their_values_however_large(tmp_path):
    array = labels().astype(np.uint64) * 3_000_000_000
    mask = read_mask_file(nrrd_of(tmp_path, array))
    assert [segment.value for segment in mask.segments] == [3_000_000_000, 6_000_000_000]


def test_negative_labels_are_segments_too(tmp_path):
    mask = read_mask_file(nrrd_of(tmp_path, labels().astype(np.int16) * -1))
    assert [(segment.value, segment.name) for segment in mask.segments] == [(-2, "Label -2"), (-1, "Label -1")]


def test_a_lone_segment_is_called_as_its_file(tmp_path):
    path = nrrd_of(tmp_path, (labels() > 0).astype(np.uint8)).rename(tmp_path / "Left kidney.nrrd")
    assert [segment.name for segment in read_mask_file(path).segments] == ["Left kidney"]


def test_segments_of_slicer_keep_names_colours_and_layers(tmp_path):
    (variant,) = write_variants(tmp_path, labels(), GEOMETRY, ["seg-layered"])
    mask = read_mask_file(variant.path)
    tumour, half = mask.segments
    assert (tumour.name, tumour.colour, tumour.value, tumour.layer) == ("Gross tumour", (0.5, 0.25, 0.75), 1, 0)
    assert (half.name, half.colour, half.value, half.layer) == ("Lower half", (0, 1, 0.5), 1, 1)
    np.testing.assert_array_equal(mask.layers[1] != 0, lower_half(labels()))


def test_names_are_utf_8_and_unescaped_and_labels_without_description_are_kept(tmp_path):
    keys = {"Segment0_ID": "a", "Segment0_Name": r"Tumör \\ 1\nleft", "Segment0_LabelValue": 2, "Segment0_Color": "x"}
    mask = read_mask_file(nrrd_of(tmp_path, labels(), keys=keys))
    assert [(segment.name, segment.value) for segment in mask.segments] == [("Tumör \\ 1\nleft", 2), ("Label 1", 1)]


def test_layers_of_slicer_before_label_values_are_segments_in_turn(tmp_path):
    layers = np.stack([labels() > 0, labels() > 1], axis=-1).astype(np.uint8)
    fields = {"space": "LPS", "kinds": "vector domain domain domain"}
    keys = {"Segment0_ID": "a", "Segment0_Name": "A", "Segment1_ID": "b", "Segment1_Name": "B"}
    mask = read_mask_file(nrrd_of(tmp_path, layers, fields, keys=keys))
    assert [(segment.name, segment.value, segment.layer) for segment in mask.segments] == [("A", 1, 0), ("B", 1, 1)]


def test_a_cropped_file_lies_where_its_origin_says_and_tells_of_the_offset(tmp_path):
    (variant,) = write_variants(tmp_path, labels(), GEOMETRY, ["seg-cropped"])
    claims = read_mask_file(variant.path).claims
    assert claims.origin == pytest.approx(variant.truth.origin)
    assert "cropped" in claims.remarks[0] and "(2, 4, 3)" in claims.remarks[0]


def test_layers_of_a_list_are_segments(tmp_path):
    layers = np.stack([labels() == 1, labels() == 2], axis=-1).astype(np.uint8)
    mask = read_mask_file(nrrd_of(tmp_path, layers, {"kinds": "list domain domain domain"}))
    assert [(segment.name, segment.layer) for segment in mask.segments] == [("Layer 1", 0), ("Layer 2", 1)]
    assert not mask.notes


def test_the_background_of_one_hot_classes_is_no_segment(tmp_path):
    layers = np.stack([labels() == 0, labels() == 1, labels() == 2]).astype(np.uint8)
    mask = read_mask_file(nrrd_of(tmp_path, layers, {"kinds": "domain domain domain list"}))
    assert [segment.layer for segment in mask.segments] == [1, 2]
    assert "background" in mask.notes[0]


@pytest.mark.parametrize("is_overlapping", [False, True])
def test_layers_that_fill_the_volume_without_a_background_are_all_segments(tmp_path, is_overlapping):
    front = np.ones((12, 16, 20), np.uint8)
    front[4:] = is_overlapping
    rest = np.ones_like(front)
    rest[:4] = 0
    mask = read_mask_file(nrrd_of(tmp_path, np.stack([front, rest]), {"kinds": "domain domain domain list"}))
    assert [segment.layer for segment in mask.segments] == [0, 1]
    assert not mask.notes


def test_several_data_files_are_put_together_in_the_order_of_the_list(tmp_path):
    (variant,) = write_variants(tmp_path, labels(), GEOMETRY, ["detached-list"])
    lines = variant.path.read_text().splitlines()
    first = lines.index("data file: LIST") + 1
    variant.path.write_text("\n".join(lines[:first] + lines[first:][::-1]))
    np.testing.assert_array_equal(read_mask_file(variant.path).layers[0], labels()[::-1])


# Floating point


def test_probabilities_are_cut_at_the_threshold_and_that_is_told(tmp_path):
    array = np.linspace(0, 1, 11, dtype=np.float32).reshape(1, 1, 11).repeat(2, 0)
    path = nrrd_of(tmp_path, array, {})
    half, high = read_mask_file(path), read_mask_file(path, 0.85)
    assert (half.layers[0].sum(), high.layers[0].sum()) == (12, 4)
    assert "at least 0.5" in half.notes[0] and "at least 0.85" in high.notes[0]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("first", [1, 1.0000001, 150, -1])
def test_labels_saved_as_floats_are_labels(tmp_path, kind, first):
    values = np.array([0, first, 300])
    mask = read_mask_file(nrrd_of(tmp_path, values[labels()].astype(kind)))
    np.testing.assert_array_equal(mask.layers[0], np.rint(values)[labels()])
    assert not mask.notes


def test_what_is_no_number_is_left_out_and_told(tmp_path):
    array = labels().astype(np.float32)
    array[0] = np.nan
    mask = read_mask_file(nrrd_of(tmp_path, array))
    np.testing.assert_array_equal(mask.layers[0], labels())
    assert "NaN" in mask.notes[0]


@pytest.mark.parametrize(("shift", "says"), [(1.5, "1.5 to 3.5"), (-3.5, "-3.5 to -1.5")])
def test_fractions_that_are_no_probabilities_are_refused(tmp_path, shift, says):
    assert says in refusal(nrrd_of(tmp_path, labels().astype(np.float32) + shift))


# NIfTI


def test_nifti_is_placed_by_its_sform_sheared_or_not(tmp_path):
    mask = read_mask_file(nifti_of(tmp_path, labels(), sform_code=2, qform_code=0))
    np.testing.assert_array_equal(mask.layers[0], labels())
    geometry = ImageGeometry.from_axes(mask.claims.size, mask.claims.axes, mask.claims.origin)
    np.testing.assert_allclose(geometry.ijk_to_ras, SHEARED_RAS, atol=1e-6)
    assert geometry.is_sheared and not mask.claims.gaps and not mask.claims.remarks


def test_nifti_is_placed_by_its_qform_where_there_is_no_sform(tmp_path):
    image = nibabel.Nifti1Image(labels().T, None)
    image.set_qform(GEOMETRY.ijk_to_ras, 1)
    nibabel.save(image, tmp_path / "mask.nii")
    claims = read_mask_file(tmp_path / "mask.nii").claims
    assert ImageGeometry.from_axes(claims.size, claims.axes, claims.origin).is_close(GEOMETRY)


def test_nifti_with_neither_form_has_spacings_only(tmp_path):
    claims = read_mask_file(nifti_of(tmp_path, labels(), np.diag([2, 3, 4, 1]), sform_code=0, qform_code=0)).claims
    assert claims.axes is None and claims.origin is None
    assert claims.spacing == (2, 3, 4)
    assert claims.gaps == {Gap.NO_SPACE, Gap.NO_ORIGIN, Gap.NO_DIRECTIONS}


def test_forms_of_nifti_that_contradict_each_other_are_told(tmp_path):
    image = nibabel.Nifti1Image(labels().T, None)
    image.set_sform(GEOMETRY.ijk_to_ras, 1)
    image.set_qform(LPS_FROM_RAS @ GEOMETRY.ijk_to_ras, 1)
    nibabel.save(image, tmp_path / "mask.nii")
    claims = read_mask_file(tmp_path / "mask.nii").claims
    assert "mm apart; the sform was used" in claims.remarks[0]
    assert ImageGeometry.from_axes(claims.size, claims.axes, claims.origin).is_close(GEOMETRY)


def test_an_impossible_sform_gives_way_to_the_qform(tmp_path):
    path = nifti_of(tmp_path, labels(), GEOMETRY.ijk_to_ras, sform_code=1, qform_code=1, srow_x=np.nan)
    claims = read_mask_file(path).claims
    assert ImageGeometry.from_axes(claims.size, claims.axes, claims.origin).is_close(GEOMETRY)
    assert "describes no volume" in claims.remarks[0]


@pytest.mark.parametrize(("code", "scale"), [(0, 1), (1, 1000), (2, 1), (3, 1e-3), (11, 1e-3)])
def test_units_of_nifti_become_mm(tmp_path, code, scale):
    claims = read_mask_file(nifti_of(tmp_path, labels(), sform_code=1, xyzt_units=code)).claims
    assert claims.unit_scale == scale
    assert claims.axes[2, 2] == pytest.approx(2.5 * scale)
    assert claims.origin == pytest.approx((-100 * scale, -120 * scale, 30 * scale))


def test_nifti_2_and_a_packed_file_without_gz_in_its_name_are_read(tmp_path):
    image = nibabel.Nifti2Image(labels().astype(np.int32).T, SHEARED_RAS)
    path = tmp_path / "mask.nii"
    path.write_bytes(gzip.compress(image.to_bytes()))
    np.testing.assert_array_equal(read_mask_file(path).layers[0], labels())


def test_big_endian_nifti_is_read(tmp_path):
    header = nibabel.Nifti1Header(endianness=">")
    header.set_data_dtype(">i2")
    path = tmp_path / "mask.nii"
    path.write_bytes(nibabel.Nifti1Image(labels().astype(">i2").T, SHEARED_RAS, header).to_bytes())
    np.testing.assert_array_equal(read_mask_file(path).layers[0], labels())


def test_scaled_nifti_is_scaled(tmp_path):
    mask = read_mask_file(nifti_of(tmp_path, labels(), scl_slope=100, scl_inter=0))
    np.testing.assert_array_equal(mask.layers[0], labels().astype(int) * 100)


@pytest.mark.parametrize("shape", [(1, 12, 16, 20), (1, 1, 12, 16, 20)])
def test_trailing_axes_of_one_are_dropped(tmp_path, shape):
    np.testing.assert_array_equal(read_mask_file(nifti_of(tmp_path, labels().reshape(shape))).layers[0], labels())


def test_probabilities_in_nifti_are_cut(tmp_path):
    mask = read_mask_file(nifti_of(tmp_path, labels().astype(np.float32) * 0.4))
    np.testing.assert_array_equal(mask.layers[0], labels() == 2)


# MetaImage


@pytest.mark.parametrize(("name", "packed"), [("mask.mha", False), ("mask.mha", True), ("mask.mhd", False)])
def test_metaimage_is_read(tmp_path, name, packed):
    mask = read_mask_file(metaimage_of(tmp_path, labels(), name, packed))
    np.testing.assert_array_equal(mask.layers[0], labels())
    claims = mask.claims
    assert not claims.gaps and not claims.remarks
    assert ImageGeometry.from_axes(claims.size, claims.axes, claims.origin).is_close(GEOMETRY)


def test_what_a_metaimage_does_not_say_is_not_taken_from_itk(tmp_path):
    path = metaimage_of(tmp_path, labels())
    edited(path, (b"TransformMatrix", b"Comment"), (b"Offset", b"Name"), (b"AnatomicalOrientation = RAI\n", b""))
    claims = read_mask_file(path).claims
    assert claims.gaps == {Gap.NO_ORIGIN, Gap.NO_DIRECTIONS}
    assert claims.axes is None and claims.origin is None
    assert claims.spacing == pytest.approx(GEOMETRY.spacing)


def test_anatomical_orientation_stands_in_for_missing_directions(tmp_path):
    path = edited(metaimage_of(tmp_path, labels()), (b"TransformMatrix", b"Comment"), (b"= RAI", b"= LPI"))
    claims = read_mask_file(path).claims
    np.testing.assert_allclose(claims.axes, np.diag([-0.9, -1.1, 2.5]))
    assert "AnatomicalOrientation was taken" in claims.remarks[0]


def test_anatomical_orientation_that_contradicts_the_directions_is_told(tmp_path):
    path = edited(metaimage_of(tmp_path, labels()), (b"= RAI", b"= LPI"))
    claims = read_mask_file(path).claims
    assert "contradicts" in claims.remarks[0]
    np.testing.assert_allclose(claims.axes, GEOMETRY.axes)


def test_units_of_metaimage_become_mm(tmp_path):
    path = edited(metaimage_of(tmp_path, labels()), (b"ElementSpacing", b"DistanceUnits = um\nElementSpacing"))
    claims = read_mask_file(path).claims
    assert claims.unit_scale == 1e-3
    assert claims.origin == pytest.approx((-0.1, -0.12, 0.03))


# What cannot be read


@pytest.mark.parametrize("suffix", MASK_SUFFIXES)
@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "empty"), (b"Dear colleague,\nplease find enclosed\n", "not begin"), (bytes(1000), "not begin")],
)
def test_files_that_are_something_else_are_refused(tmp_path, suffix, content, says):
    path = tmp_path / f"mask{suffix}"
    path.write_bytes(content)
    assert says in refusal(path)


@pytest.mark.parametrize("suffix", [".nii.gz", ".nii"])
def test_a_packed_file_of_something_else_is_refused(tmp_path, suffix):
    path = tmp_path / f"mask{suffix}"
    path.write_bytes(gzip.compress(b"Dear colleague"))
    assert "not begin" in refusal(path)


def test_a_folder_a_missing_file_and_an_unknown_name_are_refused(tmp_path):
    folder = tmp_path / "mask.nrrd"
    folder.mkdir()
    assert "folder" in refusal(folder)
    assert "No such file" in refusal(tmp_path / "absent.nrrd")
    picture = tmp_path / "mask.png"
    picture.write_bytes(b"x")
    assert ".nii.gz" in refusal(picture)


def whole_files(folder):
    yield nrrd_of(folder, labels()).rename(folder / "g.nrrd")
    yield nrrd_of(folder, labels(), encoding="bzip2").rename(folder / "b.nrrd")
    yield nrrd_of(folder, labels(), encoding="raw").rename(folder / "r.nrrd")
    yield nifti_of(folder, labels())
    yield nifti_of(folder, labels(), name="mask.nii")
    yield metaimage_of(folder, labels())
    yield metaimage_of(folder, labels(), "packed.mha", True)


def test_a_file_that_was_cut_short_is_refused_wherever_it_was_cut(tmp_path):
    for path in whole_files(tmp_path):
        data = path.read_bytes()
        for length in {4, 60, 200, 400, len(data) // 2, len(data) - PADDING, len(data) - 1}:
            path.write_bytes(data[: min(length, len(data) - 1)])
            refusal(path)


def test_damaged_packed_data_are_refused(tmp_path):
    for path in whole_files(tmp_path):
        if path.name in ("r.nrrd", "mask.nii", "mask.mha"):
            continue
        data = bytearray(path.read_bytes())
        data[-40:-20] = bytes(20)
        path.write_bytes(data)
        refusal(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(
    which=st.integers(0, 6),
    places=st.lists(st.integers(0, 399), min_size=1, max_size=4),
    bytes_=st.lists(st.sampled_from(b"0123456789-.() :=,%\nN\x00\xff"), min_size=4, max_size=4),
)
def test_a_damaged_header_is_read_or_refused_and_nothing_else(tmp_path, which, places, bytes_):
    path = list(whole_files(tmp_path))[which]
    data = bytearray(path.read_bytes())
    for place, byte in zip(places, bytes_, strict=False):
        data[place % len(data)] = byte
    path.write_bytes(data)
    try:
        assert read_mask_file(path).segments
    except OverlayError as error:
        assert str(path) in str(error)


@pytest.mark.parametrize("slices", [b"11", b"13", b"999999999"])
@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "hex", "ascii"])
def test_a_size_that_lies_is_refused_in_nrrd(tmp_path, slices, encoding):
    path = edited(nrrd_of(tmp_path, labels(), encoding=encoding), (b"sizes: 20 16 12", b"sizes: 20 16 " + slices))
    refusal(path)


@pytest.mark.parametrize("slices", [11, 13, 32000])
@pytest.mark.parametrize("name", ["mask.nii", "mask.nii.gz"])
def test_a_size_that_lies_is_refused_in_nifti(tmp_path, slices, name):
    path = nifti_of(tmp_path, labels(), name="mask.nii")
    data = bytearray(path.read_bytes())
    data[46:48] = struct.pack("<h", slices)
    path = tmp_path / name
    path.write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    refusal(path)


@pytest.mark.parametrize("slices", [b"11", b"13", b"999999999"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_size_that_lies_is_refused_in_metaimage(tmp_path, slices, packed):
    path = metaimage_of(tmp_path, labels(), packed=packed)
    refusal(edited(path, (b"DimSize = 20 16 12", b"DimSize = 20 16 " + slices)))


def test_a_small_file_cannot_unpack_to_an_enormous_one(tmp_path):
    path = nrrd_of(tmp_path, labels(), encoding="raw")
    head = path.read_bytes().partition(b"\n\n")[0].replace(b"encoding: raw", b"encoding: gzip")
    bomb = zlib.compressobj(9, wbits=31)
    packed = b"".join(bomb.compress(bytes(1 << 20)) for _ in range(200)) + bomb.flush()
    path.write_bytes(head + b"\n\n" + packed)
    assert "hold more" in refusal(path)


def test_a_few_bytes_after_the_voxels_are_no_defect(tmp_path):
    path = nrrd_of(tmp_path, labels(), encoding="raw")
    path.write_bytes(path.read_bytes() + b"\r\n")
    np.testing.assert_array_equal(read_mask_file(path).layers[0], labels())


def test_an_empty_mask_is_refused(tmp_path):
    for path in (
        nrrd_of(tmp_path, labels() * 0),
        nifti_of(tmp_path, labels() * 0),
        metaimage_of(tmp_path, labels() * 0),
    ):
        assert "holds no segment" in refusal(path)


def test_pictures_of_two_dimensions_are_refused(tmp_path):
    assert "2 of its 2 axes" in refusal(nrrd_of(tmp_path, labels()[0], {}))
    assert "2 axes" in refusal(nifti_of(tmp_path, labels()[0]))
    sitk.WriteImage(sitk.GetImageFromArray(labels()[0]), str(tmp_path / "flat.mha"))
    assert "2 axes" in refusal(tmp_path / "flat.mha")


def test_an_image_in_place_of_a_mask_is_refused(tmp_path):
    ramp = np.arange(12 * 16 * 20, dtype=np.int16).reshape(12, 16, 20)
    assert "more than 2000 values" in refusal(nrrd_of(tmp_path, ramp))
    assert "more than 2000 values" in refusal(nifti_of(tmp_path, ramp.astype(np.int32)))


@settings(deadline=None)
@given(
    labels=arrays(
        st.sampled_from([np.uint8, np.int16, np.uint64]),
        array_shapes(min_dims=3, max_dims=3),
        elements=st.integers(0, 9),
    )
)
def test_the_values_of_labels_are_those_of_all_voxels(labels):
    assert label_values(labels) == sorted(set(labels.ravel().tolist()) - {0})


def test_colours_and_vectors_are_refused(tmp_path):
    array = np.ones((12, 16, 20, 3), np.uint8)
    assert "rgb-color" in refusal(nrrd_of(tmp_path, array, {"kinds": "RGB-color domain domain domain"}))
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=True), str(tmp_path / "colour.mha"))
    assert "3 numbers" in refusal(tmp_path / "colour.mha")
    assert "no mask" in refusal(nifti_of(tmp_path, labels().astype(np.complex64)))


@pytest.mark.parametrize("row", [np.nan, 0])
def test_impossible_affines_of_nifti_are_refused(tmp_path, row):
    path = nifti_of(tmp_path, labels(), sform_code=1, qform_code=0, srow_y=row)
    assert "affine" in refusal(path)


@pytest.mark.parametrize("matrix", [b"1 0 0 0 1 0 0 0 nan", b"1 0 0 0 1 0 0 1 0"])
def test_impossible_directions_of_metaimage_are_refused(tmp_path, matrix):
    refusal(edited(metaimage_of(tmp_path, labels()), (b"1 0 0 0 1 0 0 0 1", matrix)))


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("type: uint8", "type: block", "'block'"),
        ("type: uint8", "type: int16", "endian"),
        ("encoding: raw", "encoding: zrl", "'zrl'"),
        ("encoding: raw\n", "", "no encoding"),
        ("sizes: 20 16 12\n", "", "no sizes"),
        ("sizes: 20 16 12", "sizes: 20 16 -12", "no mask has"),
        ("dimension: 3", "dimension: 4", "3 sizes for 4 axes"),
        ("encoding: raw", "encoding: raw\nbyte skip: -7", "byte skip"),
        ("encoding: raw", "encoding: raw\ndata file: gone.raw", "'gone.raw' is missing"),
        ("encoding: raw", "encoding: raw\ndata file: m%03d.raw 1 3 0", "steps of 0"),
        ("\n\n", "\ndata file: LIST\n\n", "no data file"),
    ],
)
def test_defects_of_nrrd_headers_are_named(tmp_path, old, new, says):
    path = nrrd_of(tmp_path, labels(), encoding="raw")
    assert says in refusal(edited(path, (old.encode(), new.encode())))


def test_text_that_is_no_number_is_refused(tmp_path):
    path = nrrd_of(tmp_path, labels(), encoding="ascii")
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert "no number" in refusal(path)
    path = nrrd_of(tmp_path, labels(), encoding="hex")
    path.write_bytes(path.read_bytes()[:-2] + b"xy")
    assert "hex" in refusal(path)


def test_missing_data_files_of_metaimage_are_named(tmp_path):
    path = metaimage_of(tmp_path, labels(), "mask.mhd")
    (tmp_path / "mask.raw").unlink()
    assert "'mask.raw' is missing" in refusal(path)


@pytest.mark.parametrize(("module", "suffix"), [("nrrd", ".nrrd"), ("nibabel", ".nii")])
def test_a_missing_package_is_named(tmp_path, monkeypatch, module, suffix):
    monkeypatch.setitem(sys.modules, module, None)
    path = nrrd_of(tmp_path, labels()) if suffix == ".nrrd" else nifti_of(tmp_path, labels(), name="mask.nii")
    with pytest.raises(OverlayError, match=f"{module} is missing; install it with"):
        read_mask_file(path)
