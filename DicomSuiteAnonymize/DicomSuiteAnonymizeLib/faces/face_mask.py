"""Which voxels of a series' own images belong to the face, once it is known how its head lies over the template."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from DicomSuiteAnonymizeLib.faces.face_region import in_face
from DicomSuiteLib.geometry import FloatArray, checked_orientation
from DicomSuiteLib.series_files import Frame

AIR_HU = -1000.0
"""What stands in place of a face in CT; elsewhere it is 0, no signal."""


class FaceMasks:
    """Masks of the frames of one head; frames at one place, as of a time series, share theirs.

    Parameters
    ----------
    template_from_patient : 4x4, takes LPS points (mm) of the patient to those of the template
    """

    def __init__(self, template_from_patient: FloatArray) -> None:
        self._map = template_from_patient
        self._known: dict[tuple, tuple[bytes, int]] = {}

    def of(self, frame: Frame) -> tuple[bytes, int]:
        """The packed mask of a frame with position, orientation and pixel spacing, and how many voxels it has."""
        place = frame.position, frame.orientation, frame.pixel_spacing, frame.rows, frame.columns
        if place not in self._known:
            mask = in_face(_points(frame) @ self._map[:3, :3].T + self._map[:3, 3])
            self._known[place] = np.packbits(mask).tobytes(), int(np.count_nonzero(mask))
        return self._known[place]


def deflated(masks: Sequence[bytes]) -> bytes:
    """The packed masks of a file's frames, as an order carries them."""
    stream = zlib.compressobj()
    return b"".join((*map(stream.compress, masks), stream.flush()))


class FileMasks:
    """The masks of a file's frames, each unpacked when it is asked for.

    Raises ValueError where `content`, as `deflated` gives it, is not of frames with so many rows and columns.
    """

    def __init__(self, content: bytes, rows: int, columns: int) -> None:
        self._shape = rows, columns
        self._packed = np.frombuffer(zlib.decompress(content), np.uint8).reshape(-1, -(-rows * columns // 8))

    def __len__(self) -> int:
        return len(self._packed)

    def __getitem__(self, index: int) -> NDArray[np.bool_]:
        bits = np.unpackbits(self._packed[index], count=self._shape[0] * self._shape[1])
        return bits.view(bool).reshape(self._shape)

    def any(self) -> bool:
        """Whether there is a voxel in any mask."""
        return bool(self._packed.any())


def air(frame: Frame, modality: str) -> float:
    """The stored value that stands for air in a frame; it may lie outside of what can be stored."""
    slope, intercept = frame.rescale or (1.0, 0.0)
    return ((AIR_HU if modality == "CT" else 0.0) - intercept) / (slope or 1.0)


def _points(frame: Frame) -> FloatArray:
    """LPS mm (rows, columns, 3) of the voxel centres of a frame (PS3.3 C.7.6.2.1.1)."""
    row, column = checked_orientation(frame.orientation)
    between_rows, between_columns = frame.pixel_spacing
    down = np.arange(frame.rows)[:, None, None] * (column * between_rows)
    right = np.arange(frame.columns)[None, :, None] * (row * between_columns)
    return np.array(frame.position) + down + right
