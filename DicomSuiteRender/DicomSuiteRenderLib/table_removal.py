"""Take the scanner's table, head holder, pads and cloths out of a CT."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.body_region import SOFT_HU, body_region
from DicomSuiteRenderLib.coarse_ct import AIR_HU, CoarseCt
from DicomSuiteRenderLib.errors import RenderError

REMOVED = "Table, head holder and whatever else lay outside the patient were replaced by air."

LOWEST_CT_HU = -500.0
"""A volume whose lowest voxel is denser holds no air around a patient, or is not in HU."""


def table_mask(volume: Volume) -> BoolArray:
    """Which voxels (k, j, i) lie outside the patient and are denser than air: table, head holder, pads, cloths, tubes.

    The patient is found by shape: what is thick, or soft and standing out from it. A frame or fixator outside the skin
    is no part of it. Where the patient lies on a shell without a gap, the shell is continued from what is around.

    Raises
    ------
    RenderError
        If the volume is no CT in HU, or shows no patient.
    """
    if volume.modality not in ("CT", ""):
        raise RenderError(
            f"A table can be removed from CT only, and this is {volume.modality}; show the mode without removing it."
        )
    if not np.any(volume.voxels < LOWEST_CT_HU):
        raise RenderError("There is no air around the patient, or the values are not HU; nothing can be removed.")
    ct = CoarseCt.from_volume(volume)
    body = body_region(ct)
    # What is denser than skin and in a voxel with it is the edge of a shell that touches it.
    patient = ct.on_volume(body.skin) & (volume.voxels < SOFT_HU[1])
    patient |= ct.on_volume(body.inside)
    return ~patient & (volume.voxels > AIR_HU)


def without_table(volume: Volume) -> Volume:
    """The volume with air (-1000 HU) where `table_mask` is True, and a note that says so; errors as for it."""
    voxels = volume.voxels.copy()
    voxels[table_mask(volume)] = AIR_HU
    return replace(volume, voxels=voxels, notes=(*volume.notes, REMOVED))
