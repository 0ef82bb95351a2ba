"""Masks that have lost their geometry: off-centre crops of patients and of made-up organs, in random orders of axes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.segments import smallest_box
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.axis_order import AXIS_ORDERS, AxisOrder
from DicomSuiteRTOverlayLib.mask_file import FileSegment, Gap, HeaderClaims, MaskFile
from real_data import DATA
from synthetic_organs import synthetic_organs

PATIENTS = DATA / "sts"

UPRIGHT = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))

NO_GEOMETRY = frozenset(Gap)

OFF_CENTRE = 0.1
"""A crop is off-centre if the mask's box is at least this part of the crop's length off its middle, along each axis."""

TRIED_BOXES = 5_000
"""Random boxes among which an off-centre one is looked for."""

ORGANS_SEEN = (1, 2, 3, 4, 5, 9)
"""Labels of `synthetic_organs` that are not cut off by the volume."""

SHAPES = ("any", "square", "cube")
"""Of a crop: with a mask's axes in any order, 8, 16 and 48 places fit."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """A volume, the labels (k, j, i) on its voxels, and a name."""

    name: str
    volume: Volume
    labels: NDArray


@dataclass(frozen=True, eq=False)
class Case:
    """A mask without geometry, and the order in which it truly lies on the volume."""

    name: str
    shape: str
    volume: Volume
    mask: MaskFile
    truth: AxisOrder


def patients() -> list[Labelled]:
    """The six patients with their published masks; none where the data are absent."""
    return [
        Labelled(
            folder.name, read_volume(folder / "ct"), sitk.GetArrayFromImage(sitk.ReadImage(str(folder / "mask.nii.gz")))
        )
        for folder in sorted(PATIENTS.glob("STS_*"))
    ]


def mask_without_geometry(labels: NDArray) -> MaskFile:
    """Labels (k, j, i) as a mask file whose header says nothing about their place."""
    return mask_of(labels, HeaderClaims(labels.shape[::-1], gaps=NO_GEOMETRY))


def mask_of(labels: NDArray, claims: HeaderClaims) -> MaskFile:
    """Labels (k, j, i) as a mask file with these claims."""
    values = (int(value) for value in np.unique(labels) if value)
    segments = tuple(FileSegment(f"segment {value}", (1.0, 0.0, 0.0), value) for value in values)
    return MaskFile(Path("mask.nrrd"), (labels,), segments, claims)


def complete_claims(geometry: ImageGeometry) -> HeaderClaims:
    """What a complete header says of a mask at `geometry`."""
    return HeaderClaims(geometry.size, geometry.axes, origin=geometry.origin)


def laid_out(labels: NDArray, order: AxisOrder) -> NDArray:
    """Labels on a volume's voxels as the array of a mask whose axes are in `order`."""
    sizes = [0, 0, 0]
    for axis, length in zip(order.source, labels.shape[::-1], strict=True):
        sizes[axis] = length
    array = np.empty(sizes[::-1], labels.dtype)
    order.lay(array)[...] = labels
    return array


def patient_cases(patient: Labelled, count: int, seed: int, slip_mm: float = 0.0) -> Iterator[Case]:
    """Crops of any and of square shape in turn, at the patient's own voxel size.

    `slip_mm` is the standard deviation by which contours are moved and grown, as by a careless observer.
    """
    random = np.random.default_rng(seed)
    for number in range(count):
        yield _cropped_case(patient, SHAPES[number % 2], random, slip_mm)


def organ_cases(count: int, seed: int, slip_mm: float = 0.0) -> Iterator[Case]:
    """Made-up patients, CT and MR in turn, with one organ or several, in crops of all three shapes."""
    random = np.random.default_rng(seed)
    for number in range(count):
        modality = ("CT", "CT", "MR")[number % 3]
        several = bool(number // 3 % 2)
        size = tuple(random.integers((84, 84, 60), (110, 110, 96)).tolist())
        spacing = (3.0, 3.0, float(random.uniform(2.5, 5)))
        geometry = ImageGeometry(size, spacing, (0, 0, 0), UPRIGHT)
        volume, labels = synthetic_organs(geometry, int(random.integers(1 << 30)), modality, random.uniform(8, 30))
        chosen = random.choice(ORGANS_SEEN, int(random.integers(2, 5)) if several else 1, replace=False)
        kept = np.where(np.isin(labels, chosen), labels, 0).astype(np.uint8)
        name = f"{modality} organs" if several else f"{modality} organ"
        yield _cropped_case(Labelled(name, volume, kept), SHAPES[number // 6 % 3], random, slip_mm)


def _cropped_case(whole: Labelled, shape: str, random: np.random.Generator, slip_mm: float) -> Case:
    labels = _slipped(whole.labels, whole.volume.grid.nominal_geometry.spacing, random, slip_mm)
    box = _off_centre_box(labels, shape, random)
    grid = whole.volume.grid.nominal_geometry
    size = tuple(part.stop - part.start for part in box[::-1])
    geometry = ImageGeometry.from_axes(size, grid.axes, grid.lps_from_ijk([part.start for part in box[::-1]]))
    voxels = np.ascontiguousarray(whole.volume.voxels[box])
    volume = Volume(voxels, SliceGrid.from_geometry(geometry), whole.volume.modality)
    truth = AXIS_ORDERS[random.integers(len(AXIS_ORDERS))]
    return Case(whole.name, shape, volume, mask_without_geometry(laid_out(labels[box], truth)), truth)


def _off_centre_box(labels: NDArray, shape: str, random: np.random.Generator) -> tuple[slice, slice, slice]:
    """A box (k, j, i) that holds the whole mask, off-centre; as square as can be where none of `shape` does."""
    filled = smallest_box(labels > 0)
    low, high = np.array([part.start for part in filled]), np.array([part.stop for part in filled])
    full = np.array(labels.shape)
    alike = {"any": [], "square": [1, 2], "cube": [0, 1, 2]}[shape]
    length = random.integers(high - low, full + 1, (TRIED_BOXES, 3))
    if alike:
        length[:, alike] = np.minimum(length[:, alike].max(axis=1), full[alike].min())[:, None]
    first, last = np.maximum(0, high - length), np.minimum(low, full - length)
    start = random.integers(first, np.maximum(last, first) + 1)
    is_good = np.all((last >= first) & (np.abs(((low + high) / 2 - start) / length - 0.5) >= OFF_CENTRE), axis=1)
    for chosen in np.flatnonzero(is_good)[:1]:
        return tuple(slice(int(a), int(a + n)) for a, n in zip(start[chosen], length[chosen], strict=True))
    return _off_centre_box(labels, "any", random) if alike else tuple(slice(0, int(n)) for n in full)


def _slipped(labels: NDArray, spacing: tuple[float, ...], random: np.random.Generator, slip_mm: float) -> NDArray:
    """The same segments, moved, grown or shrunk, and their outlines made uneven."""
    if not slip_mm:
        return labels
    sampling = np.array(spacing[::-1])
    move = np.rint(random.normal(0, slip_mm, 3) / sampling).astype(int)
    slipped = np.zeros_like(labels)
    for value in np.unique(labels[labels > 0]):
        box = tuple(slice(max(0, part.start - 6), part.stop + 6) for part in smallest_box(labels == value))
        inside = labels[box] == value
        distance = ndimage.distance_transform_edt(~inside, sampling) - ndimage.distance_transform_edt(inside, sampling)
        bumps = ndimage.gaussian_filter(random.normal(0, 1, inside.shape), 6 / sampling)
        grown = distance < random.uniform(-slip_mm, slip_mm) + slip_mm * bumps / bumps.std()
        moved = np.argwhere(grown if np.count_nonzero(grown) > 20 else inside) + [part.start for part in box] + move
        k, j, i = moved[np.all((moved >= 0) & (moved < labels.shape), axis=1)].T
        slipped[k, j, i] = value
    return slipped
