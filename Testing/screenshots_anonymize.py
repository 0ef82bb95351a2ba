"""Pictures of the module DicomSuiteAnonymize after an export of a synthetic study."""

from __future__ import annotations

from pathlib import Path

from application import moduleWidget, waitUntil
from DicomSuiteAnonymizeLib.profile import SEVENTEEN_ATTRIBUTES
from DicomSuiteAnonymizeLib.steps import Action
from panel_screenshots import study_in_database, write_pictures

TIMEOUT_S = 60


def take(pictures: Path) -> None:
    """Write anonymize-350-light.png and its like into `pictures`."""
    with study_in_database():
        write_pictures(_afterAnExport(), pictures, "anonymize")


def _afterAnExport():
    widget = moduleWidget("DicomSuiteAnonymize")
    panel = widget.panel
    waitUntil(lambda: panel.source.tree.topLevelItemCount)
    panel.source.tree.topLevelItem(0).setSelected(True)
    waitUntil(lambda: panel.attributes.examples, TIMEOUT_S)
    age, name = ((SEVENTEEN_ATTRIBUTES[keyword],) for keyword in ("PatientAge", "PatientName"))
    widget.logic.editor.set_action([age], Action.KEEP)
    widget.logic.editor.set_action([name], Action.REPLACE, "Doe^Jane")
    panel.attributes.table.select([name])
    waitUntil(lambda: panel.attributes.keptLabel.text, TIMEOUT_S)
    panel.preview.previewButton.click()
    shown = panel.preview.countsTree, panel.preview.filesTree
    waitUntil(lambda: all(tree.topLevelItemCount for tree in shown), TIMEOUT_S)
    panel.export.frame.exportButton.click()
    waitUntil(lambda: panel.export.isBusy)
    waitUntil(lambda: not panel.export.isBusy, TIMEOUT_S)
    return widget
