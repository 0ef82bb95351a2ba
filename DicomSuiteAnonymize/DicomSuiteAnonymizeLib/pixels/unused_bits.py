"""The bits of a sample above Bits Stored: they mean nothing, but old devices put overlays into them (PS3.3 C.9.2)."""

from __future__ import annotations

import numpy as np
from pydicom.dataset import Dataset

from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat

_OVERLAYS = range(0x6000, 0x6100, 2)
_BIT_POSITION = 0x0102


def without_unused_bits(frame: np.ndarray, form: FrameFormat, kept: int = 0) -> np.ndarray:
    """The samples with nothing but their values; those of signed samples have their sign in all higher bits.

    `kept` are bits to leave as they are, as a number; the result may be `frame` itself.
    """
    unused = form.allocated - form.stored
    if unused <= 0 or form.dtype.kind == "f":
        return frame
    meant = frame << unused >> unused  # repeats the sign of signed samples
    if not kept:
        return meant
    mask = np.array(kept, np.uint64).astype(frame.dtype)
    return (meant & ~mask) | (frame & mask)


def clear_unused_bits(frame: np.ndarray, dataset: Dataset, form: FrameFormat) -> None:
    """Take out of the frame, in place, the overlays that its attributes do not describe."""
    frame[...] = without_unused_bits(frame, form, _described(dataset, form))


def uses_unused_bits(frame: np.ndarray, dataset: Dataset, form: FrameFormat) -> bool:
    """Whether `clear_unused_bits` would change the frame."""
    return not np.array_equal(frame, without_unused_bits(frame, form, _described(dataset, form)))


def _described(dataset: Dataset, form: FrameFormat) -> int:
    """Bits in which the attributes say that an overlay lies."""
    found = (dataset.get((group, _BIT_POSITION)) for group in _OVERLAYS)
    positions = {element.value for element in found if element is not None}
    return sum(1 << bit for bit in range(form.stored, form.allocated) if bit in positions)
