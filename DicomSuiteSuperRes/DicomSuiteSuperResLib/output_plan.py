"""What a super-resolution will give and cost, told before it runs, and without torch."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from DicomSuiteLib.free_memory import free_bytes
from DicomSuiteLib.geometry import ImageGeometry, Vector3
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.even_slices import EvenSlices, even_slices
from DicomSuiteSuperResLib.models import Upsampling
from DicomSuiteSuperResLib.super_resolution import SuperResRequest

Counts = tuple[int, int, int]
"""Voxels along i, j, k."""

FEWEST_SLICES = 4
"""Along the thick axis: fewer are a localiser, and no network has seen so few."""
FEWEST_PIXELS = 8
"""Along the other axes."""
LARGEST_FACTOR = 16
"""Beyond it, a wish for more slices is a mistyped one."""
SAME_COUNT = 1e-3
"""By how much, as a part, a spacing may be coarser than the input's and still count as the same."""

TILE_BYTES = 240_000_000
"""What the values of a bundled network may take on the processor where it goes over a volume in tiles."""
USERS_TILE_BYTES = 2_000_000_000
"""What the values of a user's network may take on the processor: it is wider, and looks further, than a bundled one."""
USERS_BYTES_PER_VOXEL = 5_000
"""What those of a user's network take for every voxel of a small volume that it sees; of EDSR with 64 features, 2x."""
STREAMED_BYTES = 290_000_000
STREAMED_BYTES_PER_VOXEL = {Upsampling.THROUGH_PLANE: 900, Upsampling.ISOTROPIC: 450}
"""What those of a bundled one take there: so much for every voxel of a small volume, and as much as that for a large
one. Measured; how memory is handed out makes it a quarter more or less."""

CPU_SECONDS_PER_VOXEL = {Upsampling.THROUGH_PLANE: 3e-6, Upsampling.ISOTROPIC: 4e-6, Upsampling.REFINING: 3e-5}
"""Processor seconds for every voxel that the network sees: the bundled models; for refining ones, SwinUNETR of 48
features. Measured on an AMD EPYC of 2021 by bench_superres.py."""

VOXELS_PER_STEP = 32_768
"""Progress is counted in steps of so many voxels of the network's input."""

DEFAULT_REQUEST = SuperResRequest()
"""The thick axis is found, and becomes as fine as the others."""


class Scaling(Protocol):
    """What a plan needs to know of a model; models and the cards of bundled ones have it alike."""

    @property
    def upsampling(self) -> Upsampling: ...

    @property
    def factors(self) -> tuple[int, ...]: ...

    @property
    def trained_here(self) -> bool: ...


@dataclass(frozen=True)
class OutputPlan:
    """What will be computed.

    Parameters
    ----------
    axis : 0, 1, 2 for i, j, k: the thick axis
    even : the input's grid, once its slices are even
    network_factor : the factor of the model that is used
    network_size : voxels along i, j, k of what the network gives; where `geometry` has others, it is resampled
    looks : how often the network sees the volume; the second time mirrored
    geometry : the output's, its box has the corners of `even`
    memory_bytes : of main memory, beyond what the program and the input itself take
    seconds : roughly how long it takes on this machine's processor
    steps : how many steps of progress it has
    """

    axis: int
    even: EvenSlices
    network_factor: int
    network_size: Counts
    looks: int
    geometry: ImageGeometry
    memory_bytes: int
    seconds: float
    steps: int

    @property
    def size(self) -> Counts:
        """The output's voxels along i, j, k."""
        return self.geometry.size

    @property
    def spacing(self) -> Vector3:
        """The output's mm along i, j, k."""
        return self.geometry.spacing

    @property
    def factor(self) -> float:
        """How many slices the output has for each one of the input, along the thick axis."""
        return self.size[self.axis] / self.even.geometry.size[self.axis]

    @property
    def grid(self) -> SliceGrid:
        """The output's place."""
        return SliceGrid.from_geometry(self.geometry)

    @property
    def is_resampled(self) -> bool:
        """Whether the network's slices are not yet those that are wanted."""
        return self.network_size != self.size

    @property
    def notes(self) -> tuple[str, ...]:
        """What of the result does not come from the network alone, in words."""
        if not self.is_resampled:
            return self.even.notes
        names = ", ".join("ijk"[axis] for axis in range(3) if self.network_size[axis] != self.size[axis])
        sizes = tuple(self.network_size[axis] for axis in range(3) if self.network_size[axis] != self.size[axis])
        note = f"the network gives {_words(sizes)} voxels along {names}; the others are interpolated from them (cubic)"
        return (*self.even.notes, note)


def plan(
    grid: SliceGrid, model: Scaling, request: SuperResRequest = DEFAULT_REQUEST, item_size: int = 4
) -> OutputPlan:
    """Say what super-resolving a volume on `grid`, of values of `item_size` bytes, by `model` will give.

    Raises
    ------
    SuperResError
        If the grid is too small or too uneven, or the request contradicts itself or asks for what is there already.
    """
    even = even_slices(grid)
    axis = _thick_axis(even.geometry, request.axis)
    _check_size(even.geometry.size, axis)
    counts = _wanted_counts(even.geometry, axis, model, request)
    wanted = max(np.array(counts) / even.geometry.size)
    factor = min((own for own in model.factors if own >= wanted - 1e-9), default=max(model.factors))
    network_size = _network_size(even.geometry.size, counts, axis, model.upsampling, factor)
    seen = math.prod(counts if model.upsampling is Upsampling.REFINING else even.geometry.size)
    looks = 2 if model.trained_here and not request.fast else 1
    return OutputPlan(
        axis=axis,
        even=even,
        network_factor=factor,
        network_size=network_size,
        looks=looks,
        geometry=resized(even.geometry, counts),
        memory_bytes=_memory(_Sizes(even.geometry.size, network_size, counts), model, request, looks, item_size),
        seconds=looks * seen * CPU_SECONDS_PER_VOXEL[model.upsampling] / _processors(),
        steps=-(-looks * seen // VOXELS_PER_STEP),
    )


def resized(geometry: ImageGeometry, counts: Counts) -> ImageGeometry:
    """The grid of `counts` voxels along i, j, k in the same box: its outer corners are those of `geometry`."""
    shares = np.array(geometry.size) / np.array(counts)  # of an old voxel, in a new one
    origin = geometry.lps_from_ijk((shares - 1) / 2)
    return ImageGeometry.from_axes(counts, geometry.axes * shares, origin)


def _thick_axis(geometry: ImageGeometry, chosen: int | None) -> int:
    if chosen is None:
        # Equally thick along several axes: the slices, which are where thickness usually lies.
        return max(range(3), key=lambda axis: (round(geometry.spacing[axis], 4), axis))
    if chosen not in (0, 1, 2):
        raise SuperResError(f"There is no axis {chosen}; choose 0, 1 or 2 for i, j or k.")
    return chosen


def _check_size(size: Counts, axis: int) -> None:
    if size[axis] < FEWEST_SLICES:
        what = "is a single slice" if size[axis] == 1 else f"has {size[axis]} slices"
        raise SuperResError(
            f"The volume {what} along its thick axis {'ijk'[axis]}; at least {FEWEST_SLICES} are needed to say what "
            "lies between them."
        )
    if min(count for other, count in enumerate(size) if other != axis) < FEWEST_PIXELS:
        raise SuperResError(
            f"The volume has {_words(size)} voxels; across the slices at least {FEWEST_PIXELS} x {FEWEST_PIXELS} are "
            "needed."
        )


def _wanted_counts(geometry: ImageGeometry, axis: int, model: Scaling, request: SuperResRequest) -> Counts:
    factors = _wanted_factors(geometry, axis, model, request)
    counts = tuple(round(count * factor) for count, factor in zip(geometry.size, factors, strict=True))
    if min(factors) < 1 - SAME_COUNT or counts == geometry.size:
        raise SuperResError(
            f"The voxels are {_millimetres(geometry.spacing)} mm large, along {'ijk'[axis]} or all axes as fine as "
            "wanted already or finer; ask for a smaller spacing, or for another axis."
        )
    return counts


def _wanted_factors(geometry: ImageGeometry, axis: int, model: Scaling, request: SuperResRequest) -> Sequence[float]:
    """Times as many voxels along i, j, k."""
    spacing = _checked(request.spacing, "spacing", "a length in mm above 0", 0.0)
    factor = _checked(request.factor, "factor", "a number above 1", 1.0)
    if spacing is not None and factor is not None:
        raise SuperResError("Both a spacing and a factor are asked for; give one of them.")
    isotropic = model.upsampling is Upsampling.ISOTROPIC
    if spacing is None and factor is None:
        if isotropic:
            factor = min(model.factors)
        else:
            spacing = min(own for other, own in enumerate(geometry.spacing) if other != axis)
    wanted = [own / spacing if factor is None else factor for own in geometry.spacing]
    factors = [own if isotropic or other == axis else 1.0 for other, own in enumerate(wanted)]
    if max(factors) > LARGEST_FACTOR:
        raise SuperResError(
            f"More than {LARGEST_FACTOR} times as many slices are asked for; choose a larger spacing, or a smaller "
            "factor."
        )
    return factors


def _checked(number: float | None, name: str, meaning: str, above: float) -> float | None:
    if number is not None and not (math.isfinite(number) and number > above):
        raise SuperResError(f"The {name} must be {meaning}, not {number}.")
    return number


def _network_size(low: Counts, wanted: Counts, axis: int, upsampling: Upsampling, factor: int) -> Counts:
    if upsampling is Upsampling.REFINING:
        return wanted
    isotropic = upsampling is Upsampling.ISOTROPIC
    return tuple(count * factor if isotropic or axis == other else count for other, count in enumerate(low))


def check_memory(planned: OutputPlan) -> None:
    """Make sure that this machine has the memory that a plan needs, where it tells how much is free.

    Raises
    ------
    SuperResError
        If it has less: without a word, Linux would end the program, or one beside it.
    """
    free = free_bytes()
    if free is not None and free < planned.memory_bytes:
        raise too_little_memory(planned, f", and {free / 1e9:.1f} GB are free")


def too_little_memory(planned: OutputPlan, more: str = "") -> SuperResError:
    """The error that says so, with what was planned, `more` of it in words, and what to do."""
    return SuperResError(
        f"The memory does not suffice: a result of {_words(planned.size)} voxels needs about "
        f"{planned.memory_bytes / 1e9:.1f} GB{more}. Close other programs, crop the volume, ask for a coarser spacing, "
        "or do without back-projections."
    )


@dataclass(frozen=True)
class _Sizes:
    """Voxels along i, j, k of the input, of what the network gives, and of the result."""

    low: Counts
    network: Counts
    high: Counts


def _memory(sizes: _Sizes, model: Scaling, request: SuperResRequest, looks: int, item_size: int) -> int:
    """Bytes at the worst moment: while the network works, or while its result is corrected or brought to its type."""
    low, network, high = (4 * math.prod(size) for size in (sizes.low, sizes.network, sizes.high))
    at_work = _network_bytes(model, sizes)
    volumes = looks + (2 if model.upsampling is Upsampling.REFINING else 0)  # its input has as many, and is blended
    working = at_work + looks * low + volumes * network
    kept = low + high + (network if sizes.network != sizes.high else 0)
    copies = high * (looks if request.back_projections else 0)  # the correction, and a mirrored result set upright
    return max(working, at_work // 2 + kept + max(copies, item_size * high // 4))  # half is not given back at once


def _network_bytes(model: Scaling, sizes: _Sizes) -> int:
    """What the network's own values take on the processor, at most."""
    if model.trained_here:
        return min(STREAMED_BYTES, STREAMED_BYTES_PER_VOXEL[model.upsampling] * math.prod(sizes.low))
    seen = sizes.high if model.upsampling is Upsampling.REFINING else sizes.low
    return min(USERS_TILE_BYTES, USERS_BYTES_PER_VOXEL * math.prod(seen))


def _processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _words(counts: Sequence[int]) -> str:
    return " x ".join(map(str, counts))


def _millimetres(spacing: Vector3) -> str:
    return " x ".join(f"{length:.4g}" for length in spacing)
