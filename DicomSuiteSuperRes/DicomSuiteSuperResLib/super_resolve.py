"""Make thin slices of thick ones: a model applied to a volume."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from DicomSuiteLib.check_intensities import check_intensities
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.back_projection import back_projected
from DicomSuiteSuperResLib.cubic_volume import cubic_voxels
from DicomSuiteSuperResLib.degrade import along_axis
from DicomSuiteSuperResLib.domain_check import domain_warnings
from DicomSuiteSuperResLib.head_box import head_box, whole_box
from DicomSuiteSuperResLib.measured_profile import measured_profile
from DicomSuiteSuperResLib.models import DERIVED, LoadedModel, Upsampling
from DicomSuiteSuperResLib.output_plan import DEFAULT_REQUEST, OutputPlan, check_memory, plan, too_little_memory
from DicomSuiteSuperResLib.sharpness_test import isotropic_residual_share, residual_share
from DicomSuiteSuperResLib.slice_profile import USUAL_PROFILE, SliceProfile
from DicomSuiteSuperResLib.super_resolution import SuperResRequest, SuperResResult

if TYPE_CHECKING:
    from DicomSuiteSuperResLib.torch_tiles import NetworkInput, NetworkOutput

Progress = Callable[[int, int], None]


def super_resolve(
    volume: Volume,
    model: LoadedModel,
    request: SuperResRequest = DEFAULT_REQUEST,
    progress: Progress | None = None,
    token: CancelToken | None = None,
) -> SuperResResult:
    """Make the thin slices that `request` asks for from the thick ones of `volume`, by `model`.

    The result lies in the box of the volume, however that is turned, mirrored or sheared. It has the volume's type,
    and no value beyond the volume's own smallest and largest one, so that a constant stays what it is and air does not
    become negative. It is computed in float32, which holds whole numbers up to 16 million exactly. On one processor,
    with the same number of threads, two runs in the same precision give the same bytes. Only where the processor has
    units for bfloat16 is the precision found by timing; the settings tell which one it was.

    Parameters
    ----------
    progress : called with the steps done and all steps, `OutputPlan.steps`; both only ever grow
    token : stops the run between two layers of the network

    Raises
    ------
    VolumeError, SuperResError
        If the volume or the request cannot be used, or the memory does not suffice, which is told before anything is
        computed where the system says how much is free; ModelError if the model fails.
    Cancelled
        If `token` says so.
    """
    check_intensities(volume)
    planned = plan(volume.grid, model, request, volume.voxels.itemsize)
    check_memory(planned)
    try:
        return _resolved(volume, model, request, planned, _Steps(planned.steps, progress), token or CancelToken())
    except MemoryError as error:
        raise too_little_memory(planned) from error


@dataclass
class _Steps:
    """Tells how many of all steps are done, from the share of the network's work."""

    count: int
    told: Progress | None

    def __call__(self, share: float) -> None:
        if self.told is not None:
            self.told(int(share * self.count), self.count)

    def part(self, number: int, of: int) -> Callable[[float], None]:
        """The same for the share of one of equal parts, the first one being 0."""
        return lambda share: self((number + share) / of)


def _resolved(
    volume: Volume,
    model: LoadedModel,
    request: SuperResRequest,
    planned: OutputPlan,
    steps: _Steps,
    token: CancelToken,
) -> SuperResResult:
    started = time.perf_counter()
    doubts = domain_warnings(volume, model, planned)
    profile = _profile(volume, model, request, planned)
    order = _Order.of(model, planned)
    low = order.taken(planned.even.of(volume.voxels))
    output = _network_output(low, order, model, request, planned, steps, token)
    token.raise_if_cancelled()
    high = output.values
    for axis, count in enumerate(order.arranged(planned.size)):
        if high.shape[axis] != count:
            high = along_axis(_sampling_matrix(high.shape[axis], count), high, axis)
    high = back_projected(high, low, request.back_projections, profile, token)
    token.raise_if_cancelled()
    voxels = _of_type(order.given_back(high), volume.voxels)
    steps(1.0)
    return SuperResResult(
        Volume(voxels, planned.grid, volume.modality, volume.frame_of_reference_uid, notes=(*volume.notes, DERIVED)),
        model.identity,
        _settings(request, planned, output, profile),
        (*doubts, *planned.notes, *output.warnings),
        time.perf_counter() - started,
    )


def _profile(volume: Volume, model: LoadedModel, request: SuperResRequest, planned: OutputPlan) -> SliceProfile:
    """The profile by which results are back-projected; pixels, and what is not back-projected, have none to be read."""
    if not request.back_projections or model.upsampling is Upsampling.ISOTROPIC:
        return USUAL_PROFILE
    return measured_profile(volume, planned.axis)


@dataclass(frozen=True)
class _Order:
    """In which order a model sees the axes of an array: the thick one first, where it upsamples that one only."""

    first: int

    @classmethod
    def of(cls, model: LoadedModel, planned: OutputPlan) -> _Order:
        return cls(2 - planned.axis if model.upsampling is Upsampling.THROUGH_PLANE else 0)

    def taken(self, voxels: NDArray) -> NDArray[np.float32]:
        """The voxels (k, j, i) in the model's order, and as it computes."""
        return np.ascontiguousarray(np.moveaxis(voxels, self.first, 0), dtype=np.float32)

    def given_back(self, voxels: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same, in the order k, j, i again."""
        return np.moveaxis(voxels, 0, self.first)

    def arranged(self, ijk: tuple) -> tuple:
        """What is said of i, j, k, in the model's order of the axes."""
        kji = list(reversed(ijk))
        return (kji.pop(self.first), *kji)


def _network_output(
    low: NDArray[np.float32],
    order: _Order,
    model: LoadedModel,
    request: SuperResRequest,
    planned: OutputPlan,
    steps: _Steps,
    token: CancelToken,
) -> NetworkOutput:
    """The model applied to a volume in its own order of the axes, on the grid that the model gives."""
    from DicomSuiteSuperResLib.torch_tiles import NetworkInput, apply_network

    counts = order.arranged(planned.network_size)
    if model.upsampling is Upsampling.REFINING:
        source, factors, spacing = cubic_voxels(low, counts), (1, 1, 1), order.arranged(planned.spacing)
    else:
        factors = tuple(many // few for many, few in zip(counts, low.shape, strict=True))
        source, spacing = low, order.arranged(planned.even.geometry.spacing)
    share = _residual_share(source, spacing, model)
    region = head_box(source, spacing) if request.crop else whole_box(source.shape)
    given = NetworkInput(source, spacing, region, lambda: cubic_voxels(source, counts), factors, share / planned.looks)

    def look(given: NetworkInput, number: int) -> NetworkOutput:
        told = steps.part(number, planned.looks)
        return apply_network(model, planned.network_factor, given, request.device, request.tile, told, token)

    output = look(given, 0)
    warnings = [*output.warnings, *([] if share == 1 else [_words_on_share(share)])]
    if planned.looks == 2:
        output = look(_mirrored_input(given, output.values), 1)
        output = replace(output, values=output.values[_MIRRORED])
        warnings += output.warnings
    return replace(output, share=share, warnings=tuple(dict.fromkeys(warnings)))


_MIRRORED = (slice(None, None, -1),) * 3
"""All axes at once: of all mirrored views the one whose errors are least alike, measured on heads."""


def _mirrored_input(given: NetworkInput, values: NDArray[np.float32]) -> NetworkInput:
    """The same seen in a mirror, where `values` are what it is added to."""
    ends = zip(given.region, given.source.shape, strict=True)
    return replace(
        given,
        source=np.ascontiguousarray(given.source[_MIRRORED]),
        region=tuple(slice(size - part.stop, size - part.start) for part, size in ends),
        interpolated=lambda: values[_MIRRORED].copy(),
    )


def _residual_share(source: NDArray[np.float32], spacing: Sequence[float], model: LoadedModel) -> float:
    """How much of its part the model adds, 0 to 1."""
    if not model.trained_here:
        return 1.0
    if model.upsampling is Upsampling.THROUGH_PLANE:
        return residual_share(source, 0, spacing)
    return isotropic_residual_share(source)


def _words_on_share(share: float) -> str:
    return (
        "the volume is sharper than those that the model has learned from, where it should be blurred by its slices or "
        f"voxels: of what the model would add to the cubic interpolation, {share:.0%} was added"
    )


def _sampling_matrix(count: int, wanted: int) -> NDArray[np.float32]:
    """The (wanted, count) matrix that samples `count` voxels at `wanted` places in the same box, by a cubic spline.

    Unlike a `cubic_matrix` it may give fewer than there are.
    """
    places = np.clip((np.arange(wanted) + 0.5) * (count / wanted) - 0.5, 0, count - 1)
    return CubicSpline(np.arange(count), np.eye(count), bc_type="natural")(places).astype(np.float32)


def _of_type(high: NDArray[np.float32], low: NDArray) -> NDArray:
    """The values in the type, and within the extremes, of `low`; whole numbers rounded."""
    smallest, largest = float(low.min()), float(low.max())
    voxels = np.empty(high.shape, low.dtype)
    for number, plane in enumerate(high):  # one at a time: float64 of all would be twice the volume
        values = plane.astype(float)
        if low.dtype.kind in "iu":
            np.rint(values, out=values)
        voxels[number] = np.clip(values, smallest, largest)
    return voxels


def _settings(
    request: SuperResRequest, planned: OutputPlan, output: NetworkOutput, profile: SliceProfile
) -> dict[str, str | float | int | bool]:
    return {
        "axis": "ijk"[planned.axis],
        "factor": planned.factor,
        "network factor": planned.network_factor,
        "size": " x ".join(map(str, planned.size)),
        "spacing (mm)": " x ".join(f"{length:.6g}" for length in planned.spacing),
        "back-projections": request.back_projections,
        **({"slice profile (FWHM, slice distances)": round(profile.fwhm, 3)} if request.back_projections else {}),
        "device and precision": output.place.words,
        "largest tile (k, j, i)": " x ".join(map(str, output.tiling.largest)),
        "cropped to the head": request.crop,
        "looks of the network": planned.looks,
        "share of the model's part": output.share,
    }
