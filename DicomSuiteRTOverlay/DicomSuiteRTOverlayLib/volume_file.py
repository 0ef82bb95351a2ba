"""Write a volume as a raw NRRD: fast, and without a package, as Slicer has none for it."""

from __future__ import annotations

import os
import sys

import numpy as np
from numpy.typing import ArrayLike, NDArray

from DicomSuiteLib.geometry import ImageGeometry

NRRD_TYPES = {"b": "int8", "B": "uint8", "h": "int16", "H": "uint16", "i": "int32", "I": "uint32", "f": "float",
              "d": "double", "l": "int64", "L": "uint64", "q": "int64", "Q": "uint64"}  # fmt: skip
"""NRRD's name of each of numpy's type codes."""


def write_volume_nrrd(path: str | os.PathLike[str], voxels: NDArray, geometry: ImageGeometry) -> None:
    """Write voxels (slices, rows, columns) at their place; every digit of the geometry is kept.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    axes = geometry.axes
    header = {
        "type": NRRD_TYPES[voxels.dtype.char],
        "dimension": "3",
        "space": "left-posterior-superior",
        "sizes": " ".join(map(str, geometry.size)),
        "space directions": " ".join(_vector(axes[:, axis]) for axis in range(3)),
        "kinds": "domain domain domain",
        "endian": sys.byteorder,
        "encoding": "raw",
        "space origin": _vector(geometry.origin),
    }
    lines = ["NRRD0004", *(f"{field}: {value}" for field, value in header.items()), "", ""]
    with open(path, "wb") as file:
        file.write("\n".join(lines).encode("ascii"))
        for plane in voxels:
            file.write(np.ascontiguousarray(plane).data)


def _vector(values: ArrayLike) -> str:
    return f"({','.join(repr(float(value)) for value in np.asarray(values))})"
