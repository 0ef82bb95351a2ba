"""Pictures show the mask where it lies, the right way round and in the right proportions, and look the same always."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given, settings
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray
from PIL import Image

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.output_file import OutputError
from DicomSuiteLib.picture_text import slice_place
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segment_extent import bounding_box
from DicomSuiteLib.segments import BoolArray, Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.slice_views import Plane, SliceView, segment_slice, volume_slice
from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.voxel_window import VoxelWindow
from DicomSuiteRTOverlayLib.overlay_pictures import PANEL_SIZE, PANEL_STEP, PICTURE_SIZE, overlay_picture, write_picture
from DicomSuiteRTOverlayLib.picture_views import picture_views, shown_point
from measured_segments import BALL, GRIDS, SHAPE, block, ellipsoid, even_grid, segment
from real_data import real_data

RED = (1.0, 0.0, 0.0)

every_grid = pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)


def black_volume(grid: SliceGrid) -> Volume:
    return Volume(np.full(grid.shape, -1000, np.int16), grid, "CT")


def red_segmentation(mask: BoolArray, grid: SliceGrid) -> Segmentation:
    return Segmentation((Segment.from_mask("red", RED, 1, mask),), grid)


def pixels(volume: Volume, segmentation: Segmentation, caption: str = "") -> NDArray[np.int64]:
    picture = Image.open(io.BytesIO(overlay_picture(volume, segmentation, caption)))
    return np.asarray(picture).astype(int)


def views_of(segmentation: Segmentation) -> tuple[SliceView, ...]:
    boxes = [bounding_box(part, segmentation.grid) for part in segmentation.segments]
    return picture_views(segmentation, boxes, *PANEL_SIZE)


def panel(picture: NDArray, plane: Plane) -> NDArray:
    left = list(Plane).index(plane) * PANEL_STEP
    return picture[: PANEL_SIZE[1], left : left + PANEL_SIZE[0]]


def is_red(picture: NDArray) -> BoolArray:
    """Pixels of the outline, by more than half."""
    return (picture[..., 0] > 128) & (picture[..., 1] < 60)


def ends_of(places: BoolArray) -> NDArray:
    """First and last (row, column) of what is True, (2, 2)."""
    found = np.argwhere(places)
    return np.stack([found.min(axis=0), found.max(axis=0)])


def ball_in_mm(grid: SliceGrid, radius: float = 9.0) -> BoolArray:
    """Voxels within `radius` mm of the centre of the voxel in the middle."""
    k, j, i = np.indices(grid.shape)
    middle = grid.lps_from_ijk(np.array(grid.size) // 2)
    return np.linalg.norm(grid.lps_from_ijk(np.stack([i, j, k], axis=-1)) - middle, axis=-1) <= radius


@every_grid
def test_ball_is_round_and_of_its_size_in_every_plane(grid: SliceGrid) -> None:
    """Non-square voxels, thick and uneven slices, tilted gantries and oblique volumes keep their proportions."""
    segmentation = red_segmentation(ball_in_mm(grid, 9), grid)
    pixel_size = views_of(segmentation)[0].pixel_size
    picture = pixels(black_volume(grid), segmentation)
    for plane in Plane:
        ends = ends_of(is_red(panel(picture, plane)))
        assert (ends[1] - ends[0] + 1) * pixel_size == pytest.approx(18, abs=4)  # a voxel is up to 5 mm thick


@every_grid
def test_pixels_are_inside_where_the_nearest_voxel_is(grid: SliceGrid) -> None:
    for view in views_of(red_segmentation(BALL, grid)):
        left, top = view.edges()
        points = left[:, None] + (top - top[0])
        nearest = np.rint(grid.ijk_from_lps(points)).astype(int)[..., ::-1]
        within = np.all((nearest >= 0) & (nearest < SHAPE), axis=-1)
        expected = within & BALL[tuple(np.moveaxis(np.clip(nearest, 0, np.array(SHAPE) - 1), -1, 0))]
        found = segment_slice(segment(BALL), grid, view)
        assert np.count_nonzero(found != expected) < 0.05 * np.count_nonzero(expected)


@every_grid
def test_mask_and_volume_are_cut_alike(grid: SliceGrid) -> None:
    voxels = np.where(BALL, 1000, -1000).astype(np.int16)
    for view in views_of(red_segmentation(BALL, grid)):
        bright = volume_slice(voxels, grid, view) >= 0
        assert np.count_nonzero(bright != segment_slice(segment(BALL), grid, view)) < 0.01 * np.count_nonzero(bright)


def test_letters_are_radiological() -> None:
    assert Plane.AXIAL.letters == ("R", "L", "A", "P")
    assert Plane.CORONAL.letters == ("R", "L", "S", "I")
    assert Plane.SAGITTAL.letters == ("A", "P", "S", "I")


@every_grid
@pytest.mark.parametrize(
    ("axis", "shown"),
    [
        (0, {Plane.AXIAL: "right", Plane.CORONAL: "right"}),
        (1, {Plane.AXIAL: "bottom", Plane.SAGITTAL: "right"}),
        (2, {Plane.CORONAL: "top", Plane.SAGITTAL: "top"}),
    ],
    ids=["left", "posterior", "superior"],
)
def test_every_side_of_the_patient_is_drawn_at_its_letter(grid: SliceGrid, axis: int, shown: dict[Plane, str]) -> None:
    places = grid.lps_from_ijk(np.moveaxis(np.indices(SHAPE)[::-1], 0, -1))[..., axis]
    picture = pixels(black_volume(grid), red_segmentation(places > np.percentile(places, 90), grid))
    for plane, side in shown.items():
        row, column = ends_of(is_red(panel(picture, plane))).mean(axis=0) / PANEL_SIZE[::-1]
        assert {"right": column > 0.6, "bottom": row > 0.6, "top": row < 0.4}[side]


def test_place_of_the_slice_is_told_as_slicer_does() -> None:
    centre = (-12.34, 5.0, -0.01)
    words = [slice_place(SliceView(plane, centre, 1.0, 10, 10)) for plane in Plane]
    assert words == ["S 0.0 mm", "P 5.0 mm", "R 12.3 mm"]


@given(hnp.arrays(bool, (4, 5, 6)).filter(np.any))
@settings(max_examples=60)
def test_every_plane_goes_through_a_voxel_inside(mask: BoolArray) -> None:
    geometry = ImageGeometry.from_axes((6, 5, 4), np.diag([1.0, 2.0, 3.0]), (5, 6, 7))
    grid = SliceGrid.from_geometry(geometry)
    i, j, k = np.rint(grid.ijk_from_lps(shown_point(red_segmentation(mask, grid)))).astype(int)
    assert mask[k, j, i]


def test_plane_between_two_parts_moves_into_one() -> None:
    kidneys = ellipsoid((12, 14, 6), (6, 4, 4)) | ellipsoid((12, 14, 28), (6, 4, 4))
    grid = even_grid()
    i, _, _ = grid.ijk_from_lps(shown_point(red_segmentation(kidneys, grid)))
    assert i == pytest.approx(6)


def test_small_mask_in_a_large_volume_is_shown_enlarged_with_its_surroundings() -> None:
    geometry = ImageGeometry.from_axes((500, 500, 60), np.diag([1.0, 1.0, 5.0]), (0, 0, 0))
    grid = SliceGrid.from_geometry(geometry)
    lesion = Segment("lesion", RED, 1, (30, 20, 250), np.ones((2, 10, 10), bool))
    view = views_of(Segmentation((lesion,), grid))[0]
    assert view.width * view.pixel_size == pytest.approx(150, rel=0.05)
    left, _ = view.edges()
    corner = left[0]
    assert corner[1] == pytest.approx(0, abs=1)  # not beyond the volume, though the lesion is near its edge


def test_outline_is_drawn_around_and_the_fill_is_light() -> None:
    grid = even_grid()
    axial = panel(pixels(black_volume(grid), red_segmentation(BALL, grid)), Plane.AXIAL)
    ends = ends_of(is_red(axial))
    row, column = ends.mean(axis=0).astype(int)
    assert axial[row, column].tolist() == [51, 0, 0]
    assert is_red(axial[row])[ends[0, 1] : ends[0, 1] + 5].sum() in (1, 2)
    assert not axial[row, ends[0, 1] - 3].any()


def test_structure_of_a_single_voxel_is_seen_in_every_plane() -> None:
    geometry = ImageGeometry.from_axes((400, 400, 100), np.diag([0.5, 0.5, 3.0]), (0, 0, 0))
    grid = SliceGrid.from_geometry(geometry)
    dot = Segment("dot", RED, 1, (50, 200, 200), np.ones((1, 1, 1), bool))
    volume = Volume(np.full(grid.shape, -1000, np.int16), grid, "CT")
    picture = pixels(volume, Segmentation((dot,), grid))
    for plane in Plane:
        redness = panel(picture, plane)[..., 0] - panel(picture, plane)[..., 1]
        assert redness.max() > 100


def test_segments_keep_their_colours() -> None:
    grid = even_grid()
    green = Segment.from_mask("green", (0.0, 1.0, 0.0), 2, block((8, 3, 3), (16, 8, 8)))
    both = Segmentation((Segment.from_mask("red", RED, 1, block((8, 3, 20), (16, 24, 30))), green), grid)
    axial = panel(pixels(black_volume(grid), both), Plane.AXIAL)
    assert is_red(axial).any()
    assert ((axial[..., 1] > 128) & (axial[..., 0] < 60)).any()


def test_same_input_gives_the_same_bytes() -> None:
    grid = even_grid()
    segmentation = red_segmentation(BALL, grid)
    first, again = (overlay_picture(black_volume(grid), segmentation, "placed") for _ in range(2))
    assert first == again
    assert Image.open(io.BytesIO(first)).size == PICTURE_SIZE
    assert overlay_picture(black_volume(grid), segmentation, "refused") != first


def test_empty_mask_shows_the_middle_of_the_volume() -> None:
    grid = even_grid()
    picture = pixels(black_volume(grid), red_segmentation(np.zeros(SHAPE, bool), grid))
    assert not is_red(picture[: PANEL_SIZE[1]]).any()
    assert not is_red(pixels(black_volume(grid), Segmentation((), grid))).any()


@pytest.mark.parametrize("name", ["", "Läsion 左", "a\nb\x1b[31m", "\ud800", "very long " * 30])
def test_any_name_and_caption_can_be_written(name: str) -> None:
    grid = even_grid()
    dot = block((11, 14, 17), (12, 15, 18))
    segments = tuple(Segment.from_mask(name, RED, number, dot) for number in range(1, 40))
    assert overlay_picture(black_volume(grid), Segmentation(segments, grid), name * 3)


def test_voxels_without_a_number_are_background() -> None:
    grid = even_grid()
    voxels = np.full(SHAPE, 5.0, np.float32)
    voxels[:, :, 18:] = np.nan
    picture = pixels(Volume(voxels, grid, "MR"), red_segmentation(BALL, grid))
    assert picture.max() <= 255


def test_window_is_soft_tissue_for_ct_and_percentiles_otherwise() -> None:
    voxels = np.linspace(0, 1000, 24 * 30 * 36).reshape(SHAPE)
    voxels[0, 0, 0] = 1e6
    grid = even_grid()
    assert VoxelWindow.of(Volume(voxels, grid, "CT")) == VoxelWindow(-160, 240)
    window = VoxelWindow.of(Volume(voxels, grid, "PT"))
    assert (window.low, window.high) == pytest.approx((10, 990), abs=2)
    assert VoxelWindow.of(Volume(np.zeros(SHAPE), grid, "MR")).grey(np.zeros(3)).tolist() == [0, 0, 0]
    assert VoxelWindow.of(Volume(np.full(SHAPE, np.nan), grid, "MR")) == VoxelWindow(0, 1)


def test_missing_pillow_is_named_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "PIL", None)
    grid = even_grid()
    with pytest.raises(MissingPackageError, match="Pillow.*pip install"):
        overlay_picture(black_volume(grid), red_segmentation(BALL, grid), "")


def test_picture_that_cannot_be_written_is_an_error_that_names_it(tmp_path: Path) -> None:
    grid = even_grid()
    segmentation = red_segmentation(BALL, grid)
    write_picture(tmp_path / "1-ball.png", black_volume(grid), segmentation, "placed")
    assert [path.name for path in tmp_path.iterdir()] == ["1-ball.png"]
    with pytest.raises(OutputError, match="no folder"):
        write_picture(tmp_path / "no folder" / "1-ball.png", black_volume(grid), segmentation, "placed")


def test_real_patient_has_the_tumour_outlined_in_every_plane() -> None:
    patient = real_data("sts", "STS_008")
    volume = read_volume(patient / "ct")
    mask = sitk.GetArrayFromImage(sitk.ReadImage(str(patient / "mask.nii.gz"))) > 0
    picture = pixels(volume, red_segmentation(mask, volume.grid), "placed")
    for plane in Plane:
        assert is_red(panel(picture, plane)).sum() > 100


def test_real_tilted_uneven_head_is_cut_without_a_step() -> None:
    """Every part of the skull is outlined where it is bright, though SimpleITK would put it up to 48.8 mm off."""
    folder = real_data("ge_tilt")
    volume = read_volume(folder)
    bone = red_segmentation(volume.voxels > 300, volume.grid)
    for view in views_of(bone):
        values = volume_slice(volume.voxels, volume.grid, view)
        found = segment_slice(bone.segments[0], volume.grid, view)
        assert found.sum() > 500
        assert np.nanmedian(values[found]) > 300
        assert np.mean(values[~found & np.isfinite(values)] < 300) > 0.97
