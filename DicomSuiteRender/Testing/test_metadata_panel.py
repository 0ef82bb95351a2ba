"""The metadata panel: how the images were made, and the patient only while it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from application import assertNoLeakedObservers, qt, slicer, waitUntil
from ct_volumes import write_ct_series
from DicomSuiteRenderGui.metadata_panel import NAME, VALUE, MetadataPanel
from panel_places import database_of
from scene_panels import OBLIQUE, add_volume

PATIENT = ("Müller", "P-17", "19610203", "20240305")
"""What the files tell of the patient."""
KERNEL = "FC17"


@pytest.fixture
def panel() -> Iterator[MetadataPanel]:
    slicer.mrmlScene.Clear(0)
    panel = MetadataPanel()
    panel.enter()
    yield panel
    panel.cleanup()
    slicer.mrmlScene.Clear(0)


@pytest.fixture
def dicomNode(tmp_path: Path) -> Iterator[object]:
    """A CT that was loaded from the database."""
    from DICOMLib import DICOMUtils

    write_ct_series(tmp_path / "ct", (6, 16, 16), ConvolutionKernel=KERNEL, KVP=110)
    with database_of(tmp_path / "database", tmp_path / "ct"):
        DICOMUtils.loadSeriesByUID(DICOMUtils.allSeriesUIDsInDatabase(slicer.dicomDatabase))
        (node,) = slicer.util.getNodesByClass("vtkMRMLScalarVolumeNode")
        yield node


def shown(panel: MetadataPanel) -> dict[str, str]:
    """Names and values; headings are left out."""
    rows = range(panel.table.rowCount)
    cells = [(panel.table.item(row, NAME), panel.table.item(row, VALUE)) for row in rows]
    return {name.text(): value.text() for name, value in cells if value is not None}


def everything(panel: MetadataPanel) -> str:
    """Every text, and every tooltip, of the panel."""
    items = [panel.table.item(row, column) for row in range(panel.table.rowCount) for column in (NAME, VALUE)]
    return "\n".join(f"{item.text()} {item.toolTip()}" for item in items if item is not None)


def read(panel: MetadataPanel) -> dict[str, str]:
    waitUntil(lambda: KERNEL in everything(panel))
    return shown(panel)


def test_technical_values_are_told_and_the_patient_is_not(panel, dicomNode) -> None:
    panel.setVolume(dicomNode)
    facts = read(panel)
    assert facts["Kernel"] == KERNEL
    assert facts["Tube voltage"] == "110 kV"
    assert facts["Size (voxels)"] == "16 × 16 × 6"
    waitUntil(lambda: shown(panel)["Unit"] == "HU")
    assert not [text for text in PATIENT if text in everything(panel)]
    assert not panel.identityBox.checked


def test_patient_is_shown_while_asked_for_and_hidden_with_every_change(panel, dicomNode) -> None:
    panel.setVolume(dicomNode)
    read(panel)
    other = add_volume("other")
    for change in (
        lambda: panel.identityBox.click(),
        lambda: panel.setVolume(other),
        lambda: (panel.exit(), panel.enter()),
    ):
        panel.setVolume(dicomNode)
        panel.identityBox.checked = True
        waitUntil(lambda: "P-17" in everything(panel))
        assert "identifies the patient" in panel.statusLabel.text
        change()
        assert not panel.identityBox.checked
        panel.setVolume(dicomNode)
        read(panel)
        assert not [text for text in PATIENT if text in everything(panel)]


def test_nothing_of_the_patient_is_saved(panel, dicomNode) -> None:
    panel.setVolume(dicomNode)
    panel.identityBox.checked = True
    waitUntil(lambda: "P-17" in everything(panel))
    texts = [key + str(qt.QSettings().value(key)) for key in qt.QSettings().allKeys()]
    nodes = [slicer.mrmlScene.GetNthNode(number) for number in range(slicer.mrmlScene.GetNumberOfNodes())]
    scripted = [node for node in nodes if node.IsA("vtkMRMLScriptedModuleNode")]
    texts += [node.GetParameter(name) for node in scripted for name in node.GetParameterNames()]
    assert not [text for text in texts if "P-17" in text or "Müller" in text]
    assert not MetadataPanel().identityBox.checked


def test_filter_and_copy_concern_what_is_shown(panel, dicomNode) -> None:
    panel.setVolume(dicomNode)
    read(panel)
    panel.filterEdit.text = "kern"
    assert shown(panel) == {"Kernel": KERNEL}
    panel.copyButton.click()
    assert qt.QApplication.clipboard().text().splitlines()[-1] == f"Kernel\t{KERNEL}"
    panel.filterEdit.text = "no such line"
    assert not panel.copyButton.enabled and panel.copyButton.toolTip


def test_volume_without_files_tells_what_the_scene_knows(panel) -> None:
    panel.setVolume(add_volume("from elsewhere", OBLIQUE, modality=""))
    facts = shown(panel)
    assert facts["Slice spacing"] == "3 mm"
    assert facts["Axes lead to"] == "L, P, S; oblique"
    assert facts["Unit"] == "not known"
    assert "not loaded from the DICOM database" in panel.statusLabel.text
    assert not panel.identityBox.enabled and panel.identityBox.toolTip


def test_files_that_are_gone_are_told_of(panel, dicomNode, tmp_path: Path) -> None:
    for path in (tmp_path / "ct").iterdir():
        path.unlink()
    panel.setVolume(dicomNode)
    waitUntil(lambda: "load the series again" in panel.statusLabel.text)


def test_nothing_is_left_behind_by_the_metadata_panel() -> None:
    slicer.mrmlScene.Clear(0)
    node = add_volume("head")
    with assertNoLeakedObservers():
        panel = MetadataPanel()
        panel.setVolume(node)
        panel.enter()
        panel.exit()
        panel.cleanup()
    slicer.mrmlScene.Clear(0)
