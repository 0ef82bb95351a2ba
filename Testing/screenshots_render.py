"""Pictures of the module DicomSuiteRender with a synthetic CT and the mode that shows its bone."""

from __future__ import annotations

import tempfile
from pathlib import Path

from application import moduleWidget, processEvents, screenshot, slicer, waitUntil
from DicomSuiteGui.job_runner import closeRunner
from DicomSuiteLib.synthetic_study import SyntheticStudy, write_synthetic_study
from panel_places import database_of

WIDTHS = (350, 600)
PALETTES = ("light", "dark")
TIMEOUT_S = 120
MODE = "bone-surface"


def take(pictures: Path) -> None:
    """Write render-350-light.png and its like into `pictures`."""
    with tempfile.TemporaryDirectory() as folder:
        study = write_synthetic_study(Path(folder, "study"))
        with database_of(Path(folder, "database"), study.folder):
            widget = _withBone(study)
            for width in WIDTHS:
                for palette in PALETTES:
                    screenshot(widget.parent, pictures / f"render-{width}-{palette}.png", width, palette)
            slicer.mrmlScene.Clear(0)
            closeRunner()


def _withBone(study: SyntheticStudy):
    from DICOMLib import DICOMUtils

    widget = moduleWidget("DicomSuiteRender")
    database = slicer.dicomDatabase
    series = DICOMUtils.allSeriesUIDsInDatabase(database)
    DICOMUtils.loadSeriesByUID([uid for uid in series if database.fieldForSeries("Modality", uid) == "CT"])
    widget.useSeries(series)
    widget.ui.histogramSection.collapsed = widget.ui.exportSection.collapsed = False
    modes = widget.panel.modes  # its buttons are other ones for every kind of volume
    waitUntil(lambda: modes.buttons[MODE].enabled, TIMEOUT_S)
    modes.buttons[MODE].click()
    waitUntil(lambda: modes.buttons[MODE].checked and not modes.isPainting, TIMEOUT_S)
    waitUntil(lambda: widget.panel.histogram.histogram is not None, TIMEOUT_S)
    processEvents(0.2)
    return widget
