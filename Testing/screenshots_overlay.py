"""Pictures of the module DicomSuiteRTOverlay with a mask that was placed and one that waits for a choice."""

from __future__ import annotations

from pathlib import Path

import SimpleITK as sitk

from application import moduleWidget, waitUntil
from DicomSuiteLib.synthetic_study import SyntheticStudy
from panel_screenshots import study_in_database, use_ct, write_pictures

TIMEOUT_S = 120


def take(pictures: Path) -> None:
    """Write overlay-350-light.png and its like into `pictures`."""
    with study_in_database() as study:
        widget = _withMasks(study)
        write_pictures(widget, pictures, "overlay")
        widget.panel.activity.cleanup()


def _withMasks(study: SyntheticStudy):
    widget = moduleWidget("DicomSuiteRTOverlay")
    use_ct(widget)
    widget.panel.masks.addFiles([str(_without_place(study))])
    _press(widget, widget.ui.placeButton)
    _press(widget, widget.panel.measures.measureButton)
    return widget


def _without_place(study: SyntheticStudy) -> Path:
    """The study's mask, from a program that writes voxels alone."""
    path = study.folder / "lesion-without-place.nrrd"
    array = sitk.GetArrayFromImage(sitk.ReadImage(str(study.mask_file)))
    sitk.WriteImage(sitk.GetImageFromArray(array[:, ::-1].copy()), str(path))
    return path


def _press(widget, button) -> None:
    button.click()
    waitUntil(lambda: not widget.panel.activity.isBusy, TIMEOUT_S)
