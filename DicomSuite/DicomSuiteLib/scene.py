"""The MRML scene: the application's where there is one, else one that slicer-core holds for this process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.missing_package import missing_package

_MODULE_LOGICS: Mapping[str, str] = MappingProxyType(
    {
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
)
"""Modules whose logic slicer-core has, by the name of their class, in the order in which they start."""

_PURPOSE = "Pictures of volumes"
_SHARE = "share"
_COLOUR_FILES = "ColorFiles"


@dataclass(frozen=True)
class _Host:
    scene: Any
    logic: Any
    """vtkSlicerApplicationLogic"""
    modules: Mapping[str, Any] = field(default_factory=dict)
    """Logics that would go away if nobody held them."""


def mrml_scene() -> Any:
    """The vtkMRMLScene that everything is shown in.

    Raises
    ------
    MissingPackageError
        If this is not the application, and slicer-core is not installed.
    """
    return _host().scene


def application_logic() -> Any:
    """The vtkSlicerApplicationLogic of the scene, with collections of slice and view logics, which may be empty.

    Raises
    ------
    MissingPackageError
        As for `mrml_scene`.
    """
    return _host().logic


def module_logic(name: str) -> Any:
    """The logic of a module, by its name in the application: "VolumeRendering", "Volumes", "Markups", …

    Raises
    ------
    KeyError
        If there is no such module.
    MissingPackageError
        As for `mrml_scene`.
    """
    logic = application_logic().GetModuleLogic(name)
    if logic is None:
        raise KeyError(name)
    return logic


def start_application_logic(scene: Any, folder: Path) -> Any:
    """Give a new vtkMRMLScene what the application gives its own; returns the application logic.

    Its home directory and temporary files are below `folder`.
    """
    import slicer

    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    logic = slicer.vtkSlicerApplicationLogic()
    logic.SetTemporaryPath(str(folder))
    (folder / "home" / _SHARE / _COLOUR_FILES).mkdir(parents=True, exist_ok=True)
    logic.SetHomeDirectory(str(folder / "home"))
    logic.SetShareDirectory(_SHARE)
    logic.SetMRMLScene(scene)
    logic.GetColorLogic().SetMRMLScene(scene)
    _hold_view_logics(logic)
    slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance().SetMRMLApplicationLogic(logic)
    slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance().SetMRMLApplicationLogic(logic)
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return logic


def start_module_logics(application: Any) -> dict[str, Any]:
    """Start the logic of every module that slicer-core has; returns them by the module's name.

    Whoever calls must hold them: the application logic does not.
    """
    import slicer

    logics = {}
    for name, class_name in _MODULE_LOGICS.items():
        logic = getattr(slicer, class_name)()
        # Some logics look for others as soon as they get the scene.
        logic.SetMRMLApplicationLogic(application)
        if name == "Colors":
            application.SetColorLogic(logic)
        logic.SetMRMLScene(application.GetMRMLScene())
        application.SetModuleLogic(name, logic)
        logics[name] = logic
    application.GetColorLogic().AddDefaultColorNodes()
    return logics


def _host() -> _Host:
    try:
        import slicer
    except ImportError as error:
        raise missing_package("slicer-core", _PURPOSE, extra="slicer") from error
    if getattr(slicer, "mrmlScene", None) is None:
        return _own_host()
    logic = slicer.app.applicationLogic()
    _hold_view_logics(logic)
    return _Host(slicer.mrmlScene, logic)


@cache
def _own_host() -> _Host:
    import slicer

    scene = slicer.vtkMRMLScene()
    logic = start_application_logic(scene, ephemeral_folder())
    return _Host(scene, logic, start_module_logics(logic))


def _hold_view_logics(logic: Any) -> None:
    """The application without a main window has no collections, and whoever looks for a view's logic would crash."""
    import vtk

    if logic.GetSliceLogics() is None:
        logic.SetSliceLogics(vtk.vtkCollection())
    if logic.GetViewLogics() is None:
        logic.SetViewLogics(vtk.vtkCollection())
