"""A super-resolution model as inference sees it, wherever it comes from."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

DERIVED = "derived by super-resolution, not acquired"
"""What every output says of itself."""


class Upsampling(enum.StrEnum):
    """How the grid of a model's output follows from that of its input."""

    THROUGH_PLANE = "through-plane"
    """The first axis has `factor` times the voxels: the thick axis has to be brought there."""
    ISOTROPIC = "isotropic"
    """All three axes have `factor` times the voxels."""
    REFINING = "refining"
    """None: the input is first interpolated to the output's grid, and comes out sharper."""


class Normalisation(enum.StrEnum):
    """What a model wants done to the values before, which is undone after."""

    NONE = "none"
    """Nothing: SR(k x) = k SR(x)."""
    UNIT = "unit"
    """Divided so that 0 stays 0 and the 99.9th percentile of the foreground becomes 1."""
    RANGE = "range"
    """The range of the volume becomes 0 to 1."""
    ZSCORE = "z-score"
    """Mean 0 and standard deviation 1, over the foreground."""


@dataclass(frozen=True)
class ModelIdentity:
    """Which model it was, for provenance: `sha256` is of the file's bytes, in hexadecimal digits."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True)
class ModelScope:
    """What a model was made for; what lies outside is warned of. Spacings in mm; empty or None: not known."""

    modalities: tuple[str, ...] = ()
    thick_spacing: tuple[float, float] | None = None
    fine_spacing: tuple[float, float] | None = None
    degradation: str = ""
    data: str = ""
    licence: str = ""


@dataclass(frozen=True)
class LoadedModel:
    """A network in memory.

    Parameters
    ----------
    identity, scope : which it is, and what it was made for
    upsampling, factors : how its output's grid follows from its input's; `factors` is (1,) where it refines
    network : maps (1, 1, k, j, i) float32 to the output's grid, for one factor: `network(factor)` is a torch module in
        evaluation mode, on the CPU, whose parameters want no gradient
    adds_to_cubic : whether the output has to be added to the cubic interpolation of the input
    trained_here : whether `dicomsuite train-superres` made it: what it adds undoes the blur of slice profiles, which
        must then be there, and it has learned from mirrored volumes alike
    halo : how many input voxels along k, j, i an output voxel depends on to either side; None where an output
        depends on the whole window (normalisation over it, attention), so that windows must be blended
    window : size of the windows it was trained on (input voxels k, j, i), where it takes no other; None: any
    multiple : by which every size of its input must be divisible
    normalisation : what it wants done to the values
    """

    identity: ModelIdentity
    upsampling: Upsampling
    factors: tuple[int, ...]
    network: Callable[[int], torch.nn.Module]
    adds_to_cubic: bool = False
    trained_here: bool = False
    halo: tuple[int, int, int] | None = None
    window: tuple[int, int, int] | None = None
    multiple: int = 1
    normalisation: Normalisation = Normalisation.UNIT
    scope: ModelScope = ModelScope()
