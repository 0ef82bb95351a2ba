"""Frames of compressed pixel data: decoded without any conversion of colours, and compressed again without loss.

Which codec reads and writes a transfer syntax is fixed, so that a result does not depend on what else is installed;
where two may write, they write the same bytes.
What was compressed with loss is decoded once and kept as it was decoded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, BinaryIO

import numpy as np
from pydicom.encaps import encapsulate
from pydicom.pixels import get_decoder, get_encoder
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    ExplicitVRLittleEndian,
    HTJ2KLossless,
    HTJ2KLosslessRPCL,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.frame_format import FrameFormat
from DicomSuiteLib.quiet_pydicom import quiet_pydicom


@dataclass(frozen=True)
class Codec:
    """How one transfer syntax is read, and what is written instead.

    Attributes
    ----------
    plugin
        pydicom's name of the one decoder that is used.
    package
        What to install where it is missing.
    rewritten_as
        Transfer syntax of the result, always one without loss.
    lossy_method
        Value of Lossy Image Compression Method (0028,2114) for what it has lost, "" if it loses nothing.
    """

    plugin: str
    package: str
    rewritten_as: UID
    lossy_method: str = ""


_LIBJPEG, _OPENJPEG, _JPEG_LS = "pylibjpeg-libjpeg", "pylibjpeg-openjpeg", "pyjpegls"
_CODECS = {
    RLELossless: Codec("pydicom", "pydicom", RLELossless),
    JPEGBaseline8Bit: Codec("pillow", "pillow", ExplicitVRLittleEndian, "ISO_10918_1"),
    JPEGExtended12Bit: Codec("pylibjpeg", _LIBJPEG, ExplicitVRLittleEndian, "ISO_10918_1"),
    JPEGLossless: Codec("pylibjpeg", _LIBJPEG, ExplicitVRLittleEndian),
    JPEGLosslessSV1: Codec("pylibjpeg", _LIBJPEG, ExplicitVRLittleEndian),
    JPEGLSLossless: Codec("pyjpegls", _JPEG_LS, JPEGLSLossless),
    JPEGLSNearLossless: Codec("pyjpegls", _JPEG_LS, JPEGLSLossless, "ISO_14495_1"),
    JPEG2000Lossless: Codec("pylibjpeg", _OPENJPEG, JPEG2000Lossless),
    JPEG2000: Codec("pylibjpeg", _OPENJPEG, JPEG2000Lossless, "ISO_15444_1"),
    HTJ2KLossless: Codec("pylibjpeg", _OPENJPEG, JPEG2000Lossless),
    HTJ2KLosslessRPCL: Codec("pylibjpeg", _OPENJPEG, JPEG2000Lossless),
    HTJ2K: Codec("pylibjpeg", _OPENJPEG, JPEG2000Lossless, "ISO_15444_15"),
}
_ENCODERS = {RLELossless: ("pylibjpeg", "pydicom"), JPEGLSLossless: ("pyjpegls",), JPEG2000Lossless: ("pylibjpeg",)}
"""pydicom's names of those that write a transfer syntax; those of RLE write the same bytes, the first much faster."""
_WITHIN_THE_CODESTREAM = frozenset(("YBR_ICT", "YBR_RCT"))
"""Colour transformations that are part of JPEG 2000: its decoders return RGB."""


def codec_of(transfer_syntax: UID) -> Codec:
    """How to read the transfer syntax. Raises AnonymizeError where it cannot be edited, or not with what is installed.

    A JPEG 2000 that may be lossy (1.2.840.10008.1.2.4.91) counts as lossy.
    """
    codec = _CODECS.get(transfer_syntax)
    if codec is None:
        raise AnonymizeError("pixels: compressed as a video or in another way that cannot be edited frame by frame")
    readable = codec.plugin in get_decoder(transfer_syntax).available_plugins
    if not readable or (codec.rewritten_as in _ENCODERS and _encoder(codec.rewritten_as) is None):
        raise AnonymizeError(
            f"pixels: compressed as {transfer_syntax.name}, and the package {codec.package} is missing; install it "
            "with: pip install 'dicomsuite[pixels]'"
        )
    return codec


@dataclass(frozen=True)
class DecodedFrame:
    """Samples as the decoder returns them, and the format that they have now."""

    samples: np.ndarray
    form: FrameFormat


def decoded_frames(
    file: BinaryIO, start: int, transfer_syntax: UID, form: FrameFormat, offsets: tuple[bytes, bytes] | None
) -> Iterator[DecodedFrame]:
    """Every frame of the encapsulated pixel data whose value begins at `start`.

    `offsets` are the Extended Offset Table and its lengths. Raises AnonymizeError where a frame cannot be decoded, or
    where there are more or fewer than Number of Frames says.
    """
    count = 0
    for decoded in _iter_decoded(file, start, transfer_syntax, form, offsets, None):
        count += 1
        if count > form.frames:
            break
        yield decoded
    if count != form.frames:
        raise AnonymizeError("pixels: there are more or fewer frames than Number of Frames says")


def decoded_frame(
    file: BinaryIO,
    start: int,
    transfer_syntax: UID,
    form: FrameFormat,
    offsets: tuple[bytes, bytes] | None,
    index: int,
) -> DecodedFrame:
    """The one frame with this index, from 0 and less than `form.frames`, as `decoded_frames` gives it."""
    return next(_iter_decoded(file, start, transfer_syntax, form, offsets, [index]))


def stored_form(transfer_syntax: UID, original: FrameFormat, decoded: FrameFormat) -> FrameFormat:
    """Format of the rewritten image, as its attributes have to say it."""
    rewritten_as = codec_of(transfer_syntax).rewritten_as
    if rewritten_as == RLELossless:
        return replace(decoded, planar=original.planar, allocated=original.allocated)
    if rewritten_as == JPEG2000Lossless and original.photometric in _WITHIN_THE_CODESTREAM:
        return replace(decoded, photometric="YBR_RCT")
    return decoded


def encoded_frame(frame: np.ndarray, form: FrameFormat, transfer_syntax: UID) -> bytes:
    """A frame compressed without loss, in the format that `stored_form` gives.

    Raises AnonymizeError where it does not come back from its compression as it was.
    """
    options = _options(form) | {"number_of_frames": 1, "encoding_plugin": _encoder(transfer_syntax)}
    options |= {"validate": False}  # the result is compared with the frame below
    options |= {"planar_configuration": 0} if form.samples > 1 else {}
    source = frame.tobytes() if transfer_syntax == RLELossless else frame
    try:
        with quiet_pydicom():
            encoded = get_encoder(transfer_syntax).encode(source, **options)
    except Exception as error:  # codecs raise whatever comes, and their texts may quote values
        raise AnonymizeError(f"pixels: cannot be compressed again ({type(error).__name__})") from None
    if not np.array_equal(_decoded_again(encoded, form, transfer_syntax), frame):
        raise AnonymizeError("pixels: cannot be compressed again without loss")
    return encoded


def _iter_decoded(
    file: BinaryIO,
    start: int,
    transfer_syntax: UID,
    form: FrameFormat,
    offsets: tuple[bytes, bytes] | None,
    indices: list[int] | None,
) -> Iterator[DecodedFrame]:
    """The frames with these indices, or as many as there are."""
    codec = codec_of(transfer_syntax)
    if form.planar and codec.rewritten_as == JPEG2000Lossless:  # libraries disagree on what they show of it
        raise AnonymizeError("pixels: JPEG 2000 whose Planar Configuration is not 0")
    file.seek(start)
    # Codecs return colours by pixel whatever the attribute says (PS3.5 8.2.1); pydicom would believe the attribute.
    options = _options(replace(form, planar=False)) | {"number_of_frames": form.frames, "correct_unused_bits": False}
    options |= {} if offsets is None else {"extended_offsets": offsets}
    decoder = get_decoder(transfer_syntax)
    frames = decoder.iter_array(file, indices=indices, raw=True, decoding_plugin=codec.plugin, **options)
    while (decoded := _next(frames)) is not None:
        yield DecodedFrame(decoded[0], _decoded_form(form, *decoded))


def _decoded_again(encoded: bytes, form: FrameFormat, transfer_syntax: UID) -> np.ndarray:
    value = BytesIO(encapsulate([encoded], has_bot=False))
    return next(decoded_frames(value, 0, transfer_syntax, replace(form, frames=1), None)).samples


def _encoder(transfer_syntax: UID) -> str | None:
    """pydicom's name of what writes the transfer syntax; None where nothing installed does."""
    available = get_encoder(transfer_syntax).available_plugins
    return next((plugin for plugin in _ENCODERS[transfer_syntax] if plugin in available), None)


def _options(form: FrameFormat) -> dict[str, Any]:
    options: dict[str, Any] = {
        "rows": form.rows,
        "columns": form.columns,
        "samples_per_pixel": form.samples,
        "photometric_interpretation": form.photometric,
        "bits_allocated": form.allocated,
        "bits_stored": form.stored,
        "pixel_representation": int(form.signed),
        "pixel_keyword": "PixelData",
    }
    return options | ({"planar_configuration": int(form.planar)} if form.samples > 1 else {})


def _next(frames: Iterator[tuple[np.ndarray, dict[str, Any]]]) -> tuple[np.ndarray, dict[str, Any]] | None:
    try:
        with quiet_pydicom():
            return next(frames, None)
    except Exception as error:  # codecs raise whatever comes, and their texts may quote values
        raise AnonymizeError(f"pixels: cannot be decoded ({type(error).__name__})") from None


def _decoded_form(form: FrameFormat, samples: np.ndarray, properties: dict[str, Any]) -> FrameFormat:
    photometric = str(properties["photometric_interpretation"])
    photometric = "YBR_FULL" if photometric.startswith("YBR_FULL") else photometric
    return replace(
        form,
        photometric=photometric,
        planar=False,
        allocated=samples.dtype.itemsize * 8,
        dtype=samples.dtype.newbyteorder("<"),
    )
