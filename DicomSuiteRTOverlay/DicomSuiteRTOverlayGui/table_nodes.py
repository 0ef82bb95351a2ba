"""Measures as MRML tables: typed columns with unit and definition."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import vtk

from DicomSuiteRTOverlayGui.own_nodes import Role, addOwnNode, ownNodes


def readTable(path: Path) -> Mapping[str, Any]:
    """Columns and rows as the command has written them."""
    return json.loads(path.read_text(encoding="utf-8"))


def showInTable(name: str, role: Role, table: Mapping[str, Any]) -> Any:
    """The one table node of this role, filled with `table`."""
    node = next(iter(ownNodes([role])), None) or addOwnNode("vtkMRMLTableNode", name, role)
    wasModifying = node.StartModify()
    node.RemoveAllColumns()
    for column in table["columns"]:
        cells = [row[column["name"]] for row in table["rows"]]
        node.AddColumn(_array(column["name"], cells))
        node.SetColumnUnitLabel(column["name"], column["unit"])
        node.SetColumnDescription(column["name"], column["definition"])
    node.SetUseColumnTitleAsColumnHeader(True)
    node.EndModify(wasModifying)
    return node


def _array(name: str, cells: Sequence[Any]) -> Any:
    """Whole numbers, numbers with a gap for None, or texts."""
    known = [cell for cell in cells if cell is not None]
    if known and all(isinstance(cell, int) for cell in known) and len(known) == len(cells):
        array = vtk.vtkIdTypeArray()
    elif known and all(isinstance(cell, int | float) for cell in known):
        array = vtk.vtkDoubleArray()
        cells = [math.nan if cell is None else float(cell) for cell in cells]
    else:
        array = vtk.vtkStringArray()
        cells = ["" if cell is None else str(cell) for cell in cells]
    array.SetName(name)
    for cell in cells:
        array.InsertNextValue(cell)
    return array
