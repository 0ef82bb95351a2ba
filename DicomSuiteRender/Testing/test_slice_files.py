"""Files of slices hold pixels and nothing else, appear complete, and are named after plane and slice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ct_volumes import ct_volume, segmentation_of
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.slice_views import Plane
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.picture_files import PictureFormat, write_picture_file
from DicomSuiteRenderLib.slice_files import write_slice_pictures
from DicomSuiteRenderLib.slice_pictures import SlicePictures
from DicomSuiteRenderLib.window_level import WindowLevel

WINDOW = WindowLevel(-980, 60)
SHAPE = (12, 70, 80)

NEEDED_TIFF_TAGS = {256, 257, 258, 259, 262, 273, 277, 278, 279, 284, 339}
"""Size, bits, compression, photometric interpretation, strips, samples, planes, sample format."""


@pytest.fixture
def volume(tmp_path: Path) -> Volume:
    return ct_volume(tmp_path / "dicom", SHAPE)


@pytest.mark.parametrize("channels", [(), (3,), (4,)])
@pytest.mark.parametrize("picture_format", [PictureFormat.PNG, PictureFormat.TIFF])
def test_png_and_tiff_keep_every_pixel(
    tmp_path: Path, picture_format: PictureFormat, channels: tuple[int, ...]
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (37, 53, *channels), dtype=np.uint8)
    path = tmp_path / f"picture{picture_format.suffix}"
    write_picture_file(path, pixels[:, ::-1], picture_format)
    with Image.open(path) as picture:
        np.testing.assert_array_equal(np.array(picture), pixels[:, ::-1])
    assert list(tmp_path.iterdir()) == [path]


def test_jpeg_stays_close_and_refuses_opacity(tmp_path: Path, volume: Volume) -> None:
    pixels = SlicePictures(volume, Plane.CORONAL, WINDOW).picture(30)
    write_picture_file(tmp_path / "picture.jpg", pixels, PictureFormat.JPEG)
    with Image.open(tmp_path / "picture.jpg") as picture:
        assert np.abs(np.array(picture).astype(int) - pixels).max() <= 8
    with pytest.raises(RenderError, match="transparency"):
        write_picture_file(tmp_path / "other.jpg", np.zeros((4, 4, 4), np.uint8), PictureFormat.JPEG)


@pytest.mark.parametrize("picture_format", PictureFormat)
def test_files_hold_nothing_of_the_patient_nor_of_the_program(
    tmp_path: Path, volume: Volume, picture_format: PictureFormat
) -> None:
    masks = segmentation_of(volume.grid, {"Müller": np.ones(SHAPE, bool)})
    (name,) = write_slice_pictures(volume, {Plane.AXIAL: [5]}, tmp_path / "out", WINDOW, picture_format, masks=masks)
    path = tmp_path / "out" / name
    data = path.read_bytes()
    for word in (b"ller", b"P-17", b"19610203", b"A-9", b"Adobe", b"PIL", str(tmp_path).encode(), b"Exif", b"http"):
        assert word not in data
    with Image.open(path) as picture:
        if picture_format is PictureFormat.TIFF:
            assert set(picture.tag_v2) <= NEEDED_TIFF_TAGS
        else:
            assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_whole_stacks_and_single_slices_are_written_side_by_side(tmp_path: Path, volume: Volume) -> None:
    names = list(write_slice_pictures(volume, {Plane.AXIAL: None, Plane.SAGITTAL: [7, 79]}, tmp_path / "out", WINDOW))
    assert names == [*(f"axial_{k:03}.png" for k in range(12)), "sagittal_007.png", "sagittal_079.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(names)
    with Image.open(tmp_path / "out" / "axial_003.png") as picture:
        np.testing.assert_array_equal(np.array(picture), SlicePictures(volume, Plane.AXIAL, WINDOW).picture(3))
        assert picture.size == (80, 70)


def test_a_slice_that_is_not_there_is_refused_before_anything_is_written(tmp_path: Path, volume: Volume) -> None:
    with pytest.raises(RenderError, match="no axial slice 12"):
        write_slice_pictures(volume, {Plane.AXIAL: [3, 12]}, tmp_path / "out", WINDOW)
    assert not (tmp_path / "out").exists()


def test_writing_stops_when_nobody_asks_for_more(tmp_path: Path, volume: Volume) -> None:
    pictures = write_slice_pictures(volume, {Plane.AXIAL: None}, tmp_path / "out", WINDOW)
    assert [next(pictures), next(pictures)] == ["axial_000.png", "axial_001.png"]
    pictures.close()
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path, volume: Volume) -> None:
    (tmp_path / "out").write_text("")
    with pytest.raises(OutputError, match="out cannot be made"):
        write_slice_pictures(volume, {Plane.AXIAL: [3]}, tmp_path / "out", WINDOW)


def test_a_file_that_cannot_be_written_is_named_and_leaves_nothing(tmp_path: Path, volume: Volume) -> None:
    (tmp_path / "axial_003.png").mkdir()
    with pytest.raises(OutputError, match="axial_003.png cannot be written"):
        list(write_slice_pictures(volume, {Plane.AXIAL: [3]}, tmp_path, WINDOW))
    assert not list(tmp_path.glob("*.part"))
