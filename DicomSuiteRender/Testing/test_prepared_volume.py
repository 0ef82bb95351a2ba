"""What 3D cannot show as it is, is refused in clear words or made right, and the user's volume stays as it was."""

from dataclasses import replace

import numpy as np
import pytest

from application import slicer
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.scene import mrml_scene
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteLib.volumes import Volume, VolumeError
from DicomSuiteRenderLib.apply_mode import apply_mode, window_of
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.even_slices import with_even_slices
from DicomSuiteRenderLib.mode_dump import mode_dump
from DicomSuiteRenderLib.prepared_volume import prepared_volume
from DicomSuiteRenderLib.window_level import WindowLevel
from mode_phantoms import phantom, shown

MODES = {mode.key: mode for mode in built_in_modes()}
UNEVEN = np.cumsum([0.0, 1, 1, 2, 2.5, 1, 1, 3, 1, 1, 1, 4])


def tilted_grid(heights, tilt):
    """A grid of 20 x 20 voxels of 1 mm whose slices lie at `heights`, each shifted by `tilt` times its height."""
    positions = tuple((0.0, float(tilt * height), float(height)) for height in heights)
    return SliceGrid(20, 20, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), positions)


def ramp(grid):
    """A volume whose values are a linear function of the place: (2 x + 3 y + 5 z) in LPS mm."""
    k, j, i = np.indices(grid.shape)
    return Volume((grid.lps_from_ijk(np.stack([i, j, k], axis=-1)) @ (2.0, 3.0, 5.0)).astype(np.float32), grid, "MR")


@pytest.mark.parametrize("key", ["ct-bone", "bone-surface"])
def test_single_slice_is_refused(key):
    geometry = ImageGeometry.from_axes((64, 64, 1), np.eye(3), (0, 0, 0))
    flat = Volume(np.zeros((1, 64, 64), np.int16), SliceGrid.from_geometry(geometry), "CT")
    with shown(flat) as (node, view), pytest.raises(RenderError, match="64 x 64 x 1 voxels"):
        apply_mode(MODES[key], node, view.node)


def test_no_volume_is_refused():
    with pytest.raises(RenderError, match="no volume"):
        apply_mode(MODES["mip"], None, None)


def test_labelmap_is_refused():
    node = mrml_scene().AddNewNodeByClass("vtkMRMLLabelMapVolumeNode")
    with pytest.raises(RenderError, match="labelmap"):
        apply_mode(MODES["mip"], node, None)
    mrml_scene().RemoveNode(node)


def test_volume_without_voxels_is_refused():
    node = mrml_scene().AddNewNodeByClass("vtkMRMLScalarVolumeNode")
    with pytest.raises(VolumeError, match="no voxels"):
        apply_mode(MODES["mip"], node, None)
    mrml_scene().RemoveNode(node)


def test_colour_volume_is_refused():
    node = slicer.util.addVolumeFromArray(np.zeros((4, 5, 6, 3), np.uint8), nodeClassName="vtkMRMLVectorVolumeNode")
    with pytest.raises(VolumeError, match="3 values a voxel"):
        apply_mode(MODES["mip"], node, None)
    mrml_scene().RemoveNode(node)


def test_refusal_leaves_the_view_as_it_was():
    geometry = ImageGeometry.from_axes((64, 64, 1), np.eye(3), (0, 0, 0))
    flat = Volume(np.zeros((1, 64, 64), np.int16), SliceGrid.from_geometry(geometry), "CT")
    with shown(phantom()) as (good, view), shown(flat) as (bad, _):
        apply_mode(MODES["ct-bone"], good, view.node)
        before = mode_dump(good, view.node)
        with pytest.raises(RenderError):
            apply_mode(MODES["bone-surface"], bad, view.node)
        assert mode_dump(good, view.node) == before


@pytest.mark.parametrize("key", ["mip", "minip", "average", "composite-bone", "skin-and-bone"])
def test_voxels_without_a_number_look_like_the_lowest_value_and_are_told(key):
    voxels = phantom().voxels.astype(np.float32)
    filled, lowest = voxels.copy(), voxels.min()
    voxels[:9], filled[:9] = np.nan, lowest
    voxels[9, 0, 0], filled[9, 0, 0] = np.inf, lowest
    pictures = []
    for values in (voxels, filled):
        with shown(replace(phantom("MR"), voxels=filled)) as (node, view):
            slicer.util.updateVolumeFromArray(node, values)
            notices = apply_mode(MODES[key], node, view.node, window=WindowLevel.from_ends(-1000, 900))
            pictures.append(view.picture())
            if values is voxels:
                assert notices[0].startswith(f"{9 * 64 * 64 + 1:,} of 262,144 voxels hold no number")
                assert np.isnan(volume_of_node(node).voxels).any()
            else:
                assert notices == ()
    assert np.abs(pictures[0].astype(int) - pictures[1]).mean() < 1


def test_volume_without_any_number_is_refused():
    empty = np.full((8, 8, 8), np.nan, np.float32)
    with shown(replace(phantom("MR"), voxels=np.zeros_like(empty), grid=_small_grid())) as (node, view):
        slicer.util.updateVolumeFromArray(node, empty)
        with pytest.raises(RenderError, match="No voxel"):
            apply_mode(MODES["mip"], node, view.node)


@pytest.mark.parametrize("mode", built_in_modes(), ids=lambda mode: mode.key)
def test_constant_volume_is_shown_without_an_error(mode):
    constant = replace(phantom("MR"), voxels=np.full((8, 8, 8), 7, np.int16), grid=_small_grid())
    with shown(constant, (60, 60)) as (node, view):
        apply_mode(mode, node, view.node)
        view.picture()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int32, np.int64, np.float32, np.float64])
def test_every_type_of_voxel_is_rendered(dtype):
    voxels = ((phantom().voxels + 1000.0) / 15).astype(dtype)
    with shown(replace(phantom("MR"), voxels=voxels), (60, 60)) as (node, view):
        for key in ("mip", "average", "mr"):
            apply_mode(MODES[key], node, view.node, window=window_of(node))
            assert view.picture().std() > 3, key


def test_table_that_cannot_be_told_stays_with_a_notice_every_time():
    tissue = replace(phantom(), voxels=np.full((64, 64, 64), 40, np.int16))
    with shown(tissue) as (node, view):
        for _ in range(2):
            notices = apply_mode(MODES["ct-bone"], node, view.node)
            assert [notice.startswith("The table was not removed. ") for notice in notices] == [True]


def test_table_is_removed_once_and_only_from_what_may_be_ct():
    calls = []

    def remove(volume):
        calls.append(volume.modality)
        return replace(volume, voxels=np.full_like(volume.voxels, -1000))

    with shown(phantom()) as (node, view):
        apply_mode(MODES["ct-bone"], node, view.node, remove_table=remove)
        apply_mode(MODES["mip"], node, view.node, remove_table=remove)
        apply_mode(MODES["bone-surface"], node, view.node, remove_table=remove)
        assert calls == ["CT"]
        assert volume_of_node(node).voxels.max() == 800
    with shown(phantom("MR")) as (node, view):
        apply_mode(MODES["ct-bone"], node, view.node, remove_table=remove)
        assert calls == ["CT"]


@pytest.mark.parametrize("tilt", [0.0, 0.3])
def test_uneven_slices_are_made_even_where_they_lie(tilt):
    volume = ramp(tilted_grid(UNEVEN, tilt))
    even = with_even_slices(volume)
    assert even.grid.geometry is not None
    assert len(even.voxels) == 20
    np.testing.assert_allclose(even.grid.positions[0], volume.grid.positions[0])
    np.testing.assert_allclose(even.grid.positions[-1], volume.grid.positions[-1])
    np.testing.assert_allclose(even.voxels, ramp(even.grid).voxels, atol=1e-3)


def test_slices_off_the_line_are_moved_onto_it():
    heights = np.arange(12.0)
    aside = np.sin(heights)
    positions = tuple(map(tuple, np.stack([aside, -aside, heights], axis=-1).tolist()))
    volume = ramp(SliceGrid(20, 20, (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), positions))
    even = with_even_slices(volume)
    inside = slice(2, -2)
    np.testing.assert_allclose(
        even.voxels[:, inside, inside], ramp(even.grid).voxels[:, inside, inside], atol=1e-3
    )


def test_two_slices_that_nearly_touch_do_not_make_thousands():
    assert len(with_even_slices(ramp(tilted_grid([0, 0.001, 5, 10, 15], 0.0))).voxels) == 17


def test_even_volume_is_not_copied():
    volume = phantom()
    assert with_even_slices(volume) is volume
    with shown(volume) as (node, _):
        assert prepared_volume(node, None).node is node


def test_uneven_tilted_volume_is_rendered_where_its_slices_lie():
    volume = ramp(tilted_grid(UNEVEN, 0.3))
    with shown(volume) as (node, view):
        assert node.GetParentTransformNode() is not None
        apply_mode(MODES["average"], node, view.node, window=window_of(node))
        view.picture()
        volumes = view.renderer.GetVolumes()
        bounds = volumes.GetItemAsObject(0).GetBounds()
    corners = volume.grid.lps_from_ijk([(0, 0, 0), (19, 19, 0), (0, 0, 11), (19, 19, 11)]) * (-1, -1, 1)
    np.testing.assert_allclose(bounds[::2], corners.min(axis=0), atol=0.01)
    np.testing.assert_allclose(bounds[1::2], corners.max(axis=0), atol=0.01)


def _small_grid():
    return SliceGrid.from_geometry(ImageGeometry.from_axes((8, 8, 8), np.eye(3), (0, 0, 0)))
