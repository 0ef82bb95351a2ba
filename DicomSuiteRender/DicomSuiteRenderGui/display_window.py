"""The display window of a volume node, as the slice views use it."""

from __future__ import annotations

from typing import Any

from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel


def shownWindow(volumeNode: Any) -> WindowLevel | None:
    """The window of a vtkMRMLScalarVolumeNode; None where there is no display, or grey values are turned over."""
    display = volumeNode.GetScalarVolumeDisplayNode()
    if display is None or display.GetWindow() <= 0:
        return None
    return WindowLevel(display.GetLevel(), display.GetWindow(), VoiFunction.LINEAR_EXACT)


def showWindow(volumeNode: Any, window: WindowLevel) -> None:
    """Use a window's level and width as Slicer and its DICOM reader do.

    For DICOM's LINEAR function the slice views differ from the standard by up to half a value at each end, which
    MRML cannot express with the numbers that users know.
    """
    if volumeNode.GetScalarVolumeDisplayNode() is None:
        volumeNode.CreateDefaultDisplayNodes()
    display = volumeNode.GetScalarVolumeDisplayNode()
    wasModifying = display.StartModify()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(window.width, window.level)
    display.EndModify(wasModifying)
