"""Tell the patient from what they lie on, in a coarse CT, by shape.

What is thick is the patient, but for what lies behind the table's top or is of one material. What is thin is the
patient's where it lies in a pit of the body, is soft and stands out from it like an ear, or is small; a shell is none
of these.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from DicomSuiteLib.geometry import FloatArray
from DicomSuiteLib.segments import BoolArray
from DicomSuiteRenderLib.coarse_ct import AIR_HU, CoarseCt
from DicomSuiteRenderLib.disc_morphology import closed, filled, grown, shrunken
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.table_sheets import EVERY_NEIGHBOUR
from DicomSuiteRenderLib.table_top import TableTop, table_tops

SOLID_HU = -350.0
"""Skin is denser, and pads, blankets and foam are not."""

SHEET_HU = -600.0
"""The covers of pads, and shells thinner than a voxel, are denser."""

THIN_MM = 4.0
"""What is thinner than twice this is thin: shells of tables and head holders are 2 to 5 mm, fingers 12 mm and more."""

SMALLEST_PATIENT_ML = 20.0
"""The hand of an infant has more."""

SMALLEST_PART_ML = 0.2
"""A smaller part is thick by chance, as where an ear touches a head holder, and is taken for thin."""

SMALLEST_UNIFORM_ML = 5.0
UNIFORM_HU = 80.0
"""Between the 10th and the 90th percentile. A part of this size and of less is plastic or sand; a limb has fat, muscle
and bone."""

PIT_MM = 10.0
"""Half the width of pits and openings, as nose and ears have, whose thin walls are the patient's."""

SOFT_HU = (-250.0, 150.0)
"""In an ear or a fold of skin the densest voxel near by is in this range; that of a shell is denser."""

NEAR_BY_MM = 1.5

EDGE_MM = 3.0
"""How far a wall may be off the stiff sheet that was put through it; bone is farther from the skin in most places."""

EAR_MM = 25.0
"""How far thin parts stand out."""

SMALL_MM = 60.0
"""The size of thin parts that are the patient's whatever they are made of, as a nose."""


@dataclass(frozen=True, eq=False)
class BodyRegion:
    """Which coarse voxels (z, y, x) are the patient's.

    Parameters
    ----------
    inside : what is, with lungs and other gas
    skin : those around it that are part skin and part air
    """

    inside: BoolArray
    skin: BoolArray


def body_region(ct: CoarseCt) -> BodyRegion:
    """Find the patient.

    Raises
    ------
    RenderError
        If nothing is like a patient.
    """
    solid = ct.values > SOLID_HU
    radii = ct.radii(THIN_MM)
    parts, count = ndimage.label(shrunken(solid, radii), EVERY_NEIGHBOUR)
    volumes = _volumes(parts, count, ct)
    if volumes.max() < SMALLEST_PATIENT_ML:
        raise RenderError("No patient was found: nothing thick is denser than air. Take a CT of a patient, in HU.")
    main = int(volumes.argmax())
    sheets = (ct.values > SHEET_HU) & ~grown(parts > 0, tuple(radius + 1 for radius in radii))
    tops = table_tops(sheets, parts == main, ct)
    is_table = _are_table(parts, volumes, tops, ct)
    is_table[main] = False
    body = solid & grown((~is_table & (volumes >= SMALLEST_PART_ML))[parts], radii)
    body |= _thin_parts(solid & ~body & ~grown(is_table[parts], radii), body, ct)
    for top in tops:
        glued = top.glued_to(body)
        body &= ~(glued if top.is_table else _hard_part(glued, body, ct))
    body = filled(body)
    return BodyRegion(body, grown(body, (1, 1)) & ~body & ~solid)


def _volumes(parts: NDArray, count: int, ct: CoarseCt) -> FloatArray:
    """Volume (ml) of every part; 0 of number 0, which is no part."""
    volumes = np.bincount(parts.ravel(), minlength=count + 1) * np.prod(ct.spacing) / 1000
    volumes[0] = 0
    return volumes


def _are_table(parts: NDArray, volumes: FloatArray, tops: Iterable[TableTop], ct: CoarseCt) -> BoolArray:
    """Which parts lie behind the table's top or are of one material."""
    are_table = np.zeros(len(volumes), bool)
    for top in tops:
        if top.is_table:
            are_table |= top.share_behind(parts, len(volumes) - 1) > 0.5
    boxes = ndimage.find_objects(parts)
    for number in np.flatnonzero((volumes >= SMALLEST_UNIFORM_ML) & ~are_table):
        box = boxes[number - 1]
        low, high = np.percentile(ct.values[box][parts[box] == number], (10, 90))
        are_table[number] = high - low < UNIFORM_HU
    are_table[0] = False
    return are_table


def _thin_parts(thin: BoolArray, body: BoolArray, ct: CoarseCt) -> BoolArray:
    """Which of the thin parts are the patient's."""
    known = body | (thin & filled(closed(body, ct.radii(PIT_MM))))
    reachable = known | _is_soft(thin, ct)
    known = ndimage.binary_dilation(known, iterations=min(ct.radii(EAR_MM)), mask=reachable)
    known |= _small_and_touching(thin & ~known, known, ct)
    return known & thin


def _hard_part(glued: BoolArray, body: BoolArray, ct: CoarseCt) -> BoolArray:
    """What of a part of the body glued to a wall is the wall, not an ear; and the wall's edge beside it."""
    hard = glued & ~_is_soft(glued, ct)
    return hard | (grown(hard, ct.radii(EDGE_MM)) & body & (ct.values >= SOFT_HU[1]))


def _is_soft(mask: BoolArray, ct: CoarseCt) -> BoolArray:
    """Where a mask is made of what ears and skin are made of."""
    window = [2 * radius + 1 for radius in ct.radii(NEAR_BY_MM)]
    densest = ndimage.maximum_filter(np.where(mask, ct.values, AIR_HU), (1, *window))
    return mask & (densest > SOFT_HU[0]) & (densest < SOFT_HU[1])


def _small_and_touching(thin: BoolArray, body: BoolArray, ct: CoarseCt) -> BoolArray:
    parts, count = ndimage.label(thin, EVERY_NEIGHBOUR)
    touches = np.zeros(count + 1, bool)
    touches[parts[ndimage.binary_dilation(body)]] = True
    for number, box in enumerate(ndimage.find_objects(parts), start=1):
        touches[number] &= all(
            (part.stop - part.start) * step <= SMALL_MM for part, step in zip(box, ct.spacing, strict=True)
        )
    touches[0] = False
    return touches[parts]
