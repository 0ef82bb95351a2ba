"""Frames of uncompressed pixel data, read one by one and written back bit for bit but for what was changed."""

from collections.abc import Callable, Iterator
from typing import BinaryIO

import numpy as np

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat

FrameChange = Callable[[np.ndarray, int], None]
"""Changes a frame in place; gets it and its index from 0. Shape (rows, columns) or (rows, columns, samples), samples as
they are stored, without rescale or palette."""


def native_frames(file: BinaryIO, start: int, length: int, form: FrameFormat, change: FrameChange) -> Iterator[bytes]:
    """The encoded frames of the pixel data of `length` bytes at `start`, each after its change.

    Single bits come eight frames at a time, because only then do frames end with a byte. Raises AnonymizeError where
    the pixel data is too short, or long enough for a frame that the image does not speak of.
    """
    _check_length(length, form)
    file.seek(start)
    for first in range(0, form.frames, _group(form)):
        frames = _read_group(file, first, form)
        for index, frame in enumerate(frames, first):
            change(frame, index)
        yield _packed(frames, form)


def native_frame(file: BinaryIO, start: int, length: int, form: FrameFormat, index: int) -> np.ndarray:
    """The one frame with this index, from 0 and less than `form.frames`; raises what `native_frames` raises."""
    _check_length(length, form)
    first = index - index % _group(form)
    file.seek(start + form.frame_bits * first // 8)
    return _read_group(file, first, form)[index - first]


def encoded_native(frame: np.ndarray, form: FrameFormat) -> bytes:
    """A frame as uncompressed pixel data has it, colour by pixel."""
    return np.ascontiguousarray(frame, form.dtype).tobytes()


def _check_length(length: int, form: FrameFormat) -> None:
    needed = -(-form.frame_bits * form.frames // 8)
    if length < needed:
        raise AnonymizeError("truncated: the pixel data is shorter than its frames")
    excess = length - needed - needed % 2
    if excess > 0 and excess * 8 >= form.frame_bits:
        raise AnonymizeError("pixels: there are more frames than Number of Frames says")


def _group(form: FrameFormat) -> int:
    """Frames that are read at once, so that they begin and end with a byte."""
    return 8 if form.allocated == 1 else 1


def _read_group(file: BinaryIO, first: int, form: FrameFormat) -> list[np.ndarray]:
    """The frames from index `first` on, of which the next byte of the file is the first one's."""
    count = min(_group(form), form.frames - first)
    return _unpacked(file.read(-(-form.frame_bits * count // 8)), count, form)


def _unpacked(encoded: bytes, count: int, form: FrameFormat) -> list[np.ndarray]:
    if form.allocated == 1:
        bits = np.unpackbits(np.frombuffer(encoded, np.uint8), bitorder="little")
        return [*bits[: count * form.frame_bits].reshape(count, *form.shape)]
    samples = np.frombuffer(encoded, form.dtype).copy()
    if form.subsampled:
        return [_separated(samples, form)]
    if form.planar:
        return [np.moveaxis(samples.reshape(form.samples, form.rows, form.columns), 0, -1)]
    return [samples.reshape(form.shape)]


def _packed(frames: list[np.ndarray], form: FrameFormat) -> bytes:
    frame = frames[0]
    if form.allocated == 1:
        return np.packbits(np.concatenate([frame.reshape(-1) for frame in frames]), bitorder="little").tobytes()
    if form.subsampled:
        return _shared(frame).tobytes()
    return (np.moveaxis(frame, -1, 0) if form.planar else frame).tobytes()


def _separated(samples: np.ndarray, form: FrameFormat) -> np.ndarray:
    """Y1 Y2 Cb Cr of two neighbours as two pixels (PS3.3 C.7.6.3.1.2)."""
    if form.columns % 2:
        raise AnonymizeError("pixels: an odd number of columns whose colour is shared by pairs")
    pairs = samples.reshape(form.rows, form.columns // 2, 4)
    frame = np.empty(form.shape, samples.dtype)
    frame[:, 0::2, 0], frame[:, 1::2, 0] = pairs[..., 0], pairs[..., 1]
    frame[:, 0::2, 1:] = frame[:, 1::2, 1:] = pairs[..., 2:]
    return frame


def _shared(frame: np.ndarray) -> np.ndarray:
    """Back to Y1 Y2 Cb Cr; the colour of a pair is that of its first pixel."""
    pairs = np.empty((frame.shape[0], frame.shape[1] // 2, 4), frame.dtype)
    pairs[..., 0], pairs[..., 1] = frame[:, 0::2, 0], frame[:, 1::2, 0]
    pairs[..., 2:] = frame[:, 0::2, 1:]
    return pairs
