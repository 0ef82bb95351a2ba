"""The header of a NRRD file that is written here: every digit of the geometry is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry

NRRD_TYPES = {"b": "int8", "B": "uint8", "h": "int16", "H": "uint16", "i": "int32", "I": "uint32", "f": "float",
              "d": "double", "l": "int64", "L": "uint64", "q": "int64", "Q": "uint64"}  # fmt: skip
"""NRRD's name of each of numpy's type codes."""


def nrrd_header(
    dtype: np.dtype,
    geometry: ImageGeometry,
    *,
    endian: str,
    encoding: str,
    layers: int = 1,
    keys: Mapping[str, str] | None = None,
) -> bytes:
    """The header up to and with the empty line that ends it.

    Parameters
    ----------
    dtype : of the voxels
    geometry : of the voxels; sheared or left-handed as it may be
    endian, encoding : NRRD's words for the bytes that follow
    layers : values a voxel; of several, the axis that counts them is the first
    keys : further keys and their values, which may have several lines
    """
    directions = " ".join(_vector(axis) for axis in geometry.axes.T)
    is_list = layers > 1
    fields = {
        "type": NRRD_TYPES[dtype.char],
        "dimension": 4 if is_list else 3,
        "space": "left-posterior-superior",
        "sizes": " ".join(map(str, [layers, *geometry.size] if is_list else geometry.size)),
        "space directions": f"none {directions}" if is_list else directions,
        "kinds": "list domain domain domain" if is_list else "domain domain domain",
        "endian": endian,
        "encoding": encoding,
        "space origin": _vector(geometry.origin),
    }
    lines = ["NRRD0004", *(f"{name}: {value}" for name, value in fields.items())]
    lines += [f"{key}:={_escaped(value)}" for key, value in (keys or {}).items()]
    return ("\n".join(lines) + "\n\n").encode()


def _vector(values: Iterable[float]) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"


def _escaped(value: str) -> str:
    """As NRRD wants values of keys, which end with their line."""
    return value.replace("\\", "\\\\").replace("\r\n", "\n").replace("\n", "\\n")
