"""Measures slice by slice as a chart of Slicer's, with the table that it is drawn of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import slicer
import vtk
from slicer.i18n import tr as _

from DicomSuiteLib.node_roles import NodeRoles, remove_with_companions
from DicomSuiteLib.segment_colours import segment_colour


class _Role(StrEnum):
    TABLE = "slices-table"
    SERIES = "slices-series"
    CHART = "slices-chart"


_ROLES = NodeRoles("DicomSuiteSuperRes.Chart", _Role)


def chartNode() -> Any:
    """The chart that the scene holds, or None."""
    return next(iter(_ROLES.nodes([_Role.CHART])), None)


def setChart(title: str, unit: str, values: Mapping[str, Sequence[float | None]]) -> Any:
    """Draw a line for each name, in place of a former chart; `values` are those of slice 1, 2, …; None leaves a gap."""
    removeChart()
    table = slicer.mrmlScene.AddNode(_ROLES.new_node("vtkMRMLTableNode", title, _Role.TABLE))
    chart = _ROLES.new_node("vtkMRMLPlotChartNode", title, _Role.CHART)
    chart.SetTitle(title)
    chart.SetXAxisTitle(_("Slice"))
    chart.SetYAxisTitle(unit)
    chart = slicer.mrmlScene.AddNode(chart)
    slices = range(1, 1 + max(map(len, values.values()), default=0))
    _addColumn(table, _("Slice"), list(map(float, slices)))
    for number, (name, ofSlices) in enumerate(values.items()):
        column = f"{number + 1} {name}"  # two volumes may have one name
        _addColumn(table, column, [float("nan") if value is None else value for value in ofSlices])
        chart.AddAndObservePlotSeriesNodeID(_addSeries(table, column, name, number).GetID())
    return chart


def showChart(chart: Any) -> None:
    """Bring the chart into the layout."""
    slicer.modules.plots.logic().ShowChartInLayout(chart)


def removeChart() -> None:
    """Take it away with its lines and its table."""
    for node in _ROLES.nodes():
        remove_with_companions(node)


def _addColumn(table: Any, name: str, values: Sequence[float]) -> None:
    column = vtk.vtkDoubleArray()
    column.SetName(name)
    for value in values:
        column.InsertNextValue(value)
    table.AddColumn(column)


def _addSeries(table: Any, column: str, name: str, number: int) -> Any:
    series = _ROLES.new_node("vtkMRMLPlotSeriesNode", name, _Role.SERIES)
    series.SetName(name)  # as the legend has it, though a volume is called so, too
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetXColumnName(_("Slice"))
    series.SetYColumnName(column)
    series.SetPlotType(slicer.vtkMRMLPlotSeriesNode.PlotTypeScatter)
    series.SetMarkerStyle(slicer.vtkMRMLPlotSeriesNode.MarkerStyleNone)
    series.SetColor(*segment_colour(number))
    return slicer.mrmlScene.AddNode(series)
