"""A turntable of 36 pictures, from voxels in memory to pixels in memory, against PyVista.

Both show the same volume with the same opacities and colours in a picture of the same size from the same places.
PyVista's pictures are alike in time, so that a few of them tell what 36 take. Run alone, or all of Render's together:
``python Testing/benchmarks/bench_render.py``.
"""

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyvista
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "DicomSuite"), str(ROOT / "DicomSuiteRender")]

from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.volume_nodes import node_of_volume  # noqa: E402
from DicomSuiteLib.volumes import Volume  # noqa: E402
from DicomSuiteRenderLib.apply_mode import apply_mode  # noqa: E402
from DicomSuiteRenderLib.offscreen_views import View3D  # noqa: E402
from DicomSuiteRenderLib.render_mode import RenderMode, Technique, VolumeLook  # noqa: E402
from DicomSuiteRenderLib.turntable import turntable  # noqa: E402

SIDE = 256
FRAMES = 36
SIZE = (512, 512)
PYVISTA_FRAMES = 4
"""Of the 36, a quarter turn apart."""

ROUNDS = 2

LOW, HIGH = -200.0, 1200.0
"""HU between which opacity rises linearly and colours go from `DARK` to `BRIGHT`."""
DARK, BRIGHT = (0.3, 0.0, 0.0), (1.0, 1.0, 1.0)


def measure() -> Iterator[tuple[str, float, str]]:
    """What, the ratio of the times, and the target."""
    voxels = synthetic_head()
    ours, theirs = np.min([_round(voxels) for _ in range(ROUNDS)], axis=0)
    yield f"turntable of {FRAMES} / PyVista's, {SIDE}^3 at {SIZE[0]} px", ours / theirs, "<= 0.5"


def _round(voxels: NDArray[np.int16]) -> tuple[float, float]:
    ours, camera = _ours(voxels)
    return ours, _pyvista(voxels, camera)


def synthetic_head() -> NDArray[np.int16]:
    """Skin, a skull with openings, and a brain, with noise; HU."""
    k, j, i = (np.indices((SIDE,) * 3, np.float32) - (SIDE - 1) / 2) / (SIDE / 2)
    radius = np.sqrt((k / 0.95) ** 2 + (j / 0.85) ** 2 + (i / 0.7) ** 2)
    voxels = np.full((SIDE,) * 3, -1000, np.float32)
    voxels[radius < 1] = 30
    is_skull = (radius > 0.8) & (radius < 0.9) & (np.sin(9 * k) * np.sin(8 * i) < 0.7)
    voxels[is_skull] = 900
    voxels += np.random.default_rng(3).normal(0, 15, voxels.shape).astype(np.float32)
    return voxels.astype(np.int16)


def _ours(voxels: NDArray[np.int16]) -> tuple[float, Any]:
    """Seconds, and the camera."""
    geometry = ImageGeometry((SIDE,) * 3, (1, 1, 1), (0, 0, 0), np.eye(3))
    look = VolumeLook(Technique.COMPOSITE, ((LOW, 0.0), (HIGH, 1.0)), ((LOW, *DARK), (HIGH, *BRIGHT)))
    before = time.perf_counter()
    node = node_of_volume(Volume(voxels, SliceGrid.from_geometry(geometry), "CT"), "head")
    with View3D(SIZE) as view:
        apply_mode(RenderMode("benchmark", "Benchmark", look), node, view.node)
        pictures = list(turntable(view, FRAMES))
        seconds = time.perf_counter() - before
        camera = view.camera_node.GetCamera()
    assert len({picture.tobytes() for picture in pictures}) == FRAMES
    return seconds, camera


def _pyvista(voxels: NDArray[np.int16], camera: Any) -> float:
    """Seconds, with pictures taken from as far away as by `camera`."""
    before = time.perf_counter()
    grid = pyvista.ImageData(dimensions=(SIDE,) * 3)
    grid["HU"] = voxels.ravel()
    plotter = pyvista.Plotter(off_screen=True, window_size=SIZE)
    actor = plotter.add_volume(grid, clim=(LOW, HIGH), opacity="linear", show_scalar_bar=False)
    colours, opacities = actor.prop.GetRGBTransferFunction(), actor.prop.GetScalarOpacity()
    colours.RemoveAllPoints()
    opacities.RemoveAllPoints()
    for value, colour, opacity in ((LOW, DARK, 0.0), (HIGH, BRIGHT, 1.0)):
        colours.AddRGBPoint(value, *colour)
        opacities.AddPoint(value, opacity)
    actor.prop.SetScalarOpacityUnitDistance(1.0)
    plotter.camera_position = "xz"
    plotter.camera.view_angle = camera.GetViewAngle()
    plotter.camera.position = np.array(plotter.camera.focal_point) - (0, camera.GetDistance(), 0)
    plotter.screenshot(return_img=True)
    prepared = time.perf_counter() - before
    before = time.perf_counter()
    for _ in range(PYVISTA_FRAMES):
        plotter.camera.Azimuth(360 / PYVISTA_FRAMES)
        plotter.render()
        plotter.screenshot(return_img=True)
    each = (time.perf_counter() - before) / PYVISTA_FRAMES
    plotter.close()
    return prepared + (FRAMES - 1) * each


if __name__ == "__main__":
    for what, ratio, target in measure():
        print(f"{what:60} {ratio:8.3f}   {target}")
