"""How a mask's array is laid out on a volume, in a clinician's words."""

from __future__ import annotations

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteRTOverlayLib.axis_order import AXIS_NAMES, AxisOrder

KNOWN_LAYOUTS = {
    "+i+j+k": "laid out like the volume, voxel upon voxel",
    "+k+j+i": "with its axes in the opposite order (k, j, i), as numpy saves arrays",
    "+j-i-k": "the layout of the original application: rows and columns exchanged, rows and slices reversed",
}
"""By the key of the order of axes; these are common enough to have a name."""

DIRECTIONS = ("left-right", "front-back", "head-feet")
"""What x, y and z of LPS are to a patient."""


def layout_words(order: AxisOrder, volume: ImageGeometry) -> str:
    """Say what `order` assumes, by the directions of the patient along which the volume's axes mostly run."""
    if order.key in KNOWN_LAYOUTS:
        return KNOWN_LAYOUTS[order.key]
    along = [DIRECTIONS[axis] for axis in np.abs(np.array(volume.directions)).argmax(axis=0)]
    if order.source == (0, 1, 2):
        mirrored = [name for name, sign in zip(along, order.signs, strict=True) if sign < 0]
        return f"laid out like the volume, but mirrored {_listed(mirrored)}"
    places = [order.source.index(axis) for axis in range(3)]
    runs = [
        f"{name} {along[place]}{' backwards' if order.signs[place] < 0 else ''}"
        for name, place in zip(AXIS_NAMES, places, strict=True)
    ]
    return f"with its axes exchanged: {_listed(runs)}"


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
