"""Pictures of the module DicomSuiteSuperRes with a synthetic head of thick slices, and what it made of it."""

from __future__ import annotations

from pathlib import Path

from application import moduleWidget, processEvents, waitUntil
from DicomSuiteLib.synthetic_head import synthetic_head
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteSuperResLib.pairs import PairRequest, make_pair
from panel_screenshots import study_in_database, write_pictures

TIMEOUT_S = 600
FACTOR = 4


def take(pictures: Path) -> None:
    """Write superres-350-light.png and its like into `pictures`."""
    with study_in_database():
        write_pictures(_withResult(), pictures, "superres")


def _withResult():
    """The panel after a run, and after the result was measured against the thin slices that the thick ones hide."""
    pair = make_pair(synthetic_head(), PairRequest(FACTOR))
    thick, thin = node_of_volume(pair.low, "head"), node_of_volume(pair.high, "thin slices")
    widget = moduleWidget("DicomSuiteSuperRes")
    parameters, panel = widget._parameterNode, widget.panel
    parameters.volume, parameters.reference = thick, thin
    processEvents()
    panel.run.runButton.click()
    waitUntil(lambda: not panel.run.isBusy, TIMEOUT_S)
    widget.ui.compareSection.collapsed = widget.ui.exportSection.collapsed = False
    panel.metrics.measureButton.click()
    waitUntil(lambda: not panel.metrics.isBusy, TIMEOUT_S)
    processEvents(0.2)
    return widget
