"""RTSTRUCT to voxels against plastimatch: `python Testing/benchmarks/bench_rtstruct.py`.

Prints first how shapes fare on and between the slices of an analytic phantom. Then both convert the largest real
patient and 20 analytic ROIs on 512x512x300 voxels, each in a process of its own that is timed from its start to its
end and reads the volume and writes all ROIs. Prints the ratio of the times, Dice against the published mask or
analytic truth, and the peak memory as a multiple of the volume's.
Needs plastimatch (`pip install plastimatch`), and for the patient DICOMSUITE_TEST_DATA.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

TESTING = Path(__file__).resolve().parents[1]
ROOT = TESTING.parent
SOURCES = [str(folder) for folder in (ROOT / "DicomSuite", ROOT / "DicomSuiteRTOverlay", TESTING)]
sys.path[:0] = SOURCES

from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.read_volume import read_volume  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.volumes import Volume  # noqa: E402
from DicomSuiteRTOverlayLib.read_rtstruct import read_rtstruct  # noqa: E402
from real_data import DATA  # noqa: E402
from rtstruct_phantom import (  # noqa: E402
    Contour,
    PhantomRoi,
    Shape,
    circle,
    contours,
    cylinder,
    phantom_geometry,
    sphere,
    torus,
    truth,
    write_rtstruct,
)

PLASTIMATCH = Path(sys.executable).with_name("plastimatch")
Truth = Callable[[], NDArray[np.bool_]]
TIMES = 3
SIZE, SPACING, ORIGIN = (512, 512, 300), (0.9766, 0.9766, 1.0), (-250.0, -250.0, -150.0)
DENSITY = 1.0
"""Vertices per mm of circumference."""


def main() -> None:
    """Measure in a folder that is removed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _print_phantom(folder)
        patient = DATA / "sts" / "STS_010"
        if patient.is_dir():
            published = sitk.GetArrayFromImage(sitk.ReadImage(str(patient / "mask.nii.gz"))) > 0
            _compare(
                "STS_010", patient / "rtstruct" / "RS.dcm", patient / "ct", [lambda: published], folder / "patient"
            )
        else:
            print(f"{patient} is absent: the real case is left out")
        bodies = _bodies()
        structures, volume = _write(bodies, folder)
        _compare(
            "20 ROIs, 512x512x300",
            structures,
            volume,
            [partial(_truth, *body) for body in bodies],
            folder / "synthetic",
        )


def _print_phantom(folder: Path) -> None:
    """Dice against analytic truth, of shapes on and between 24 slices of non-square pixels."""
    print("\nphantom of 0.9 x 1.1 x 3 mm: Dice (voxels that differ)")
    samplings = {
        "on slice": {},
        "1 mm above": {"offset": 1.0},
        "1 mm below": {"offset": -1.0},
        "every 2nd": {"every": 2},
    }
    for orientation in ("axial", "sagittal", "oblique", "sheared"):
        geometry = phantom_geometry(orientation)
        for shape in (sphere(25), sphere(4), torus(20, 8)):
            scores = [f"{name} {_score(shape, geometry, folder, options)}" for name, options in samplings.items()]
            print(f"  {orientation}, {shape.name}: " + ", ".join(scores))


def _score(shape: Shape, geometry: ImageGeometry, folder: Path, options: dict[str, float]) -> str:
    grid = SliceGrid.from_geometry(geometry)
    path = write_rtstruct(folder / "phantom.dcm", [PhantomRoi("shape", contours(shape, geometry, **options))])
    (segment,) = read_rtstruct(path, Volume(np.zeros(grid.shape, np.int16), grid)).segmentation.segments
    mask, expected = segment.full_mask(grid.shape), truth(shape, geometry)
    return f"{2 * np.sum(mask & expected) / (mask.sum() + expected.sum()):.4f} ({np.sum(mask != expected)})"


def _bodies() -> list[tuple[Shape, NDArray]]:
    """Twenty shapes and their centres (mm), from a lens to the body's outline."""
    random = np.random.default_rng(4)
    shapes = [cylinder(230.4, 148.6), cylinder(200.3, 139.6), torus(150.2, 30.3), torus(90.4, 40.6)]
    shapes += [sphere(float(radius)) for radius in np.linspace(4.3, 110.7, 16)]
    places = random.uniform(-40, 40, (len(shapes), 3)).round(1) * [1, 1, 0.5]
    places[:4] = 0.21, 0.33, 0
    return list(zip(shapes, places, strict=True))


def _write(bodies: list[tuple[Shape, NDArray]], folder: Path) -> tuple[Path, Path]:
    volume, structures = folder / "volume.mha", folder / "structures.dcm"
    image = sitk.GetImageFromArray(np.zeros(SIZE[::-1], np.int16))
    image.SetSpacing(SPACING)
    image.SetOrigin(ORIGIN)
    sitk.WriteImage(image, str(volume))
    rois = [PhantomRoi(f"roi{number:02d}", _contours(*body), number=number) for number, body in enumerate(bodies, 1)]
    return write_rtstruct(structures, rois), volume


def _contours(shape: Shape, centre: NDArray) -> list[Contour]:
    return [
        Contour((circle(radius, height, max(40, int(DENSITY * 2 * np.pi * radius))) + centre).round(3) * [1, 1, 0]
                + [0, 0, z])
        for z in _heights()
        for height in [z - centre[2]]
        for radius in shape.radii(height)
    ]  # fmt: skip


def _heights() -> list[float]:
    return (ORIGIN[2] + SPACING[2] * np.arange(SIZE[2])).tolist()


def _truth(shape: Shape, centre: NDArray) -> NDArray[np.bool_]:
    x, y = (ORIGIN[axis] + SPACING[axis] * np.arange(SIZE[axis]) - centre[axis] for axis in (0, 1))
    across = np.hypot(x, y[:, None])
    inside = np.zeros(SIZE[::-1], bool)
    for number, height in enumerate(_heights()):
        for radius in shape.radii(height - centre[2]):
            inside[number] ^= across < radius
    return inside


def _compare(title: str, structures: Path, volume: Path, truths: list[Truth], folder: Path) -> None:
    print(f"\n{title}: {len(truths)} ROIs, {structures.stat().st_size / 1e6:.1f} MB")
    ours, theirs = folder / "dicomsuite", folder / "plastimatch"
    for path in (ours, theirs):
        path.mkdir(parents=True)
    reports, our_s, their_s = [], [], []
    source = ("--input", structures, "--referenced-ct" if volume.is_dir() else "--fixed", volume, "--xor-contours")
    for _ in range(TIMES):
        seconds, output = _timed([sys.executable, __file__, "convert", *map(str, (structures, volume, ours))])
        reports.append(json.loads(output))
        our_s.append(seconds)
        their_s.append(_plastimatch(*source, "--output-ss-img", theirs / "all.mha"))
    load_s = _plastimatch("--input", structures, "--output-cxt", theirs / "points.cxt")
    report = min(reports, key=lambda one: one["seconds"])
    print(
        f"  whole process: {min(our_s):.2f} s, plastimatch {min(their_s):.2f} s: ratio {min(our_s) / min(their_s):.2f}"
    )
    in_process = report["seconds"] / min(their_s)
    print(f"  read_rtstruct in the process: {report['seconds']:.2f} s, ratio {in_process:.2f}", end="")
    print(f" (plastimatch takes {load_s:.2f} s to read the file and write its points)")
    over, total = report["peak_bytes"] / report["volume_bytes"], report["peak_bytes"] / 1e6
    print(f"  peak memory: {total:.0f} MB, {over:.2f} of the volume's {report['volume_bytes'] / 1e6:.0f} MB")
    _plastimatch(*source, "--output-prefix", theirs, "--prefix-format", "nrrd")
    their_files = sorted(theirs.glob("*.nrrd"))
    their_masks = (sitk.GetArrayFromImage(sitk.ReadImage(str(path))) > 0 for path in their_files)
    our_masks = (_our_mask(ours / f"{number}.npz") for number in range(len(truths)))
    _print_dice("dicomsuite", our_masks, truths)
    _print_dice("plastimatch", their_masks, truths)


def _plastimatch(*options: object) -> float:
    return _timed([str(PLASTIMATCH), "convert", *map(str, options)])[0]


def _timed(command: list[str]) -> tuple[float, str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(SOURCES)}
    start = time.perf_counter()
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return time.perf_counter() - start, done.stdout


def _our_mask(path: Path) -> NDArray[np.bool_]:
    with np.load(path) as saved:
        mask = np.zeros(saved["shape"], bool)
        box = tuple(
            slice(start, start + size) for start, size in zip(saved["offset"], saved["voxels"].shape, strict=True)
        )
        mask[box] = saved["voxels"]
    return mask


def _print_dice(name: str, masks: Iterable[NDArray[np.bool_]], truths: list[Truth]) -> None:
    dice, wrong = [], 0
    for mask, make_truth in zip(masks, truths, strict=True):
        truth = make_truth()
        dice.append(2 * np.sum(mask & truth) / (mask.sum() + truth.sum()))
        wrong += int(np.sum(mask != truth))
    print(f"  {name}: Dice {min(dice):.6f} at worst, {np.mean(dice):.6f} on average; {wrong} voxels differ in all")


def convert(structures: str, volume: str, folder: str) -> None:
    """What is timed: read a volume and a structure set, write every segment, tell time and memory as JSON."""
    image = read_volume(volume)
    start = time.perf_counter()
    segmentation = read_rtstruct(structures, image).segmentation
    seconds = time.perf_counter() - start
    for number, segment in enumerate(segmentation.segments):
        np.savez(Path(folder, f"{number}.npz"), offset=segment.offset, voxels=segment.voxels, shape=image.grid.shape)
    print(json.dumps({"seconds": seconds, "peak_bytes": _peak_bytes(), "volume_bytes": image.voxels.nbytes}))


def _peak_bytes() -> int:
    """Most memory this process has had; on Linux, getrusage starts with that of the process that started it."""
    status = Path("/proc/self/status").read_text()
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


if __name__ == "__main__":
    convert(*sys.argv[2:]) if sys.argv[1:2] == ["convert"] else main()
