"""What is asked of one super-resolution, and what comes out."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field

from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.models import ModelIdentity


class Device(enum.StrEnum):
    """Where a network runs."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"
    MPS = "mps"


@dataclass(frozen=True)
class SuperResRequest:
    """How a volume is to be super-resolved.

    Parameters
    ----------
    axis : 0, 1, 2 for i, j, k, the thick axis of the volume; None: the one with the largest spacing
    spacing : mm along the thick axis (isotropic models: along all) that is wanted; the output's is the nearest that
        divides the volume's extent evenly. None: the smallest spacing in the plane
    factor : instead of `spacing`: times as many slices, whole or not
    back_projections : how often the result is corrected so that thick slices of it are the input again
    device : where the network runs
    tile : voxels of the input along each side of a tile; None: as large as is fastest within the memory allowed
    fast : whether a model of our own training sees the volume once only. Otherwise it sees it mirrored, too, and the
        mean of both counts: twice the time for .05 to .1 dB, and a mirrored volume gives the mirrored result
    crop : whether only the box around the head is given to the network; outside, the result is cubic
    """

    axis: int | None = None
    spacing: float | None = None
    factor: float | None = None
    back_projections: int = 0
    device: Device = Device.AUTO
    tile: int | None = None
    fast: bool = False
    crop: bool = True


@dataclass(frozen=True, eq=False)
class SuperResResult:
    """A volume that was super-resolved.

    Parameters
    ----------
    volume : values of the input's type, on a grid whose box has the corners of the input's; `modality` and
        `frame_of_reference_uid` are the input's, `series_uid` is empty: it is no acquired series
    model : which model made it
    settings : what it was made with (axis, factor, spacing, device, precision, tile, …), in words and numbers, without
        anything that identifies a patient, file or machine
    warnings : what speaks against relying on it, in words
    seconds : how long the network ran
    """

    volume: Volume
    model: ModelIdentity
    settings: Mapping[str, str | float | int | bool]
    warnings: tuple[str, ...] = ()
    seconds: float = field(default=0.0, compare=False)

    @property
    def axis(self) -> int:
        """Along which slices were thick: 0, 1, 2 for i, j, k."""
        return "ijk".index(str(self.settings["axis"]))
