"""The slice profile that a volume's DICOM header tells."""

from __future__ import annotations

import numpy as np

from DicomSuiteLib.dicom_headers import header_number, read_headers
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.slice_profile import USUAL_PROFILE, SliceProfile

NARROWEST, WIDEST = 0.5, 2.0
"""Thickness of slices, in slice distances, that is believed; beyond, the header is wrong or means something else."""


def measured_profile(volume: Volume, axis: int) -> SliceProfile:
    """Give the Gaussian as wide as the slices of a DICOM volume are thick; the usual profile where that is not known.

    Parameters
    ----------
    volume : whose header may tell SliceThickness
    axis : 0, 1, 2 for i, j, k: along which a profile is asked for; only along k there are slices

    Raises
    ------
    VolumeError
        If the file of the first slice can no longer be read.
    """
    if axis != 2 or not volume.is_dicom:
        return USUAL_PROFILE
    (header,) = read_headers(volume.files[:1], ("SliceThickness",))
    thickness = header_number(header, "SliceThickness") or 0.0
    distance = float(np.median(volume.grid.slice_distances))
    if not NARROWEST <= thickness / distance <= WIDEST:
        return USUAL_PROFILE
    return SliceProfile.measured(thickness, distance)
