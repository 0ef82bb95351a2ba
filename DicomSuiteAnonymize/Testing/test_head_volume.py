"""In which volumes a head is looked for: even ones of the right height, wherever the head lies in the series."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from DicomSuiteAnonymizeLib.faces.head_volume import is_wide_everywhere, largest_volume, parts_for_a_head
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.series import find_series
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from real_data import real_data
from thick_series import write_thick_series

BOX_MM = 5.0


def body(widths_mm: list[float], axes: np.ndarray | None = None) -> Volume:
    """A body of these widths from its feet to its top, one each 5 mm, stacked upwards or as `axes` (LPS) say."""
    size = (100, 40, len(widths_mm))
    x = (np.arange(size[0]) - 50) * BOX_MM
    voxels = np.zeros(size[::-1], np.int16)
    for plane, width in zip(voxels, widths_mm, strict=True):
        plane[8:32] = np.where(np.abs(x) * 2 < width, 1000, 0)
    geometry = ImageGeometry.from_axes(size, np.eye(3) * BOX_MM if axes is None else axes, (0, 0, 0))
    return Volume(voxels, SliceGrid.from_geometry(geometry), modality="MR")


def heights(volume: Volume) -> tuple[float, float]:
    """Lowest and highest voxel centre, LPS mm."""
    z = volume.grid.lps_from_ijk([(0, 0, 0), (0, 0, volume.grid.size[2] - 1)])[:, 2]
    return float(z.min()), float(z.max())


def test_head_and_neck_are_looked_at_as_a_whole():
    volume = body([150.0] * 50)
    assert [part.voxels.shape for part in parts_for_a_head(volume)] == [volume.voxels.shape]


@pytest.mark.parametrize("upwards", [1, -1])
def test_tall_bodies_are_looked_at_in_parts_from_the_top_of_the_body_down(upwards):
    volume = body([400.0] * 100 + [150.0] * 50 + [0.0] * 30, np.diag((BOX_MM, BOX_MM, upwards * BOX_MM)))
    if upwards < 0:
        volume = Volume(volume.voxels[::-1], volume.grid, modality="MR")
    parts = [heights(part) for part in parts_for_a_head(volume)]
    top = max(high for _, high in parts)
    assert top == pytest.approx(149 * BOX_MM - (179 * BOX_MM if upwards < 0 else 0), abs=3 * BOX_MM)
    assert parts[0][1] == top
    assert all(high - low <= 280 for low, high in parts)
    whole = heights(volume)
    assert min(low for low, _ in parts) == pytest.approx(whole[0])


def test_trunk_is_wide_everywhere_and_a_head_on_it_is_not():
    assert is_wide_everywhere(body([330.0] * 40))
    assert not is_wide_everywhere(body([330.0] * 40 + [160.0] * 20))


def test_table_below_a_head_and_noise_around_it_do_not_make_it_wide():
    head = body([160.0] * 40)
    table = head.voxels.copy()
    table[:, 33:39, 10:90] = 1000
    noise = np.where(head.voxels == 0, np.random.default_rng(1).integers(0, 2000, head.voxels.shape), 1000)
    for voxels in (table, noise.astype(np.int16), np.full_like(table, 1000)):
        assert not is_wide_everywhere(replace(head, voxels=voxels))


def test_fine_pixels_are_averaged_where_they_are(tmp_path):
    geometry = ImageGeometry.from_axes((64, 48, 9), np.diag((0.5, 0.7, 3.0)), (3, -7, 11))
    ramp = np.broadcast_to(np.arange(64, dtype=np.int16) * 10, (9, 48, 64))
    folder = write_thick_series(tmp_path / "fine", geometry, ramp)
    volume = largest_volume(find_series([folder]).series[0])
    assert volume.voxels.shape == (9, 24, 21)
    x = volume.grid.lps_from_ijk([(5, 0, 0)])[0, 0]
    assert volume.voxels[0, 0, 5] == pytest.approx((x - 3) / 0.5 * 10, abs=1e-3)


def test_uneven_tilted_slices_become_an_even_volume():
    volume = largest_volume(find_series([real_data("ge_tilt")]).series[0])
    assert volume.grid.geometry is not None
    assert volume.voxels.min() >= -1000.01
    assert np.isfinite(volume.voxels).all()
