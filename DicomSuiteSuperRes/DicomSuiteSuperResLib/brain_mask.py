"""Find the brain in the picture of a head, by whichever method there is."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.affine_resampling import even_geometry
from DicomSuiteLib.check_intensities import check_intensities
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.head_template import bundled_template
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.registration import Registration, register
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.atlas_mask import atlas_brain
from DicomSuiteSuperResLib.brain_programs import HD_BET, SYNTHSTRIP, program_brain

PURPOSE = "Brain extraction with deepbet"
ONLY_T1 = "deepbet was trained on whole-head T1 images of adults; for others look at the mask before using it"


class BrainMethod(enum.StrEnum):
    """How the brain is found."""

    AUTO = "auto"
    """deepbet where it is installed, the atlas otherwise."""
    DEEPBET = "deepbet"
    ATLAS = "atlas"
    HD_BET = "hd-bet"
    """The user's own installation of the program, as for SynthStrip."""
    SYNTHSTRIP = "synthstrip"


@dataclass(frozen=True, eq=False)
class BrainMask:
    """Where the brain is.

    Parameters
    ----------
    voxels : (k, j, i)
    method : how it was found; never `AUTO`
    warnings : what is to be said of its quality
    registration : to the template that comes with DicomSuite, where the atlas was used
    """

    voxels: NDArray[np.bool_]
    method: BrainMethod
    warnings: tuple[str, ...] = ()
    registration: Registration | None = None


def brain_mask(volume: Volume, method: BrainMethod = BrainMethod.AUTO, token: CancelToken | None = None) -> BrainMask:
    """Find the brain in `volume`, a whole head.

    Raises
    ------
    VolumeError, GeometryError, RegistrationError, SuperResError
        If the volume is none to be used, or no brain is found in it.
    MissingPackageError
        If deepbet is asked for and not installed.
    Cancelled
        If `token` asks for it.
    """
    check_intensities(volume)
    if method is BrainMethod.AUTO:
        method = BrainMethod.DEEPBET if _has_deepbet() else BrainMethod.ATLAS
    if method is BrainMethod.ATLAS:
        template = bundled_template()
        registration = register(volume, template, token)
        voxels, warnings = atlas_brain(volume, template, registration)
        return BrainMask(voxels, method, warnings, registration)
    if method is BrainMethod.DEEPBET:
        return BrainMask(_deepbet(volume), method, (ONLY_T1,))
    program = HD_BET if method is BrainMethod.HD_BET else SYNTHSTRIP
    return BrainMask(program_brain(program, volume, token), method)


def _has_deepbet() -> bool:
    return find_spec("torch") is not None and find_spec("deepbet") is not None


def _deepbet(volume: Volume) -> NDArray[np.bool_]:
    if find_spec("torch") is None:
        raise missing_package("torch", PURPOSE, extra="superres")
    from DicomSuiteSuperResLib.torch_deepbet import brain_voxels, deepbet_weights

    weights = deepbet_weights()
    if weights is None:
        raise missing_package("deepbet", PURPOSE, extra="superres")
    order, flips = _to_canonical(even_geometry(volume))
    canonical = np.flip(volume.voxels.transpose(order), flips)
    return np.flip(brain_voxels(canonical, weights), flips).transpose(np.argsort(order))


def _to_canonical(geometry: ImageGeometry) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How to turn (k, j, i) to x, y, z growing to right, anterior and superior, nearest: axes, then those to flip."""
    from scipy.optimize import linear_sum_assignment

    directions = np.array(geometry.directions)
    _, columns = linear_sum_assignment(-np.abs(directions))
    wanted = np.array((-1, -1, 1))  # right, anterior and superior, in LPS
    flips = tuple(n for n, column in enumerate(columns) if directions[n, column] * wanted[n] < 0)
    return tuple(2 - int(column) for column in columns), flips
