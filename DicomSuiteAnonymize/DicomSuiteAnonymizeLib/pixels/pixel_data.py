"""Whether an image has its pixels: what was cut off between two elements looks whole otherwise."""

from DicomSuiteAnonymizeLib.elements import UNDEFINED, wire
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.subject import Facts

_SAMPLES, _PHOTOMETRIC, _FRAMES = wire(0x00280002), wire(0x00280004), wire(0x00280008)
_ROWS, _COLUMNS, _BITS, _PROVIDER = wire(0x00280010), wire(0x00280011), wire(0x00280100), wire(0x00287FE0)
_MR_SPECTROSCOPY = b"1.2.840.10008.5.1.4.1.1.4.2"
"""Has rows and columns, and Spectroscopy Data (5600,0020) in place of pixels (PS3.3 C.8.14.4)."""


def check_pixel_data(
    facts: Facts, sop_class: bytes, length: int | None, more_follows: bool, little_endian: bool = True
) -> None:
    """Raise AnonymizeError for an image without its pixels, or with fewer than it needs although more bytes follow.

    `length` is the one in the pixel data's header, None where there is no pixel data.
    """
    if _ROWS not in facts:
        return
    if length is None:
        if _PROVIDER not in facts and sop_class != _MR_SPECTROSCOPY:
            raise AnonymizeError("truncated: an image without its pixel data")
    elif more_follows and length != UNDEFINED:
        needed = _native_bytes(facts, little_endian)
        if length < needed:
            raise AnonymizeError(
                f"broken: the image needs {needed} bytes and more follow, but only {length} of them are in (7FE0,0010)"
            )


def _native_bytes(facts: Facts, little_endian: bool) -> int:
    """Length of uncompressed pixel data (PS3.5 8.1.1); 0 where it cannot be known."""

    def number(tag: int) -> int:
        return int.from_bytes(facts.get(tag, b"\1\0")[:2], "little" if little_endian else "big")

    frames = facts.get(_FRAMES, b"1").strip(b"\0 ")
    count = number(_ROWS) * number(_COLUMNS) * number(_SAMPLES) * (int(frames) if frames.isdigit() else 0)
    if facts.get(_PHOTOMETRIC, b"").strip(b"\0 ").endswith(b"422"):
        count = count * 2 // 3
    return count * number(_BITS) // 8 if _BITS in facts else 0
