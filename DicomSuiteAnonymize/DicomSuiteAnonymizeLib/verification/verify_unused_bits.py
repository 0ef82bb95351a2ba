"""Whether overlays may hide in an output's pixels: in bits beside those stored, where no attribute speaks of them."""

from collections.abc import Iterator, Mapping

import numpy as np
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from DicomSuiteAnonymizeLib.verification.verify_findings import Check, Violation
from DicomSuiteAnonymizeLib.verification.verify_reading import Attribute, Instance

_NATIVE = frozenset(
    (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
)
_TRANSFER_SYNTAX, _PIXEL_DATA = 0x00020010, 0x7FE00010
_ALLOCATED, _STORED, _HIGH_BIT, _PADDING = 0x00280100, 0x00280101, 0x00280102, 0x00280120
_OVERLAY_BIT_POSITION = 0x0102
_AT_ONCE = 1 << 22
"""Bytes, a multiple of every sample's."""


def unused_bits_violations(instance: Instance, top: Mapping[int, Attribute]) -> Iterator[Violation]:
    """Bits that are in use although they mean nothing; `top` are the top-level attributes by tag.

    Zeros and the repeated sign mean nothing either way, and Pixel Padding Value is often one that does not fit into the
    bits stored. Only uncompressed pixel data are read, and only where samples have unused bits; compressed ones are not
    decoded.
    """
    order = "big" if instance.big_endian else "little"

    def number(tag: int) -> int:
        return int.from_bytes(top[tag].value[:2], order) if tag in top else 0

    allocated, stored = number(_ALLOCATED), number(_STORED)
    is_native = instance.meta.get(_TRANSFER_SYNTAX, b"").decode("ascii", "replace") in _NATIVE
    if not is_native or allocated not in (8, 16, 32) or not 0 < stored < allocated:
        return
    high = number(_HIGH_BIT)
    high = high if stored <= high + 1 <= allocated else stored - 1
    described = {number(tag) for tag in top if 0x6000 <= tag >> 16 <= 0x60FF and tag & 0xFFFF == _OVERLAY_BIT_POSITION}
    below = _mask(range(high - stored + 1), described)
    above = _mask(range(high + 1, allocated), described)
    padding = number(_PADDING) if _PADDING in top and allocated == 16 else None
    if any(_in_use(chunk, high, below, above, padding) for chunk in _samples(instance, allocated)):
        problem = "bits outside of Bits Stored are in use, where an overlay can show text, and no option let it pass"
        yield Violation(Check.PIXEL_RISK, (_PIXEL_DATA,), problem)


def _mask(bits: range, described: set[int]) -> int:
    return sum(1 << bit for bit in bits if bit not in described or not bit)  # position 0: the overlay has its own data


def _samples(instance: Instance, allocated: int) -> Iterator[np.ndarray]:
    """Stored values as numbers without a sign, some at a time."""
    kind = np.dtype(f"{'>' if instance.big_endian else '<'}u{allocated // 8}")
    for pixels in instance.pixels:
        for start in range(pixels.start, pixels.end, _AT_ONCE) if pixels.tag == _PIXEL_DATA else ():
            instance.body.seek(start)
            content = instance.body.read(min(_AT_ONCE, pixels.end - start))
            yield np.frombuffer(content, kind, len(content) // kind.itemsize)


def _in_use(samples: np.ndarray, high: int, below: int, above: int, padding: int | None) -> bool:
    """`below` and `above` are the unused bits on either side of those stored, of which `high` is the highest."""
    used = samples[samples & (below | above) != 0]
    if padding is not None:
        used = used[used != padding]
    sign = (used >> high & 1) * used.dtype.type(above)
    found = used & above
    return bool((used & below).any() or ((found != 0) & (found != sign)).any())
