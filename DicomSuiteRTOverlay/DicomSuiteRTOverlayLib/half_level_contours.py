"""The contours of a mask in one plane, half-way between the voxels inside and the voxels outside.

Contours through the centres of the outermost voxels lose half a voxel all around; those half-way between two centres
contain exactly the centres that are inside, so whoever fills them gets the same mask back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray

IntArray = NDArray[np.int64]

NORMALS = np.array([(1, 0), (0, 1), (-1, 0), (0, -1)])
"""(i, j) steps from a voxel inside to its neighbour outside, each a quarter turn from i to j after the one before."""

EAST, WEST = 0, 2
"""The rows of `NORMALS` along +i and along -i."""


def half_level_contours(mask: BoolArray) -> list[FloatArray]:
    """Return the closed polygons that contain exactly the voxel centres inside.

    Polygons neither cross nor touch each other; voxels that share a corner only lie in separate ones. A hole is
    joined to what surrounds it by a keyhole, a channel of no width: so PS3.3 C.8.8.6.3 has it for CLOSED_PLANAR, and
    even-odd and union filling agree.

    Parameters
    ----------
    mask : (rows, columns); may reach the borders

    Returns
    -------
    list of (n, 2)
        Vertices (i, j) in voxels, the first not repeated at the end; counted from voxel (0, 0) of `mask`.
    """
    walls = _Walls(mask)
    return [_without_straight_vertices(walls.places(loop)) for loop in _with_keyholes(walls)]


class _Walls:
    """The sides of voxels inside that face voxels outside; the middle of each is a vertex of the contours.

    A wall is numbered 4 * voxel + normal, voxels row by row in the mask with a border of one voxel around it.
    """

    def __init__(self, mask: BoolArray) -> None:
        self._inside = np.pad(mask, 1).ravel()
        self._width = mask.shape[1] + 2
        self._steps = NORMALS @ (1, self._width)
        self.loops = _cycles(*self._followers())

    def places(self, walls: list[int]) -> FloatArray:
        """The middles of walls, (n, 2) as (i, j) in voxels of the mask without its border."""
        voxels, normals = np.divmod(np.array(walls), 4)
        rows, columns = np.divmod(voxels, self._width)
        return np.column_stack([columns, rows]) - 1 + NORMALS[normals] / 2

    def is_hole(self, loop: list[int]) -> bool:
        """True if the loop has its inside around it; it then runs from j to i, and its area counts as negative."""
        i, j = self.places([*loop, loop[0]]).T
        return bool(i[:-1] @ j[1:] < j[:-1] @ i[1:])

    def westernmost(self, loop: list[int]) -> int:
        """The wall of smallest i among those that face east or west."""
        across = [wall for wall in loop if wall % 4 in (EAST, WEST)]
        return min(across, key=self.column)

    def column(self, wall: int) -> float:
        """i of the middle of a wall that faces east or west, in voxels of the mask with its border."""
        return wall // 4 % self._width + (0.5 if wall % 4 == EAST else -0.5)

    def wall_to_the_west(self, wall: int) -> int:
        """The wall met first on the way west through the inside, from a wall that faces east."""
        voxel = wall // 4
        while self._inside[voxel - 1]:
            voxel -= 1
        return 4 * voxel + WEST

    def _followers(self) -> tuple[IntArray, IntArray]:
        """Every wall, ascending, and the wall that follows it around the inside, turning from i to j.

        Where two voxels inside touch at a corner only, the contour stays with its own voxel.
        """
        walls, followers = [], []
        for normal, across in enumerate(self._steps):
            ahead = (normal + 1) % 4
            voxels = np.flatnonzero(self._inside & ~np.roll(self._inside, -across))
            beside = voxels + self._steps[ahead]
            opposite = beside + across
            goes_on = self._inside[beside]
            turns_out = goes_on & self._inside[opposite]
            follower = np.where(goes_on, 4 * beside + normal, 4 * voxels + ahead)
            follower[turns_out] = 4 * opposite[turns_out] + (normal - 1) % 4
            walls.append(4 * voxels + normal)
            followers.append(follower)
        all_walls = np.concatenate(walls)
        order = np.argsort(all_walls)
        return all_walls[order], np.concatenate(followers)[order]


def _cycles(items: IntArray, followers: IntArray) -> list[list[int]]:
    """The closed loops in which `items`, ascending, follow each other."""
    next_places = np.searchsorted(items, followers).tolist()
    values = items.tolist()
    is_taken = bytearray(len(values))
    loops = []
    for start in range(len(values)):
        if is_taken[start]:
            continue
        loop, place = [], start
        while not is_taken[place]:
            is_taken[place] = True
            loop.append(values[place])
            place = next_places[place]
        loops.append(loop)
    return loops


def _with_keyholes(walls: _Walls) -> list[list[int]]:
    """The outer loops, every hole joined to the loop west of it.

    From the westernmost wall of a hole the way west ends at an outer loop, or at a hole that begins further west and,
    taken in that order, is already joined.
    """
    outlines: list[list[int]] = []
    holes: list[list[int]] = []
    for loop in walls.loops:
        (holes if walls.is_hole(loop) else outlines).append(loop)
    owners = {wall: outline for outline in outlines for wall in outline} if holes else {}
    for hole in sorted(holes, key=lambda loop: walls.column(walls.westernmost(loop))):
        start = walls.westernmost(hole)
        end = walls.wall_to_the_west(start)
        outline = owners[end]
        first, after = hole.index(start), outline.index(end) + 1
        outline[after:after] = [*hole[first:], *hole[: first + 1], end]
        owners.update(dict.fromkeys(hole, outline))
    return outlines


def _without_straight_vertices(polygon: FloatArray) -> FloatArray:
    """The same polygon without vertices on the straight line between their neighbours."""
    before = polygon - np.roll(polygon, 1, axis=0)
    after = np.roll(polygon, -1, axis=0) - polygon
    turns = before[:, 0] * after[:, 1] != before[:, 1] * after[:, 0]
    turns_back = (before * after).sum(axis=1) < 0
    return polygon[turns | turns_back]
