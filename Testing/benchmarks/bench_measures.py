"""How fast segments are measured, compared and pictured, against other tools in the same run.

    python Testing/benchmarks/bench_measures.py [--slices 300] [--runs 3]

A CT of 512 x 512 voxels with twenty organs is made up. Timed are volume, centroid, bounding box and statistics of the
voxel values (surfaces apart, for SimpleITK has none), the comparison of two large segments, and pictures. A peer that
is not installed is left out. Prints seconds (the best of the runs) and how many times as long each peer takes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from DicomSuiteLib.closed_surface import closed_surface, mesh_area, mesh_volume
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.segment_colours import segment_colour
from DicomSuiteLib.segment_extent import bounding_box, centroid, voxel_volume
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.value_statistics import value_statistics
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.overlay_pictures import overlay_picture
from DicomSuiteRTOverlayLib.pair_measures import compare_segments

SPACING = (0.9, 0.9, 1.25)
ORGANS = 20
PLASTIMATCH = Path(sys.executable).parent / "plastimatch"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=300)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    volume, segmentation = made_up_patient(options.slices)
    print(f"{volume.voxels.shape} voxels, {ORGANS} segments, best of {options.runs} runs")
    bench_segments(volume, segmentation, options.runs)
    bench_pair(volume, segmentation, options.runs)
    bench_picture(volume, segmentation, options.runs)


def made_up_patient(slices: int) -> tuple[Volume, Segmentation]:
    """Ellipsoids that do not overlap, four large organs above each other, sixteen smaller ones around, and noise."""
    voxels = np.random.default_rng(0).integers(-20, 60, (slices, 512, 512), np.int16)
    geometry = ImageGeometry.from_axes((512, 512, slices), np.diag(SPACING), (-230.0, -230.0, -600.0))
    grid = SliceGrid.from_geometry(geometry)
    segments = []
    for number in range(ORGANS):
        row, place = divmod(number, 5)
        radii = (slices // 10, 60, 90) if place == 0 else (slices // 12, 30 + 3 * place, 25 + 4 * place)
        centre = (slices // 8 + row * slices // 4, (110, 110, 110, 400, 400)[place], (130, 280, 400, 150, 350)[place])
        segments.append(ellipsoid(centre, radii, f"organ {number}", number))
        voxels[segments[-1].box][segments[-1].voxels] += 5 * number
    return Volume(voxels, grid, "CT"), Segmentation(tuple(segments), grid)


def ellipsoid(centre: tuple[int, ...], radii: tuple[int, ...], name: str, number: int) -> Segment:
    """Both along k, j, i in voxels."""
    axes = (np.arange(-radius, radius + 1) / radius for radius in radii)
    k, j, i = np.meshgrid(*axes, indexing="ij", sparse=True)
    offset = tuple(middle - radius for middle, radius in zip(centre, radii, strict=True))
    return Segment(name, segment_colour(number), number + 1, offset, k * k + j * j + i * i <= 1)


def bench_segments(volume: Volume, segmentation: Segmentation, runs: int) -> None:
    labels = np.zeros(volume.voxels.shape, np.uint8)
    for segment in segmentation.segments:
        labels[segment.box][segment.voxels] = segment.value
    images = [sitk.GetImageFromArray(array) for array in (labels, volume.voxels)]
    for image in images:
        volume.grid.geometry.set_on_sitk(image)

    def ours() -> None:
        for segment in segmentation.segments:
            voxel_volume(segment, volume.grid), centroid(segment, volume.grid), bounding_box(segment, volume.grid)
            value_statistics(volume.voxels[segment.box][segment.voxels])

    def surfaces() -> None:
        for segment in segmentation.segments:
            surface = closed_surface(segment, volume.grid)
            mesh_volume(surface), mesh_area(surface)

    report(
        "volume, centroid, box, statistics",
        runs,
        ours,
        {
            "LabelShapeStatistics": lambda: sitk.LabelShapeStatisticsImageFilter().Execute(images[0]),
            "LabelIntensityStatistics": lambda: sitk.LabelIntensityStatisticsImageFilter().Execute(*images),
        },
    )
    report("surface volume and area", 1, surfaces, {})


def bench_pair(volume: Volume, segmentation: Segmentation, runs: int) -> None:
    first = segmentation.segments[0]
    k, j, i = first.offset
    second = Segment("moved", first.colour, 1, (k + 2, j + 3, i + 4), first.voxels)
    images = []
    for segment in (first, second):
        image = sitk.GetImageFromArray(segment.full_mask(volume.grid.shape).astype(np.uint8))
        volume.grid.geometry.set_on_sitk(image)
        images.append(image)
    with tempfile.TemporaryDirectory() as folder:
        files = [str(Path(folder, name)) for name in ("a.nrrd", "b.nrrd")]
        for image, file in zip(images, files, strict=True):
            sitk.WriteImage(image, file)
        peers: dict[str, Callable[[], object]] = {
            "HausdorffDistance": lambda: sitk.HausdorffDistanceImageFilter().Execute(*images)
        }
        if PLASTIMATCH.is_file():
            command = [str(PLASTIMATCH), "dice", "--all", *files]
            peers["plastimatch dice --all"] = lambda: subprocess.run(command, check=True, capture_output=True)
        report("Dice, HD, HD95, mean distance", runs, lambda: compare_segments(first, second, volume.grid), peers)


def bench_picture(volume: Volume, segmentation: Segmentation, runs: int) -> None:
    for words, segments in {"one segment": segmentation.segments[:1], "all segments": segmentation.segments}.items():
        shown = Segmentation(segments, volume.grid)
        masks = [segment.full_mask(volume.grid.shape) for segment in segments]
        peers = {}
        if find_spec("matplotlib"):
            peers["matplotlib"] = lambda shown=shown, masks=masks: matplotlib_picture(volume, shown, masks)
        report(f"picture, {words}", runs, lambda shown=shown: overlay_picture(volume, shown, "placed"), peers)


def matplotlib_picture(volume: Volume, segmentation: Segmentation, masks: list[np.ndarray]) -> None:
    """Three slices with contours at half level, 1200 x 420 pixels."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, 3, figsize=(12, 4.2), dpi=100)
    middle = [length // 2 for length in volume.voxels.shape]
    for axis, panel in enumerate(axes):
        index = [slice(None)] * 3
        index[axis] = middle[axis]
        panel.imshow(volume.voxels[tuple(index)], cmap="gray", vmin=-160, vmax=240)
        for mask, segment in zip(masks, segmentation.segments, strict=True):
            if mask[tuple(index)].any():
                panel.contour(mask[tuple(index)], levels=[0.5], colors=[segment.colour])
    with tempfile.NamedTemporaryFile(suffix=".png") as file:
        figure.savefig(file.name)
    pyplot.close(figure)


def report(words: str, runs: int, ours: Callable[[], object], peers: dict[str, Callable[[], object]]) -> None:
    """Let everyone take turns, so that a busy moment of the machine hits all of them."""
    times: dict[str, list[float]] = {"ours": [], **{name: [] for name in peers}}
    for _ in range(runs):
        for name, work in {"ours": ours, **peers}.items():
            start = time.perf_counter()
            work()
            times[name].append(time.perf_counter() - start)
    best = {name: min(seconds) for name, seconds in times.items()}
    ratios = "".join(f"; {name} {best[name]:.2f} s, {best[name] / best['ours']:.1f}x" for name in peers)
    print(f"{words}: {best['ours']:.2f} s{ratios}", flush=True)


if __name__ == "__main__":
    main()
