"""Pictures of slices show every voxel as it is, or the anatomical plane to scale, the right way round."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.pixels import apply_voi_lut

from ct_volumes import segmentation_of
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_views import Plane
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.native_plane import NativePlane
from DicomSuiteRenderLib.slice_pictures import SlicePictures
from DicomSuiteRenderLib.window_level import WindowLevel
from placed_volumes import TILT, TURN, UNEVEN, placed_volume, placed_volumes, voxel_centres

structural_similarity = pytest.importorskip("skimage.metrics").structural_similarity

WINDOW = WindowLevel(40, 400)
SIDE = 64
PIXELS = 200
"""Side of the pictures that are compared by structural similarity."""
BALLS = (((10.0, -6.0, 4.0), 14.0, 200.0), ((-12.0, 9.0, -6.0), 9.0, 90.0))
"""Centre (LPS mm from the middle), radius (mm) and HU; no two directions look alike."""
EDGE = 4.0
"""mm over which a ball fades, so that voxels can hold it."""
ORANGE = (1.0, 0.5, 0.0)

GEOMETRIES = {
    "upright": placed_volume(np.eye(3), np.arange(SIDE), size=(SIDE, SIDE)),
    "feet first": placed_volume(np.diag((-1.0, 1.0, -1.0)), np.arange(SIDE), size=(SIDE, SIDE)),
    "sagittal": placed_volume(np.eye(3)[:, [1, 2, 0]] * (1, -1, 1), np.arange(SIDE), size=(SIDE, SIDE)),
    "left-handed": placed_volume(np.diag((1.0, 1.0, -1.0)), np.arange(SIDE), size=(SIDE, SIDE)),
    "oblique": placed_volume(TURN, np.arange(SIDE), size=(SIDE, SIDE)),
    "tilted": placed_volume(np.eye(3), np.arange(SIDE), tilt=TILT, size=(SIDE, SIDE)),
    "uneven": placed_volume(np.eye(3), np.cumsum(np.tile((0.8, 1.2), SIDE // 2)), size=(SIDE, SIDE)),
}


def middle_of(volume: Volume) -> NDArray[np.float64]:
    centres = voxel_centres(volume).reshape(-1, 3)
    return (centres.min(axis=0) + centres.max(axis=0)) / 2


def ball_values(points: NDArray) -> NDArray[np.float64]:
    """HU at points (..., 3), LPS mm from the middle."""
    shares = [
        value * np.clip((radius - np.linalg.norm(points - centre, axis=-1)) / EDGE + 0.5, 0, 1)
        for centre, radius, value in BALLS
    ]
    return np.max(shares, axis=0) - 100


def ball_volume(geometry: str) -> Volume:
    empty = GEOMETRIES[geometry]
    return Volume(ball_values(voxel_centres(empty) - middle_of(empty)).astype(np.float32), empty.grid, "CT")


def pixel_places(plane: Plane, offset: float, shape: tuple[int, int], pixel_size: float) -> NDArray[np.float64]:
    """LPS mm from the middle (height, width, 3) of the pixels of a picture."""
    right, down, sign = plane.value
    height, width = shape
    places = np.zeros((height, width, 3))
    places[..., right] = (np.arange(width) - (width - 1) / 2) * pixel_size
    places[..., down] = sign * (np.arange(height)[:, None] - (height - 1) / 2) * pixel_size
    places[..., plane.across] = offset
    return places


def drawn_and_true(
    geometry: str, plane: Plane, masks: Segmentation | None = None
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """The picture through the middle of the larger ball, and the shades that must be on it."""
    volume = ball_volume(geometry)
    native = NativePlane.nearest(plane, volume.grid)
    middle = middle_of(volume)
    through = [native.centre(index)[plane.across] - middle[plane.across] for index in range(native.count)]
    index = int(np.argmin(np.abs(np.array(through) - BALLS[0][0][plane.across])))
    picture = SlicePictures(volume, plane, WINDOW, scale=SIDE / PIXELS, masks=masks).picture(index)
    places = pixel_places(plane, through[index], picture.shape[:2], SIDE / PIXELS)
    return picture, WINDOW.shades(ball_values(places)) * (255.0 * is_inside(volume, places))


def is_inside(volume: Volume, places: NDArray) -> NDArray[np.bool_]:
    ijk = volume.grid.ijk_from_lps(places + middle_of(volume))
    return np.all((ijk >= -0.5) & (ijk <= np.array(volume.grid.size) - 0.5), axis=-1)


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("geometry", GEOMETRIES)
def test_a_picture_to_scale_looks_like_the_patient_however_the_volume_lies(geometry: str, plane: Plane) -> None:
    picture, truth = drawn_and_true(geometry, plane)
    assert structural_similarity(picture.astype(float), truth, data_range=255) > 0.98
    for turned in (truth[:, ::-1], truth[::-1], truth[::-1, ::-1]):
        assert structural_similarity(picture.astype(float), turned, data_range=255) < 0.97


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("geometry", ["upright", "oblique", "tilted"])
def test_a_mask_is_laid_over_the_picture_where_it_lies(geometry: str, plane: Plane) -> None:
    empty = GEOMETRIES[geometry]
    centre, radius, _ = BALLS[0]
    mask = np.linalg.norm(voxel_centres(empty) - middle_of(empty) - centre, axis=-1) < radius
    masks = Segmentation((Segment.from_mask("ball", ORANGE, 1, mask),), empty.grid)
    picture, grey = drawn_and_true(geometry, plane, masks)
    volume = ball_volume(geometry)
    places = pixel_places(plane, 0, picture.shape[:2], SIDE / PIXELS)
    places[..., plane.across] = centre[plane.across]
    outward = (np.linalg.norm(places - centre, axis=-1) - radius) / (SIDE / PIXELS)
    outline = ((outward > -1) & (outward < 0.5)).astype(float)
    opacity = (outline + 0.2 * (outward <= -1))[..., None] * is_inside(volume, places)[..., None]
    truth = grey[..., None] * (1 - opacity) + 255 * np.array(ORANGE) * opacity
    around = np.abs(outward) < 8
    assert similarity_in(np.ones_like(around), picture, truth) > 0.95
    # The mask is made of voxels up to 4 pixels large, so its outline wavers around the circle.
    assert similarity_in(around, picture, truth) > 0.78
    assert similarity_in(around, picture, np.repeat(grey[..., None], 3, axis=2)) < 0.72
    assert similarity_in(around, picture, np.roll(truth, 3, axis=1)) < 0.6


def similarity_in(region: NDArray[np.bool_], picture: NDArray, truth: NDArray) -> float:
    """Mean structural similarity of a part of two pictures in colour."""
    _, everywhere = structural_similarity(picture.astype(float), truth, data_range=255, channel_axis=2, full=True)
    return float(everywhere[region].mean())


def signed_permutations() -> list[NDArray[np.float64]]:
    """The 48 ways in which voxels can follow the patient's axes."""
    return [
        np.eye(3)[:, list(order)] * signs for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
    ]


@pytest.mark.parametrize("plane", Plane)
def test_every_voxel_is_one_pixel_at_its_place_in_all_48_orientations(plane: Plane) -> None:
    right, down, sign = plane.value
    for directions in signed_permutations():
        volume = placed_volume(directions, (0.0, 1.5, 3.0))
        native = NativePlane.nearest(plane, volume.grid)
        assert native.tilt == pytest.approx(0, abs=1e-6)
        places = voxel_centres(volume).reshape(-1, 3).round(6)
        seen = []
        for index in range(native.count):
            through = round(native.centre(index)[plane.across], 6)
            here = np.flatnonzero(np.abs(places[:, plane.across] - through) < 1e-6)
            order = here[np.lexsort((places[here, right], sign * places[here, down]))]
            values = native.values(volume.voxels, index)
            np.testing.assert_array_equal(values.ravel(), volume.voxels.ravel()[order])
            seen.append(values.ravel())
        assert sorted(np.concatenate(seen)) == sorted(volume.voxels.ravel())


@pytest.mark.parametrize("plane", Plane)
@pytest.mark.parametrize("geometry", placed_volumes())
def test_native_planes_hold_each_voxel_once_and_run_right_and_down(geometry: str, plane: Plane) -> None:
    volume = placed_volumes()[geometry]
    native = NativePlane.nearest(plane, volume.grid)
    places = dict(zip(volume.voxels.ravel(), voxel_centres(volume).reshape(-1, 3), strict=True))
    values = [native.values(volume.voxels, index) for index in range(native.count)]
    assert sorted(np.concatenate([plane_.ravel() for plane_ in values])) == sorted(volume.voxels.ravel())
    assert values[0].shape == native.size[::-1]
    corner = values[0]
    right, down, sign = plane.value
    if corner.shape[1] > 1:
        assert places[corner[0, -1]][right] > places[corner[0, 0]][right]
    if corner.shape[0] > 1:
        assert sign * places[corner[-1, 0]][down] > sign * places[corner[0, 0]][down]


def test_pixels_equal_dicoms_formula_one_by_one() -> None:
    image = Dataset()
    image.PhotometricInterpretation, image.BitsStored, image.PixelRepresentation = "MONOCHROME2", 8, 0
    image.WindowCenter, image.WindowWidth = WINDOW.level, WINDOW.width
    voxels = np.arange(-512, 512, dtype=np.int16).reshape(1, 32, 32)
    volume = Volume(voxels, placed_volume(np.eye(3), (0.0,), size=(32, 32)).grid, "CT")
    picture = SlicePictures(volume, Plane.AXIAL, WINDOW).picture(0)
    assert picture.shape == (32, 32)
    assert np.abs(picture - apply_voi_lut(voxels[0], image)).max() <= 0.5 + 1e-4


def test_a_look_up_table_draws_like_a_window() -> None:
    volume = ball_volume("upright")
    table = DisplayLut.from_window(WINDOW)
    by_table, by_window = (SlicePictures(volume, Plane.AXIAL, grey).picture(30).astype(int) for grey in (table, WINDOW))
    assert np.abs(by_table - by_window).max() <= 1


def test_native_masks_lie_on_their_voxels() -> None:
    volume = placed_volumes()["oblique"]
    mask = np.zeros(volume.grid.shape, bool)
    mask[2:5, 3:7, 4:9] = np.random.default_rng(3).random((3, 4, 5)) < 0.5
    masks = Segmentation((Segment.from_mask("box", ORANGE, 1, mask),), volume.grid)
    white = WindowLevel(-1e6, 1)
    for plane in Plane:
        native = NativePlane.nearest(plane, volume.grid)
        for index in range(native.count):
            picture = SlicePictures(volume, plane, white, masks=masks).picture(index)
            inside = np.pad(native.values(mask, index), 1)
            beside = inside[2:, 1:-1] | inside[:-2, 1:-1] | inside[1:-1, 2:] | inside[1:-1, :-2]
            np.testing.assert_array_equal(picture[..., 2] < 255, inside[1:-1, 1:-1] | beside)


def test_an_oblique_volume_says_so_only_where_its_own_planes_are_drawn() -> None:
    volume = GEOMETRIES["tilted"]
    pictures = SlicePictures(volume, Plane.SAGITTAL, WINDOW)
    assert pictures.native.tilt == pytest.approx(18.5)
    assert pictures.notes == ("sagittal pictures lie 18° off the patient's axes, as their voxels do",)
    assert SlicePictures(volume, Plane.SAGITTAL, WINDOW, scale=1).notes == ()
    assert SlicePictures(GEOMETRIES["upright"], Plane.AXIAL, WINDOW).notes == ()


def test_missing_voxels_and_what_lies_outside_are_black() -> None:
    volume = ball_volume("oblique")
    volume.voxels[:] = np.nan
    white = WindowLevel(-5000, 1)
    assert not SlicePictures(volume, Plane.AXIAL, white).picture(30).any()
    volume.voxels[:] = 0
    corner = SlicePictures(volume, Plane.AXIAL, white, scale=1).picture(30)
    assert corner[0, 0] == 0
    assert corner[corner.shape[0] // 2, corner.shape[1] // 2] == 255


def test_letters_and_scale_bar_change_nothing_else() -> None:
    volume = ball_volume("upright")
    scale = SIDE / PIXELS
    plain = SlicePictures(volume, Plane.CORONAL, WINDOW, scale).picture(32)
    written = SlicePictures(volume, Plane.CORONAL, WINDOW, scale, letters=True, scale_bar=True).picture(32)
    assert written.shape == (*plain.shape, 3)
    changed = np.any(written != plain[..., None], axis=2)
    assert 0.01 < changed.mean() < 0.15
    left, right = changed[:, : plain.shape[1] // 2], changed[:, plain.shape[1] // 2 :]
    assert left.any()
    assert right.any()


def test_the_scale_bar_is_as_long_as_it_says() -> None:
    empty = placed_volume(np.eye(3), np.arange(8), size=(256, 256))
    volume = Volume(np.zeros(empty.grid.shape, np.int16), empty.grid)
    picture = SlicePictures(volume, Plane.AXIAL, WindowLevel(5000, 1), scale=0.5, scale_bar=True).picture(5)
    longest = max(np.count_nonzero(row) for row in np.all(picture > 200, axis=2))
    assert longest == 50 / 0.5 + 1


def test_a_picture_too_small_to_write_on_says_so() -> None:
    volume = placed_volumes()["upright"]
    pictures = SlicePictures(volume, Plane.AXIAL, WindowLevel(50000, 1), letters=True, scale_bar=True)
    assert pictures.notes == ("axial pictures are too small to write on",)
    assert not pictures.picture(0).any()


@pytest.mark.parametrize("index", [-1, 7, 1000])
def test_a_slice_that_is_not_there_is_named(index: int) -> None:
    with pytest.raises(RenderError, match=f"no axial slice {index}: the volume has 0 to 6"):
        SlicePictures(placed_volumes()["upright"], Plane.AXIAL, WINDOW).picture(index)


@pytest.mark.parametrize("scale", [0, -1, np.nan, 1e-5])
def test_a_scale_that_makes_no_picture_is_refused(scale: float) -> None:
    with pytest.raises(RenderError, match="scale"):
        SlicePictures(placed_volumes()["upright"], Plane.AXIAL, WINDOW, scale=scale)


def test_masks_of_another_grid_are_refused() -> None:
    volumes = placed_volumes()
    mask = np.ones(volumes["tilted"].grid.shape, bool)
    masks = segmentation_of(volumes["tilted"].grid, {"all": mask})
    with pytest.raises(RenderError, match="masks do not lie on the voxels"):
        SlicePictures(volumes["upright"], Plane.AXIAL, WINDOW, masks=masks)
    same = segmentation_of(placed_volumes()["tilted"].grid, {"all": mask})
    assert SlicePictures(volumes["tilted"], Plane.AXIAL, WINDOW, masks=same).picture(3).ndim == 3


def test_uneven_slices_are_drawn_at_their_heights() -> None:
    volume = placed_volume(np.eye(3), UNEVEN)
    picture = SlicePictures(volume, Plane.CORONAL, WindowLevel(-1, 1), scale=0.5).picture(4)
    # From half a slice below the first to half a slice above the last: 1.1 and 1.9 mm are the outer distances.
    assert picture.shape[0] == np.ceil((25 + 0.55 + 0.95) / 0.5)
