"""Pictures of the module DicomSuiteAnonymize after an export of a synthetic study."""

from __future__ import annotations

import tempfile
from pathlib import Path

from application import moduleWidget, screenshot, waitUntil
from DicomSuiteAnonymizeLib.profile import SEVENTEEN_ATTRIBUTES
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteGui.job_runner import closeRunner
from DicomSuiteLib.synthetic_study import write_synthetic_study
from panel_places import database_of

WIDTHS = (350, 600)
PALETTES = ("light", "dark")
TIMEOUT_S = 60


def take(pictures: Path) -> None:
    """Write anonymize-350-light.png and its like into `pictures`."""
    with tempfile.TemporaryDirectory() as folder:
        study = write_synthetic_study(Path(folder, "study"))
        with database_of(Path(folder, "database"), study.folder):
            widget = _afterAnExport()
            for width in WIDTHS:
                for palette in PALETTES:
                    screenshot(widget.parent, pictures / f"anonymize-{width}-{palette}.png", width, palette)
            closeRunner()


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
    panel.export.exportButton.click()
    waitUntil(lambda: panel.export.isBusy)
    waitUntil(lambda: not panel.export.isBusy, TIMEOUT_S)
    return widget
