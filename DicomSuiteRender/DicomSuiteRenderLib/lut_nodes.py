"""Show a look-up table in the slice views of a volume node, and take it away again."""

from __future__ import annotations

from typing import Any

from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.errors import RenderError

TABLE_LENGTH = 1 << 14
"""Entries over the table's whole span: a quarter of an HU each where it spans all of CT, made in a millisecond."""

_LUT = "DicomSuiteRender.Lut"
"""The reference from a display node to the colour node that holds the table."""
_COLOURS_BEFORE = "DicomSuiteRender.ColoursBeforeLut"
"""The reference to the colour node that was there before."""
_BEFORE = "DicomSuiteRender.BeforeLut"
"""The attribute with the window's ends, whether it was automatic, and the range flag that were there before."""


def show_lut(lut: DisplayLut, volume_node: Any) -> None:
    """Let every slice view show a vtkMRMLScalarVolumeNode through the table; again with another one replaces it.

    Values go to shades directly: through the display window, which knows 256 steps only, a steep part of a long table
    would come out in bands. The window is set to the table's ends all the same, because it is what other parts of the
    application read.
    """
    display = _display_node(volume_node)
    was_modifying = display.StartModify()
    if shown_lut(volume_node) is None:
        hide_lut(volume_node)  # what is left of one over which the user has chosen other colours
        _remember(display)
    _set_points(_lut_node(display), lut)
    display.SetAutoWindowLevel(False)
    display.SetWindowLevelMinMax(lut.values[0], lut.values[-1])
    display.SetScalarRangeFlag(display.UseDirectMapping)
    display.SetAndObserveColorNodeID(display.GetNodeReferenceID(_LUT))
    display.EndModify(was_modifying)


def hide_lut(volume_node: Any) -> None:
    """Bring back the window and the colours that were there before `show_lut`; without one, nothing changes.

    Colours that the user has chosen in the meantime stay.
    """
    display = _display_node(volume_node)
    if display.GetAttribute(_BEFORE) is None:
        return
    lut_node = display.GetNodeReference(_LUT)
    was_modifying = display.StartModify()
    _bring_back(display, lut_node)
    for role in (_LUT, _COLOURS_BEFORE):
        display.RemoveNodeReferenceIDs(role)
    display.RemoveAttribute(_BEFORE)
    display.EndModify(was_modifying)
    if lut_node is not None:
        lut_node.GetScene().RemoveNode(lut_node)


def shown_lut(volume_node: Any) -> DisplayLut | None:
    """The table that slice views show the volume through; None where it is shown through a window."""
    display = _display_node(volume_node)
    lut_node = display.GetNodeReference(_LUT)
    if lut_node is None or display.GetColorNode() != lut_node:
        return None
    function = lut_node.GetColorTransferFunction()
    pairs, entry = [], [0.0] * 6
    for number in range(function.GetSize()):
        function.GetNodeValue(number, entry)
        pairs.append(tuple(entry[:2]))
    return DisplayLut.from_pairs(pairs)


def _display_node(volume_node: Any) -> Any:
    volume_node.CreateDefaultDisplayNodes()
    display = volume_node.GetScalarVolumeDisplayNode()
    if display is None:
        raise RenderError("The volume is shown as labels, not as shades of grey; choose another volume.")
    return display


def _lut_node(display: Any) -> Any:
    """The colour node of the display node, made where there is none yet."""
    found = display.GetNodeReference(_LUT)
    if found is not None:
        return found
    made = display.GetScene().AddNewNodeByClass("vtkMRMLProceduralColorNode", "DicomSuite look-up table")
    made.HideFromEditorsOn()
    made.SetNumberOfTableValues(TABLE_LENGTH)
    display.SetNodeReferenceID(_LUT, made.GetID())
    return made


def _set_points(lut_node: Any, lut: DisplayLut) -> None:
    function = lut_node.GetColorTransferFunction()
    was_modifying = lut_node.StartModify()
    function.RemoveAllPoints()
    for point in lut.points:
        function.AddRGBPoint(point.value, point.shade, point.shade, point.shade)
    lut_node.EndModify(was_modifying)


def _remember(display: Any) -> None:
    display.SetNodeReferenceID(_COLOURS_BEFORE, display.GetColorNodeID())
    before = (
        display.GetWindowLevelMin(),
        display.GetWindowLevelMax(),
        display.GetAutoWindowLevel(),
        display.GetScalarRangeFlag(),
    )
    display.SetAttribute(_BEFORE, " ".join(map(repr, before)))


def _bring_back(display: Any, lut_node: Any) -> None:
    low, high, is_automatic, range_flag = display.GetAttribute(_BEFORE).split()
    display.SetScalarRangeFlag(int(range_flag))
    display.SetWindowLevelMinMax(float(low), float(high))
    display.SetAutoWindowLevel(int(is_automatic))
    if display.GetColorNode() in (None, lut_node):
        display.SetAndObserveColorNodeID(display.GetNodeReferenceID(_COLOURS_BEFORE))
    if display.GetColorNode() is None:
        display.SetDefaultColorMap()
