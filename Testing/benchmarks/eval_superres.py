"""How much better than cubic interpolation the super-resolution models are, on heads that they have not learned from.

    python Testing/benchmarks/eval_superres.py --data ../shared/data/mri --colin ch2.nii.gz
        [--third OTHER_T1.nii.gz] [--ct CT_FOLDER] [--folds FOLDER] [--minutes 10] [--part NAME …]

For both kinds of models, the shipped command trains one on the child and Colin27 and one on the adult and Colin27;
each is measured on the subject that it has not seen, through the same function as `dicomsuite superres`. With
`--folds` models of an earlier run are taken from that folder, and new ones kept there. The bundled models, which have
learned from all three, are measured on `--third`. Degraded are whole heads, cut to their box: Gaussian slice profile,
FWHM one slice distance, along k. PSNR and SSIM are those of the head. Every line ends with its target and pass or FAIL.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / folder) for folder in ("DicomSuite", "DicomSuiteSuperRes")]

from DicomSuiteLib.geometry import ImageGeometry  # noqa: E402
from DicomSuiteLib.head_mask import head_mask  # noqa: E402
from DicomSuiteLib.read_volume import read_volume  # noqa: E402
from DicomSuiteLib.slice_grid import SliceGrid  # noqa: E402
from DicomSuiteLib.tasks import CancelToken  # noqa: E402
from DicomSuiteLib.volumes import Volume  # noqa: E402
from DicomSuiteSuperResLib.back_projection import back_projected, degraded, redegradation_error  # noqa: E402
from DicomSuiteSuperResLib.bundled_models import bundled_models, load_bundled  # noqa: E402
from DicomSuiteSuperResLib.cubic_volume import cubic_voxels  # noqa: E402
from DicomSuiteSuperResLib.degrade import truncated_k_space, value_range, with_rician_noise  # noqa: E402
from DicomSuiteSuperResLib.head_box import head_box  # noqa: E402
from DicomSuiteSuperResLib.linear_start import WIDTH, least_squares_kernels  # noqa: E402
from DicomSuiteSuperResLib.models import LoadedModel, Upsampling  # noqa: E402
from DicomSuiteSuperResLib.own_checkpoint import read_checkpoint  # noqa: E402
from DicomSuiteSuperResLib.structural_similarity import similarity_map  # noqa: E402
from DicomSuiteSuperResLib.super_resolution import SuperResRequest  # noqa: E402
from DicomSuiteSuperResLib.super_resolve import super_resolve  # noqa: E402
from DicomSuiteSuperResLib.training_examples import ExampleSource, Variety  # noqa: E402
from DicomSuiteSuperResLib.training_run import PATCHES, TrainingRequest, train  # noqa: E402
from DicomSuiteSuperResLib.training_subjects import subject  # noqa: E402

SUBJECTS = {"adult": "t1_adult_0.7mm.nii.gz", "child": "t1_child_0.86mm.nii.gz"}
PARTS = ("through-plane", "isotropic", "third", "stress", "factors")
PLAIN = Variety((1.0, 1.0), boxes=0, smooth=0, noisy=0, curved=0, inverted=0)
"""What the linear least squares baseline learns from: the very degradation that it is measured on."""
WORST_DB = -0.1
failures = []


@dataclass(frozen=True, eq=False)
class Head:
    """A fine volume, cut to the head, and its mask."""

    name: str
    voxels: np.ndarray
    mask: np.ndarray
    spacing: tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Case:
    """A truth and its coarse version, `steps` times coarser along k, j, i."""

    truth: np.ndarray
    mask: np.ndarray
    coarse: np.ndarray
    steps: tuple[int, int, int]
    spacing: tuple[float, float, float]

    def cubic(self) -> np.ndarray:
        return cubic_voxels(self.coarse, self.truth.shape)

    def resolved(self, model: LoadedModel, back_projections: int = 0) -> np.ndarray:
        """The model's result, as `dicomsuite superres` makes it."""
        return self.result(model, back_projections).voxels

    def result(self, model: LoadedModel, back_projections: int) -> Volume:
        """The same, with its place."""
        request = SuperResRequest(axis=2, factor=self.steps[0], back_projections=back_projections)
        return super_resolve(self.acquired(), model, request).volume

    def acquired(self) -> Volume:
        """The coarse version, with its place."""
        spacing = tuple(own * step for own, step in zip(self.spacing, self.steps, strict=True))
        return volume_of(self.coarse, spacing)

    def figures(self, values: np.ndarray) -> tuple[float, float]:
        """PSNR (dB) and SSIM in the head."""
        extent = value_range(self.truth)
        error = float(np.mean((values - self.truth)[self.mask] ** 2, dtype=float))
        similarity = similarity_map(self.truth, values, extent)[self.mask].mean(dtype=float)
        return 10 * np.log10(extent**2 / error), float(similarity)


def main() -> int:
    """Run the parts that were asked for; 1 if a target was missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/mri")
    parser.add_argument("--colin", type=Path, required=True)
    parser.add_argument("--third", type=Path)
    parser.add_argument("--ct", type=Path)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--part", nargs="+", choices=PARTS, default=list(PARTS))
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        args.folds = args.folds or Path(temporary)
        for part in args.part:
            globals()[f"show_{part.replace('-', '_')}"](args)
    print(f"\n{len(failures)} targets missed" + "".join(f"\n  {line}" for line in failures))
    return 1 if failures else 0


def show_through_plane(args: argparse.Namespace) -> None:
    """4x thinner slices, on each subject by the model that has not learned from it, beside the baselines."""
    for name in SUBJECTS:
        model = fold(args, Upsampling.THROUGH_PLANE, name)
        kernels = linear_filter(args, name)
        own = head(args.data / SUBJECTS[name], name)
        for noise, target in ((0.0, 1.5), (0.02, 1.3)):
            print(f"\n4x slices, {name}, noise {noise:.0%}")
            case = coarsened(own, (4, 1, 1), noise)
            cubic = case.cubic()
            linear = cubic + filtered(case, kernels)
            consistent = back_projected(cubic.copy(), case.coarse, 3)
            result = case.resolved(model)
            base = row("cubic", case, cubic)
            others = [row(words, case, values, base) for words, values in
                      (("linear least squares", linear), ("cubic + 3 back-projections", consistent))]  # fmt: skip
            gained = row("model", case, result, base)
            check(f"4x {name} {noise:.0%} gain, dB", gained[0] - base[0], target)
            check(f"4x {name} {noise:.0%} SSIM gain", gained[1] - base[1], 0.04)
            check(f"4x {name} {noise:.0%} above the baselines, dB", gained[0] - max(psnr for psnr, _ in others), 0.5)
            if not noise:
                show_consistency(case, model, name)
                inverted = Case(1 - case.truth, case.mask, 1 - case.coarse, case.steps, case.spacing)
                check(f"4x {name} inverted contrast gain, dB", gain(inverted, model), 1.0)


def show_consistency(case: Case, model: LoadedModel, name: str) -> None:
    """How far thick slices made of the result are from those given."""
    for rounds, limit in ((0, 1.0), (3, 0.2)):
        error = redegradation_error(case.result(model, rounds), case.acquired()) * 100
        check(f"re-degradation error {name}, {rounds} back-projections, % of range", -error, -limit)


def show_isotropic(args: argparse.Namespace) -> None:
    """2x finer voxels, on each subject by the model that has not learned from it."""
    for name in SUBJECTS:
        model = fold(args, Upsampling.ISOTROPIC, name)
        own = head(args.data / SUBJECTS[name], name)
        for noise, target in ((0.0, 2.0), (0.02, 0.8)):
            case = coarsened(own, (2, 2, 2), noise)
            check(f"2x isotropic {name} {noise:.0%} gain, dB", gain(case, model), target)
        truncated = truncated_case(own, (2, 2, 2))
        check(f"2x isotropic {name} k-space truncated, dB", gain(truncated, model), WORST_DB)


def show_third(args: argparse.Namespace) -> None:
    """The bundled models on a subject that none of them has learned from."""
    if args.third is None:
        print("no --third: the bundled models, which have learned from all subjects, were not measured")
        return
    own = head(args.third, "third")
    for model in map(load_bundled, (model.name for model in bundled_models())):
        for noise, targets in ((0.0, (1.5, 2.0)), (0.02, (1.3, 0.8))):
            through_plane = model.upsampling is Upsampling.THROUGH_PLANE
            case = coarsened(own, (4, 1, 1) if through_plane else (2, 2, 2), noise)
            words = f"{model.identity.name} on a third subject {noise:.0%} gain, dB"
            check(words, gain(case, model), targets[0] if through_plane else targets[1])


def show_stress(args: argparse.Namespace) -> None:
    """Inputs on which a model for slice profiles has little or nothing to gain, and must not lose."""
    for name in SUBJECTS:
        model = fold(args, Upsampling.THROUGH_PLANE, name)
        own = head(args.data / SUBJECTS[name], name)
        check(f"4x {name} 5 % noise, dB", gain(coarsened(own, (4, 1, 1), 0.05), model), WORST_DB)
        check(f"4x {name} k-space truncated, dB", gain(truncated_case(own, (4, 1, 1)), model), WORST_DB)
        check(f"2x {name} isotropic already, dB", gain(isotropic_case(own), model), WORST_DB)
        if args.ct is not None:
            ct = head(args.ct, "ct")
            check(f"4x CT by the model for {name}, dB", gain(coarsened(ct, (1, 1, 4), 0.0, thick=2), model), WORST_DB)


def show_factors(args: argparse.Namespace) -> None:
    """What the other factors of the models give."""
    for name in SUBJECTS:
        model = fold(args, Upsampling.THROUGH_PLANE, name)
        own = head(args.data / SUBJECTS[name], name)
        for factor in model.factors:
            gains = [gain(coarsened(own, (factor, 1, 1), noise), model) for noise in (0.0, 0.02)]
            print(f"{factor}x slices, {name}: {gains[0]:+.2f} dB clean, {gains[1]:+.2f} dB at 2 % noise")


def fold(args: argparse.Namespace, kind: Upsampling, held_out: str) -> LoadedModel:
    """The model trained without one subject; trained now if it is not in the folder of folds."""
    file = args.folds / f"{kind}-without-{held_out}.safetensors"
    if not file.exists():
        args.folds.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            for path in training_files(args, held_out):
                (Path(folder) / path.name).symlink_to(path.resolve())
            factors = (2, 3, 4, 5, 6) if kind is Upsampling.THROUGH_PLANE else (2,)
            request = TrainingRequest(Path(folder), file, kind, factors, args.minutes * 60, resume=True)
            train(request, lambda spent: None, CancelToken())
    return read_checkpoint(file)


def training_files(args: argparse.Namespace, held_out: str) -> Iterator[Path]:
    yield args.colin
    yield from (args.data / file for name, file in SUBJECTS.items() if name != held_out)


def linear_filter(args: argparse.Namespace, held_out: str) -> np.ndarray:
    """The least squares baseline: the best linear filter for clean slices of the same subjects."""
    subjects = [subject(path.name, read_volume(path)) for path in training_files(args, held_out)]
    kind = Upsampling.THROUGH_PLANE
    source = ExampleSource(subjects, kind, PATCHES[kind], np.random.default_rng(0), PLAIN)
    return least_squares_kernels(source, 4, (4, 1, 1))


def filtered(case: Case, kernels: np.ndarray) -> np.ndarray:
    import torch
    from torch.nn import functional

    values = torch.from_numpy(np.pad(case.coarse, WIDTH // 2, mode="edge"))[None, None]
    phases = functional.conv3d(values, torch.from_numpy(kernels)[:, None])[0]
    return phases.transpose(0, 1).reshape(case.truth.shape).numpy()


def head(path: Path, name: str) -> Head:
    volume = read_volume(path)
    spacing = volume.grid.nominal_geometry.spacing[::-1]
    box = head_box(volume.voxels, spacing)
    voxels = np.asarray(volume.voxels[box], np.float32)
    return Head(name, voxels / np.float32(value_range(voxels)), head_mask(volume.voxels)[box], spacing)


def trimmed(own: Head, steps: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """The voxels and the mask of a head, of sizes that the steps divide."""
    inner = tuple(slice(size // step * step) for size, step in zip(own.voxels.shape, steps, strict=True))
    return np.ascontiguousarray(own.voxels[inner]), own.mask[inner]


def coarsened(own: Head, steps: tuple[int, int, int], noise: float, thick: int = 0) -> Case:
    """Slice profiles along every axis with a step; `thick` is brought to the front."""
    truth, mask = trimmed(own, steps)
    coarse = degraded(truth, tuple(size // step for size, step in zip(truth.shape, steps, strict=True)))
    if noise:
        coarse = with_rician_noise(coarse, noise, np.random.default_rng(0))
    order = [thick, *(axis for axis in range(3) if axis != thick)]
    truth, mask, coarse = (np.ascontiguousarray(values.transpose(order)) for values in (truth, mask, coarse))
    return Case(truth, mask, coarse, tuple(steps[n] for n in order), tuple(own.spacing[n] for n in order))


def truncated_case(own: Head, steps: tuple[int, int, int]) -> Case:
    """The same voxel sizes, but acquired in k-space: magnitude of the lowest frequencies."""
    truth, mask = trimmed(own, steps)
    axes = [axis for axis, step in enumerate(steps) if step > 1]
    coarse = np.abs(truncated_k_space(truth, axes, [truth.shape[axis] // steps[axis] for axis in axes]))
    return Case(truth, mask, coarse, steps, own.spacing)


def isotropic_case(own: Head) -> Case:
    """Isotropic voxels, as acquired, and their slices between: nothing finer is there to be found."""
    truth, mask = trimmed(own, (2, 2, 2))
    coarse = np.abs(truncated_k_space(truth, (0, 1, 2), [size // 2 for size in truth.shape]))
    between = np.abs(truncated_k_space(truth, (1, 2), [size // 2 for size in truth.shape[1:]]))
    spacing = (own.spacing[0], own.spacing[1] * 2, own.spacing[2] * 2)
    return Case(between, np.ascontiguousarray(mask[:, ::2, ::2]), coarse, (2, 1, 1), spacing)


def volume_of(voxels: np.ndarray, spacing: tuple[float, float, float]) -> Volume:
    geometry = ImageGeometry.from_axes(voxels.shape[::-1], np.diag(spacing[::-1]), (0.0, 0.0, 0.0))
    return Volume(voxels, SliceGrid.from_geometry(geometry), "MR")


def gain(case: Case, model: LoadedModel) -> float:
    """By how many dB the model is above cubic interpolation."""
    return case.figures(case.resolved(model))[0] - case.figures(case.cubic())[0]


def row(words: str, case: Case, values: np.ndarray, base: tuple[float, float] | None = None) -> tuple[float, float]:
    """Print a method's figures, and its gains over `base`."""
    figures = case.figures(values)
    gains = "" if base is None else f"   {figures[0] - base[0]:+.2f} dB, SSIM {figures[1] - base[1]:+.3f}"
    print(f"  {words:<28}{figures[0]:6.2f} dB  SSIM {figures[1]:.3f}{gains}")
    return figures


def check(words: str, value: float, target: float) -> None:
    """Print a figure beside its target (errors are negative), and note a miss."""
    line = f"{words:<58} {value:+7.3f}  target {target:+.2f}  {'pass' if value >= target else 'FAIL'}"
    print(line, flush=True)
    if value < target:
        failures.append(line)


if __name__ == "__main__":
    sys.exit(main())
