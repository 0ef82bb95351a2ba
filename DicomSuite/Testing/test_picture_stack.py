"""Pictures of slices become a volume where that can be right, and are refused in words where it cannot."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from dicom_slices import write_stack
from DicomSuiteLib.geometry import GeometryError
from DicomSuiteLib.picture_stack import LUMINANCE_NOTE, ORIENTATION_NOTE, pictures_in
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.volumes import VolumeError

SPACING = (0.5, 0.75, 2.0)
SLICES = np.random.default_rng(5).integers(0, 256, (12, 7, 9)).astype(np.uint8)
COLOURS = np.random.default_rng(6).integers(0, 256, (3, 7, 9, 3)).astype(np.uint8)


def write_pictures(folder: Path, slices: np.ndarray, suffix: str = ".png") -> Path:
    """One picture of each slice, numbered without zeros in front: slice 1 to slice 12."""
    folder.mkdir(exist_ok=True)
    for number, pixels in enumerate(slices, start=1):
        Image.fromarray(pixels).save(folder / f"slice {number}{suffix}")
    return folder


@pytest.mark.parametrize("suffix", [".png", ".tif", ".TIFF"])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_grey_pictures_become_slices_in_the_order_of_their_numbers(tmp_path: Path, suffix: str, kind: type) -> None:
    slices = SLICES.astype(kind) * (250 if kind is np.uint16 else 1)
    volume = read_volume(write_pictures(tmp_path / "stack", slices, suffix), spacing=SPACING)
    assert volume.voxels.dtype == kind
    assert np.array_equal(volume.voxels, slices)
    assert volume.grid.geometry.spacing == SPACING
    assert np.allclose(volume.grid.geometry.directions, np.eye(3))
    assert [path.stem for path in volume.files] == [f"slice {number}" for number in range(1, 13)]
    assert (volume.modality, volume.notes, volume.is_dicom) == ("", (ORIENTATION_NOTE,), False)


def test_jpeg_is_read_within_its_own_loss(tmp_path: Path) -> None:
    smooth = np.broadcast_to(np.linspace(0, 255, 64).astype(np.uint8), (3, 48, 64))
    volume = read_volume(write_pictures(tmp_path / "stack", smooth, ".jpg"), spacing=SPACING)
    assert np.abs(volume.voxels.astype(int) - smooth).max() <= 4


def test_pages_of_a_tiff_are_a_stack(tmp_path: Path) -> None:
    pages = [Image.fromarray(pixels) for pixels in SLICES]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    assert np.array_equal(read_volume(tmp_path / "pages.tif", spacing=SPACING).voxels, SLICES)


@pytest.mark.parametrize("channels", [3, 4])
def test_colour_pictures_that_are_grey_are_grey(tmp_path: Path, channels: int) -> None:
    grey = np.repeat(SLICES[..., None], channels, axis=-1)
    if channels == 4:
        grey[..., 3] = 255
    volume = read_volume(write_pictures(tmp_path / "stack", grey), spacing=SPACING)
    assert np.array_equal(volume.voxels, SLICES)
    assert volume.notes == (ORIENTATION_NOTE,)


def test_colours_are_refused_unless_their_brightness_is_asked_for(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "stack", COLOURS)
    with pytest.raises(VolumeError, match=r"slice 1\.png has colours.*ask for the brightness"):
        read_volume(folder, spacing=SPACING)
    volume = read_volume(folder, spacing=SPACING, luminance=True)
    expected = [np.array(Image.fromarray(pixels).convert("L"), int) for pixels in COLOURS]
    assert volume.voxels.dtype == np.uint8
    assert np.abs(volume.voxels - expected).max() <= 1
    assert LUMINANCE_NOTE in volume.notes


def test_one_picture_in_colour_among_grey_ones_is_noticed(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "stack", SLICES)
    Image.fromarray(COLOURS[0]).save(folder / "slice 4.png")
    with pytest.raises(VolumeError, match=r"slice 4\.png has colours"):
        read_volume(folder, spacing=SPACING)
    brightness = read_volume(folder, spacing=SPACING, luminance=True).voxels
    assert np.array_equal(np.delete(brightness, 3, axis=0), np.delete(SLICES, 3, axis=0))


def test_single_picture_is_no_volume(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "stack", SLICES[:1])
    for path in (folder, folder / "slice 1.png"):
        with pytest.raises(VolumeError, match=r"slice 1\.png makes no volume: that needs two slices"):
            read_volume(path, spacing=SPACING)


def test_pictures_without_a_spacing_ask_for_it(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "stack", SLICES)
    for path in (folder, folder / "slice 1.png"):
        with pytest.raises(VolumeError, match="do not say how large they are; give the spacing"):
            read_volume(path)


@pytest.mark.parametrize("spacing", [(0, 1, 1), (1, -1, 1), (1, 1, float("nan")), (1, 1), ("a", 1, 1)])
def test_spacing_that_is_none_is_refused(tmp_path: Path, spacing: tuple) -> None:
    with pytest.raises(GeometryError, match="(?i)spacing"):
        read_volume(write_pictures(tmp_path / "stack", SLICES), spacing=spacing)


def test_pictures_of_other_sizes_are_refused(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "stack", SLICES)
    Image.fromarray(SLICES[0, :5]).save(folder / "slice 7.png")
    with pytest.raises(VolumeError, match=r"slice 7\.png has 9 x 5 pixels, the first picture 9 x 7"):
        read_volume(folder, spacing=SPACING)


@pytest.mark.parametrize("content", [b"no picture", b""])
def test_file_that_is_no_picture_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    folder = write_pictures(tmp_path / "stack", SLICES)
    (folder / "slice 13.png").write_bytes(content)
    with pytest.raises(VolumeError, match=r"slice 13\.png cannot be read as a picture"):
        read_volume(folder, spacing=SPACING)


def test_spacing_is_for_pictures_alone(tmp_path: Path) -> None:
    write_stack(tmp_path / "dicom", [0, 1, 2])
    with pytest.raises(VolumeError, match="holds no PNG, JPEG or TIFF pictures"):
        read_volume(tmp_path / "dicom", spacing=SPACING)


def test_pictures_beside_dicom_files_do_not_disturb_them(tmp_path: Path) -> None:
    write_stack(tmp_path / "dicom", [0, 1, 2])
    write_pictures(tmp_path / "dicom", SLICES)
    assert read_volume(tmp_path / "dicom").is_dicom


def test_what_is_hidden_or_no_picture_is_left_out_of_the_stack(tmp_path: Path) -> None:
    folder = write_pictures(tmp_path / "stack", SLICES)
    (folder / "._slice 1.png").write_bytes(b"resource fork")
    (folder / "readme.txt").write_text("not a slice")
    (folder / "more.png").mkdir()
    assert np.array_equal(read_volume(folder, spacing=SPACING).voxels, SLICES)


@given(st.permutations(range(25)))
def test_numbers_in_names_count_by_value(tmp_path_factory: pytest.TempPathFactory, order: list[int]) -> None:
    folder = tmp_path_factory.mktemp("names")
    for number in order:
        (folder / f"IMG{number}_v2.PNG").touch()
    assert [path.name for path in pictures_in(folder)] == [f"IMG{number}_v2.PNG" for number in range(25)]


def test_image_of_four_dimensions_is_a_volume_only_if_the_fourth_is_single(tmp_path: Path) -> None:
    image = sitk.GetImageFromArray(SLICES[None].astype(np.int16), isVector=False)
    image.SetSpacing((0.5, 0.75, 2.0, 1.0))
    sitk.WriteImage(image, str(tmp_path / "single.mha"))
    volume = read_volume(tmp_path / "single.mha")
    assert np.array_equal(volume.voxels, SLICES)
    assert volume.grid.geometry.spacing == pytest.approx(SPACING)
    several = sitk.GetImageFromArray(np.stack([SLICES, SLICES]).astype(np.int16), isVector=False)
    sitk.WriteImage(several, str(tmp_path / "several.mha"))
    with pytest.raises(VolumeError, match="4 dimensions and 1 values a voxel"):
        read_volume(tmp_path / "several.mha")


def test_flat_image_and_image_in_colour_are_refused(tmp_path: Path) -> None:
    sitk.WriteImage(sitk.GetImageFromArray(SLICES[0]), str(tmp_path / "flat.nrrd"))
    with pytest.raises(VolumeError, match="2 dimensions"):
        read_volume(tmp_path / "flat.nrrd")
    sitk.WriteImage(sitk.GetImageFromArray(COLOURS, isVector=True), str(tmp_path / "colour.nrrd"))
    with pytest.raises(VolumeError, match="3 values a voxel"):
        read_volume(tmp_path / "colour.nrrd")


def test_dicom_pictures_in_colour_are_refused(tmp_path: Path) -> None:
    write_stack(tmp_path / "colour", [0, 1], SamplesPerPixel=3, PhotometricInterpretation="RGB")
    with pytest.raises(VolumeError, match="colour pictures"):
        read_volume(tmp_path / "colour")


def test_voxels_that_are_no_numbers_are_noted_and_an_image_without_any_is_refused(tmp_path: Path) -> None:
    voxels = SLICES.astype(np.float32)
    voxels[0, 0, :3] = np.nan, np.inf, -np.inf
    sitk.WriteImage(sitk.GetImageFromArray(voxels), str(tmp_path / "gaps.nrrd"))
    volume = read_volume(tmp_path / "gaps.nrrd")
    assert np.array_equal(volume.voxels, voxels, equal_nan=True)
    assert volume.notes == ("3 of 756 voxels are not finite (NaN or infinite)",)
    sitk.WriteImage(sitk.GetImageFromArray(np.full_like(voxels, np.nan)), str(tmp_path / "nothing.nrrd"))
    with pytest.raises(VolumeError, match="holds no number"):
        read_volume(tmp_path / "nothing.nrrd")
