"""The MRML scene and the module logics of slicer-core, started in the order that works outside the application."""

from pathlib import Path
from typing import Any

_LOGICS = {
    "Colors": "vtkSlicerColorLogic",
    "Units": "vtkSlicerUnitsLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
    "Cameras": "vtkSlicerCamerasModuleLogic",
    "Data": "vtkSlicerDataModuleLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Models": "vtkSlicerModelsLogic",
    "Markups": "vtkSlicerMarkupsLogic",
    "Transforms": "vtkSlicerTransformLogic",
    "Tables": "vtkSlicerTablesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "CropVolume": "vtkSlicerCropVolumeLogic",
    "VolumeRendering": "vtkSlicerVolumeRenderingLogic",
    "SceneViews": "vtkSlicerSceneViewsModuleLogic",
    "Sequences": "vtkSlicerSequencesLogic",
    "Texts": "vtkSlicerTextsLogic",
    "Plots": "vtkSlicerPlotsLogic",
}
"""Modules whose logic slicer-core has, in the order in which they start."""

_LABELS = 16
_COLOR_STEPS = (3, 5, 7)


def application_logic(folder: Path) -> tuple[Any, Any]:
    """A new scene and the application logic that holds it; files go below ``folder``."""
    import slicer
    import vtk

    scene = slicer.vtkMRMLScene()
    _observe_every_node(scene)
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetTemporaryPath(str(folder))
    logic.SetHomeDirectory(str(_home(folder)))
    logic.SetShareDirectory("share")
    logic.SetMRMLScene(scene)
    logic.GetColorLogic().SetMRMLScene(scene)
    logic.SetSliceLogics(vtk.vtkCollection())
    logic.SetViewLogics(vtk.vtkCollection())
    slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance().SetMRMLApplicationLogic(logic)
    slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance().SetMRMLApplicationLogic(logic)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return scene, logic


def _observe_every_node(scene: Any) -> None:
    """Observes nodes as the application's scene models do, before anybody else.

    It matters: of several observers with the same priority VTK calls the very first one last.
    """
    import vtk

    def added(caller: Any, event: str, node: Any) -> None:
        node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: None)

    added.CallDataType = vtk.VTK_OBJECT
    scene.AddObserver(scene.NodeAddedEvent, added)


def module_logics(scene: Any, application: Any) -> dict[str, Any]:
    """Starts the logic of every module that slicer-core has."""
    import slicer

    logics = {}
    for name, class_name in _LOGICS.items():
        logic = getattr(slicer, class_name)()
        logic.SetMRMLApplicationLogic(application)
        if name == "Colors":
            application.SetColorLogic(logic)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        logics[name] = logic
    application.GetColorLogic().AddDefaultColorNodes()
    return logics


def _home(folder: Path) -> Path:
    """A home directory with the one colour file that label maps need."""
    colors = folder / "home" / "share" / "ColorFiles"
    colors.mkdir(parents=True)
    rows = ["# Color table file", "0 Background 0 0 0 0"]
    for label in range(1, _LABELS + 1):
        red, green, blue = ((37 * label * step + 90) % 256 for step in _COLOR_STEPS)
        rows.append(f"{label} Label_{label} {red} {green} {blue} 255")
    (colors / "GenericColors.txt").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder / "home"
