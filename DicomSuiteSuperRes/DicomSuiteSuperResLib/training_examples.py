"""Pairs of a coarse patch and what cubic interpolation of it lacks, made at random from fine volumes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteSuperResLib.cubic_volume import cubic_voxels
from DicomSuiteSuperResLib.degrade import along_axis
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.models import Upsampling
from DicomSuiteSuperResLib.slice_profile import ProfileShape, SliceProfile, profile_matrix
from DicomSuiteSuperResLib.training_subjects import TrainingSubject

MARGIN = 6
"""Coarse voxels around a patch that it is made from but that are not part of it: no profile reaches further."""


@dataclass(frozen=True)
class Variety:
    """How examples differ: shares of them from 0 to 1, and ranges from which numbers are drawn.

    Parameters
    ----------
    widths : of the slice profile, in slice distances
    boxes : share of box profiles; all others are Gaussian
    smooth, smooth_widths : share whose truth is smoothed before, and how far (coarse voxels): it is hardly finer than
        its coarse version
    noisy, noise : share with Rician noise, and its largest deviation (part of the range); small ones are more frequent
    curved, gammas : share whose values get an exponent, and from which range
    inverted : share with dark and bright exchanged
    gains : factors of the values, by which a coil's bias field acts on a patch
    """

    widths: tuple[float, float] = (0.9, 1.15)
    boxes: float = 0.05
    smooth: float = 0.04
    smooth_widths: tuple[float, float] = (0.3, 1.2)
    noisy: float = 0.45
    noise: float = 0.05
    curved: float = 0.5
    gammas: tuple[float, float] = (0.6, 1.6)
    inverted: float = 0.05
    gains: tuple[float, float] = (0.7, 1.3)

    def words(self) -> str:
        """The same for people."""
        gaussian = 1 - self.boxes
        return (
            f"slice profiles, {gaussian:.0%} Gaussian, {self.boxes:.0%} box, FWHM {self.widths[0]}-{self.widths[1]} of "
            f"the distance; {self.smooth:.0%} smooth already; "
            f"{self.noisy:.0%} with Rician noise up to {self.noise:.0%} of range; contrast by gamma, gain, inversion"
        )


USUAL_VARIETY = Variety()


@dataclass(frozen=True)
class PatchSize:
    """Coarse voxels of a patch along the first (thick) axis, and along each of the two others."""

    thick: int
    plane: int


class ExampleSource:
    """Draws examples from subjects, at places within the head, all fine axes alike.

    The same generator gives the same examples.
    """

    def __init__(
        self,
        subjects: Sequence[TrainingSubject],
        upsampling: Upsampling,
        size: PatchSize,
        generator: np.random.Generator,
        variety: Variety = USUAL_VARIETY,
    ) -> None:
        self._upsampling = upsampling
        self._size = size
        self._generator = generator
        self._variety = variety
        views = [_view(own, axis) for own in subjects for axis in own.fine_axes]
        self._volumes = [voxels for voxels, _ in views]
        self._places = [places for _, places in views]

    @property
    def generator(self) -> np.random.Generator:
        """The generator that all that is random comes from."""
        return self._generator

    def batch(self, factor: int, count: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Draw `count` examples: coarse patches (count, 1, k, j, i), and what the fine ones have beyond cubic."""
        pairs = [self._example(factor) for _ in range(count)]
        coarse, missing = (np.stack(own)[:, None] for own in zip(*pairs, strict=True))
        return coarse, missing

    def _example(self, factor: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        fine = self._with_contrast(self._flipped(self._patch(factor)))
        axes = (0,) if self._upsampling is Upsampling.THROUGH_PLANE else (0, 1, 2)
        if self._happens(self._variety.smooth):
            fine = self._smoothed(fine, axes, factor)
        coarse = self._noisy(self._coarsened(fine, axes, factor))
        if self._happens(self._variety.inverted):
            fine, coarse = 1 - fine, 1 - coarse
        missing = fine - cubic_voxels(coarse, fine.shape)
        return _inner(coarse, axes, MARGIN), _inner(missing, axes, MARGIN * factor)

    def _patch(self, factor: int) -> NDArray[np.float32]:
        """A fine patch around a random place in a random head."""
        number = self._generator.integers(len(self._volumes))
        voxels, places = self._volumes[number], self._places[number]
        size = self._fine_size(factor)
        if any(length > available for length, available in zip(size, voxels.shape, strict=True)):
            raise SuperResError(
                f"A volume of {voxels.shape} voxels is too small to learn a factor of {factor} from: "
                f"at least {size} are needed. Use larger volumes, or smaller factors."
            )
        place = places[self._generator.integers(len(places))]
        starts = [
            int(np.clip(centre - length // 2, 0, available - length))
            for centre, length, available in zip(place, size, voxels.shape, strict=True)
        ]
        return voxels[tuple(slice(start, start + length) for start, length in zip(starts, size, strict=True))]

    def _fine_size(self, factor: int) -> tuple[int, int, int]:
        thick = (self._size.thick + 2 * MARGIN) * factor
        if self._upsampling is Upsampling.THROUGH_PLANE:
            return thick, self._size.plane, self._size.plane
        plane = (self._size.plane + 2 * MARGIN) * factor
        return thick, plane, plane

    def _flipped(self, fine: NDArray[np.float32]) -> NDArray[np.float32]:
        for axis in range(3):
            if self._happens(0.5):
                fine = np.flip(fine, axis)
        return fine.transpose(0, 2, 1) if self._happens(0.5) else fine

    def _with_contrast(self, fine: NDArray[np.float32]) -> NDArray[np.float32]:
        gain = np.float32(self._generator.uniform(*self._variety.gains))
        if not self._happens(self._variety.curved):
            return fine * gain
        return np.maximum(fine, 0) ** np.float32(self._generator.uniform(*self._variety.gammas)) * gain

    def _smoothed(self, fine: NDArray[np.float32], axes: Sequence[int], factor: int) -> NDArray[np.float32]:
        width = _rounded(self._generator.uniform(*self._variety.smooth_widths) * factor)
        for axis in axes:
            fine = along_axis(profile_matrix(fine.shape[axis], fine.shape[axis], SliceProfile(fwhm=width)), fine, axis)
        return fine

    def _coarsened(self, fine: NDArray[np.float32], axes: Sequence[int], factor: int) -> NDArray[np.float32]:
        shape = ProfileShape.BOX if self._happens(self._variety.boxes) else ProfileShape.GAUSSIAN
        profile = SliceProfile(shape, _rounded(self._generator.uniform(*self._variety.widths)))
        for axis in axes:
            fine = along_axis(profile_matrix(fine.shape[axis], fine.shape[axis] // factor, profile), fine, axis)
        return fine

    def _noisy(self, coarse: NDArray[np.float32]) -> NDArray[np.float32]:
        if not self._happens(self._variety.noisy):
            return coarse
        deviation = np.float32(self._variety.noise * self._generator.random() ** 2)
        real = coarse + deviation * self._generator.standard_normal(coarse.shape, dtype=np.float32)
        return np.hypot(real, deviation * self._generator.standard_normal(coarse.shape, dtype=np.float32))

    def _happens(self, share: float) -> bool:
        return self._generator.random() < share


def _view(subject: TrainingSubject, axis: int) -> tuple[NDArray[np.float32], NDArray[np.intp]]:
    """The voxels with `axis` first, and places (n, 3) within the head."""
    places = np.argwhere(np.moveaxis(subject.mask, axis, 0)[::4, ::4, ::4]) * 4
    return np.moveaxis(subject.voxels, axis, 0), places


def _inner(values: NDArray[np.float32], axes: Sequence[int], margin: int) -> NDArray[np.float32]:
    """The values without a margin along some axes."""
    return values[tuple(slice(margin, -margin) if axis in axes else slice(None) for axis in range(3))]


def _rounded(width: float) -> float:
    """So that the matrices of a width serve again."""
    return round(width, 2)
