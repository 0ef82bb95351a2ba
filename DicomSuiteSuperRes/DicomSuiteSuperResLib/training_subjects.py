"""The fine volumes that a model learns from."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.degrade import value_range
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.find_inputs import find_inputs
from DicomSuiteSuperResLib.head_box import head_box

FINE_RATIO = 1.5
"""Along an axis whose spacing is this many times the smallest there is nothing fine to be learned."""


@dataclass(frozen=True, eq=False)
class TrainingSubject:
    """One volume to learn from, cut to the head.

    Parameters
    ----------
    name : by which it can be held out: its file's name, or a series' number
    voxels : [k, j, i], divided by the volume's range
    mask : where the head is
    spacing : mm, the smallest
    fine_axes : the array axes along which its spacing is fine enough to make thick slices from
    """

    name: str
    voxels: NDArray[np.float32]
    mask: NDArray[np.bool_]
    spacing: float
    fine_axes: tuple[int, ...]

    @property
    def digest(self) -> str:
        """By which it is known again: of all but its name."""
        content = hashlib.sha256(repr((self.voxels.shape, self.spacing, self.fine_axes)).encode())
        content.update(self.voxels.tobytes())
        content.update(self.mask.tobytes())
        return content.hexdigest()


def read_subjects(folder: Path) -> tuple[TrainingSubject, ...]:
    """Read every volume below `folder`: NIfTI, NRRD and MetaImage files, DICOM series, each of them one subject.

    Volumes with a single fine axis (thick slices) have nothing to teach and are passed over.

    Raises
    ------
    SuperResError
        If a volume cannot be learned from (NaN, constant), or there is none.
    """
    found = find_inputs([folder])
    if found.unreadable:
        name, reason = found.unreadable[0]
        raise SuperResError(f"{name} in {folder} cannot be read: {reason}. Remove it, or name another folder.")
    subjects = [subject(given.words, given.read()) for given in found.volumes]
    fine = tuple(own for own in subjects if len(own.fine_axes) > 1)
    if not fine:
        raise SuperResError(f"{folder} holds thick slices only; a model learns from volumes that are fine all around.")
    return fine


def subject(name: str, volume: Volume) -> TrainingSubject:
    """Make a volume a subject: scaled by its range, cut to the head."""
    voxels = np.asarray(volume.voxels, dtype=np.float32)
    if not np.isfinite(voxels).all():
        raise SuperResError(f"{name} holds values that are no number (NaN, infinity); a model cannot learn from it.")
    extent = value_range(voxels)
    if extent <= 0:
        raise SuperResError(f"{name} is constant; a model cannot learn from it.")
    spacing = volume.grid.nominal_geometry.spacing[::-1]
    box = head_box(voxels, spacing)
    fine = tuple(axis for axis, step in enumerate(spacing) if step <= FINE_RATIO * min(spacing))
    return TrainingSubject(name, voxels[box] / np.float32(extent), head_mask(voxels)[box], min(spacing), fine)


def split_subjects(
    subjects: Sequence[TrainingSubject], held_out: Iterable[str]
) -> tuple[tuple[TrainingSubject, ...], tuple[TrainingSubject, ...]]:
    """Part the subjects into those to learn from and those whose name contains one of the words `held_out`.

    Raises
    ------
    SuperResError
        If a word is in no name, or none is left to learn from.
    """
    words = tuple(held_out)
    for word in words:
        if not any(word in own.name for own in subjects):
            names = ", ".join(own.name for own in subjects)
            raise SuperResError(f"No subject is called {word}, so it cannot be held out; there are: {names}.")
    kept_back = tuple(own for own in subjects if any(word in own.name for word in words))
    learned = tuple(own for own in subjects if own not in kept_back)
    if not learned:
        raise SuperResError("Every subject is held out, so that none is left to learn from; hold out fewer.")
    return learned, kept_back
