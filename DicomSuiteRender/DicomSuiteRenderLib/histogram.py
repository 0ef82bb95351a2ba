"""How often each value occurs in a volume."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteRenderLib.errors import RenderError

DEFAULT_BINS = 512
"""More than a panel has pixels to show them in."""

COUNTED_BITS = 16
"""Integers of up to so many bits are counted value by value first, which is faster than finding a bin for each."""

SMALLEST_EXPONENT = -100
"""Of the width of a bin of floating-point values: dividing by 2 to this power cannot overflow single precision."""

LARGEST_BIN_NUMBER = 2**52
"""So far from 0, in bins, do the edges of neighbouring bins still differ in double precision."""


@dataclass(frozen=True, eq=False)
class Histogram:
    """Exact counts of all voxels.

    Bins are as wide as a power of 2 and begin at multiples of it, so that the bin of a value is found without rounding.

    Parameters
    ----------
    counts : (n,) voxels from the edge before up to, not including, the edge behind
    edges : (n + 1,) ascending, in the unit of the volume; (0,) where no voxel has a finite value
    not_finite : voxels that are NaN or infinite, which are in no bin
    """

    counts: NDArray[np.int64]
    edges: FloatArray
    not_finite: int = 0

    @property
    def total(self) -> int:
        """How many voxels are in the bins."""
        return int(self.counts.sum())

    def heights(self, log_scale: bool = True, cutoff: float = 1.0) -> FloatArray:
        """Heights (n,) from 0 to 1 of the bars; those of more than `cutoff` times the largest count are cut off at 1.

        On the logarithmic scale, log(1 + count), even one voxel is seen beside millions.

        Raises
        ------
        RenderError
            If the cutoff is not above 0 and at most 1.
        """
        if not 0 < cutoff <= 1:
            raise RenderError(f"The cutoff of the histogram is {cutoff:g}; it must be above 0 and at most 1.")
        highest = self.counts.max(initial=0) * cutoff
        if not highest:
            return np.zeros(len(self.counts))
        shown = np.minimum(self.counts, highest)
        return np.log1p(shown) / np.log1p(highest) if log_scale else shown / highest


def histogram(voxels: NDArray, bins: int = DEFAULT_BINS) -> Histogram:
    """Count the values of a volume (slices, rows, columns) in at most `bins` bins.

    Raises
    ------
    RenderError
        If there are fewer than 2 bins, or the voxels are not real numbers.
    """
    if bins < 2:
        raise RenderError(f"A histogram of {bins} bins shows nothing; ask for at least 2.")
    if voxels.dtype == bool:
        voxels = voxels.view(np.uint8)
    if voxels.dtype.kind in "iu":
        is_small = voxels.dtype.itemsize * 8 <= COUNTED_BITS
        return _of_small_integers(voxels, bins) if is_small else _of_large_integers(voxels, bins)
    if voxels.dtype.kind == "f":
        return _of_floats(voxels, bins)
    raise RenderError(f"A histogram needs a volume of real numbers, not of type {voxels.dtype}.")


def _of_small_integers(voxels: NDArray, bins: int) -> Histogram:
    unsigned = np.dtype(f"u{voxels.dtype.itemsize}")
    by_bits = np.zeros(1 << voxels.dtype.itemsize * 8, np.int64)
    for part in _parts(voxels):
        by_bits += np.bincount(part.view(unsigned), minlength=len(by_bits))
    seen = np.flatnonzero(by_bits)
    values = seen.astype(unsigned).view(voxels.dtype).astype(np.int64)
    if not len(values):
        return _empty()
    first, count, exponent = _bins(int(values.min()), int(values.max()), bins, least_exponent=0)
    counts = np.zeros(count, np.int64)
    np.add.at(counts, (values >> exponent) - first, by_bits[seen])
    return _histogram(counts, first, exponent)


def _of_large_integers(voxels: NDArray, bins: int) -> Histogram:
    if not voxels.size:
        return _empty()
    first, count, exponent = _bins(int(voxels.min()), int(voxels.max()), bins, least_exponent=0)
    counts = np.zeros(count, np.int64)
    for part in _parts(voxels):
        counts += np.bincount(((part >> exponent) - voxels.dtype.type(first)).astype(np.intp), minlength=count)
    return _histogram(counts, first, exponent)


def _of_floats(voxels: NDArray, bins: int) -> Histogram:
    ends = [_finite_ends(part) for part in _float_parts(voxels)]
    known = [end for end in ends if end is not None]
    if not known:
        return _empty(voxels.size)
    low, high = min(low for low, _, _ in known), max(high for _, high, _ in known)
    first, count, exponent = _bins(low, high, bins, SMALLEST_EXPONENT)
    counts = np.zeros(count, np.int64)
    for part, end in zip(_float_parts(voxels), ends, strict=True):
        if end is not None:
            finite = part if end[2] else part[np.isfinite(part)]
            counts += np.bincount(_bin_numbers(finite, exponent, first), minlength=count)
    return _histogram(counts, first, exponent, voxels.size - int(counts.sum()))


def _parts(voxels: NDArray) -> Iterator[NDArray]:
    """The voxels slice by slice, flat, so that what is computed from them stays in the processor's cache."""
    return (part.reshape(-1) for part in np.atleast_2d(voxels))


def _float_parts(voxels: NDArray) -> Iterator[NDArray]:
    """The same, in single precision at least."""
    return (part.astype(np.promote_types(part.dtype, np.float32), copy=False) for part in _parts(voxels))


def _finite_ends(values: NDArray) -> tuple[float, float, bool] | None:
    """The lowest and highest finite value, and whether all are finite; None where none is."""
    if not values.size:
        return None
    low, high = float(values.min()), float(values.max())
    if math.isfinite(low) and math.isfinite(high):
        return low, high, True
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max()), False) if finite.size else None


def _bins(low: float, high: float, bins: int, least_exponent: int) -> tuple[int, int, int]:
    """The narrowest bins of which `bins` hold everything from `low` to `high`.

    Returns the number of the first one, counted from that which begins at 0, how many there are, and the exponent of 2
    that is their width.
    """
    span = high / bins - low / bins
    exponent = max(math.frexp(span)[1] - 1, least_exponent) if span else 0
    while True:
        first, last = (_bin_number(value, exponent) for value in (low, high))
        if last - first < bins and max(-first, last) < LARGEST_BIN_NUMBER:
            return first, last - first + 1, exponent
        exponent += 1


def _bin_number(value: float, exponent: int) -> int:
    return math.floor(value) >> exponent if exponent > 0 else math.floor(math.ldexp(value, -exponent))


def _bin_numbers(values: NDArray, exponent: int, first: int) -> NDArray[np.intp]:
    """Numbers of the bins of values (n,), counted from that of number `first`."""
    # Divided at once, a tiny negative value could become 0; the floor of a value's floor over n is that of its own.
    whole = np.floor(values) if exponent > 0 else values
    numbers = whole * values.dtype.type(math.ldexp(1, -exponent))
    np.floor(numbers, out=numbers)
    numbers -= values.dtype.type(first)
    return numbers.astype(np.intp)


def _histogram(counts: NDArray[np.int64], first: int, exponent: int, not_finite: int = 0) -> Histogram:
    with np.errstate(over="ignore"):  # behind the largest number of double precision there is only infinity
        edges = np.ldexp(np.arange(first, first + len(counts) + 1, dtype=float), exponent)
    return Histogram(counts, edges, not_finite)


def _empty(not_finite: int = 0) -> Histogram:
    return Histogram(np.zeros(0, np.int64), np.zeros(0), not_finite)
