"""Slicer's ray caster on the processor against that of OpenGL, where OpenGL is done by software.

Run alone, or all of Render's together: ``python Testing/benchmarks/bench_render.py``. Frames of the same modes of one
volume, from the same sides, best of several in turn. On a machine with a graphics card there is nothing to compare.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("DicomSuite", "DicomSuiteRender")]

from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.volume_nodes import node_of_volume, remove_volume_node  # noqa: E402
from DicomSuiteLib.volumes import Volume  # noqa: E402
from DicomSuiteRenderLib.apply_mode import apply_mode  # noqa: E402
from DicomSuiteRenderLib.built_in_modes import built_in_modes  # noqa: E402
from DicomSuiteRenderLib.offscreen_views import View3D  # noqa: E402
from DicomSuiteRenderLib.ray_caster import RayCaster, is_software_rendering  # noqa: E402
from DicomSuiteRenderLib.render_mode import RenderMode  # noqa: E402

EDGE = 256
PIXELS = 512
ROUNDS, LIT_ROUNDS = 8, 2
"""A lit frame of OpenGL's caster takes seconds."""
STEP_DEGREES = 7.0
KEYS = ("mip", "ct-mip", "ct-bone")


def measure() -> Iterator[tuple[str, float, str]]:
    """What, ratio or difference, and the target."""
    if not is_software_rendering():
        return
    modes = {mode.key: mode for mode in built_in_modes()}
    node = node_of_volume(_body(), "body")
    with View3D((PIXELS, PIXELS)) as view:
        for key in KEYS:
            seconds, difference = _compared(modes[key], node, view)
            yield f"{key}: OpenGL caster / CPU caster, {EDGE}³ at {PIXELS} px", seconds, ">= 1.4"
            # The two light in different ways: OpenGL's caster lights both sides, with another highlight.
            target = "<= 3" if modes[key].look.shading is None else "lit: none"
            yield f"{key}: mean difference of their pictures, of 255", difference, target
    remove_volume_node(node)


def _compared(mode: RenderMode, node: Any, view: View3D) -> tuple[float, float]:
    """Best time of a frame of OpenGL's caster in that of the CPU's, and mean difference of the first frames."""
    best: dict[RayCaster, float] = dict.fromkeys(RayCaster, np.inf)
    first = {}
    for number in range(LIT_ROUNDS if mode.look.shading else ROUNDS):
        for ray_caster in RayCaster:
            apply_mode(mode, node, view.node, ray_caster=ray_caster, remove_table=lambda volume: volume)
            picture = view.picture()
            first.setdefault(ray_caster, picture)
            view.camera_node.GetCamera().Azimuth(STEP_DEGREES * (number + 1))
            start = time.perf_counter()
            view.picture()
            best[ray_caster] = min(best[ray_caster], time.perf_counter() - start)
    difference = np.abs(np.subtract(*(picture.astype(int) for picture in first.values()))).mean()
    return best[RayCaster.GPU] / best[RayCaster.CPU], float(difference)


def _body() -> Volume:
    """Tissue, two lungs, a spine and ribs, smooth enough for light."""
    k, j, i = (np.ogrid[:EDGE, :EDGE, :EDGE][axis] / EDGE - 0.5 for axis in range(3))
    voxels = np.full((EDGE, EDGE, EDGE), -1000, np.int16)
    voxels[np.broadcast_to((i / 0.45) ** 2 + (j / 0.33) ** 2 < 1, voxels.shape)] = 40
    voxels[((np.abs(i) - 0.2) / 0.14) ** 2 + (j / 0.22) ** 2 + (k / 0.42) ** 2 < 1] = -850
    shell = np.abs(np.sqrt((i / 0.42) ** 2 + (j / 0.30) ** 2) - 1) < 0.04
    voxels[shell & (np.sin(70 * k + 6 * j) > 0.3)] = 600
    voxels[np.broadcast_to(i**2 + (j - 0.2) ** 2 < 0.05**2, voxels.shape)] = 700
    geometry = ImageGeometry.from_axes((EDGE, EDGE, EDGE), np.diag((1.4, 1.4, 1.4)), (0, 0, 0))
    smooth = gaussian_filter(voxels.astype(np.float32), 1.0).astype(np.int16)
    return Volume(smooth, SliceGrid.from_geometry(geometry), "CT")


if __name__ == "__main__":
    for what, value, target in measure():
        print(f"{what}: {value:.2f} ({target})")
