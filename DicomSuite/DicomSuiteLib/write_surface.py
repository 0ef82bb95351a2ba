"""Write a closed surface as a mesh file: binary STL, binary PLY or OBJ, in mm, with its coordinate system recorded."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

import numpy as np

from DicomSuiteLib.closed_surface import Surface
from DicomSuiteLib.geometry import LPS_FROM_RAS
from DicomSuiteLib.output_file import OutputError, output_file
from DicomSuiteLib.segments import Colour


class MeshSpace(StrEnum):
    """The coordinate system of the numbers in a mesh file; a half turn lies between the two."""

    LPS = "LPS"
    """What 3D Slicer writes, and what it takes a file for that does not say."""
    RAS = "RAS"


STL_HEADER_BYTES = 80
STL_TRIANGLE = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
PLY_VERTEX = np.dtype([("place", "<f4", 3), ("colour", "u1", 3)])
PLY_FACE = np.dtype([("count", "u1"), ("corners", "<i4", 3)])


def write_surface(path: Path, surface: Surface, name: str, colour: Colour, space: MeshSpace = MeshSpace.LPS) -> None:
    """Write a surface in the format that the suffix names: .stl, .ply or .obj.

    Every file says "SPACE=LPS" or "SPACE=RAS" (STL: in its header; PLY and OBJ: in a comment), which 3D Slicer reads;
    lengths are mm. PLY also holds the colour.

    Parameters
    ----------
    path : file to write; appears when it is complete
    surface : LPS mm
    name : of the segment, for the header
    colour : of the segment

    Raises
    ------
    OutputError
        If the suffix is another, or the surface has no triangle.
    """
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise OutputError(f"{path}: surfaces are written as {', '.join(_WRITERS)}; choose one of these suffixes.")
    if not len(surface.triangles):
        raise OutputError(f"{path} was not written: the segment has no voxel, and so no surface.")
    points = surface.points if space is MeshSpace.LPS else surface.points @ LPS_FROM_RAS[:3, :3]
    content = writer(Surface(points, surface.triangles), _plain(name), colour, space)
    with output_file(path) as partial:
        partial.write_bytes(content)


def _plain(name: str) -> str:
    """A name that stays in its header line: ASCII, printable."""
    return "".join(letter if " " <= letter <= "~" else "?" for letter in name)


def _stl(surface: Surface, name: str, colour: Colour, space: MeshSpace) -> bytes:
    """Binary STL. Its header must not begin with "solid", which would announce the text format."""
    header = f"DicomSuite SPACE={space.value} UNIT=mm {name}".encode("ascii")[:STL_HEADER_BYTES].ljust(STL_HEADER_BYTES)
    facets = np.zeros(len(surface.triangles), STL_TRIANGLE)
    facets["corners"] = surface.points[surface.triangles]
    first, second, third = facets["corners"].transpose(1, 0, 2).astype(float)
    normals = np.cross(second - first, third - first)
    lengths = np.linalg.norm(normals, axis=1, keepdims=True)
    facets["normal"] = np.divide(normals, lengths, out=np.zeros_like(normals), where=lengths > 0)
    return header + len(facets).to_bytes(4, "little") + facets.tobytes()


def _ply(surface: Surface, name: str, colour: Colour, space: MeshSpace) -> bytes:
    header = [
        *("ply", "format binary_little_endian 1.0"),
        *(f"comment SPACE={space.value}", "comment UNIT=mm", f"comment {name}"),
        f"element vertex {len(surface.points)}",
        *(f"property float {axis}" for axis in "xyz"),
        *(f"property uchar {channel}" for channel in ("red", "green", "blue")),
        f"element face {len(surface.triangles)}",
        *("property list uchar int vertex_indices", "end_header", ""),
    ]
    vertices = np.zeros(len(surface.points), PLY_VERTEX)
    vertices["place"] = surface.points
    vertices["colour"] = [round(255 * channel) for channel in colour]
    faces = np.zeros(len(surface.triangles), PLY_FACE)
    faces["count"] = 3
    faces["corners"] = surface.triangles
    return "\n".join(header).encode("ascii") + vertices.tobytes() + faces.tobytes()


def _obj(surface: Surface, name: str, colour: Colour, space: MeshSpace) -> bytes:
    """OBJ, which has a text format only; its vertices count from 1."""
    header = [f"# SPACE={space.value}", "# UNIT=mm", f"# {name}"]
    vertices = [f"v {x:.5f} {y:.5f} {z:.5f}" for x, y, z in surface.points.tolist()]
    faces = [f"f {a} {b} {c}" for a, b, c in (surface.triangles + 1).tolist()]
    return "\n".join([*header, *vertices, *faces, ""]).encode("ascii")


_WRITERS: dict[str, Callable[[Surface, str, Colour, MeshSpace], bytes]] = {".stl": _stl, ".ply": _ply, ".obj": _obj}
