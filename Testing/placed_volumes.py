"""Small volumes of every geometry that real series have, each voxel with a value of its own."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

DATA = Path(os.environ.get("DICOMSUITE_TEST_DATA", Path(__file__).parents[2] / "shared" / "data"))

SIZE = (11, 9, 7)
"""Columns, rows, slices: no two alike, so that no axis can stand for another."""

SPACING = (0.7, 1.3, 2.9)
"""mm between columns, rows, slices."""

TURN = np.array(((0.36, 0.48, -0.8), (-0.8, 0.6, 0.0), (0.48, 0.64, 0.6)))
"""A rotation in exact decimals, oblique to every axis; columns along i, j, k."""

TILT = np.tan(np.radians(18.5))
"""mm along the columns for every mm of height, by the tilt of a real head CT."""

UNEVEN = (0.0, 1.1, 5.1, 9.1, 16.1, 23.1, 25.0)
"""mm of every slice along the normal."""

ORIGIN = np.array((-31.7, 12.9, 104.3))


def placed_volumes() -> dict[str, Volume]:
    """A volume for every kind of geometry, by a name for it."""
    even = [SPACING[2] * k for k in range(SIZE[2])]
    mirrored = TURN * (1, 1, -1)
    return {
        "upright": placed_volume(np.eye(3), even),
        "oblique": placed_volume(TURN, even),
        "left-handed": placed_volume(mirrored, even),
        "tilted": placed_volume(np.eye(3), even, tilt=TILT),
        "oblique and tilted": placed_volume(TURN, even, tilt=TILT),
        "uneven": placed_volume(TURN, UNEVEN),
        "uneven and tilted": placed_volume(np.eye(3), UNEVEN, tilt=TILT),
        "out of line": placed_volume(TURN, UNEVEN, tilt=TILT, jitter=0.4),
        "one slice": placed_volume(TURN, (0.0,)),
    }


def placed_volume(
    directions: FloatArray,
    heights: Sequence[float],
    tilt: float = 0.0,
    jitter: float = 0.0,
    size: tuple[int, int] = SIZE[:2],
) -> Volume:
    """Slices at `heights` (mm along the third direction), shifted along the second by `tilt`, at random by `jitter`.

    The value of voxel (i, j, k) is i + 100 j + 10000 k. Beyond the usual size (columns, rows), voxels are added on all
    sides.
    """
    columns, rows = size
    origin = ORIGIN + directions[:, :2] @ (np.subtract(SIZE[:2], size) / 2 * SPACING[:2])
    shifts = np.random.default_rng(4).uniform(-jitter, jitter, len(heights))
    positions = [
        origin + height * (directions[:, 2] + tilt * directions[:, 1]) + shift * directions[:, 0]
        for height, shift in zip(heights, shifts, strict=True)
    ]
    k, j, i = np.indices((len(heights), rows, columns))
    grid = SliceGrid(
        columns,
        rows,
        tuple(directions[:, 0] * SPACING[0]),
        tuple(directions[:, 1] * SPACING[1]),
        tuple(map(tuple, positions)),
        tuple(directions[:, 2] * SPACING[2]) if len(heights) == 1 else None,
    )
    return Volume((i + 100 * j + 10000 * k).astype(np.int32), grid)


def voxel_centres(volume: Volume) -> FloatArray:
    """LPS mm of every voxel, (slices, rows, columns, 3), straight from what each slice says of itself."""
    grid = volume.grid
    in_plane = np.arange(grid.rows)[:, None, None] * grid.column_step + np.arange(grid.columns)[:, None] * grid.row_step
    return np.array(grid.positions)[:, None, None] + in_plane
