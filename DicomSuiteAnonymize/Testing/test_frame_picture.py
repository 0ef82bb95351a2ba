"""One frame as a picture: what people see is what the file holds, whatever its colours and its place."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.uid import JPEG2000Lossless, RLELossless

from captioned_pictures import PICTURES, Picture, bit_frames, shown, write_picture
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.frame_picture import FramePicture, frame_picture
from DicomSuiteLib import cli
from DicomSuiteLib.synthetic_study import SyntheticStudy, write_synthetic_study


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> SyntheticStudy:
    return write_synthetic_study(tmp_path_factory.mktemp("frames") / "study")


def changed(study: SyntheticStudy, target: Path, **attributes: object) -> Path:
    """The study's ultrasound picture with other attributes."""
    dataset = dcmread(study.ultrasound_file)
    for name, value in attributes.items():
        setattr(dataset, name, value)
    dataset.save_as(target)
    return target


def test_grey_picture_is_stretched_and_can_be_sent_as_json(study) -> None:
    picture = frame_picture(study.ultrasound_file, 0)
    stored = dcmread(study.ultrasound_file).pixel_array
    assert np.array_equal(picture.pixels, stored)  # from 0 to 255 already
    again = FramePicture.from_json(json.loads(json.dumps(picture.as_json())))
    assert np.array_equal(again.pixels, picture.pixels) and again.geometry == picture.geometry and again.frames == 1


def test_picture_that_says_where_it_lies_lies_there(study) -> None:
    header = dcmread(study.ct_files[3])
    geometry = frame_picture(study.ct_files[3], 0).geometry
    assert geometry.size == (128, 128, 1)
    assert geometry.origin == tuple(map(float, header.ImagePositionPatient))
    assert geometry.spacing == (*map(float, header.PixelSpacing), float(header.SliceThickness))


def test_picture_without_a_place_has_pixels_of_one_millimetre(study) -> None:
    geometry = frame_picture(study.ultrasound_file, 0).geometry
    assert (geometry.size, geometry.spacing, geometry.origin) == ((320, 240, 1), (1, 1, 1), (0, 0, 0))


def test_monochrome1_is_shown_as_people_see_it(study, tmp_path) -> None:
    path = changed(study, tmp_path / "inverted.dcm", PhotometricInterpretation="MONOCHROME1")
    assert np.array_equal(frame_picture(path, 0).pixels, 255 - frame_picture(study.ultrasound_file, 0).pixels)


@pytest.mark.parametrize("syntax", [None, RLELossless, JPEG2000Lossless])
def test_frame_of_a_compressed_colour_clip_is_the_one_that_was_asked_for(study, tmp_path, syntax) -> None:
    frames = np.random.default_rng(7).integers(0, 255, (3, 48, 64, 3), np.uint8)
    path = changed(
        study, tmp_path / "clip.dcm", SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0,
        Rows=48, Columns=64, NumberOfFrames=3, PixelData=frames.tobytes(),
    )  # fmt: skip
    if syntax is not None:
        dataset = dcmread(path)
        dataset.compress(syntax)
        dataset.save_as(path)
    picture = frame_picture(path, 2)
    assert picture.frames == 3 and np.array_equal(picture.pixels, frames[2])


def test_palette_becomes_colours(study, tmp_path) -> None:
    ramp = np.arange(256, dtype=np.uint16)
    path = tmp_path / "palette.dcm"
    dataset = dcmread(study.ultrasound_file)
    dataset.PhotometricInterpretation = "PALETTE COLOR"
    for number, table in enumerate((ramp, 255 - ramp, ramp // 2)):
        dataset.add_new(0x00281101 + number, "US", [256, 0, 8])
        dataset.add_new(0x00281201 + number, "OW", table.astype(np.uint8).tobytes())
    dataset.save_as(path)
    stored = dcmread(study.ultrasound_file).pixel_array
    expected = np.stack([stored, 255 - stored, stored // 2], axis=-1)
    assert np.array_equal(frame_picture(path, 0).pixels, expected)


@pytest.mark.parametrize("one", PICTURES, ids=lambda one: one.name)
def test_every_format_is_shown_as_it_is_meant(tmp_path, one: Picture) -> None:
    path = write_picture(tmp_path, one)
    picture, expected = frame_picture(path, 0), shown(path)
    pixels = picture.pixels if picture.pixels.ndim == 3 else np.repeat(picture.pixels[..., None], 3, axis=2)
    assert picture.frames == one.frames
    assert np.abs(pixels.astype(int) - expected).max() <= 1, "grey values are rounded differently"


def test_planes_that_the_attributes_claim_of_a_jpeg_do_not_scramble_what_people_see(tmp_path) -> None:
    path = write_picture(tmp_path, next(one for one in PICTURES if one.name == "us_cine_jpeg"))
    plain = frame_picture(path, 1).pixels
    dataset = dcmread(path)
    dataset.PlanarConfiguration = 1
    dataset.save_as(path)
    assert np.array_equal(frame_picture(path, 1).pixels, plain)


def test_values_that_are_no_numbers_hide_none_of_the_others(study, tmp_path) -> None:
    values = np.linspace(-3, 5, 12, dtype=np.float32).reshape(3, 4)
    values[0, :3] = np.nan, np.inf, -np.inf
    path = tmp_path / "map.dcm"
    dataset = dcmread(study.ultrasound_file)
    dataset.Rows, dataset.Columns, dataset.BitsAllocated = 3, 4, 32
    del dataset.PixelData, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation
    dataset.FloatPixelData = values.tobytes()
    dataset.save_as(path)
    pixels = frame_picture(path, 0).pixels
    assert pixels[0].tolist() == [0, 255, 0, 0] and pixels[2, 3] == 255 and np.unique(pixels).size == 9


@pytest.mark.parametrize("index", [0, 7, 8, 10])
def test_single_bits_are_black_and_white(study, tmp_path, index) -> None:
    frames, stored = bit_frames(11, 3, 5, 4)
    path = changed(
        study, tmp_path / "bits.dcm", Rows=3, Columns=5, NumberOfFrames=11, BitsAllocated=1, BitsStored=1, HighBit=0,
        PixelData=stored + bytes(len(stored) % 2),
    )  # fmt: skip
    assert np.array_equal(frame_picture(path, index).pixels, frames[index] * 255)


def test_overlay_in_unused_bits_does_not_darken_the_picture(study, tmp_path) -> None:
    stored = dcmread(study.ultrasound_file).pixel_array.astype(np.uint16)
    hidden = stored.copy()
    hidden[:10] |= 0x4000
    pictures = [
        frame_picture(changed(
            study, tmp_path / "bits.dcm", BitsAllocated=16, BitsStored=12, HighBit=11, PixelData=values.tobytes()
        ), 0).pixels
        for values in (stored, hidden)
    ]  # fmt: skip
    assert np.array_equal(*pictures)


def test_frame_that_is_not_there_is_refused_without_any_value(study) -> None:
    with pytest.raises(AnonymizeError, match="frame 2 cannot be decoded .*no frame with this number"):
        frame_picture(study.ultrasound_file, 1)
    with pytest.raises(AnonymizeError, match="cannot be decoded .*no pixel data"):
        frame_picture(study.structure_set_file, 0)


def test_command_shows_a_picture_only_to_who_may_see_it(study, capsys) -> None:
    assert cli.main(["picture", str(study.ultrasound_file)]) == 2
    assert "--show-phi" in capsys.readouterr().err
    assert cli.main(["picture", str(study.ultrasound_file), "--show-phi"]) == 0
    shown = json.loads(capsys.readouterr().out)["result"]
    assert np.array_equal(FramePicture.from_json(shown).pixels, frame_picture(study.ultrasound_file, 0).pixels)
