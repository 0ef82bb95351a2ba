"""What the modes show is what numpy makes of the same voxels: structural similarity, and how far pixels are apart."""

from dataclasses import replace

import numpy as np
import pytest

from application import vtk  # noqa: F401
from DicomSuiteRenderLib.apply_mode import apply_mode
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.native_mode import in_native_values
from DicomSuiteRenderLib.ray_caster import RayCaster
from DicomSuiteRenderLib.render_mode import IsoLevel, RenderMode
from DicomSuiteRenderLib.window_level import WindowLevel
from mode_phantoms import EDGE, phantom, shown
from numpy_rays import cast, enlarged, lit_sphere

metrics = pytest.importorskip("skimage.metrics")
PIXELS = 200
WINDOW = WindowLevel.from_ends(-1000, 900)
MODES = {mode.key: mode for mode in built_in_modes()}
BLACK = ((0.0, 0.0, 0.0), (0.0, 0.0, 0.0))


def seen(mode, volume, ray_caster=None):
    """The picture, 0 to 1, of a cube that fills it in parallel projection."""
    with shown(volume, (PIXELS, PIXELS)) as (node, view):
        apply_mode(mode, node, view.node, window=WINDOW, ray_caster=ray_caster)
        view.camera_node.SetParallelProjection(True)
        view.camera_node.SetParallelScale(EDGE / 2)
        return view.picture() / 255


def similarity(picture, truth):
    return metrics.structural_similarity(picture, truth, channel_axis=-1, data_range=1.0)


@pytest.mark.parametrize("ray_caster", RayCaster)
@pytest.mark.parametrize("key", ["mip", "minip", "average", "x-ray", "ct-mip", "pet-hot"])
def test_projection_is_that_of_numpy(key, ray_caster):
    volume = phantom("MR")  # a modality whose table nobody removes
    if key == "minip":  # which would see nothing but air
        volume = replace(volume, voxels=-volume.voxels)
    picture = seen(MODES[key], volume, ray_caster)
    truth = enlarged(cast(volume.voxels, in_native_values(MODES[key], WINDOW).look), PIXELS)
    inside = slice(3, -3)  # rays through the outermost half voxel may or may not hit the volume
    assert similarity(picture, truth) > 0.95
    assert np.abs(picture - truth)[inside, inside].mean() < 3 / 255


@pytest.mark.parametrize("ray_caster", RayCaster)
def test_composite_is_that_of_numpy(ray_caster):
    volume = phantom("MR")
    mode = replace(MODES["composite-bone"], background=BLACK)
    mode = replace(mode, look=replace(mode.look, opacity=((0.3, 0.0), (1.0, 0.15)), shading=None))
    truth = enlarged(cast(volume.voxels, in_native_values(mode, WINDOW).look), PIXELS)
    picture = seen(mode, volume, ray_caster)
    assert similarity(picture, truth) > 0.95
    assert np.abs(picture - truth).mean() < 3 / 255


def test_isosurface_of_a_ball_is_a_lit_sphere():
    radius = 24.0
    middle = (EDGE - 1) / 2
    k, j, i = np.indices((EDGE, EDGE, EDGE)) - middle
    ball = np.clip(radius - np.sqrt(k**2 + j**2 + i**2) + 0.5, 0, 1)
    volume = replace(phantom("MR"), voxels=(ball * 1000 - 500).astype(np.float32))
    mode = RenderMode("ball", "Ball", levels=(IsoLevel("Ball", 0.0, (1.0, 1.0, 1.0)),))
    picture = seen(mode, volume)
    truth = lit_sphere(PIXELS, radius * PIXELS / EDGE)
    assert similarity(picture, np.repeat(truth[..., None], 3, axis=-1)) > 0.95
    assert np.abs(picture[..., 0] - truth).mean() < 3 / 255


@pytest.mark.parametrize("key", ["mip", "minip", "ct-mip", "pet-hot"])
def test_both_ray_casters_show_the_same_within_three_shades(key):
    with shown(phantom("MR"), (PIXELS, PIXELS)) as (node, view):
        pictures = []
        for ray_caster in RayCaster:
            apply_mode(MODES[key], node, view.node, ray_caster=ray_caster)
            pictures.append(view.picture().astype(float))
    assert np.abs(np.subtract(*pictures)).mean() < 3
