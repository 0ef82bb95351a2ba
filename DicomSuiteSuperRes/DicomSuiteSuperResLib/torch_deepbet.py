"""Run the networks of the package deepbet: where the brain is in a T1 image.

Fisch et al. 2024, doi:10.1016/j.compbiomed.2024.108845. The package carries its weights; of its own code nothing is
used, which would need pandas, fill_voids and a window toolkit.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from scipy import ndimage
from torch.nn.functional import interpolate

from DicomSuiteSuperResLib.errors import SuperResError

COARSE_SHAPE, FINE_SHAPE = (128,) * 3, (256,) * 3
"""Voxels that the first network, which finds the brain's box, and the second one, which finds the brain, are given."""
MARGIN = 0.1
"""By which part of its size the box is enlarged on either side."""
LEAST_SHARE = 0.02
"""Of a plane, that has to be brain for the plane to be in the box."""
_DARK, _BRIGHT = 0.005, 0.995  # quantiles that become 0 and 1
_MEAN, _DEVIATION = 0.449, 0.226  # what the networks were trained with


def deepbet_weights() -> tuple[Path, Path] | None:
    """The files of the first and the second network; None where the package is not installed."""
    try:
        package = distribution("deepbet")
    except PackageNotFoundError:
        return None
    coarse, fine = (Path(str(package.locate_file(f"data/models/{name}.pt"))) for name in ("bbox_model", "model"))
    return (coarse, fine) if coarse.is_file() and fine.is_file() else None


@torch.inference_mode()
def brain_voxels(voxels: NDArray, weights: tuple[Path, Path]) -> NDArray[np.bool_]:
    """Tell which voxels (x to the right, y to anterior, z to superior) are brain.

    Raises
    ------
    SuperResError
        If no brain is found.
    """
    coarse_file, fine_file = weights
    image = torch.from_numpy(np.ascontiguousarray(voxels, dtype=np.float32))
    coarse = _scaled(image, COARSE_SHAPE)
    dark, bright = coarse.quantile(_DARK), coarse.quantile(_BRIGHT)
    box = _box(_largest_object(_run(coarse_file, coarse, dark, bright).numpy() > 0.5), image.shape)
    inside = _run(fine_file, _scaled(image[box], FINE_SHAPE), dark, bright)
    brain = _largest_object(_scaled(inside, image[box].shape).numpy() > 0.5)
    result = np.zeros(image.shape, dtype=bool)
    result[box] = ndimage.binary_fill_holes(brain)
    return result


def _scaled(image: torch.Tensor, shape: tuple[int, ...]) -> torch.Tensor:
    return interpolate(image[None, None], tuple(shape), mode="nearest-exact")[0, 0]


def _run(file: Path, image: torch.Tensor, dark: torch.Tensor, bright: torch.Tensor) -> torch.Tensor:
    """The probability of brain at every voxel."""
    grey = ((image - dark) / (bright - dark).clamp(min=1e-20)).clamp(0, 1)
    grey = (grey - grey.mean()) / grey.std().clamp(min=1e-20) * _DEVIATION + _MEAN
    network = torch.jit.load(str(file), map_location="cpu").eval()
    return network(grey[None, None])[0, 1]


def _largest_object(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    labels, count = ndimage.label(mask, np.ones((3, 3, 3)))
    if not count:
        raise SuperResError("No brain was found; the network knows whole-head T1 images. Choose another method.")
    return labels == 1 + np.argmax(np.bincount(labels.ravel())[1:])


def _box(mask: NDArray[np.bool_], shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The part of an image of `shape` where `mask`, a coarse picture of it, is brain, with a margin."""
    box = []
    for axis, (coarse, count) in enumerate(zip(mask.shape, shape, strict=True)):
        shares = mask.mean(axis=tuple(other for other in range(3) if other != axis))
        planes = np.flatnonzero(shares > LEAST_SHARE)
        if not len(planes):
            raise SuperResError("Too little brain was found; the network knows whole-head images.")
        scale = count / coarse
        centre = round((planes[-1] + 1 + planes[0]) / 2 * scale)
        size = round((planes[-1] + 1 - planes[0]) * scale * (1 + 2 * MARGIN))
        box.append(slice(max(0, int(centre - size / 2)), min(count, int(centre + size / 2))))
    return tuple(box)
