"""How much processor time and memory super-resolution takes, beside MONAI's SlidingWindowInferer on the same network.

    python Testing/benchmarks/bench_superres.py [bundled] [swinunetr]

Without names both parts run. Each side runs in processes of its own, in turns; of several runs the best counts.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("Testing", "DicomSuite", "DicomSuiteSuperRes")
PARTS = ("bundled", "swinunetr")
ROUNDS = {"bundled": 3, "swinunetr": 1}
SIDES = {"bundled": ("ours", "ours_mirrored", "monai", "monai_fitted"), "swinunetr": ("ours", "monai")}
"""Of each part; a bundled model usually sees the volume mirrored, too, which MONAI's inferer does not."""
WINDOW = 96
"""Voxels along each side of MONAI's windows; fitted ones are only as thick as the volume."""
FACTOR = 4


def main(arguments: list[str]) -> int:
    """Print what each part measures; with "run PART SIDE" measure one side, in this process."""
    sys.path[:0] = [str(ROOT / folder) for folder in FOLDERS]
    if arguments[:1] == ["run"]:
        print(json.dumps(_measured(*arguments[1:])))
        return 0
    if unknown := [name for name in arguments if name not in PARTS]:
        print(f"There is no part {unknown[0]!r}; choose from {', '.join(PARTS)}.")
        return 2
    for part in arguments or PARTS:
        _compare(part)
    return 0


def _compare(part: str) -> None:
    runs = {side: [] for side in SIDES[part]}
    for _ in range(ROUNDS[part]):
        for side in runs:
            runs[side].append(_run(part, side))
    best = {side: min(run["cpu_s"] for run in own) for side, own in runs.items()}
    peak = {side: min(run["peak_mb"] for run in own) for side, own in runs.items()}
    print(f"\n{part}: {runs['ours'][0]['what']}")
    for side in runs:
        print(f"  {side:<14} {best[side]:8.1f} CPU s   {peak[side]:7.0f} MB above what importing takes")
    target = 2.5 if part == "bundled" else 1.8
    most = 400 if part == "bundled" else 2600
    print(f"  {'times less CPU than MONAI, default':<60} {best['monai'] / best['ours']:8.3g}   (>= {target})")
    if part == "bundled":
        print(f"  {'times less CPU than MONAI, windows fitted':<60} {best['monai_fitted'] / best['ours']:8.3g}")
        print(f"  {'times less CPU than MONAI, seen mirrored, too':<60} {best['monai'] / best['ours_mirrored']:8.3g}")
    own = max(peak[side] for side in runs if side.startswith("ours"))
    print(f"  {'MB above what importing takes':<60} {own:8.0f}   (<= {most})", flush=True)


def _run(part: str, side: str) -> dict:
    child = subprocess.run(
        [sys.executable, __file__, "run", part, side], stdout=subprocess.PIPE, check=True, env=os.environ
    )
    return json.loads(child.stdout)


def _measured(part: str, side: str) -> dict:
    import resource
    import time

    import numpy as np

    work, what = _bundled(side) if part == "bundled" else _swinunetr(side)
    before = int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1024
    started = time.process_time()
    result = work()
    seconds = time.process_time() - started
    assert np.isfinite(result).all()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return {"what": what, "cpu_s": seconds, "peak_mb": (peak - before) / 1024}


def _bundled(side: str) -> tuple[Callable, str]:
    """256 x 256 x 38 voxels to 152 slices, by the network of the bundled model for thick slices."""
    from DicomSuiteSuperResLib.bundled_models import bundled_models, load_bundled
    from DicomSuiteSuperResLib.slice_profile import cubic_matrix
    from DicomSuiteSuperResLib.super_resolution import SuperResRequest

    volume = _head((38, 256, 256), (4.0, 0.9, 0.9))
    model = load_bundled(bundled_models()[0].name)
    what = "256 x 256 x 38 voxels to 152 slices"
    if side.startswith("ours"):
        return _ours(volume, model, SuperResRequest(factor=FACTOR, fast=side == "ours")), what
    roi = (WINDOW if side == "monai" else volume.voxels.shape[0], WINDOW, WINDOW)
    infer = _monai(model.network(FACTOR), roi)

    def work():
        low = volume.voxels.astype("float32")
        cubic = (cubic_matrix(len(low), FACTOR * len(low)) @ low.reshape(len(low), -1)).reshape(-1, *low.shape[1:])
        return cubic + infer(low)

    return work, what


def _swinunetr(side: str) -> tuple[Callable, str]:
    """36 slices of 4 mm in a usual field of view refined to 144, by SwinUNETR with 48 features and random weights."""
    import torch
    from monai.networks.nets import SwinUNETR

    from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, Upsampling
    from DicomSuiteSuperResLib.super_resolution import SuperResRequest
    from DicomSuiteSuperResLib.super_resolve import super_resolve  # noqa: F401

    torch.manual_seed(0)
    network = SwinUNETR(in_channels=1, out_channels=1, feature_size=48, use_flash_attention=side == "ours").eval()
    network.requires_grad_(False)
    volume = _head((36, 240, 240), (4.0, 1.0, 1.0))
    what = "240 x 240 x 36 voxels refined to 144 slices, SwinUNETR of 48 features"
    if side == "ours":
        model = LoadedModel(
            ModelIdentity("SwinUNETR", "", ""), Upsampling.REFINING, (1,), lambda _: network, window=(WINDOW,) * 3
        )
        return _ours(volume, model, SuperResRequest(factor=FACTOR)), what
    infer = _monai(network, (WINDOW,) * 3)

    def work():
        from DicomSuiteSuperResLib.slice_profile import cubic_matrix

        low = volume.voxels.astype("float32") / 1000
        return infer((cubic_matrix(len(low), FACTOR * len(low)) @ low.reshape(36, -1)).reshape(-1, *low.shape[1:]))

    return work, what


def _ours(volume, model, request) -> Callable:
    import DicomSuiteSuperResLib.torch_tiles  # noqa: F401  (what importing takes is not counted)
    from DicomSuiteSuperResLib.super_resolve import super_resolve

    return lambda: super_resolve(volume, model, request).volume.voxels


def _monai(network, roi: tuple[int, int, int]) -> Callable:
    """MONAI's inferer as it comes: a quarter of overlap, all outputs counting alike."""
    import torch
    from monai.inferers import SlidingWindowInferer

    inferer = SlidingWindowInferer(roi_size=roi)

    def infer(values):
        with torch.inference_mode():
            return inferer(torch.from_numpy(values)[None, None], network)[0, 0].numpy()

    return infer


def _head(shape: tuple[int, int, int], spacing: tuple[float, float, float]):
    """An ellipsoid of texture, as large as a head, in noisy air."""
    import numpy as np

    from DicomSuiteLib.geometry import ImageGeometry
    from DicomSuiteLib.slice_grid import SliceGrid
    from DicomSuiteLib.volumes import Volume

    places = [(np.arange(size) - (size - 1) / 2) * length for size, length in zip(shape, spacing, strict=True)]
    radii = (75.0, 92.0, 74.0)  # mm along k, j, i
    distance = sum(
        ((own / radius) ** 2).reshape([-1 if axis == other else 1 for other in range(3)])
        for axis, (own, radius) in enumerate(zip(places, radii, strict=True))
    )
    generator = np.random.default_rng(0)
    voxels = np.empty(shape, np.int16)
    for plane, inside in zip(voxels, distance < 1, strict=True):  # one at a time: little memory, freed at once
        signal = np.where(inside, 600 + 200 * generator.standard_normal(plane.shape), 0)
        plane[:] = np.hypot(signal, 15 * generator.standard_normal(plane.shape))
    directions = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    geometry = ImageGeometry(shape[::-1], spacing[::-1], (0.0, 0.0, 0.0), directions)
    return Volume(voxels, SliceGrid.from_geometry(geometry), "MR")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
