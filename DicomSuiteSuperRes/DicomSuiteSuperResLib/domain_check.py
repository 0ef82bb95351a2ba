"""What of a volume a model was not made for: said before and with every result, for it looks as good as any other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.dicom_headers import header_number, header_text, read_headers
from DicomSuiteLib.printable import printable
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.models import LoadedModel, ModelScope, Upsampling
from DicomSuiteSuperResLib.output_plan import OutputPlan

SCOPE_MARGIN = 1.1
"""How far, as a factor, a spacing may lie outside a model's scope: sharpness changes no faster."""

ALREADY_THIN = 1.3
"""Slices less than so many times as far apart as pixels have little that could be restored."""

GAP, OVERLAP = 0.9, 1.1
"""Thickness of slices, in slice distances, below which they leave gaps, and above which they overlap."""

SAMPLED = 500_000
"""Voxels that are looked at."""
FEWEST_VALUES = 16
"""An image has more different ones; a mask with its segments rarely."""
AIR_HU = (-1100, -900)
AIR_SHARE = 0.05
"""Of the voxels of a CT are air, at least."""
NEGATIVE_SHARE = 0.01
"""Of the voxels of a magnitude image may be negative: filters overshoot."""
SATURATED_SHARE = 0.01
"""Of the voxels that are not 0 may have the largest value of all."""

HEADS = ("HEAD", "BRAIN", "SKULL", "CRANI", "CEREBR", "IAC", "ORBIT", "PITUIT", "FACE")
"""Beginnings or parts of what BodyPartExamined says of heads."""
OTHER_PARTS = (
    *("ABDOMEN", "ANKLE", "BREAST", "CHEST", "CSPINE", "ELBOW", "EXTREMITY", "FEMUR", "FOOT", "HAND", "HEART", "HIP"),
    *("KIDNEY", "KNEE", "LEG", "LIVER", "LSPINE", "NECK", "PANCREAS", "PELVIS", "PROSTATE", "SHOULDER", "SPINE"),
    *("TSPINE", "UTERUS", "WHOLEBODY", "WRIST"),
)
"""Terms of PS3.16 annex L, told with results; any other words were typed by a person, and could name one."""


def domain_warnings(volume: Volume, model: LoadedModel, plan: OutputPlan) -> tuple[str, ...]:
    """Say in words what speaks against relying on what `model` makes of `volume`; nothing where nothing does.

    Where the volume is DICOM, the header of its first file is read.

    Raises
    ------
    DicomSuiteError
        If that file can no longer be read.
    """
    scope = model.scope
    return (
        *_on_modality(volume, scope),
        *_on_spacing(model, plan),
        *_on_header(volume, scope, plan),
        *_on_values(_sample(volume.voxels), is_ct=volume.modality == "CT"),
    )


def _on_modality(volume: Volume, scope: ModelScope) -> Iterator[str]:
    if not scope.modalities:
        return
    made_for = " or ".join(scope.modalities)
    if volume.modality and volume.modality not in scope.modalities:
        yield f"the images are {printable(volume.modality)}, and the model was made for {made_for}"
    if not volume.modality and "CT" not in scope.modalities and _looks_like_ct(_sample(volume.voxels)):
        yield f"the values look like HU of a CT, and the model was made for {made_for}"


def _looks_like_ct(values: NDArray) -> bool:
    low, high = AIR_HU
    return bool(np.mean((low <= values) & (values <= high)) >= AIR_SHARE)


def _on_spacing(model: LoadedModel, plan: OutputPlan) -> Iterator[str]:
    spacing = plan.even.geometry.spacing
    thick, pixels = spacing[plan.axis], [spacing[axis] for axis in range(3) if axis != plan.axis]
    if model.upsampling is not Upsampling.ISOTROPIC and thick < ALREADY_THIN * min(pixels):
        yield (
            f"the slices, {thick:.3g} mm apart, are nearly as fine as the pixels of {min(pixels):.3g} mm already: "
            "there is little to restore"
        )
    yield from _outside((thick, thick), model.scope.thick_spacing, "the slices are {} mm apart")
    yield from _outside(
        (min(plan.spacing), max(plan.spacing)), model.scope.fine_spacing, "voxels of {} mm are to be made"
    )


def _outside(own: tuple[float, float], scope: tuple[float, float] | None, words: str) -> Iterator[str]:
    """A warning where the spacings, the smallest and the largest, lie outside the scope."""
    if scope is None:
        return
    low, high = scope
    for spacing in dict.fromkeys(own):
        if not low / SCOPE_MARGIN <= spacing <= high * SCOPE_MARGIN:
            yield f"{words.format(f'{spacing:.3g}')}, and the model has learned from {low:.3g} to {high:.3g} mm"


def _on_header(volume: Volume, scope: ModelScope, plan: OutputPlan) -> Iterator[str]:
    if not volume.is_dicom:
        return
    (header,) = read_headers(volume.files[:1], ("SliceThickness", "BodyPartExamined"))
    part = header_text(header, "BodyPartExamined").upper()
    is_for_heads = any(word in scope.data.lower() for word in ("head", "brain"))
    if part and is_for_heads and not any(word in part for word in HEADS):
        shown = part if part in OTHER_PARTS else "another part of the body"
        yield f"the images show {shown} (BodyPartExamined), and the model has learned from heads"
    thickness = header_number(header, "SliceThickness")
    if plan.axis == 2 and thickness:
        yield from _on_thickness(thickness, float(np.median(volume.grid.slice_distances)))


def _on_thickness(thickness: float, distance: float) -> Iterator[str]:
    words = f"the slices are {thickness:.3g} mm thick and {distance:.3g} mm apart"
    if thickness < GAP * distance:
        yield f"{words}: what lies in the gaps between them was not measured, and is guessed"
    if thickness > OVERLAP * distance:
        yield f"{words}, so they overlap: they are smoother than the model expects, and stay so"


def _on_values(values: NDArray, is_ct: bool) -> Iterator[str]:
    if values.min() == values.max():
        return
    if len(np.unique(values)) < FEWEST_VALUES:
        yield "there are very few different values, as in a mask; a mask is resampled, not super-resolved"
        return
    if not is_ct and not _looks_like_ct(values) and np.mean(values < 0) > NEGATIVE_SHARE:
        yield "many values are negative, as in phase images and maps; models learn from magnitudes, which never are"
    filled = values[values != 0]
    if np.mean(filled == values.max()) > SATURATED_SHARE:
        yield "many voxels have the largest value of all: bright parts were cut off, and their edges are not true"


def _sample(voxels: NDArray) -> NDArray:
    """At most `SAMPLED` values, evenly taken."""
    return voxels.ravel()[:: max(1, voxels.size // SAMPLED)]
