"""What tests ask of a mesh of triangles, whoever made or read it."""

from __future__ import annotations

import numpy as np


def is_closed_and_oriented(triangles: np.ndarray) -> bool:
    """True if every edge belongs to exactly two triangles, which run along it in opposite directions."""
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    directed, counts = np.unique(edges, axis=0, return_counts=True)
    turned = np.unique(edges[:, ::-1], axis=0)
    return bool(counts.max() == 1 and np.array_equal(directed, turned))


def signed_volume(points: np.ndarray, triangles: np.ndarray) -> float:
    """Volume inside; positive if the triangles run counter-clockwise seen from outside."""
    first, second, third = (points[triangles[:, corner]].astype(float) for corner in range(3))
    return float(np.einsum("ni,ni->", first, np.cross(second, third)) / 6)
