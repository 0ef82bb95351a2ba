"""The page that shows the pictures of an export."""

from __future__ import annotations

from pathlib import Path

from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.export_pieces import Written
from DicomSuiteRenderLib.render_report import render
from DicomSuiteRenderLib.volume_facts import volume_facts

REPORT = "report.html"


def writeReport(volume: Volume, folder: Path, written: Written) -> None:
    """Write the page into the folder of an export; it tells nothing about the patient."""
    content = {
        "pictures": written.pictures,
        "surfaces": written.surfaces,
        "refused": [],
        "notes": written.notes,
        "volume": {
            "size": volume.grid.size,
            "modality": volume.modality,
            "notes": volume.notes,
            "facts": [{"name": fact.name, "value": fact.value} for fact in volume_facts(volume)],
        },
    }
    with output_file(folder / REPORT) as partial:
        partial.write_text(render(content, folder), encoding="utf-8")
