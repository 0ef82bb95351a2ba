"""The MRML scene and the module logics of slicer-core, as the application has them at its start."""

from pathlib import Path
from typing import Any

from DicomSuiteLib.scene import start_application_logic, start_module_logics

_LABELS = 16
_COLOR_STEPS = (3, 5, 7)


def application_logic(folder: Path) -> tuple[Any, Any]:
    """A new scene and the application logic that holds it; files go below ``folder``."""
    import slicer

    scene = slicer.vtkMRMLScene()
    _observe_every_node(scene)
    return scene, start_application_logic(scene, folder)


def _observe_every_node(scene: Any) -> None:
    """Observes nodes as the application's scene models do, before anybody else.

    It matters: of several observers with the same priority VTK calls the very first one last.
    """
    import vtk

    def added(caller: Any, event: str, node: Any) -> None:
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: None)

    added.CallDataType = vtk.VTK_OBJECT
    scene.AddObserver(scene.NodeAddedEvent, added)


def module_logics(application: Any) -> dict[str, Any]:
    """Starts the logic of every module that slicer-core has."""
    colors = Path(application.GetHomeDirectory(), application.GetShareDirectory(), "ColorFiles")
    (colors / "GenericColors.txt").write_text(_label_colors(), encoding="utf-8")
    return start_module_logics(application)


def _label_colors() -> str:
    """The colour table of label maps: the one file of the application's that the tests need."""
    rows = ["# Color table file", "0 Background 0 0 0 0"]
    for label in range(1, _LABELS + 1):
        red, green, blue = ((37 * label * step + 90) % 256 for step in _COLOR_STEPS)
        rows.append(f"{label} Label_{label} {red} {green} {blue} 255")
    return "\n".join(rows) + "\n"
