"""A result beside its input, over it, their difference, and how like a reference both are."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from application import assertNoLeakedObservers, processEvents, slicer, waitUntil
from DicomSuiteGui.difference_map import differenceNode
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.compare_panel import ComparePanel
from DicomSuiteSuperResGui.derived_nodes import addDerivedVolume, markSuperResolved
from DicomSuiteSuperResGui.metrics_chart import chartNode, setChart
from DicomSuiteSuperResGui.metrics_panel import ERROR, NAME, PSNR, SSIM, MetricsPanel
from DicomSuiteSuperResLib.volume_metrics import compare
from scene_panels import slice_composite

FINE = ImageGeometry((24, 20, 16), (1.0, 1.0, 1.0), (-12.0, -10.0, -8.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
THICK = ImageGeometry((24, 20, 4), (1.0, 1.0, 4.0), (-12.0, -10.0, -6.5), ((1, 0, 0), (0, 1, 0), (0, 0, 1)))
"""The same box, four times fewer slices."""
TOLERANCE = 1e-6
PROVENANCE = {"model": {"name": "test", "version": "1", "sha256": "0" * 64}, "settings": {}, "warnings": []}


@pytest.fixture
def panel() -> Iterator[ComparePanel]:
    slicer.mrmlScene.Clear(0)
    panel = ComparePanel()
    yield panel
    panel.cleanup()
    slicer.mrmlScene.Clear(0)


@pytest.fixture
def metrics() -> Iterator[MetricsPanel]:
    slicer.mrmlScene.Clear(0)
    panel = MetricsPanel()
    yield panel
    panel.sceneCloses()
    slicer.mrmlScene.Clear(0)


def fine_voxels(seed: int = 0, noise: float = 0.0) -> np.ndarray:
    """A bright ball in air, and some noise."""
    k, j, i = np.indices(FINE.size[::-1], dtype=np.float32)
    ball = 200.0 * (((k - 7.5) / 7) ** 2 + ((j - 9.5) / 8) ** 2 + ((i - 11.5) / 9) ** 2 < 1)
    return (ball + noise * np.random.default_rng(seed).standard_normal(ball.shape)).astype(np.float32)


def volume(voxels: np.ndarray, geometry: ImageGeometry = FINE) -> Volume:
    return Volume(voxels, SliceGrid.from_geometry(geometry), "MR")


def thick_and_result() -> tuple[Any, Any]:
    """An input, and what was made of it."""
    voxels = fine_voxels()
    source = node_of_volume(volume(voxels.reshape(4, 4, 20, 24).mean(axis=1), THICK), "head")
    result = addDerivedVolume(volume(fine_voxels(1, 5.0)), "head super-resolved", source)
    markSuperResolved(result, PROVENANCE)
    return source, result


def shown(composite: Any) -> tuple[str | None, str | None]:
    return composite.GetBackgroundVolumeID(), composite.GetForegroundVolumeID()


def cells(panel: MetricsPanel, row: int) -> list[str]:
    return [panel.table.item(row, column).text() for column in range(panel.table.columnCount)]


def measure(panel: MetricsPanel) -> None:
    assert panel.measureButton.enabled, panel.measureButton.toolTip
    panel.measureButton.click()
    waitUntil(lambda: not panel.isBusy)


def test_two_different_volumes_are_needed(panel: ComparePanel) -> None:
    source, result = thick_and_result()
    button = panel.pair.differenceButton
    for pair in ((None, None), (source, None), (source, source)):
        panel.setPair(*pair)
        assert not button.enabled and "two different volumes" in button.toolTip
    panel.setPair(source, result)
    assert button.enabled


def test_result_is_blended_over_its_input_and_all_is_as_before_at_the_end(panel: ComparePanel) -> None:
    source, result = thick_and_result()
    composite = slice_composite()
    composite.SetBackgroundVolumeID(source.GetID())
    panel.setPair(source, result)
    with assertNoLeakedObservers():
        panel.pair.fadeSlider.value = 30
        assert shown(composite) == (source.GetID(), result.GetID())
        assert composite.GetForegroundOpacity() == pytest.approx(0.3)
        panel.pair.blinkButton.click()
        waitUntil(lambda: composite.GetForegroundOpacity() == 1.0)
        assert panel.pair.blinkButton.checked
        panel.pair.endButton.click()
    assert shown(composite) == (source.GetID(), None) and not panel.pair.endButton.enabled


def test_difference_has_a_sign_and_the_grid_of_a(panel: ComparePanel) -> None:
    first = node_of_volume(volume(fine_voxels()), "before")
    second = node_of_volume(volume(fine_voxels() - 7), "after")
    panel.setPair(first, second)
    panel.pair.differenceButton.click()
    waitUntil(lambda: not panel.pair.isBusy)
    assert np.all(slicer.util.arrayFromVolume(differenceNode()) == -7)
    panel.pair.endButton.click()
    assert differenceNode() is None


def test_removed_result_is_no_longer_shown(panel: ComparePanel) -> None:
    source, result = thick_and_result()
    composite = slice_composite()
    composite.SetBackgroundVolumeID(source.GetID())
    panel.setPair(source, result)
    panel.pair.fadeSlider.value = 50
    slicer.mrmlScene.RemoveNode(result)
    panel.setPair(source, None)
    assert shown(composite) == (source.GetID(), None)


def test_figures_are_those_of_the_library_and_interpolation_is_measured_beside_the_result(
    metrics: MetricsPanel, tmp_path: Path
) -> None:
    _source, result = thick_and_result()
    reference = node_of_volume(volume(fine_voxels()), "thin acquisition")
    metrics.setNodes(result, reference, None)
    measure(metrics)
    assert [cells(metrics, row)[NAME] for row in range(2)] == ["head super-resolved: cubic only", "head super-resolved"]
    truth = compare(volume(fine_voxels()), volume(fine_voxels(1, 5.0))).whole
    row = cells(metrics, 1)
    assert (row[PSNR], row[SSIM], row[ERROR]) == (f"{truth.psnr:.2f} dB", f"{truth.ssim:.3f}", f"{truth.mae:.4g}")
    measure(metrics)
    assert metrics.table.rowCount == 2  # measured again, not twice
    metrics.save(str(tmp_path / "metrics.csv"))
    with (tmp_path / "metrics.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (1 + FINE.size[2])
    (whole,) = [row for row in rows if row["method"] == "super-resolved" and row["slice"] == "all"]
    assert float(whole["psnr_db"]) == pytest.approx(truth.psnr, abs=TOLERANCE)


def test_mask_limits_what_is_measured_whether_labels_or_segments(metrics: MetricsPanel) -> None:
    candidate = node_of_volume(volume(fine_voxels(1, 5.0)), "noisy")
    reference = node_of_volume(volume(fine_voxels()), "clean")
    inside = np.zeros(FINE.size[::-1], np.uint8)
    inside[4:10, 5:12, 6:15] = 3
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "mask")
    slicer.util.updateVolumeFromArray(labels, inside)
    FINE.set_on_volume_node(labels)
    segments = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "segments")
    slicer.modules.segmentations.logic().ImportLabelmapToSegmentationNode(labels, segments)
    for mask in (labels, segments):
        metrics.setNodes(candidate, reference, mask)
        assert metrics.table.rowCount == 0  # another mask, other figures
        measure(metrics)
        assert metrics.measured[0].comparison.whole.voxels == np.count_nonzero(inside)


def test_other_grids_and_labels_of_other_voxels_are_refused_in_words(metrics: MetricsPanel) -> None:
    source, result = thick_and_result()
    metrics.setNodes(source, result, None)
    measure(metrics)
    assert "same grid" in metrics.statusLabel.text and metrics.table.rowCount == 0
    labels = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", "coarse")
    slicer.util.updateVolumeFromArray(labels, np.ones(THICK.size[::-1], np.uint8))
    THICK.set_on_volume_node(labels)
    metrics.setNodes(node_of_volume(volume(fine_voxels()), "fine"), result, labels)
    metrics.measureButton.click()
    assert "coarse" in metrics.statusLabel.text and not metrics.isBusy


def test_chart_has_a_line_for_each_volume_and_gaps_where_nothing_was_measured() -> None:
    slicer.mrmlScene.Clear(0)
    chart = setChart("title", "dB", {"one": [1.0, None, 3.0], "two": [4.0, 5.0, 6.0]})
    assert chart is chartNode() and chart.GetNumberOfPlotSeriesNodes() == 2
    series = chart.GetNthPlotSeriesNode(0)
    values = series.GetTableNode().GetTable().GetColumnByName(series.GetYColumnName())
    assert values.GetValue(0) == 1.0 and np.isnan(values.GetValue(1))
    again = setChart("title", "dB", {"one": [1.0]})
    assert slicer.util.getNodesByClass("vtkMRMLPlotChartNode") == [again]
    assert len(slicer.util.getNodesByClass("vtkMRMLPlotSeriesNode")) == 1
    slicer.mrmlScene.Clear(0)
    processEvents()
