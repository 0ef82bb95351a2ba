"""Reading the text in a picture, with the package rapidocr-onnxruntime, whose models are part of it."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np

from DicomSuiteAnonymizeLib.pixels.pixel_rules import Box
from DicomSuiteAnonymizeLib.pixels.read_once import LinesReadOnce, PictureMemory
from DicomSuiteLib.missing_package import missing_package

_LEAST_CONFIDENCE = 0.3
"""What is read with less is mostly speckle; the package's own limit of 0.5 lets faint text pass."""
_MARGIN = 2
"""Pixels around what is read, for the soft edges of letters."""
_LARGE_ENOUGH = 1000
"""Pixels of the longer side; smaller pictures are read at twice their size."""


_MOST_LINES, _MOST_PICTURES = 4096, 1024
"""How many a process remembers; of each only its digest and its text."""


class ReadText(NamedTuple):
    """Text in a picture: where it stands, what it says, and how sure that is (0 to 1)."""

    box: Box
    text: str
    confidence: float


_PICTURES: PictureMemory[list[ReadText]] = PictureMemory(_MOST_PICTURES)


def require_ocr() -> None:
    """Raise MissingPackageError where text cannot be read."""
    _reader()


def read_text(picture: np.ndarray) -> list[ReadText]:
    """What is written in a picture of uint8, grey (rows, columns) or RGB (rows, columns, 3), from top to bottom.

    Raises MissingPackageError where the package is not installed.
    """
    return [*_PICTURES.once(picture, _read)]


def _read(picture: np.ndarray) -> list[ReadText]:
    scale = 1 if max(picture.shape[:2]) >= _LARGE_ENOUGH else 2
    enlarged = picture.repeat(scale, axis=0).repeat(scale, axis=1)
    found, _ = _reader()(enlarged if picture.ndim == 2 else np.ascontiguousarray(enlarged[..., ::-1]))  # BGR
    texts = [ReadText(_box(corners, scale, picture.shape), text, float(score)) for corners, text, score in found or ()]
    return sorted(texts, key=lambda one: (one.box[1], one.box[0]))


@cache
def _reader() -> Any:
    try:
        import logging

        from rapidocr_onnxruntime import RapidOCR
    except ImportError as error:
        raise missing_package("rapidocr-onnxruntime", "Reading text in pictures", extra="ocr") from error
    # One thread: runs have a process for every processor already.
    reader = RapidOCR(text_score=_LEAST_CONFIDENCE, intra_op_num_threads=1, inter_op_num_threads=1)
    reader.text_rec = LinesReadOnce(reader.text_rec, _MOST_LINES)
    for logger in ("RapidOCR", "OrtInferSession"):
        logging.getLogger(logger).setLevel(logging.ERROR)
    return reader


def _box(corners: Any, scale: int, shape: tuple[int, ...]) -> Box:
    """The upright box around four corners, in pixels of the picture."""
    points = np.asarray(corners, dtype=np.float64) / scale
    left, top = np.maximum(np.floor(points.min(axis=0)).astype(int) - _MARGIN, 0).tolist()
    right, bottom = (np.ceil(points.max(axis=0)).astype(int) + _MARGIN).tolist()
    return left, top, max(min(right, shape[1]) - left, 1), max(min(bottom, shape[0]) - top, 1)
