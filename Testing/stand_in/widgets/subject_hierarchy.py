"""qMRMLSubjectHierarchyComboBox and qMRMLSubjectHierarchyTreeView: choose an item of the subject hierarchy."""

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import stored

_NO_ITEM = 0


class _ItemChoice:
    """The scene and the chosen item, for both widgets; an item that does not exist chooses none."""

    _scene: Any = None
    _item: int = _NO_ITEM

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        self._scene = scene
        self._choose(_NO_ITEM)

    def currentItem(self) -> int:
        return self._item

    def setCurrentItem(self, item: int) -> None:
        self._choose(
            item if self._hierarchy().GetItemLevel(item) or self._hierarchy().GetItemDataNode(item) else _NO_ITEM
        )

    def _choose(self, item: int) -> None:
        if item != self._item:
            self._item = item
            raw(self, "currentItemChanged").emit(item)

    def _hierarchy(self) -> Any:
        import slicer

        return slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)


@stands_in
class qMRMLSubjectHierarchyComboBox(_ItemChoice, QtWidgets.QComboBox):
    currentItemChanged = Signal("qlonglong")
    nodeTypes = stored("QStringList", [])
    noneEnabled = stored(bool, False)
    noneDisplay = stored(str, "None")


@stands_in
class qMRMLSubjectHierarchyTreeView(_ItemChoice, QtWidgets.QTreeView):
    currentItemChanged = Signal("qlonglong")
    nodeTypes = stored("QStringList", [])
    levelFilter = stored("QStringList", [])
    multiSelection = stored(bool, False)
    contextMenuEnabled = stored(bool, True)
    editMenuActionVisible = stored(bool, True)
    selectRoleSubMenuVisible = stored(bool, True)
    noneEnabled = stored(bool, False)
