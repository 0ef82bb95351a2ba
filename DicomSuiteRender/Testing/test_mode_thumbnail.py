"""Thumbnails: what each kind of mode makes of a ball with a nose of bone, seen from every side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.mode_thumbnail import EDGE, Miniature, mode_thumbnail
from DicomSuiteRenderLib.render_mode import (
    IsoLevel,
    RenderMode,
    Technique,
    ValueScale,
    ViewDirection,
    VolumeLook,
)
from DicomSuiteRenderLib.window_level import WindowLevel
from view_phantoms import ball_with_nose

WINDOW = WindowLevel.from_ends(-1000, 1000)
RAMP = ((0.0, 0.0), (1.0, 1.0))
WHITE = tuple((value, 1.0, 1.0, 1.0) for value, _ in RAMP)
NOSE = RenderMode("nose", "Nose", levels=(IsoLevel("nose", 500, (1, 1, 1)),))


@pytest.fixture(scope="module")
def ball() -> Miniature:
    return Miniature.of(ball_with_nose())


def projection(technique: Technique) -> RenderMode:
    return RenderMode("p", "P", VolumeLook(technique, RAMP, WHITE), scale=ValueScale.WINDOW)


def centre_of(picture: np.ndarray) -> np.ndarray:
    """Row and column of the middle of what is seen, from the middle of the picture."""
    return np.argwhere(picture.max(axis=-1) > 0).mean(axis=0) - (EDGE - 1) / 2


@pytest.mark.parametrize(("technique", "centre", "corner"), [
    (Technique.MAXIMUM, 255, 0), (Technique.MINIMUM, 0, 0), (Technique.AVERAGE, 124, 0)
])  # fmt: skip
def test_projections_are_those_of_the_voxels(ball: Miniature, technique: Technique, centre: int, corner: int) -> None:
    picture = mode_thumbnail(projection(technique), ball, WINDOW)
    assert picture.shape == (EDGE, EDGE, 3) and picture.dtype == np.uint8
    # Along the middle ray: 12 voxels of bone, 38 of water, 14 of air.
    assert picture[EDGE // 2, EDGE // 2].tolist() == pytest.approx([centre] * 3, abs=2)
    assert picture[0, 0].max() == corner


@pytest.mark.parametrize(("direction", "row", "column"), [
    (ViewDirection.ANTERIOR, 0, 0), (ViewDirection.POSTERIOR, 0, 0),
    (ViewDirection.LEFT, 0, -1), (ViewDirection.RIGHT, 0, 1),
    (ViewDirection.SUPERIOR, -1, 0), (ViewDirection.INFERIOR, -1, 0),
])  # fmt: skip
def test_nose_points_where_the_direction_says(ball: Miniature, direction: ViewDirection, row: int, column: int) -> None:
    middle = centre_of(mode_thumbnail(replace(NOSE, direction=direction), ball, WINDOW))
    assert np.sign(np.round(middle / 8)).tolist() == [row, column]


def test_ball_hides_the_nose_behind_it_unless_it_is_translucent(ball: Miniature) -> None:
    def middle(opacity: float) -> list[int]:
        levels = (*NOSE.levels, IsoLevel("ball", -500, (1, 0, 0), opacity))
        mode = replace(NOSE, levels=levels, direction=ViewDirection.POSTERIOR)
        return mode_thumbnail(mode, ball, WINDOW)[EDGE // 2, EDGE // 2].tolist()

    assert middle(1.0)[0] > 150 and middle(1.0)[1:] == [0, 0]
    assert middle(0.3)[1] > 60


def test_background_fills_what_no_ray_meets(ball: Miniature) -> None:
    picture = mode_thumbnail(replace(NOSE, background=((0, 0, 1), (0, 1, 0))), ball, WINDOW)
    assert picture[0, 0].tolist() == [0, 255, 0] and picture[-1, -1].tolist() == [0, 0, 255]


@pytest.mark.parametrize("mode", built_in_modes(), ids=lambda mode: mode.key)
def test_every_built_in_mode_can_be_painted(ball: Miniature, mode: RenderMode) -> None:
    assert mode_thumbnail(mode, ball, WINDOW).shape == (EDGE, EDGE, 3)


@pytest.mark.parametrize("value", [np.nan, 7.0])
def test_volumes_without_contrast_or_numbers_are_painted_all_the_same(value: float) -> None:
    voxels = np.full((3, 4, 5), value, np.float32)
    grid = SliceGrid.from_geometry(ImageGeometry((5, 4, 3), (1, 2, 3), (0, 0, 0), np.eye(3)))
    miniature = Miniature.of(Volume(voxels, grid))
    for mode in (projection(Technique.MAXIMUM), projection(Technique.AVERAGE), NOSE, built_in_modes()[-1]):
        assert mode_thumbnail(mode, miniature, miniature.window).dtype == np.uint8


def test_turned_volume_looks_as_it_lies() -> None:
    """A quarter turn of the voxels and the same of their axes: nothing moves."""
    straight = ball_with_nose()
    geometry = straight.grid.nominal_geometry
    turned = replace(
        straight,
        voxels=np.ascontiguousarray(straight.voxels.transpose(0, 2, 1)),
        grid=SliceGrid.from_geometry(
            ImageGeometry.from_axes(geometry.size, geometry.axes[:, [1, 0, 2]], geometry.origin)
        ),
    )
    pictures = [mode_thumbnail(NOSE, Miniature.of(volume), WINDOW) for volume in (straight, turned)]
    assert np.array_equal(*pictures)
