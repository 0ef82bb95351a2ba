"""Read a mesh that `write_surface` has written."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.write_surface import PLY_FACE, PLY_VERTEX
from DicomSuiteRTOverlayLib.errors import OverlayError

_HEADER = re.compile(rb"\Aply\n.*?element vertex (\d+)\n.*?element face (\d+)\n.*?end_header\n", re.DOTALL)


def read_ply(path: Path) -> tuple[NDArray, NDArray]:
    """Points (n, 3) and triangles (m, 3) of a PLY file of our own, in the coordinate system that it was written in.

    Raises
    ------
    OverlayError
        If it is another kind of file, or not complete.
    """
    content = path.read_bytes()
    header = _HEADER.match(content)
    vertices, faces = map(int, header.groups()) if header else (0, 0)
    start = header.end() if header else 0
    middle = start + vertices * PLY_VERTEX.itemsize
    if header is None or len(content) != middle + faces * PLY_FACE.itemsize:
        raise OverlayError(f"{path} is no PLY file of DicomSuite, or not complete; export it again.")
    points = np.frombuffer(content, PLY_VERTEX, vertices, start)["place"]
    return points.astype(float), np.frombuffer(content, PLY_FACE, faces, middle)["corners"]
