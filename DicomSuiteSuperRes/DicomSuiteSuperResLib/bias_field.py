"""Even out the brightness that receiver coils give to one side: N4 (Tustison 2010, doi:10.1109/TMI.2010.2046908)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray

from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteSuperResLib.degrade import along_axis, lower_resolution
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.slice_profile import ProfileShape, SliceProfile, cubic_matrix

SHRINK = 6
"""How many times coarser the voxels are that are looked at: as good as 4, and in a third of the time."""
LEAST_SIZE = 24
"""Voxels along an axis that are looked at, where there are as many: the field's spline needs some."""
ITERATIONS = (50, 40, 30, 20)
"""At most, at each of the levels, the finer of which take longer."""
_MEANS = SliceProfile(ProfileShape.BOX)


def bias_field(
    voxels: NDArray,
    spacing: Sequence[float],
    mask: NDArray[np.bool_] | None = None,
    token: CancelToken | None = None,
) -> NDArray[np.float32]:
    """Give the field (k, j, i; above 0, about 1) by which `voxels` are too bright: divide them by it.

    Parameters
    ----------
    spacing : mm along i, j, k
    mask : where it is estimated, for example the brain; None: the head. Elsewhere it is carried on

    Raises
    ------
    SuperResError
        If hardly any voxel of the mask is above 0, so that there is nothing to estimate it from.
    Cancelled
        If `token` asks for it.
    """
    region = head_mask(voxels) if mask is None else mask
    counts = tuple(max(-(-size // SHRINK), min(size, LEAST_SIZE)) for size in voxels.shape)
    coarse = lower_resolution(voxels, counts, _MEANS)
    inside = (lower_resolution(region, counts, _MEANS) > 0.5) & (coarse > 0)
    if np.count_nonzero(inside) < LEAST_SIZE:
        raise SuperResError("There is too little in the volume to correct its brightness; a whole head is needed.")
    image, within = sitk.GetImageFromArray(coarse), sitk.GetImageFromArray(inside.astype(np.uint8))
    for part in (image, within):
        part.SetSpacing([step * n / m for step, n, m in zip(spacing, voxels.shape[::-1], counts[::-1], strict=True)])
    logarithm = _logarithm(image, within, token)
    for axis, size in enumerate(voxels.shape):  # smooth as it is, nothing is lost between its coarse voxels
        logarithm = along_axis(cubic_matrix(counts[axis], size), logarithm, axis)
    return np.exp(logarithm, out=logarithm)


def without_bias_field(
    voxels: NDArray,
    spacing: Sequence[float],
    mask: NDArray[np.bool_] | None = None,
    token: CancelToken | None = None,
) -> NDArray[np.float32]:
    """Give `voxels` divided by their `bias_field`; parameters and errors are the same."""
    return voxels / bias_field(voxels, spacing, mask, token)


def _logarithm(image: sitk.Image, mask: sitk.Image, token: CancelToken | None) -> NDArray[np.float32]:
    """Of the field, at the voxels of `image`."""
    corrector = sitk.N4BiasFieldCorrectionImageFilter()
    corrector.SetNumberOfThreads(1)  # sums do not depend on how many cores there are
    corrector.SetMaximumNumberOfIterations(ITERATIONS)
    if token is not None:
        corrector.AddCommand(sitk.sitkIterationEvent, lambda: corrector.Abort() if token.cancelled else None)
    try:
        corrector.Execute(image, mask)
    except RuntimeError as error:
        if token is not None:
            token.raise_if_cancelled()
        raise SuperResError("The brightness could not be evened out: the volume is too small or uniform.") from error
    if token is not None:
        token.raise_if_cancelled()
    return sitk.GetArrayFromImage(corrector.GetLogBiasFieldAsImage(image))
