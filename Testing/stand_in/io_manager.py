"""``slicer.app.coreIOManager()``: reads what slicer-core's storage nodes read by themselves."""

from pathlib import Path
from typing import Any

from PySide6 import QtCore
from PySide6.QtCore import Signal

from stand_in.classes import stands_in

_VOLUMES = (".nrrd", ".nhdr", ".nii", ".nii.gz", ".mha", ".mhd", ".dcm", ".tif", ".png", ".jpg")
_MODELS = (".vtk", ".vtp", ".stl", ".ply", ".obj")
_NODES = {
    "VolumeFile": ("vtkMRMLScalarVolumeNode", "vtkMRMLVolumeArchetypeStorageNode"),
    "ModelFile": ("vtkMRMLModelNode", "vtkMRMLModelStorageNode"),
    "SegmentationFile": ("vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode"),
    "MarkupsFile": ("vtkMRMLMarkupsFiducialNode", "vtkMRMLMarkupsJsonStorageNode"),
}


@stands_in
class qSlicerCoreIOManager(QtCore.QObject):
    newFileLoaded = Signal("QVariantMap")
    fileSaved = Signal("QVariantMap")

    def __init__(self, scene: Any) -> None:
        super().__init__()
        self._scene = scene

    def fileType(self, path: str) -> str:
        name = path.lower()
        if name.endswith((".seg.nrrd", ".seg.vtm")):
            return "SegmentationFile"
        if name.endswith(_VOLUMES):
            return "VolumeFile"
        if name.endswith(".mrk.json"):
            return "MarkupsFile"
        return "SceneFile" if name.endswith(".mrml") else "ModelFile" if name.endswith(_MODELS) else "NoFile"

    def loadNodes(self, kind: str, properties: dict, loaded: Any = None, messages: Any = None) -> bool:
        """Adds the nodes to the collection ``loaded``; False, the scene as before, where the file cannot be read."""
        path = Path(properties["fileName"])
        if kind == "SceneFile":
            return self._load_scene(path, bool(properties.get("clear", False)))
        if kind not in _NODES or not path.is_file():
            return False
        node = self._load_node(kind, path, properties)
        if node is not None and loaded is not None:
            loaded.AddItem(node)
        return node is not None

    def _load_scene(self, path: Path, clear: bool) -> bool:
        self._scene.SetURL(str(path))
        return bool(self._scene.Connect() if clear else self._scene.Import())

    def _load_node(self, kind: str, path: Path, properties: dict) -> Any:
        node_class, storage_class = _NODES[kind]
        if kind == "VolumeFile" and properties.get("labelmap"):
            node_class = "vtkMRMLLabelMapVolumeNode"
        name = properties.get("name") or path.name.partition(".")[0]
        node = self._scene.AddNewNodeByClass(node_class, self._scene.GenerateUniqueName(name))
        storage = self._scene.AddNewNodeByClass(storage_class)
        storage.SetFileName(str(path))
        if kind == "VolumeFile":
            storage.SetSingleFile(bool(properties.get("singleFile", False)))
        if not storage.ReadData(node):
            self._scene.RemoveNode(storage)
            self._scene.RemoveNode(node)
            return None
        node.SetAndObserveStorageNodeID(storage.GetID())
        node.CreateDefaultDisplayNodes()
        return node
