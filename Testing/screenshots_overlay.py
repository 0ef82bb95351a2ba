"""Pictures of the module DicomSuiteRTOverlay with a mask that was placed and one that waits for a choice."""

from __future__ import annotations

import tempfile
from pathlib import Path

import SimpleITK as sitk

from application import moduleWidget, screenshot, slicer, waitUntil
from DicomSuiteGui.job_runner import closeRunner
from DicomSuiteLib.synthetic_study import SyntheticStudy, write_synthetic_study
from panel_places import database_of

WIDTHS = (350, 600)
PALETTES = ("light", "dark")
TIMEOUT_S = 120


def take(pictures: Path) -> None:
    """Write overlay-350-light.png and its like into `pictures`."""
    with tempfile.TemporaryDirectory() as folder:
        study = write_synthetic_study(Path(folder, "study"))
        with database_of(Path(folder, "database"), study.folder):
            widget = _withMasks(study)
            for width in WIDTHS:
                for palette in PALETTES:
                    screenshot(widget.parent, pictures / f"overlay-{width}-{palette}.png", width, palette)
            widget.panel.activity.cleanup()
            slicer.mrmlScene.Clear(0)
            closeRunner()


def _withMasks(study: SyntheticStudy):
    from DICOMLib import DICOMUtils

    widget = moduleWidget("DicomSuiteRTOverlay")
    database = slicer.dicomDatabase
    series = DICOMUtils.allSeriesUIDsInDatabase(database)
    DICOMUtils.loadSeriesByUID([uid for uid in series if database.fieldForSeries("Modality", uid) == "CT"])
    widget.useSeries(series)
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
