"""What is written on pictures of slices can be read on narrow ones too, and stays inside."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageDraw

from DicomSuiteLib.picture_text import HALO, MARGIN, has_room, picture_font, write_orientation, write_scale
from DicomSuiteLib.slice_views import Plane, SliceView

GREY = 90


def written(view: SliceView, write, left: int = 0) -> np.ndarray:
    """Where a picture of one shade has another one after `write`."""
    picture = Image.new("RGB", (left + view.width, view.height), (GREY,) * 3)
    write(ImageDraw.Draw(picture))
    return np.any(np.array(picture) != GREY, axis=2)


@pytest.mark.parametrize("pixel_size", [0.1, 0.7, 2.0, 20.0, 100.0])
@pytest.mark.parametrize("width", [64, 90, 398])
def test_scale_stays_inside_the_right_half_of_the_picture(pixel_size: float, width: int) -> None:
    view = SliceView(Plane.AXIAL, (0.0, 0.0, 0.0), pixel_size, width, 80)
    columns = np.flatnonzero(written(view, lambda draw: write_scale(draw, view)).any(axis=0))
    assert columns.max() <= width - MARGIN + HALO
    assert columns.min() >= width / 2 or picture_font().getlength("100 mm") > width / 2 - 2 * MARGIN


def test_place_is_written_below_the_letter_where_it_would_run_into_it() -> None:
    wide, narrow = (SliceView(Plane.AXIAL, (0.0, 0.0, 12.5), 1.0, width, 120) for width in (398, 90))
    corner = np.s_[: MARGIN + 12, : MARGIN + 20]
    assert written(wide, lambda draw: write_orientation(draw, wide))[corner].any()
    assert not written(narrow, lambda draw: write_orientation(draw, narrow))[corner].any()


def test_panel_further_right_is_written_on_like_the_first() -> None:
    view = SliceView(Plane.CORONAL, (0.0, 12.5, 0.0), 1.0, 200, 120)
    first = written(view, lambda draw: write_orientation(draw, view))
    second = written(view, lambda draw: write_orientation(draw, view, 300), left=300)
    assert np.array_equal(second[:, 300:], first) and not second[:, :300].any()


def test_small_pictures_have_no_room_for_words() -> None:
    assert has_room(SliceView(Plane.AXIAL, (0.0, 0.0, 0.0), 1.0, 64, 64))
    assert not has_room(SliceView(Plane.AXIAL, (0.0, 0.0, 0.0), 1.0, 200, 63))
