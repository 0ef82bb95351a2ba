"""Pictures of the module DicomSuiteAnonymize: after an export, and its parts for pixels, faces, crosswalk and score."""

from __future__ import annotations

from pathlib import Path

from application import moduleWidget, waitUntil
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, SEVENTEEN_ATTRIBUTES
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from panel_screenshots import study_in_database, write_pictures

TIMEOUT_S = 60
ATTRIBUTES, OPTIONS, PIXELS, FACES = range(4)
"""Tabs of what is changed."""


def take(pictures: Path) -> None:
    """Write anonymize-350-light.png and its like into `pictures`."""
    with study_in_database():
        widget = _withStudy()
        _export(widget)
        write_pictures(widget, pictures, "anonymize")
        _showTextInPictures(widget)
        write_pictures(widget, pictures, "anonymize-pixels")
        _showTheWayBack(widget)
        write_pictures(widget, pictures, "anonymize-crosswalk")


def _withStudy():
    widget = moduleWidget("DicomSuiteAnonymize")
    panel = widget.panel
    waitUntil(lambda: panel.source.tree.topLevelItemCount)
    panel.source.tree.topLevelItem(0).setSelected(True)
    waitUntil(lambda: panel.attributes.examples, TIMEOUT_S)
    return widget


def _export(widget) -> None:
    panel = widget.panel
    age, name = ((SEVENTEEN_ATTRIBUTES[keyword],) for keyword in ("PatientAge", "PatientName"))
    widget.logic.editor.set_action([age], Action.KEEP)
    widget.logic.editor.set_action([name], Action.REPLACE, "Doe^Jane")
    panel.attributes.table.select([name])
    waitUntil(lambda: panel.attributes.keptLabel.text, TIMEOUT_S)
    panel.preview.previewButton.click()
    shown = panel.preview.countsTree, panel.preview.filesTree
    waitUntil(lambda: all(tree.topLevelItemCount for tree in shown), TIMEOUT_S)
    _pressExport(widget)


def _pressExport(widget) -> None:
    export = widget.panel.export
    export.frame.exportButton.click()
    waitUntil(lambda: export.isBusy)
    waitUntil(lambda: not export.isBusy, TIMEOUT_S)


def _showTextInPictures(widget) -> None:
    """The tab for pixels, with a box over what the ultrasound picture says of the patient."""
    widget.logic.editor.open(BUILT_IN["basic"])
    widget.panel.options.optionBoxes[Option.CLEAN_PIXEL_DATA].checked = True
    widget.ui.rulesTabs.currentIndex = PIXELS
    pixels = widget.panel.pixels
    pixels.search.button.click()
    waitUntil(lambda: pixels.table.widget.rowCount, TIMEOUT_S)
    pixels.table.widget.setCurrentCell(0, 0)
    editor = pixels.editor
    waitUntil(lambda: editor.boxList.addButton.enabled, TIMEOUT_S)
    editor.boxList.setBoxes([(0, 0, 320, 60)])
    editor._onBoxes()


def _showTheWayBack(widget) -> None:
    """Crosswalk and score, after an export that wrote a crosswalk."""
    widget.ui.rulesTabs.currentIndex = OPTIONS
    widget.panel.pixels.editor.saveButton.click()
    widget.panel.crosswalk.settings.writeBox.checked = True
    for section in (widget.ui.crosswalkSection, widget.ui.scoreSection):
        section.collapsed = False
    for section in (widget.ui.sourceSection, widget.ui.rulesSection, widget.ui.previewSection):
        section.collapsed = True
    _pressExport(widget)
