"""Write a volume as a raw NRRD: fast, and without a package, as Slicer has none for it."""

from __future__ import annotations

import os
import sys

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.nrrd_text import nrrd_header


def write_volume_nrrd(path: str | os.PathLike[str], voxels: NDArray, geometry: ImageGeometry) -> None:
    """Write voxels (slices, rows, columns) at their place; every digit of the geometry is kept.

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    header = nrrd_header(voxels.dtype, geometry, endian=sys.byteorder, encoding="raw")
    with open(path, "wb") as file:
        file.write(header)
        for plane in voxels:
            file.write(np.ascontiguousarray(plane).data)
