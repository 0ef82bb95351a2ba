"""How sharp the edges of a volume are, against those of a reference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.segments import BoolArray

EDGE_SHARE = 0.1
"""Of the voxels: those where the reference is steepest are its edges."""


@dataclass(frozen=True, eq=False)
class EdgeSlopes:
    """How steep two volumes are at the edges of the first, along the way up that the first has there.

    Parameters
    ----------
    edges : (k, j, i), which voxels are edges of the reference
    reference, candidate : (k, j, i), change of the value per mm; a candidate that falls where the reference rises
        has a negative slope
    """

    edges: BoolArray
    reference: NDArray[np.float32]
    candidate: NDArray[np.float32]

    def sharpness(self, part: tuple[slice | int, ...] = ()) -> float | None:
        """Slopes of the candidate divided by those of the reference, over the edges in a part; None without edges.

        1 where edges are as sharp as in the reference, less where they are blurred, more where they are exaggerated.
        """
        edges = self.edges[part]
        steepness = self.reference[part][edges].sum(dtype=float)
        return float(self.candidate[part][edges].sum(dtype=float) / steepness) if steepness else None


def edge_slopes(reference: NDArray, candidate: NDArray, spacing: Sequence[float], mask: BoolArray) -> EdgeSlopes:
    """Find the edges of `reference` inside `mask`, and how steep both volumes are there.

    A candidate's gradient counts only along the reference's: noise, whose gradients point anywhere, is no sharpness.
    Gradients are central differences.

    Parameters
    ----------
    reference, candidate : (k, j, i), finite, on the same grid
    spacing : mm between voxels along k, j, i
    mask : (k, j, i)
    """
    one, other = (np.asarray(voxels, np.float32) for voxels in (reference, candidate))
    squares, products = np.zeros(one.shape, np.float32), np.zeros(one.shape, np.float32)
    for axis, step in enumerate(spacing):
        if one.shape[axis] > 1:
            slope = np.gradient(one, np.float32(step), axis=axis)
            squares += slope * slope
            products += slope * np.gradient(other, np.float32(step), axis=axis)
    steepness = np.sqrt(squares)
    edges = mask & (steepness > 0)
    if edges.any():
        edges &= steepness >= np.quantile(steepness[mask], 1 - EDGE_SHARE)
    return EdgeSlopes(edges, steepness, np.divide(products, steepness, out=products, where=steepness > 0))
