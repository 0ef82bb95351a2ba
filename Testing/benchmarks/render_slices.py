"""Slices and histograms: a slice with a mask on it as PNG against matplotlib, all voxels' counts against numpy.

Run alone, or all of Render's together: ``python Testing/benchmarks/bench_render.py``.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "DicomSuite"), str(ROOT / "DicomSuiteRender")]

from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.segments import Segment, Segmentation  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.slice_views import Plane  # noqa: E402
from DicomSuiteLib.volumes import Volume  # noqa: E402
from DicomSuiteRenderLib.histogram import histogram  # noqa: E402
from DicomSuiteRenderLib.picture_files import PictureFormat, write_picture_file  # noqa: E402
from DicomSuiteRenderLib.slice_pictures import SlicePictures  # noqa: E402
from DicomSuiteRenderLib.window_level import WindowLevel  # noqa: E402

SHAPE = (300, 512, 512)
"""78.6 million voxels."""
SLICE = 150
SOFT_TISSUE = WindowLevel(40, 400)
BINS = 512


def measure() -> Iterator[tuple[str, float, str]]:
    """What, the ratio of the best times, and the target."""
    voxels = synthetic_abdomen()
    volume = Volume(voxels[SLICE : SLICE + 1], SliceGrid.from_geometry(_geometry()), "CT")
    organ = _organ(volume)
    masks = Segmentation((organ,), volume.grid)
    mask = organ.full_mask(volume.grid.shape)[0]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "slice.png"
        pictures = SlicePictures(volume, Plane.AXIAL, SOFT_TISSUE, masks=masks)
        ours, theirs = _best(
            20,
            lambda: write_picture_file(path, pictures.picture(0), PictureFormat.PNG),
            lambda: _by_matplotlib(volume.voxels[0], mask, path),
        )
    yield "matplotlib / slice with a mask as PNG, 512x512", theirs / ours, ">= 10"
    for dtype in (np.int16, np.float32):
        typed = voxels.astype(dtype, copy=False)
        ours, theirs = _best(2, partial(histogram, typed, BINS), partial(np.histogram, typed, BINS))
        yield f"histogram / np.histogram, 78.6 M voxels {np.dtype(dtype)}", ours / theirs, "<= 0.5"


def synthetic_abdomen() -> NDArray[np.int16]:
    """Noisy soft tissue in air, HU."""
    random = np.random.default_rng(5)
    y, x = np.ogrid[:512, :512]
    body = ((y - 256) / 180) ** 2 + ((x - 256) / 230) ** 2 < 1
    tissue = random.normal(40, 10, (512, 512)).astype(np.int16)
    voxels = np.empty(SHAPE, np.int16)
    for k in range(len(voxels)):
        voxels[k] = np.where(body, np.roll(tissue, 7 * k) + k % 9, -1000 + k % 3)
    return voxels


def _geometry() -> ImageGeometry:
    return ImageGeometry((512, 512, 1), (0.8, 0.8, 1), (0, 0, 0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))


def _organ(volume: Volume) -> Segment:
    _, y, x = np.ogrid[:1, :512, :512]
    inside = ((y - 250) / 60) ** 2 + ((x - 170) / 90) ** 2 < 1 + 0.1 * np.sin(np.arctan2(y - 250, x - 170) * 9)
    return Segment.from_mask("organ", (0.9, 0.4, 0.1), 1, inside)


def _by_matplotlib(values: NDArray, mask: NDArray, path: Path) -> None:
    """The usual way: an image, a tinted one above it, an outline, saved at the slice's own size."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(5.12, 5.12), dpi=100)
    axes.imshow(values, cmap="gray", vmin=-160, vmax=240)
    axes.imshow(np.ma.masked_where(~mask, mask), cmap="autumn", alpha=0.2)
    axes.contour(mask, levels=[0.5], colors=["orange"], linewidths=1)
    axes.axis("off")
    figure.subplots_adjust(0, 0, 1, 1)
    figure.savefig(path)
    pyplot.close(figure)


def _best(rounds: int, *actions: Callable[[], object]) -> list[float]:
    """Seconds of the best of `rounds` of each action, in turns."""
    times = [[_seconds(action) for action in actions] for _ in range(rounds)]
    return [min(of_action) for of_action in zip(*times, strict=True)]


def _seconds(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


if __name__ == "__main__":
    for what, ratio, target in measure():
        print(f"{what:60} {ratio:8.3f}   {target}")
