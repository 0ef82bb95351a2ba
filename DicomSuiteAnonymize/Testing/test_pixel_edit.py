"""Frames of real and generated files changed in place: nothing but what was meant to changes."""

import io
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

from captioned_pictures import PICTURES, bit_frames, encoded, stored_frames
from DicomSuiteAnonymizeLib.elements import FileRange
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.parts_file import open_parts
from DicomSuiteAnonymizeLib.pixels import compressed_frames
from DicomSuiteAnonymizeLib.pixels.pixel_black import black, blank
from DicomSuiteAnonymizeLib.pixels.pixel_edit import PixelFile, edited_file
from DicomSuiteAnonymizeLib.pixels.pixel_markers import remove_icons
from DicomSuiteAnonymizeLib.source_file import SourceFile

BOX = (slice(0, 4), slice(0, 6))
REAL = (
    "CT_small.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "emri_small_jpeg_ls_lossless.dcm",
    "JPEG2000.dcm", "J2K_pixelrep_mismatch.dcm", "JPEG-LL.dcm", "SC_rgb_jpeg_dcmtk.dcm", "ExplVR_BigEnd.dcm",
    "emri_small_big_endian.dcm", "image_dfl.dcm", "SC_ybr_full_422_uncompressed.dcm", "liver.dcm",
    "SC_rgb_rle_2frame.dcm", "SC_rgb_gdcm_KY.dcm", "eCT_Supplemental.dcm", "SC_rgb_expb_16bit.dcm",
)  # fmt: skip
"""Real files, among them single bits, 12 of 16 bits, overlays in unused bits, wrong signs, planes and pairs."""


def edited(content: bytes, change, update=lambda dataset: None) -> bytes:
    with edited_file(content, change, update) as new:
        return new.content()


def real_file(name: str) -> bytes:
    return Path(get_testdata_file(name)).read_bytes()


def zero_the_box(frame, _index):
    frame[BOX] = 0


@pytest.mark.parametrize("name", REAL)
def test_only_the_changed_samples_of_real_files_differ(name):
    content = real_file(name)
    before, after = stored_frames(content), stored_frames(edited(content, zero_the_box))
    expected = before.copy()
    expected[(slice(None), *BOX)] = 0
    assert np.array_equal(after, expected)


@pytest.mark.parametrize("name", ["CT_small", "emri_small_big_endian", "liver", "SC_ybr_full_422_uncompressed"])
def test_uncompressed_file_without_a_change_stays_byte_for_byte(name):
    content = real_file(f"{name}.dcm")
    assert edited(content, lambda frame, index: None) == content


def test_frames_come_one_by_one_with_their_index():
    content = real_file("SC_rgb_rle_2frame.dcm")
    seen = []
    edited(content, lambda frame, index: seen.append((index, frame.shape)))
    assert seen == [(0, (100, 100, 3)), (1, (100, 100, 3))]
    frames = list(PixelFile(io.BytesIO(content)).frames())
    assert np.array_equal(frames, stored_frames(content))


@pytest.mark.parametrize("name", ["SC_rgb_rle_2frame", "emri_small_jpeg_ls_lossless", "emri_small_big_endian", "liver"])
def test_any_frame_can_be_had_alone(name):
    file = PixelFile(io.BytesIO(real_file(f"{name}.dcm")))
    frames = [frame.copy() for frame in file.frames()]
    for index in (len(frames) - 1, 0):
        assert np.array_equal(file.frame(index), frames[index])
    with pytest.raises(AnonymizeError, match="no frame with this number"):
        file.frame(len(frames))


def test_every_encoder_of_rle_writes_the_same_bytes(monkeypatch):
    """So a result does not depend on whether the faster one is installed."""
    pytest.importorskip("rle")
    content = real_file("SC_rgb_rle_2frame.dcm")
    fast = edited(content, zero_the_box)
    monkeypatch.setitem(compressed_frames._ENCODERS, RLELossless, ("pydicom",))
    assert edited(content, zero_the_box) == fast


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.name)
def test_black_is_what_people_see_as_black(picture):
    content = encoded(picture)
    file = PixelFile(io.BytesIO(content))
    for frame in file.frames():
        background = frame[0, 0].astype(int)  # of the generated scans
        assert np.abs(background - black(file.dataset, file.frame_form)).max() <= 8, "JPEG rounds"


def test_boxes_grow_to_whole_pairs_where_pairs_share_their_colour():
    picture = next(picture for picture in PICTURES if picture.name == "us_ybr_422")
    file = PixelFile(io.BytesIO(encoded(picture)))
    frame = next(file.frames())
    frame[...] = 200
    blank(frame, [(5, 0, 2, 1)], black(file.dataset, file.form), file.form)
    assert frame[0, :10, 0].tolist() == [200] * 4 + [0] * 4 + [200] * 2


LAYOUTS = st.tuples(
    st.sampled_from([8, 16, 32]), st.booleans(), st.sampled_from([1, 3]), st.booleans(), st.integers(1, 3),
    st.integers(1, 7), st.integers(1, 7),
    st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(layout=LAYOUTS, seed=st.integers(0, 999))
def test_any_uncompressed_layout_keeps_every_other_sample(layout, seed):
    allocated, signed, samples, planar, frames, rows, columns, syntax = layout
    dataset = small_dataset(rows, columns, frames, samples, allocated, signed, planar)
    source = random.Random(seed).randbytes(rows * columns * samples * frames * allocated // 8)
    content = file_with(dataset, source, syntax)

    def change(frame, _index):
        frame[0, 0] = 1

    before, after = stored_frames(content), stored_frames(edited(content, change))
    expected = before.copy()
    expected[:, 0, 0] = 1
    assert np.array_equal(after, expected)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 11), st.integers(1, 5), st.integers(1, 9), st.integers(0, 99))
def test_single_bits_of_frames_that_do_not_end_with_a_byte_keep_their_places(count, rows, columns, seed):
    frames, stored = bit_frames(count, rows, columns, seed)
    dataset = small_dataset(rows, columns, count, 1, 1, False, False)
    content = file_with(dataset, stored, ExplicitVRLittleEndian)
    after = edited(content, lambda frame, index: frame.__setitem__((0, 0), 1))
    frames[:, 0, 0] = 1
    assert np.array_equal(stored_frames(after), frames)


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"NumberOfFrames": 3}, "shorter than its frames"),
        ({"Rows": 1}, "more frames than"),
        ({"PhotometricInterpretation": "CMYK"}, "photometric interpretation"),
        ({"BitsAllocated": 12}, "Bits Allocated"),
        ({"Columns": None}, "Columns is missing"),
    ],
)
def test_pixels_that_are_not_what_the_file_says_are_refused(attributes, reason):
    dataset = small_dataset(4, 4, 1, 1, 8, False, False)
    dataset.update({keyword: value for keyword, value in attributes.items() if value is not None})
    for keyword in (keyword for keyword, value in attributes.items() if value is None):
        del dataset[keyword]
    with pytest.raises(AnonymizeError, match=reason):
        edited(file_with(dataset, bytes(16), ExplicitVRLittleEndian), zero_the_box)


def test_hidden_compressed_frames_are_refused():
    dataset = dcmread(get_testdata_file("SC_rgb_rle_2frame.dcm"))
    dataset.NumberOfFrames = 1
    buffer = DicomBytesIO()
    dataset.save_as(buffer)
    with pytest.raises(AnonymizeError, match="more or fewer frames|cannot be decoded"):
        edited(buffer.getvalue(), zero_the_box)


def test_attributes_before_and_behind_the_pixels_stay_byte_for_byte():
    dataset = small_dataset(4, 4, 1, 1, 8, False, False)
    dataset.add_new(0x00091001, "UN", b"\1\2\3\4")
    dataset.add_new(0x00090010, "LO", "ODD  CREATOR")
    content = file_with(dataset, bytes(16), ExplicitVRLittleEndian) + b"\xfc\xff\xfc\xffOB\0\0\4\0\0\0\0\0\0\0"
    after = edited(content, lambda frame, index: frame.fill(7))
    assert len(after) == len(content)
    assert {(new, old) for new, old in zip(after, content, strict=True) if new != old} == {(7, 0)}
    assert sum(new != old for new, old in zip(after, content, strict=True)) == 16


def test_update_sees_attributes_that_describe_the_new_pixels():
    picture = next(picture for picture in PICTURES if picture.name == "us_cine_jpeg")
    seen = []
    edited(encoded(picture), zero_the_box, lambda dataset: seen.append(dataset.PhotometricInterpretation))
    assert seen == ["YBR_FULL"]


def test_parts_read_like_the_file_that_they_will_make(tmp_path):
    (tmp_path / "source").write_bytes(bytes(range(256)))
    parts = [b"head", FileRange(10, 20), b"", b"middle", FileRange(100, 5), b"tail"]
    whole = b"head" + bytes(range(10, 30)) + b"middle" + bytes(range(100, 105)) + b"tail"
    with SourceFile(str(tmp_path / "source")) as source:
        file = open_parts(source, parts)
        assert file.read() == whole
        for start in range(len(whole) + 1):
            file.seek(start)
            assert file.read(7) == whole[start : start + 7]


def test_icons_are_found_at_any_depth():
    innermost, item, dataset = Dataset(), Dataset(), Dataset()
    innermost.IconImageSequence = [Dataset()]
    item.ReferencedImageSequence = [innermost, Dataset()]
    dataset.IconImageSequence = [Dataset()]
    dataset.SourceImageSequence = [item]
    expected = ["(0008,2112)/(0008,1140)/(0088,0200)", "(0088,0200)"]
    removed = []
    small = small_dataset(4, 4, 1, 1, 8, False, False)
    small.update(dataset)
    for syntax in (ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian):
        content = file_with(small, bytes(16), syntax)
        after = edited(content, zero_the_box, lambda encoded: removed.extend(remove_icons(encoded)))
        assert "Icon" not in str(dcmread(io.BytesIO(after)))
    assert [path for path, *_ in removed] == expected * 3
    assert [path for path, *_ in remove_icons(dataset)] == expected
    assert "Icon" not in str(dataset)


def test_sequences_without_icons_are_not_taken_apart():
    item, dataset = Dataset(), small_dataset(4, 4, 1, 1, 8, False, False)
    item.add_new(0x00091001, "UN", b"\1\2\3\4")
    dataset.SourceImageSequence = [item]
    content = file_with(dataset, bytes(16), ExplicitVRLittleEndian)
    assert edited(content, lambda frame, index: None, lambda encoded: remove_icons(encoded) and None) == content


def small_dataset(rows, columns, frames, samples, allocated, signed, planar) -> Dataset:
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = CTImageStorage, "1.2.3.4"
    dataset.Rows, dataset.Columns, dataset.NumberOfFrames = rows, columns, frames
    dataset.SamplesPerPixel = samples
    dataset.PhotometricInterpretation = "RGB" if samples == 3 else "MONOCHROME2"
    if samples == 3:
        dataset.PlanarConfiguration = int(planar)
    dataset.BitsAllocated = dataset.BitsStored = allocated
    dataset.HighBit, dataset.PixelRepresentation = allocated - 1, int(signed and samples == 1)
    return dataset


def file_with(dataset: Dataset, pixels: bytes, syntax) -> bytes:
    dataset.PixelData = pixels + bytes(len(pixels) % 2)
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated <= 8 and syntax == ExplicitVRLittleEndian else "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = DicomBytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()
