"""A mask whose place is beyond doubt, because it was placed before: its header is believed, and nothing is searched."""

from __future__ import annotations

from pathlib import Path

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.placement import Candidate, Placement, Verdict
from DicomSuiteRTOverlayLib.read_mask_file import read_mask_file
from DicomSuiteRTOverlayLib.resample_mask import resample_mask

AS_GIVEN = "as-given"
"""The key of the place that a mask's header names; accepted in advance, it also spares the judgement."""


def load_given_mask(path: Path, volume: Volume, *, smooth: bool = False) -> PlacedMask:
    """Read a mask of voxels and put it where its header says, with parameters as `load_mask`.

    On slices that are not evenly spaced, a header that names the volume's nominal grid means its slices.

    Raises
    ------
    OverlayError
        If the file is no mask, is damaged, or its header does not say where its voxels lie.
    """
    mask = read_mask_file(path)
    claims = mask.claims
    if claims.axes is None or claims.origin is None:
        raise OverlayError(f"{path} does not say where its voxels lie, so it cannot be taken as given; place it first.")
    geometry = ImageGeometry.from_axes(claims.size, claims.axes, claims.origin)
    candidate = Candidate(AS_GIVEN, "as its header says", geometry, 1.0)
    placement = Placement(Verdict.PLACED, "The place was given, and was not judged.", (candidate,))
    return PlacedMask(path, placement, resample_mask(mask, geometry, volume.grid, smooth), mask)
