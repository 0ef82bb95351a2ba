"""Taking a result along: a DICOM series of the same study, and files, each of which says that it was derived."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest

from application import enter, exit_, moduleWidget, processEvents, slicer, waitUntil
from ct_volumes import write_ct_series
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume, volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.derived_nodes import addDerivedVolume, markSuperResolved
from DicomSuiteSuperResLib.models import DERIVED
from DicomSuiteSuperResLib.output_plan import resized
from panel_places import database_of, private_places

TIMEOUT_S = 60
SHAPE = (6, 20, 24)
PROVENANCE = {
    "model": {"name": "test", "version": "3", "sha256": "ab" * 32},
    "settings": {"factor": 2.0},
    "warnings": ["a warning"],
}


@pytest.fixture
def widget(tmp_path: Path) -> Iterator[Any]:
    slicer.mrmlScene.Clear(0)
    with private_places(tmp_path), database_of(tmp_path / "database"):
        widget = moduleWidget("DicomSuiteSuperRes")
        enter(widget)
        slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)  # the application always has it
        yield widget
        exit_(widget)
        slicer.mrmlScene.Clear(0)


def load_series(folder: Path) -> Any:
    """Write, import and load a DICOM series; its volume node."""
    from DICOMLib import DICOMUtils

    write_ct_series(folder, SHAPE)
    database = slicer.dicomDatabase
    DICOMUtils.importDicom(str(folder), database, False)
    (node,) = DICOMUtils.loadSeriesByUID(DICOMUtils.allSeriesUIDsInDatabase(database))
    return slicer.mrmlScene.GetNodeByID(node)


def add_result(source: Any) -> Any:
    """Twice as many slices, each of them double."""
    low = volume_of_node(source)
    columns, rows, slices = low.grid.size
    geometry: ImageGeometry = resized(low.grid.nominal_geometry, (columns, rows, 2 * slices))
    high = Volume(np.repeat(low.voxels, 2, axis=0), SliceGrid.from_geometry(geometry))
    result = addDerivedVolume(high, "result", source)
    markSuperResolved(result, PROVENANCE)
    return result


def export(widget: Any) -> Path:
    """Press the button; the new folder."""
    panel = widget.panel.export
    processEvents()
    assert panel.frame.exportButton.enabled, panel.frame.exportButton.toolTip
    panel.frame.exportButton.click()
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    (folder,) = panel.frame.folder.iterdir()
    return folder


def test_only_results_can_be_exported(widget, tmp_path: Path) -> None:
    source = load_series(tmp_path / "series")
    widget._parameterNode.volume = source
    assert not widget.panel.export.frame.exportButton.enabled
    widget._parameterNode.compareSecond = add_result(source)
    assert widget.panel.export.frame.exportButton.enabled


def test_dicom_series_is_derived_of_the_same_study_and_lies_where_the_node_does(widget, tmp_path: Path) -> None:
    source = load_series(tmp_path / "series")
    result = add_result(source)
    widget._parameterNode.compareSecond = result
    folder = export(widget) / "dicom"
    datasets = [pydicom.dcmread(path) for path in sorted(folder.iterdir())]
    acquired = pydicom.dcmread(next(path for path in (tmp_path / "series").rglob("*") if path.is_file()))
    assert {one.StudyInstanceUID for one in datasets} == {acquired.StudyInstanceUID}
    assert acquired.SeriesInstanceUID not in {one.SeriesInstanceUID for one in datasets}
    assert all(list(one.ImageType[:2]) == ["DERIVED", "SECONDARY"] for one in datasets)
    again = read_volume(folder)
    assert again.grid.is_close(volume_of_node(result).grid, 1e-3)
    assert np.array_equal(again.voxels, volume_of_node(result).voxels)


def test_series_is_imported_beside_its_input_where_that_is_ticked(widget, tmp_path: Path) -> None:
    from DICOMLib import DICOMUtils

    source = load_series(tmp_path / "series")
    database = slicer.dicomDatabase
    (before,) = DICOMUtils.allSeriesUIDsInDatabase(database)
    widget._parameterNode.compareSecond = add_result(source)
    widget._parameterNode.importDicom = True
    written = [pydicom.dcmread(path) for path in (export(widget) / "dicom").iterdir()]
    status = widget.panel.export.frame.statusLabel
    waitUntil(lambda: f"{len(written)} images are in the DICOM database" in status.text, TIMEOUT_S)
    (patient,) = database.patients()
    (study,) = database.studiesForPatient(patient)
    assert set(database.seriesForStudy(study)) == {before, written[0].SeriesInstanceUID}


def test_files_say_what_made_them_and_stay_where_the_volume_was_acquired(widget, tmp_path: Path) -> None:
    source = load_series(tmp_path / "series")
    result = add_result(source)
    grid = volume_of_node(result).grid
    moved = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    matrix = np.eye(4)
    matrix[:3, 3] = 10, 20, 30
    moved.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    for node in (source, result):
        node.SetAndObserveTransformNodeID(moved.GetID())
    parameters = widget._parameterNode
    parameters.compareSecond = result
    parameters.exportDicom, parameters.exportNrrd = False, True
    folder = export(widget)
    assert read_volume(folder / "super-resolved.nrrd").grid.is_close(grid)
    told = json.loads((folder / "super-resolved.json").read_text(encoding="utf-8"))
    assert told["statement"] == DERIVED and told["model"] == PROVENANCE["model"]
    assert not (folder / "dicom").exists() and str(tmp_path) not in json.dumps(told)


def test_what_has_no_dicom_files_is_no_dicom_series(widget) -> None:
    grid = SliceGrid.from_geometry(
        ImageGeometry((8, 8, 8), (1.0, 1.0, 4.0), (0.0, 0.0, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
    )
    source = node_of_volume(Volume(np.arange(512, dtype=np.int16).reshape(8, 8, 8), grid), "no files")
    widget._parameterNode.compareSecond = add_result(source)
    processEvents()
    button = widget.panel.export.frame.exportButton
    assert not button.enabled and "format that is possible" in button.toolTip
    assert "DICOM database" in widget.ui.exportDicomBox.toolTip


def test_nothing_is_left_of_an_export_that_fails(widget, tmp_path: Path) -> None:
    source = load_series(tmp_path / "series")
    widget._parameterNode.compareSecond = add_result(source)
    for path in (tmp_path / "series").rglob("*"):
        if path.is_file():
            path.unlink()
    panel = widget.panel.export
    processEvents()
    panel.frame.exportButton.click()
    waitUntil(lambda: not panel.isBusy, TIMEOUT_S)
    assert panel.frame.statusLabel.text and not list(panel.frame.folder.iterdir())
