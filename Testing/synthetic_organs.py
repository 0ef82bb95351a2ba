"""Made-up patients: a lopsided body with off-centre organs of several tissues, noise, and the labels of the organs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume


@dataclass(frozen=True)
class Organ:
    """An ellipsoid in the body: `centre` and `radii` along i, j, k as parts of the body's half axes."""

    name: str
    centre: tuple[float, float, float]
    radii: tuple[float, float, float]
    ct: float
    mr: float


ORGANS = (
    Organ("liver", (-0.42, -0.15, 0.25), (0.42, 0.55, 0.42), 65, 420),
    Organ("spleen", (0.58, 0.25, 0.30), (0.20, 0.30, 0.28), 55, 300),
    Organ("right kidney", (-0.35, 0.45, -0.30), (0.16, 0.22, 0.30), 110, 520),
    Organ("left kidney", (0.36, 0.50, -0.12), (0.15, 0.20, 0.30), 115, 530),
    Organ("gut", (0.15, -0.40, -0.45), (0.45, 0.32, 0.35), 20, 250),
    Organ("gas", (0.30, -0.60, -0.40), (0.18, 0.14, 0.16), -850, 5),
    Organ("spine", (0.02, 0.62, 0.00), (0.15, 0.20, 1.60), 330, 150),
    Organ("aorta", (0.12, 0.28, 0.00), (0.07, 0.09, 1.60), 170, 30),
    Organ("tumour", (-0.55, -0.05, 0.10), (0.13, 0.18, 0.14), 35, 330),
)
"""Later ones cover earlier ones; the number of an organ's label is its place in this table, from 1."""

MUSCLE, FAT, AIR = (50.0, 220.0), (-95.0, 600.0), (-1000.0, 4.0)
"""Of what is no organ: HU and the number in MR."""


def synthetic_organs(
    geometry: ImageGeometry, seed: int, modality: str = "CT", noise: float = 18.0
) -> tuple[Volume, NDArray[np.uint8]]:
    """A volume with `geometry` and its labels (k, j, i), both the same for the same `seed`.

    `modality` is CT (HU) or MR (numbers of no unit, with an uneven coil); `noise` is its standard deviation.
    """
    random = np.random.default_rng(seed)
    place = _body_coordinates(geometry.size, random)
    radius = np.sqrt(place[0] ** 2 + place[1] ** 2) * (
        1 + 0.12 * np.sin(2.2 * place[2] + 1) + 0.1 * place[0] * place[1]
    )
    column = 0 if modality == "CT" else 1
    tissue = np.where(radius < 0.86, MUSCLE[column], np.where(radius < 1, FAT[column], AIR[column])).astype(np.float32)
    labels = np.zeros(tissue.shape, np.uint8)
    for number, organ in enumerate(ORGANS, start=1):
        inside = _is_inside(organ, place, random) & (radius < 0.84)
        labels[inside] = number
        tissue[inside] = (organ.ct if modality == "CT" else organ.mr) + random.normal(0, 8)
    if modality != "CT":
        tissue *= 1 + 0.25 * (place[0] * random.uniform(-1, 1) + place[1] * random.uniform(-1, 1)).clip(-1, 1)
    voxels = ndimage.gaussian_filter(tissue, 0.6)
    voxels += random.normal(0, noise, tissue.shape).astype(np.float32)
    if modality != "CT":
        voxels = np.abs(voxels)
    return Volume(voxels.astype(np.int16), SliceGrid.from_geometry(geometry), modality), labels


def _body_coordinates(size: tuple[int, int, int], random: np.random.Generator) -> list[NDArray[np.float32]]:
    """Arrays that broadcast to (k, j, i): where a voxel lies along i, j, k, in half axes of the body, off-centre."""
    half_axes = np.array([0.80, 0.62, 0.9]) * random.uniform(0.9, 1.1, 3)
    middle = random.uniform(-0.12, 0.12, 3)
    place = []
    for axis in range(3):
        along = (np.linspace(-1, 1, size[axis], dtype=np.float32) - np.float32(middle[axis])) / np.float32(
            half_axes[axis]
        )
        place.append(along.reshape([-1 if 2 - axis == position else 1 for position in range(3)]))
    return place


def _is_inside(organ: Organ, place: list[NDArray[np.float32]], random: np.random.Generator) -> NDArray[np.bool_]:
    centre = np.array(organ.centre) + random.normal(0, 0.03, 3)
    radii = np.array(organ.radii) * random.uniform(0.85, 1.15, 3)
    x, y, z = ((place[axis] - np.float32(centre[axis])) / np.float32(radii[axis]) for axis in range(3))
    bumps = random.uniform(-0.35, 0.35, 3)
    return x**2 + y**2 + z**2 + bumps[0] * x * y + bumps[1] * y * z + bumps[2] * x * z * z < 1
