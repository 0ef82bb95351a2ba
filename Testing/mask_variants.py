"""One mask in many NRRD files: every way in which headers say, half say or wrongly say where it belongs."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray, ImageGeometry

RAS, LAS, LPS = (-1, -1, 1), (1, -1, 1), (1, 1, 1)
"""The signs between LPS and these spaces."""


class Expected(StrEnum):
    """What a good reader does with a variant."""

    PLACED = "placed"
    """The header says all that is needed, and says it rightly."""
    REPAIRED = "repaired"
    """The header is wrong or ambiguous in a known way: the mask comes out right, and the repair is told."""
    FLAGGED = "flagged"
    """The header does not say: the place is a guess, told as such, and the right one is the first."""


@dataclass(frozen=True, eq=False)
class Variant:
    """One file of the mask.

    Parameters
    ----------
    name : stable, also the file's stem
    path : the file
    labels : (k, j, i) what the file's voxels hold, i along the first spatial axis in the file
    truth : where those voxels truly lie
    expected : what a good reader does with it
    """

    name: str
    path: Path
    labels: NDArray
    truth: ImageGeometry
    expected: Expected


@dataclass(frozen=True, eq=False)
class Stored:
    """Labels (k, j, i) as they are laid out in a file, and where they truly lie."""

    labels: NDArray
    geometry: ImageGeometry


Fields = Mapping[str, object]


def write_variants(
    folder: Path, labels: NDArray, geometry: ImageGeometry, names: Iterable[str] | None = None
) -> list[Variant]:
    """Write the variants of a mask (`labels` (k, j, i), on the voxels of `geometry`) into `folder`.

    `names` are those of `VARIANTS` that are wanted; None for all.
    """
    mask = Stored(labels.astype(np.uint8), geometry)
    wanted = VARIANTS if names is None else names
    return [VARIANTS[name](folder, name, mask) for name in wanted]


def rearranged(mask: Stored, order: Sequence[int], backwards: Sequence[bool] = (False, False, False)) -> Stored:
    """Lay the voxels out anew: axis n of the result (i, j, k) is axis `order[n]`, turned round if `backwards[n]`."""
    by_ijk = mask.labels.T.transpose(order)
    runs_back = np.array(backwards, bool)
    axes = mask.geometry.axes[:, list(order)]
    origin = np.array(mask.geometry.origin) + axes @ ((np.array(by_ijk.shape) - 1) * runs_back)
    turned = np.flip(by_ijk, tuple(np.flatnonzero(runs_back)))
    geometry = ImageGeometry.from_axes(by_ijk.shape, axes * np.where(runs_back, -1, 1), origin)
    return Stored(np.ascontiguousarray(turned.T), geometry)


def sheared(mask: Stored) -> Stored:
    """The same voxels in a slanted box: each slice is shifted by one more column than the one before."""
    slices, rows, columns = mask.labels.shape
    labels = np.zeros((slices, rows, columns + slices - 1), mask.labels.dtype)
    for k in range(slices):
        start = slices - 1 - k
        labels[k, :, start : start + columns] = mask.labels[k]
    axes = mask.geometry.axes
    origin = np.array(mask.geometry.origin) - axes[:, 0] * (slices - 1)
    axes[:, 2] += axes[:, 0]
    return Stored(labels, ImageGeometry.from_axes(labels.shape[::-1], axes, origin))


def cropped(mask: Stored) -> tuple[Stored, tuple[int, int, int]]:
    """The box that the labels fill, and the index (i, j, k) of its first voxel."""
    places = np.argwhere(mask.labels)
    low, high = places.min(axis=0), places.max(axis=0) + 1
    labels = np.ascontiguousarray(mask.labels[tuple(map(slice, low, high))])
    first = tuple(int(n) for n in low[::-1])
    geometry = ImageGeometry.from_axes(labels.shape[::-1], mask.geometry.axes, mask.geometry.lps_from_ijk(first))
    return Stored(labels, geometry), first


# The header of the geometry, and its parts


def place_fields(geometry: ImageGeometry, signs: Sequence[int] = LPS, scale: float = 1.0) -> dict[str, object]:
    """`space directions` and `space origin` in the space with these signs, multiplied by `scale`."""
    factors = np.array(signs) * scale
    return {
        "space directions": _vectors((geometry.axes * factors[:, None]).T),
        "space origin": _vector(np.array(geometry.origin) * factors),
    }


def in_space(name: str, geometry: ImageGeometry, signs: Sequence[int] = LPS) -> dict[str, object]:
    """A complete place in a named space."""
    return {"space": name} | place_fields(geometry, signs)


def _vector(values: FloatArray) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"


def _vectors(rows: Iterable[FloatArray]) -> str:
    return " ".join(_vector(row) for row in rows)


def _list(values: Iterable[object]) -> str:
    return " ".join(str(value) for value in values)


# Writing files


def write_nrrd(
    path: Path,
    array: NDArray,
    fields: Fields,
    encoding: str = "gzip",
    keys: Fields | None = None,
    data_file: str | None = None,
    padding: bytes = b"",
) -> None:
    """Write an array (its last axis is the fastest) with these header fields, number type and sizes added.

    `data_file` is the value of the field of that name where the data lie elsewhere: they are not written then.
    """
    head: dict[str, object] = {
        "type": {"float32": "float", "float64": "double"}.get(array.dtype.name, array.dtype.name),
        "dimension": array.ndim,
        "sizes": _list(array.shape[::-1]),
        "encoding": encoding,
    }
    if array.dtype.itemsize > 1:
        head["endian"] = "big" if array.dtype.byteorder == ">" else "little"
    head |= fields
    if data_file is not None:
        head["data file"] = data_file
    lines = [f"{name}: {value}" for name, value in head.items()]
    lines += [f"{name}:={value}" for name, value in (keys or {}).items()]
    header = "NRRD0005\n# written for a test\n" + "\n".join(lines) + "\n"
    if data_file is not None:
        path.write_text(header)
        return
    with path.open("wb") as file:
        file.write(header.encode() + b"\n" + padding + encoded(array, encoding))


def encoded(array: NDArray, encoding: str) -> bytes:
    """The bytes of an array in one of NRRD's encodings."""
    if encoding == "ascii":
        return b"\n".join(b" ".join(b"%d" % value for value in row) for row in array.reshape(-1, array.shape[-1]))
    data = array.tobytes()
    if encoding == "gzip":
        return gzip.compress(data, 1)
    if encoding == "bzip2":
        return bz2.compress(data, 1)
    if encoding == "hex":
        return b"\n".join(data[n : n + 35].hex().encode() for n in range(0, len(data), 35)) + b"\n"
    return data


VariantWriter = Callable[[Path, str, Stored], Variant]
VARIANTS: dict[str, VariantWriter] = {}
"""Name of a variant -> what writes it."""


def _variant(
    name: str,
    fields: Callable[[ImageGeometry], Fields],
    *,
    expected: Expected = Expected.PLACED,
    stored: Callable[[Stored], Stored] = lambda mask: mask,
    array: Callable[[NDArray], NDArray] = lambda labels: labels,
    encoding: str = "gzip",
    padding: bytes = b"",
) -> None:
    """Add a variant: how the voxels are laid out, what the header says of them, and how they become numbers."""

    def write(folder: Path, name: str, mask: Stored) -> Variant:
        held = stored(mask)
        path = folder / f"{name}.nrrd"
        write_nrrd(path, array(held.labels), fields(held.geometry), encoding, padding=padding)
        return Variant(name, path, held.labels, held.geometry, expected)

    VARIANTS[name] = write


def _special(name: str) -> Callable[[VariantWriter], VariantWriter]:
    def add(write: VariantWriter) -> VariantWriter:
        VARIANTS[name] = write
        return write

    return add


# Complete headers


def _lps(geometry: ImageGeometry) -> dict[str, object]:
    return in_space("left-posterior-superior", geometry)


for _name, _space, _signs in (
    ("lps", "left-posterior-superior", LPS),
    ("lps-short", "LPS", LPS),
    ("ras", "right-anterior-superior", RAS),
    ("ras-short", "RAS", RAS),
    ("las", "left-anterior-superior", LAS),
    ("las-short", "LAS", LAS),
):
    _variant(_name, lambda g, space=_space, signs=_signs: in_space(space, g, signs))

_variant("axes-permuted", _lps, stored=lambda mask: rearranged(mask, (2, 0, 1)))
_variant("axes-turned-round", _lps, stored=lambda mask: rearranged(mask, (0, 1, 2), (True, True, False)))
_variant("left-handed", _lps, stored=lambda mask: rearranged(mask, (0, 1, 2), (False, False, True)))
_variant("permuted-and-left-handed", _lps, stored=lambda mask: rearranged(mask, (1, 0, 2), (False, True, True)))
_variant("sheared", _lps, stored=sheared)
_variant("sheared-ras", lambda g: in_space("RAS", g, RAS), stored=sheared)
_variant(
    "micrometres",
    lambda g: {"space": "LPS", "space units": '"um" "um" "um"'} | place_fields(g, LPS, 1000),
)
_variant("metres", lambda g: {"space": "RAS", "space units": '"m" "m" "m"'} | place_fields(g, RAS, 0.001))
_variant(
    "measurement-frame",
    lambda g: in_space("RAS", g, RAS) | {"measurement frame": "(0,1,0) (1,0,0) (0,0,-1)", "kinds": "domain " * 3},
)
_variant("thicknesses", lambda g: _lps(g) | {"thicknesses": "NaN NaN 2.5", "centerings": "cell cell cell"})

# Number types and encodings

_variant("big-endian-int16", _lps, array=lambda labels: labels.astype(">i2"), encoding="raw")
_variant("uint64", _lps, array=lambda labels: labels.astype(np.uint64))
_variant("raw", _lps, encoding="raw")
_variant("bzip2", _lps, encoding="bzip2")
_variant("ascii", _lps, encoding="ascii")
_variant("hex", _lps, encoding="hex")
_variant("byte-skip-to-end", lambda g: _lps(g) | {"byte skip": -1}, encoding="raw", padding=b"\x00\x07preamble")
_variant("line-skip", lambda g: _lps(g) | {"line skip": 2}, padding=b"first\nsecond\n")


def _probabilities(labels: NDArray) -> NDArray:
    inside = np.where(labels > 0, 0.875, 0.125)
    return inside.astype(np.float32)


@_special("float-probability")
def _float_probability(folder: Path, name: str, mask: Stored) -> Variant:
    path = folder / f"{name}.nrrd"
    write_nrrd(path, _probabilities(mask.labels), _lps(mask.geometry))
    return Variant(name, path, (mask.labels > 0).astype(np.uint8), mask.geometry, Expected.PLACED)


@_special("labels-above-255")
def _labels_above_255(folder: Path, name: str, mask: Stored) -> Variant:
    labels = np.where(mask.labels > 0, mask.labels.astype(np.uint16) + 1000, 0).astype(np.uint16)
    path = folder / f"{name}.nrrd"
    write_nrrd(path, labels, _lps(mask.geometry))
    return Variant(name, path, labels, mask.geometry, Expected.PLACED)


# Axes that are not space


def _with_list_axis(geometry: ImageGeometry, leading: bool) -> dict[str, object]:
    place = _lps(geometry)
    directions = ["none", place["space directions"]]
    kinds = ["list", "domain domain domain"]
    return place | {
        "space directions": _list(directions if leading else directions[::-1]),
        "kinds": _list(kinds if leading else kinds[::-1]),
    }


def _with_time_axis(geometry: ImageGeometry) -> dict[str, object]:
    axes = np.eye(4)
    axes[:3, :3] = geometry.axes.T
    return {
        "space": "left-posterior-superior-time",
        "space directions": _vectors(axes),
        "space origin": _vector(np.append(geometry.origin, 0.0)),
        "space units": '"mm" "mm" "mm" "s"',
    }


_variant("leading-list-axis", lambda g: _with_list_axis(g, True), array=lambda labels: labels[..., None])
_variant("trailing-list-axis", lambda g: _with_list_axis(g, False), array=lambda labels: labels[None])
_variant("time-axis", _with_time_axis, array=lambda labels: labels[None])
_variant(
    "one-hot",
    lambda g: _with_list_axis(g, True),
    array=lambda labels: np.stack([labels == 0, labels > 0], axis=-1).astype(np.uint8),
)


# Slicer's .seg.nrrd


def _seg_keys(shape: Sequence[int], layers: Sequence[int], offset: Sequence[int] = (0, 0, 0)) -> dict[str, object]:
    """The keys of one segment of value 1 per entry of `layers`."""
    extent = _list(f"0 {n - 1}" for n in shape[::-1])
    keys: dict[str, object] = {"Segmentation_ReferenceImageExtentOffset": _list(offset)}
    for number, layer in enumerate(layers):
        keys |= {
            f"Segment{number}_ID": f"Segment_{number}",
            f"Segment{number}_Name": ("Gross tumour", "Lower half")[number],
            f"Segment{number}_Color": ("0.5 0.25 0.75", "0 1 0.5")[number],
            f"Segment{number}_LabelValue": 1,
            f"Segment{number}_Layer": layer,
            f"Segment{number}_Extent": extent,
            f"Segment{number}_Tags": "Segmentation.Status:inprogress|",
        }
    return keys


def lower_half(labels: NDArray) -> NDArray:
    """The part of the mask in the first half of the slices: what the second layer of "seg-layered" holds."""
    half = labels > 0
    half[len(half) // 2 :] = False
    return half


@_special("seg-layered")
def _seg_layered(folder: Path, name: str, mask: Stored) -> Variant:
    path = folder / f"{name}.seg.nrrd"
    labels = (mask.labels > 0).astype(np.uint8)
    layers = np.stack([labels, lower_half(labels)], axis=-1).astype(np.uint8)
    write_nrrd(path, layers, _with_list_axis(mask.geometry, True), keys=_seg_keys(labels.shape, (0, 1)))
    return Variant(name, path, labels, mask.geometry, Expected.PLACED)


@_special("seg-cropped")
def _seg_cropped(folder: Path, name: str, mask: Stored) -> Variant:
    path = folder / f"{name}.seg.nrrd"
    box, first = cropped(Stored((mask.labels > 0).astype(np.uint8), mask.geometry))
    write_nrrd(path, box.labels, _lps(box.geometry), keys=_seg_keys(box.labels.shape, (0,), first))
    return Variant(name, path, box.labels, box.geometry, Expected.PLACED)


# Detached data


@_special("detached")
def _detached(folder: Path, name: str, mask: Stored) -> Variant:
    path = folder / f"{name}.nhdr"
    write_nrrd(path, mask.labels, _lps(mask.geometry), data_file=f"{name}.raw.gz")
    (folder / f"{name}.raw.gz").write_bytes(encoded(mask.labels, "gzip"))
    return Variant(name, path, mask.labels, mask.geometry, Expected.PLACED)


@_special("detached-list")
def _detached_list(folder: Path, name: str, mask: Stored) -> Variant:
    files = _write_slices(folder, name, mask)
    path = folder / f"{name}.nhdr"
    write_nrrd(path, mask.labels, _lps(mask.geometry), "raw", data_file="\n".join(["LIST", *files]))
    return Variant(name, path, mask.labels, mask.geometry, Expected.PLACED)


@_special("detached-pattern")
def _detached_pattern(folder: Path, name: str, mask: Stored) -> Variant:
    files = _write_slices(folder, name, mask)
    path = folder / f"{name}.nhdr"
    pattern = f"{name}-%03d.raw 1 {len(files)} 1"
    write_nrrd(path, mask.labels, _lps(mask.geometry), "raw", data_file=pattern)
    return Variant(name, path, mask.labels, mask.geometry, Expected.PLACED)


def _write_slices(folder: Path, name: str, mask: Stored) -> list[str]:
    names = [f"{name}-{number:03d}.raw" for number in range(1, len(mask.labels) + 1)]
    for file, plane in zip(names, mask.labels, strict=True):
        (folder / file).write_bytes(plane.tobytes())
    return names


# Headers that lie, or leave room


def _centred(geometry: ImageGeometry) -> dict[str, object]:
    """Every axis runs along x, y or z from its lower edge, as `axis mins` of cell-centred samples say it."""
    half = np.array(geometry.spacing) / 2
    mins = np.array(geometry.origin) - half
    maxs = mins + np.array(geometry.spacing) * geometry.size
    return {"axis mins": _list(mins.tolist()), "axis maxs": _list(maxs.tolist()), "centerings": "cell cell cell"}


def _from_centres(geometry: ImageGeometry) -> dict[str, object]:
    spacings = _list(geometry.spacing)
    return {"spacings": spacings, "axis mins": _list(geometry.origin), "centerings": "node node node"}


def _identity(geometry: ImageGeometry) -> dict[str, object]:
    return _lps(geometry) | {"space directions": "(1,0,0) (0,1,0) (0,0,1)"}


def _without(field: str) -> Callable[[ImageGeometry], Fields]:
    return lambda geometry: {name: value for name, value in _lps(geometry).items() if name != field}


_REPAIRED, _FLAGGED = Expected.REPAIRED, Expected.FLAGGED

_variant("space-dimension-only", lambda g: {"space dimension": 3} | place_fields(g), expected=_REPAIRED)
_variant("space-dimension-ras", lambda g: {"space dimension": 3} | place_fields(g, RAS), expected=_REPAIRED)
_variant("scanner-xyz", lambda g: in_space("scanner-xyz", g), expected=_REPAIRED)
_variant("right-handed", lambda g: in_space("3D-right-handed", g), expected=_REPAIRED)
_variant("no-space", _without("space"), expected=_REPAIRED)
_variant("no-space-ras", lambda g: place_fields(g, RAS), expected=_REPAIRED)
_variant("ras-label-on-lps-numbers", lambda g: in_space("RAS", g), expected=_REPAIRED)
_variant("lps-label-on-ras-numbers", lambda g: in_space("LPS", g, RAS), expected=_REPAIRED)
_variant("no-origin", _without("space origin"), expected=_REPAIRED)
_variant("origin-zero", lambda g: _lps(g) | {"space origin": "(0,0,0)"}, expected=_REPAIRED)
_variant("mm-labelled-um", lambda g: _lps(g) | {"space units": '"um" "um" "um"'}, expected=_REPAIRED)
_variant("um-without-units", lambda g: {"space": "LPS"} | place_fields(g, LPS, 1000), expected=_REPAIRED)
_variant("identity-directions", _identity, expected=_FLAGGED)
_variant("axis-mins-cell", _centred, expected=_FLAGGED)
_variant("axis-mins-node", _from_centres, expected=_FLAGGED)
_variant("spacings-only", lambda g: {"spacings": _list(g.spacing)}, expected=_FLAGGED)
_variant(
    "no-directions",
    lambda g: {"space": "LPS", "spacings": _list(g.spacing), "space origin": _vector(g.origin)},
    expected=_FLAGGED,
)
_variant("numpy-dump-zyx", lambda g: {}, stored=lambda mask: rearranged(mask, (2, 1, 0)), expected=_FLAGGED)
_variant("numpy-dump-xyz", lambda g: {}, expected=_FLAGGED)
_variant(
    "original-app",
    lambda g: {},
    # np.flip(array, (0, 2)).transpose(2, 0, 1) of the array as pynrrd returns it is the volume's (k, j, i).
    stored=lambda mask: rearranged(mask, (1, 0, 2), (True, False, True)),
    expected=_FLAGGED,
)
