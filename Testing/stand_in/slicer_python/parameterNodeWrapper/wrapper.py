"""``@parameterNodeWrapper``: a class whose typed attributes are parameters of a node, and can be bound to widgets."""

import copy
import logging
import typing
import weakref

import qt
import slicer
import vtk

from .annotations import Default, findFirstAnnotation, splitAnnotations
from .guiConnectors import GuiConnector, createGuiConnector
from .serializers import createSerializer

SlicerParameterNamePropertyName = "SlicerParameterName"


class _Parameter:
    """What the class knows of one parameter."""

    def __init__(self, name, datatype, cls):
        type_, annotations = splitAnnotations(datatype)
        self.name, self.datatype = name, datatype
        self.serializer, others = createSerializer(type_, annotations)
        annotated = findFirstAnnotation(others, Default)
        unused = [item for item in others if not isinstance(item, Default)]
        if unused:
            logging.warning(f"Unused annotations: {unused}")
        if hasattr(cls, name):
            self.default = Default(getattr(cls, name))
        else:
            self.default = annotated or Default(generator=self.serializer.default)

    def prefixed(self, prefix):
        other = copy.copy(self)
        other.name = f"{prefix}{self.name}"
        return other


class _Cached:
    """One parameter of one node: read once, and again whenever the node is modified."""

    def __init__(self, parameter, node):
        self._parameter, self._node = parameter, node
        self._writing = False
        self.value = parameter.serializer.read(node, parameter.name)
        weak = weakref.ref(self)
        self._tag = node.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda caller, event: weak()._modified())

    def __del__(self):
        self._node.RemoveObserver(self._tag)

    def _modified(self):
        if not self._writing:
            self.value = self._read()

    def _read(self):
        """The value in the node; one that is gone, as after the scene was cleared, is written anew."""
        if not self._parameter.serializer.isIn(self._node, self._parameter.name):
            self._parameter.serializer.write(self._node, self._parameter.name, self._parameter.default.value)
        return self._parameter.serializer.read(self._node, self._parameter.name)

    def write(self, value):
        self._writing = True
        try:
            with slicer.util.NodeModify(self._node):
                self._parameter.serializer.write(self._node, self._parameter.name, value)
                self.value = self._parameter.serializer.read(self._node, self._parameter.name)
        finally:
            self._writing = False


class _Wrapper:
    """What every wrapped class gets. ``prefix`` lets several wrappers share a node."""

    def __init__(self, parameterNode, prefix=None):
        self.parameterNode = parameterNode
        self._parameterGUIs = {}
        self._guiVtkObserverTags = {}
        self._nextTag = 0
        self._updatingGUIFromParameterNode = False
        self._cached = {}
        for name, parameter in self.allParameters.items():
            own = parameter.prefixed(prefix) if prefix else parameter
            if not own.serializer.isIn(parameterNode, own.name):
                own.serializer.write(parameterNode, own.name, own.default.value)
            self._cached[name] = _Cached(own, parameterNode)

    def default(self, paramName):
        return self._parameter(paramName).default

    def isCached(self, paramName):
        self._parameter(paramName)
        return True

    @classmethod
    def dataType(cls, membername):
        return cls._parameter(membername).datatype

    @classmethod
    def _parameter(cls, name):
        if name not in cls.allParameters:
            raise ValueError(f"Cannot find a param with the given name: {name}, only {list(cls.allParameters)}")
        return cls.allParameters[name]

    def getValue(self, name):
        self._parameter(name)
        return self._cached[name].value

    def setValue(self, name, value):
        self._parameter(name)
        self._cached[name].write(value)

    def connectGui(self, gui):
        """Binds every child widget that has the property SlicerParameterName; returns a tag for ``disconnectGui``."""
        isWidget = getattr(gui, "isWidgetType", lambda: False)()
        widgets = gui.findChildren(qt.QWidget) if isWidget else vars(gui).values()
        named = ((widget.property(SlicerParameterNamePropertyName), widget) for widget in widgets)
        return self.connectParametersToGui({name: widget for name, widget in named if name})

    def connectParametersToGui(self, mapping):
        types = {name: self.dataType(name) for name in mapping}
        connectors = {
            name: item if isinstance(item, GuiConnector) else createGuiConnector(item, types[name])
            for name, item in mapping.items()
        }
        tag, self._nextTag = self._nextTag, self._nextTag + 1
        self._parameterGUIs[tag] = connectors
        for name, connector in connectors.items():
            connector.write(self.getValue(name))
            connector.onChanged(self._guiChanged(name, connector))
        self._guiVtkObserverTags[tag] = self.AddObserver(
            vtk.vtkCommand.ModifiedEvent, lambda caller, event: self._updateGUIFromParameterNode()
        )
        return tag

    def disconnectGui(self, guiTag):
        for connector in self._parameterGUIs.pop(guiTag, {}).values():
            connector.onChanged(None)
        if guiTag in self._guiVtkObserverTags:
            self.RemoveObserver(self._guiVtkObserverTags.pop(guiTag))

    def _guiChanged(self, name, connector):
        def changed():
            with slicer.util.NodeModify(self):
                if not self._updatingGUIFromParameterNode:
                    self.setValue(name, connector.read())

        return changed

    def _updateGUIFromParameterNode(self):
        if self._updatingGUIFromParameterNode:
            return
        self._updatingGUIFromParameterNode = True
        try:
            with slicer.util.NodeModify(self):
                for connectors in self._parameterGUIs.values():
                    for name, connector in connectors.items():
                        connector.write(self.getValue(name))
        finally:
            self._updatingGUIFromParameterNode = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        return self.parameterNode.RemoveObserver(tag)

    def Modified(self):
        self.parameterNode.Modified()


def parameterNodeWrapper(classtype=None):
    """Class decorator, with or without parentheses."""
    return _wrapped if classtype is None else _wrapped(classtype)


def _wrapped(cls):
    members = typing.get_type_hints(cls, include_extras=True)
    reserved = [name for name in members if hasattr(_Wrapper, name)]
    if reserved:
        raise ValueError(f"Cannot use reserved names in a parameterNodeWrapper: {reserved}")
    parameters = {name: _Parameter(name, datatype, cls) for name, datatype in members.items()}
    for name in members:
        setattr(cls, name, _property(name))
    for name, value in vars(_Wrapper).items():
        if name == "__init__" or not name.startswith("__"):
            setattr(cls, name, value)
    cls.allParameters = parameters
    cls._is_parameter_node_wrapper = True
    return cls


def _property(name):
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def isParameterNodeWrapper(classOrObj):
    return getattr(classOrObj, "_is_parameter_node_wrapper", False)


def findChildWidgetForParameter(widget, parameter):
    children = widget.findChildren(qt.QWidget)
    return next((child for child in children if child.property(SlicerParameterNamePropertyName) == parameter), None)
