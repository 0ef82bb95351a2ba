"""A scene that is saved with all its data and loaded again."""

from __future__ import annotations

from pathlib import Path

from application import processEvents, slicer


def saved_and_loaded(folder: Path) -> None:
    """Save the scene and every node's data into `folder`, close it, and load it again."""
    scene = slicer.mrmlScene
    folder.mkdir()
    scene.SetURL(str(folder / "scene.mrml"))
    scene.SetRootDirectory(str(folder))
    for number, node in enumerate([scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes())]):
        if node.IsA("vtkMRMLStorableNode") and node.AddDefaultStorageNode():
            storage = node.GetStorageNode()
            if storage is not None:
                storage.SetFileName(str(folder / f"{number}.{storage.GetDefaultWriteFileExtension()}"))
                assert storage.WriteData(node), node.GetName()
    assert scene.Commit()
    scene.Clear(0)
    processEvents()
    scene.SetURL(str(folder / "scene.mrml"))
    assert scene.Connect()
    processEvents()
