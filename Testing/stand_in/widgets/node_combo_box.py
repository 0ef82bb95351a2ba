"""qMRMLNodeComboBox: chooses one of the scene's nodes of given classes."""

from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import stored

_BOX = QtWidgets.QComboBox


@stands_in
class qMRMLNodeComboBox(QtWidgets.QWidget):
    """Follows the nodes that come and go; without None in the list the first node is chosen."""

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    currentNodeRenamed = Signal(str)
    nodeAboutToBeRemoved = Signal(object)
    nodeActivated = Signal(object)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._scene: Any = None
        self._node: Any = None
        self._tags: list[int] = []
        self._attributes: list[tuple[str, str, Any]] = []
        self._box = _BOX(self)
        layout = QtWidgets.QHBoxLayout(self)
        QtWidgets.QLayout.setContentsMargins(layout, 0, 0, 0, 0)
        QtWidgets.QHBoxLayout.addWidget(layout, self._box)
        raw(self._box, "activated").connect(self._chosen)
        raw(self, "destroyed").connect(lambda: self._stop_following())
        QtWidgets.QWidget.setFocusProxy(self, self._box)

    def mrmlScene(self) -> Any:
        return self._scene

    def setMRMLScene(self, scene: Any) -> None:
        if scene is self._scene:
            return
        self._stop_following()
        self._scene = scene
        if scene is not None:
            events = (scene.NodeAddedEvent, scene.NodeRemovedEvent, scene.EndCloseEvent, scene.EndImportEvent)
            self._tags = [scene.AddObserver(event, self._scene_changed) for event in events]
        self._refresh()

    def _stop_following(self) -> None:
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []

    def _scene_changed(self, scene: Any, event: Any) -> None:
        self._refresh()

    def _nodes(self) -> list[Any]:
        count = self._scene.GetNumberOfNodes() if self._scene is not None else 0
        return [node for node in map(self._scene.GetNthNode, range(count)) if self._is_offered(node)] if count else []

    def _is_offered(self, node: Any) -> bool:
        if node.GetHideFromEditors() and not self._option("showHidden", False):
            return False
        if any(node.IsA(name) for name in self._option("hideChildNodeTypes", ())):
            return False
        subclasses = self._option("showChildNodeTypes", True)
        wanted = [n for n in self._option("nodeTypes", ()) if node.GetClassName() == n or subclasses and node.IsA(n)]
        return bool(wanted) and all(self._has_attribute(node, item) for item in self._attributes if item[0] in wanted)

    def _has_attribute(self, node: Any, item: tuple[str, str, Any]) -> bool:
        value = node.GetAttribute(item[1])
        return value is not None and item[2] in (None, value)

    def _option(self, name: str, default: Any) -> Any:
        return self.__dict__.get(f"_{name}", default)

    def _refresh(self, value: Any = None) -> None:
        nodes = self._nodes()
        _BOX.clear(self._box)
        for node in self._listed(nodes):
            _BOX.addItem(self._box, node.GetName() if node is not None else self._option("noneDisplay", "None"))
        if self._node is not None and self._node not in nodes:
            self._choose(None)
        if self._node is None and nodes and not self._option("noneEnabled", False):
            self._choose(nodes[0])
        self._show_choice()

    def _listed(self, nodes: list[Any]) -> list[Any]:
        return [None, *nodes] if self._option("noneEnabled", False) else nodes

    def _show_choice(self) -> None:
        listed = self._listed(self._nodes())
        _BOX.setCurrentIndex(self._box, listed.index(self._node) if self._node in listed else -1)

    def _chosen(self, index: int) -> None:
        self._choose(self._listed(self._nodes())[index])
        raw(self, "nodeActivated").emit(self._node)

    def _choose(self, node: Any) -> None:
        if node is self._node:
            return
        self._node = node
        self._show_choice()
        raw(self, "currentNodeChanged").emit(node)
        raw(self, "currentNodeIDChanged").emit(self._get_id())

    def nodeCount(self) -> int:
        return len(self._nodes())

    def nodeFromIndex(self, index: int) -> Any:
        return self._nodes()[index]

    def currentNode(self) -> Any:
        return self._node

    def setCurrentNode(self, node: Any) -> None:
        """A node that is not offered, and an ID that is none, choose nothing."""
        if isinstance(node, str):
            node = self._scene.GetNodeByID(node) if node and self._scene is not None else None
        self._choose(node if node in self._nodes() else None)

    def setCurrentNodeIndex(self, index: int) -> None:
        self._choose(self._nodes()[index])

    def _get_id(self) -> str:
        return self._node.GetID() if self._node is not None else ""

    def setCurrentNodeID(self, node_id: str) -> None:
        self.setCurrentNode(node_id)

    def currentNodeId(self) -> str:
        return self._get_id()

    def addAttribute(self, node_type: str, name: str, value: Any = None) -> None:
        self._attributes.append((node_type, name, value))
        self._refresh()

    def removeAttribute(self, node_type: str, name: str) -> None:
        self._attributes = [item for item in self._attributes if item[:2] != (node_type, name)]
        self._refresh()

    def addNode(self, node_type: str = "") -> Any:
        node = self._scene.AddNewNodeByClass(
            node_type or self._option("nodeTypes", ())[0], self._option("baseName", "")
        )
        if self._option("selectNodeUponCreation", True):
            self._choose(node)
        raw(self, "nodeAdded").emit(node)
        raw(self, "nodeAddedByUser").emit(node)
        return node

    def removeCurrentNode(self) -> None:
        raw(self, "nodeAboutToBeRemoved").emit(self._node)
        self._scene.RemoveNode(self._node)

    currentNodeID = Property(str, _get_id, setCurrentNodeID)
    nodeTypes = stored("QStringList", [], _refresh)
    hideChildNodeTypes = stored("QStringList", [], _refresh)
    showChildNodeTypes = stored(bool, True, _refresh)
    showHidden = stored(bool, False, _refresh)
    noneEnabled = stored(bool, False, _refresh)
    noneDisplay = stored(str, "None", _refresh)
    addEnabled = stored(bool, True)
    removeEnabled = stored(bool, True)
    renameEnabled = stored(bool, False)
    editEnabled = stored(bool, False)
    selectNodeUponCreation = stored(bool, True)
    baseName = stored(str, "")
    interactionNodeSingletonTag = stored(str, "")
    sizeAdjustPolicy = stored(int, 0)
