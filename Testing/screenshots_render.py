"""Pictures of the module DicomSuiteRender with a synthetic CT and the mode that shows its bone."""

from __future__ import annotations

from pathlib import Path

from application import moduleWidget, processEvents, waitUntil
from panel_screenshots import study_in_database, use_ct, write_pictures

TIMEOUT_S = 120
MODE = "bone-surface"


def take(pictures: Path) -> None:
    """Write render-350-light.png and its like into `pictures`."""
    with study_in_database():
        write_pictures(_withBone(), pictures, "render")


def _withBone():
    widget = moduleWidget("DicomSuiteRender")
    use_ct(widget)
    widget.ui.histogramSection.collapsed = widget.ui.exportSection.collapsed = False
    modes = widget.panel.modes  # its buttons are other ones for every kind of volume
    waitUntil(lambda: modes.buttons[MODE].enabled, TIMEOUT_S)
    modes.buttons[MODE].click()
    waitUntil(lambda: modes.buttons[MODE].checked and not modes.isPainting, TIMEOUT_S)
    waitUntil(lambda: widget.panel.histogram.histogram is not None, TIMEOUT_S)
    processEvents(0.2)
    return widget
