"""Made-up patients on made-up tables, with the truth of which voxel is whose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume

AIR, FOAM, FAT, MUSCLE, BONE, CARTILAGE = -1000.0, -920.0, -90.0, 50.0, 900.0, 20.0
SPACING = (1.5, 1.5, 3.0)
"""mm along i, j, k."""
SIZE = (200, 150, 40)
NOISE = 15.0


@dataclass(frozen=True, eq=False)
class Phantom:
    """A CT, and which of its voxels are mostly the patient's and mostly the table's (k, j, i)."""

    volume: Volume
    patient: NDArray[np.bool_]
    table: NDArray[np.bool_]

    def left_of_table(self, kept: NDArray[np.bool_]) -> float:
        """Share of the table's voxels among the kept ones."""
        return float(kept[self.table].mean())

    def lost_of_patient(self, kept: NDArray[np.bool_]) -> float:
        """Share of the patient's voxels that is not kept."""
        return float(1 - kept[self.patient].mean())


class Painter:
    """Paints shapes, given by their signed distance in mm (negative inside), with partial volume at their edges."""

    def __init__(self) -> None:
        k, j, i = (np.arange(n, dtype=np.float32) for n in SIZE[::-1])
        self.z = ((k - (SIZE[2] - 1) / 2) * SPACING[2])[:, None, None]
        self.y = ((j - (SIZE[1] - 1) / 2) * SPACING[1])[None, :, None]
        self.x = ((i - (SIZE[0] - 1) / 2) * SPACING[0])[None, None, :]
        self.values = np.full(SIZE[::-1], AIR, np.float32)
        self.patient = np.zeros(SIZE[::-1], bool)
        self.table = np.zeros(SIZE[::-1], bool)

    def paint(self, distance: NDArray, hu: float, owner: NDArray[np.bool_] | None = None) -> None:
        """Put a shape over what is there; its voxels go to `owner`, `patient` or `table`, or to nobody."""
        share = np.broadcast_to(np.clip(0.5 - distance / SPACING[0], 0, 1), self.values.shape)
        self.values += share * (hu - self.values)
        if owner is not None:
            for other in (self.patient, self.table):
                other &= share <= 0.5
            owner |= share > 0.5

    def phantom(self, seed: int = 1) -> Phantom:
        noise = np.random.default_rng(seed).normal(0, NOISE, self.values.shape)
        geometry = ImageGeometry.from_axes(SIZE, np.diag(SPACING), (-150.0, -112.0, -60.0))
        volume = Volume(np.rint(self.values + noise).astype(np.int16), SliceGrid.from_geometry(geometry), "CT")
        return Phantom(volume, self.patient, self.table)


TABLE_TOP = 45.0
"""mm behind the middle of the picture."""


def patient_on_mattress() -> Phantom:
    """A torso on 12 mm of foam, on a table of two shells."""
    return _torso_on_table(gap=12, thickness=3, hu=180)


def patient_on_shell() -> Phantom:
    """A torso that lies on the shell of the table itself, flattened by it over a hand's breadth."""
    return _torso_on_table(gap=-6, thickness=3, hu=180)


def patient_on_thin_shell() -> Phantom:
    """The same on a shell of 1.5 mm."""
    return _torso_on_table(gap=-6, thickness=1.5, hu=180)


def patient_on_shell_like_flesh() -> Phantom:
    """The same on a shell as dense as muscle."""
    return _torso_on_table(gap=-6, thickness=3, hu=45)


def patient_with_arms_on_table() -> Phantom:
    """A torso and both arms, all resting on the shell; one arm touches the side."""
    painter = Painter()
    _paint_shell_table(painter, 3, 180)
    _paint_torso(painter, TABLE_TOP + 4)
    for x, radius in ((-118, 20), (108, 21)):
        arm = _cylinder(painter, x, TABLE_TOP - x**2 / (2 * HOLLOW) - radius + 1, radius, radius)
        arm = np.maximum(arm, _below_top(painter))
        painter.paint(arm, FAT, painter.patient)
        painter.paint(arm + 5, MUSCLE)
        painter.paint(arm + 14, BONE)
    return painter.phantom()


def patient_on_solid_table() -> Phantom:
    """A torso on 12 mm of foam, on 20 mm of solid plastic."""
    painter = Painter()
    below = _below_top(painter)
    slab = np.maximum(np.maximum(-below, below - 20), np.abs(painter.x) - 130)
    painter.paint(slab, 110, painter.table)
    _paint_torso(painter, TABLE_TOP - 12)
    return painter.phantom()


def head_in_holder() -> Phantom:
    """A head in a trough of 3 mm, on a thin pad; both ears touch the trough's sides."""
    painter = Painter()
    trough = np.abs(_trough(painter)) - 1.5
    trough = np.maximum(trough, -painter.y - 20)
    painter.paint(trough, 250, painter.table)
    head = np.sqrt((painter.x / 72) ** 2 + (painter.y / 90) ** 2 + ((painter.z + 30) / 105) ** 2)
    head = (head - 1) * 72
    pad = np.maximum(np.maximum(_trough(painter) + 1.5, 60 - painter.y), -head)
    painter.paint(pad, FOAM)
    painter.paint(head, FAT, painter.patient)
    painter.paint(head + 3, MUSCLE)
    painter.paint(np.abs(head + 10) - 3, BONE)
    painter.paint(head + 14, 35)
    for side in (-1, 1):
        _paint_ear(painter, side)
    return painter.phantom()


HOLLOW = 450.0
"""mm radius of a table's hollow top."""


def _torso_on_table(gap: float, thickness: float, hu: float) -> Phantom:
    painter = Painter()
    _paint_shell_table(painter, thickness, hu)
    _paint_torso(painter, TABLE_TOP - gap)
    return painter.phantom()


def _cylinder(painter: Painter, x: float, y: float, radius_x: float, radius_y: float) -> NDArray:
    """Signed distance, nearly, of an elliptical cylinder along z."""
    radius = np.sqrt(((painter.x - x) / radius_x) ** 2 + ((painter.y - y) / radius_y) ** 2)
    return (radius - 1) * min(radius_x, radius_y)


def _below_top(painter: Painter) -> NDArray:
    """How far (mm) a place lies below the table's top."""
    return painter.y - (TABLE_TOP - painter.x**2 / (2 * HOLLOW))


def _paint_shell_table(painter: Painter, thickness: float, hu: float) -> None:
    """Foam between two shells that meet at the sides, 28 mm high."""
    below, sides = _below_top(painter), np.abs(painter.x) - 145
    core = np.maximum(np.maximum(thickness - below, below - 28 + thickness), sides + thickness)
    painter.paint(np.maximum(np.maximum(-below, below - 28), sides), hu, painter.table)
    painter.paint(core, FOAM)
    painter.table &= np.broadcast_to(core > 0, painter.table.shape)


def _paint_torso(painter: Painter, bottom: float) -> None:
    """Skin, fat, muscle, two lungs, spine and ribs, slimmer at the waist; never below the table's top."""
    waist = 1 - 0.12 * np.cos(painter.z / 60 * np.pi)
    y = bottom - 62
    body = np.sqrt((painter.x / (92 * waist)) ** 2 + ((painter.y - y) / (62 * waist)) ** 2)
    body = np.maximum((body - 1) * 62, _below_top(painter))
    painter.paint(body, FAT, painter.patient)
    painter.paint(body + 10, MUSCLE)
    painter.paint(np.abs(body + 14) - 2, 500)
    for side in (-1, 1):
        painter.paint(_cylinder(painter, side * 40, y - 5, 22, 30), -850)
    painter.paint(_cylinder(painter, 0, y + 30, 14, 14), BONE)


def _trough(painter: Painter) -> NDArray:
    """Signed distance, nearly, of the middle of the holder's wall: round below, with upright sides."""
    down = np.maximum(painter.y, 0)
    return np.sqrt(painter.x**2 + (down * 92 / 96) ** 2) - 92


def _paint_ear(painter: Painter, side: int) -> None:
    """A flap, 4 mm thick, from the head to the holder's wall."""
    out = side * painter.x
    flap = np.maximum(np.abs(painter.y - 8 - (out - 70) * 0.4) - 2, np.abs(painter.z + 25) - 22)
    flap = np.maximum(flap, np.maximum(66 - out, out - 90.5))
    painter.paint(flap, CARTILAGE, painter.patient)
