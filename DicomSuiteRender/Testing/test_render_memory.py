"""A volume that is too large is shrunk as much as needed and no more, evenly in space, and the user is told."""

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application import slicer
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteRenderLib import ray_caster, render_memory, rendered_volume
from DicomSuiteRenderLib.apply_mode import apply_mode
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.mode_dump import mode_dump
from DicomSuiteRenderLib.ray_caster import RayCaster
from DicomSuiteRenderLib.render_memory import bytes_per_voxel, shrink_factors, usable_bytes
from DicomSuiteRenderLib.rendered_volume import RenderRoom
from mode_phantoms import EDGE, phantom, shown

MODES = {mode.key: mode for mode in built_in_modes()}
GIGABYTE = 1 << 30


@given(
    st.tuples(*[st.integers(2, 4000)] * 3),
    st.tuples(*[st.floats(0.1, 10)] * 3),
    st.integers(8, 10**9),
    st.sampled_from([512, 2048]),
)
def test_shrunk_volume_fits_and_one_that_fits_is_not_shrunk(size, spacing, most, longest):
    factors = shrink_factors(size, spacing, most, longest)
    shrunk = [length // factor for length, factor in zip(size, factors, strict=True)]
    assert max(shrunk) <= longest
    assert min(shrunk) >= 1
    cannot_shrink = [length // (factor + 1) < 2 for length, factor in zip(size, factors, strict=True)]
    assert math.prod(shrunk) <= most or all(cannot_shrink)
    if math.prod(size) <= most and max(size) <= longest:
        assert factors == (1, 1, 1)


def test_the_finest_axes_give_way_first():
    assert shrink_factors((512, 512, 300), (0.5, 0.5, 2.0), 512 * 512 * 300 // 4, 2048) == (2, 2, 1)
    assert shrink_factors((512, 512, 300), (0.5, 0.5, 2.0), 512 * 512 * 300, 2048) == (1, 1, 1)


def test_memory_of_a_mode_is_estimated_by_voxel():
    assert bytes_per_voxel(RayCaster.CPU, 2, is_lit=True) > bytes_per_voxel(RayCaster.CPU, 2, is_lit=False)
    assert bytes_per_voxel(RayCaster.GPU, 2, is_lit=True) == 2
    assert bytes_per_voxel(RayCaster.GPU, 8, is_lit=True) == 4


def test_a_graphics_card_counts_by_its_own_memory_and_software_by_the_machines(monkeypatch):
    monkeypatch.setattr(render_memory, "free_bytes", lambda: 6 * GIGABYTE)
    assert usable_bytes(RayCaster.GPU, is_software=False, gpu_megabytes=512) == GIGABYTE // 2
    assert usable_bytes(RayCaster.GPU, is_software=False) == 2 * GIGABYTE
    assert usable_bytes(RayCaster.GPU, is_software=True, gpu_megabytes=512) == 3 * GIGABYTE
    assert usable_bytes(RayCaster.CPU, is_software=False) == 3 * GIGABYTE


def test_where_the_system_does_not_tell_half_of_all_memory_counts_as_free(monkeypatch):
    monkeypatch.setattr(render_memory, "free_bytes", lambda: None)
    machine = {"SC_PHYS_PAGES": 1 << 21, "SC_PAGE_SIZE": 4096}
    monkeypatch.setattr(render_memory.os, "sysconf", machine.get, raising=False)
    assert usable_bytes(RayCaster.CPU, is_software=False) == 2 * GIGABYTE


@pytest.mark.parametrize(
    ("name", "is_software"),
    [
        ("llvmpipe (LLVM 15.0.6, 256 bits)", True),
        ("softpipe", True),
        ("Google SwiftShader", True),
        ("ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero)), SwiftShader driver)", True),
        ("GDI Generic", True),
        ("Microsoft Basic Render Driver", True),
        ("Software Rasterizer", True),
        ("", True),
        ("NVIDIA GeForce RTX 3060/PCIe/SSE2", False),
        ("Mesa Intel(R) UHD Graphics 620 (KBL GT2)", False),
        ("AMD Radeon RX 6600 (radeonsi, navi23, LLVM 15.0.6)", False),
        ("Apple M2 Pro", False),
    ],
)
def test_software_rendering_is_known_by_the_name_of_opengl(name, is_software, monkeypatch):
    monkeypatch.setattr(ray_caster, "opengl_renderer", lambda: name)
    assert ray_caster.is_software_rendering() == is_software
    assert ray_caster.fastest_ray_caster() is (RayCaster.CPU if is_software else RayCaster.GPU)


def with_little_room(monkeypatch, most):
    monkeypatch.setattr(rendered_volume.RenderRoom, "of", lambda *arguments: RenderRoom(most, 2048))


@pytest.mark.parametrize("key", ["ct-bone", "mip", "average"])
def test_too_large_volume_is_rendered_smaller_with_a_notice(key, monkeypatch):
    with_little_room(monkeypatch, EDGE**3 // 8)
    with shown(phantom()) as (node, view):
        notices = apply_mode(MODES[key], node, view.node)
        assert len(notices) == 1
        assert "32 x 32 x 32 in place of 64 x 64 x 64 voxels" in notices[0]
        small = view.picture()
        dump = mode_dump(node, view.node, view.renderer)
        assert dump["drawn"]["volumes"][0]["size"] == (32, 32, 32)
        assert volume_of_node(node).voxels.shape == (64, 64, 64)
        monkeypatch.undo()
        assert apply_mode(MODES[key], node, view.node) == ()
        assert mode_dump(node, view.node)["volume"]["size"] == (64, 64, 64)
        assert np.abs(view.picture().astype(int) - small).mean() < 6


def test_smaller_volume_lies_where_the_whole_one_does(monkeypatch):
    with_little_room(monkeypatch, 64 * 64 * 64 // 12)
    volume = phantom("MR")
    with shown(volume) as (node, view):
        apply_mode(MODES["mip"], node, view.node)
        drawn = view.renderer.GetVolumes()
        view.picture()
        shown_ones = [drawn.GetItemAsObject(n) for n in range(drawn.GetNumberOfItems())]
        bounds = next(volume for volume in shown_ones if volume.GetVisibility()).GetBounds()
    low, high = np.array(bounds).reshape(3, 2).T
    corners = volume.grid.lps_from_ijk([(0, 0, 0), (63, 63, 63)]) * (-1, -1, 1)
    assert np.abs(low - corners.min(axis=0)).max() <= 2
    assert np.abs(high - corners.max(axis=0)).max() <= 2


def test_means_of_blocks_stand_for_them(monkeypatch):
    with_little_room(monkeypatch, EDGE**3 // 8)
    volume = replace(phantom("MR"), voxels=phantom().voxels.astype(np.float32))
    with shown(volume) as (node, view):
        apply_mode(MODES["mip"], node, view.node)
        display = next(
            node
            for node in slicer.util.getNodesByClass("vtkMRMLVolumeRenderingDisplayNode")
            if node.GetVisibility()
        )
        small = volume_of_node(display.GetVolumeNode()).voxels
    means = volume.voxels.reshape(32, 2, 32, 2, 32, 2).mean(axis=(1, 3, 5))
    np.testing.assert_allclose(small, means, atol=1e-3)
