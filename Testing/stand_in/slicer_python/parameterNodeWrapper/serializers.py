"""How values are kept in a parameter node: as text under their name, nodes as references, lists item by item."""

import collections.abc
import enum
import pathlib
import typing

import slicer

from .annotations import IsInstance, NotNone, Validator

_PATHS = (pathlib.Path, pathlib.PurePath, pathlib.PosixPath, pathlib.PurePosixPath, pathlib.PureWindowsPath)


class Serializer:
    """Text of one value; ``toText`` and ``fromText`` are what the kinds differ in."""

    def __init__(self, default, toText=str, fromText=str):
        self._default, self._toText, self._fromText = default, toText, fromText

    def default(self):
        return self._default

    def isIn(self, parameterNode, name):
        return parameterNode.HasParameter(name)

    def write(self, parameterNode, name, value):
        parameterNode.SetParameter(name, self._toText(value))

    def read(self, parameterNode, name):
        return self._fromText(parameterNode.GetParameter(name))

    def remove(self, parameterNode, name):
        parameterNode.UnsetParameter(name)


class ValidatedSerializer(Serializer):
    """Another serializer whose values are checked before they are written."""

    def __init__(self, serializer, validators):
        self._serializer, self._validators = serializer, validators

    def default(self):
        return self._serializer.default()

    def isIn(self, parameterNode, name):
        return self._serializer.isIn(parameterNode, name)

    def validate(self, value):
        for validator in self._validators:
            validator.validate(value)

    def write(self, parameterNode, name, value):
        self.validate(value)
        self._serializer.write(parameterNode, name, value)

    def read(self, parameterNode, name):
        return self._serializer.read(parameterNode, name)

    def remove(self, parameterNode, name):
        self._serializer.remove(parameterNode, name)


class NodeSerializer(Serializer):
    """A reference; the parameter of the same name says that there is a value, which may be None."""

    def __init__(self):
        super().__init__(None)

    def write(self, parameterNode, name, value):
        parameterNode.SetParameter(name, "")
        parameterNode.SetNodeReferenceID(name, value.GetID() if value is not None else None)

    def read(self, parameterNode, name):
        return parameterNode.GetNodeReference(name)

    def remove(self, parameterNode, name):
        parameterNode.UnsetParameter(name)
        parameterNode.RemoveNodeReferenceIDs(name)


class ListSerializer(Serializer):
    """The items under ``name.0`` and so on, their number under ``name.len``."""

    def __init__(self, element):
        super().__init__([])
        self._element = element

    def default(self):
        return []

    def isIn(self, parameterNode, name):
        return parameterNode.HasParameter(f"{name}.len")

    def write(self, parameterNode, name, value):
        values = list(value)
        with slicer.util.NodeModify(parameterNode):
            old = self._length(parameterNode, name)
            for index, item in enumerate(values):
                self._element.write(parameterNode, f"{name}.{index}", item)
            for index in range(len(values), old):
                self._element.remove(parameterNode, f"{name}.{index}")
            parameterNode.SetParameter(f"{name}.len", str(len(values)))

    def read(self, parameterNode, name):
        count = self._length(parameterNode, name)
        return ObservedList(
            parameterNode, self, name, [self._element.read(parameterNode, f"{name}.{i}") for i in range(count)]
        )

    def remove(self, parameterNode, name):
        for index in range(self._length(parameterNode, name)):
            self._element.remove(parameterNode, f"{name}.{index}")
        parameterNode.UnsetParameter(f"{name}.len")

    def _length(self, parameterNode, name):
        return int(parameterNode.GetParameter(f"{name}.len") or 0)


class ObservedList(collections.abc.MutableSequence):
    """A list that writes itself to its parameter node when it is changed."""

    def __init__(self, parameterNode, serializer, name, values):
        self._parameterNode, self._serializer, self._name, self._list = parameterNode, serializer, name, values

    def __len__(self):
        return len(self._list)

    def __getitem__(self, index):
        return self._list[index]

    def __setitem__(self, index, value):
        self._list[index] = value
        self._save()

    def __delitem__(self, index):
        del self._list[index]
        self._save()

    def insert(self, index, value):
        self._list.insert(index, value)
        self._save()

    def __eq__(self, other):
        return self._list == (other._list if isinstance(other, ObservedList) else other)

    def __repr__(self):
        return f"ObservedList({self._list})"

    def _save(self):
        self._serializer.write(self._parameterNode, self._name, self._list)


def createSerializer(type_, annotations):
    """The serializer of a type, and the annotations that were no validators. Raises TypeError for other types."""
    validators = [item for item in annotations if isinstance(item, Validator)]
    others = [item for item in annotations if not isinstance(item, Validator)]
    serializer = _plain(type_)
    if not validators:
        return serializer, others
    if isinstance(serializer, ValidatedSerializer):  # what the type demands comes first
        return ValidatedSerializer(serializer._serializer, [*serializer._validators, *validators]), others
    return ValidatedSerializer(serializer, validators), others


def _plain(type_):
    if type_ in (int, float):
        checked = (int, float) if type_ is float else int
        return _checked(Serializer(type_(), str, type_), checked)
    if type_ is str:
        return _checked(Serializer(""), str)
    if type_ is bool:
        return _checked(
            Serializer(False, lambda value: "True" if value else "False", lambda text: text == "True"), bool
        )
    if type_ in _PATHS:
        return _checked(Serializer(type_(), str, type_), type_)
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        serializer = Serializer(next(iter(type_)), lambda value: value.name, lambda text: type_[text])
        return ValidatedSerializer(serializer, [IsInstance(type_)])
    nodes = nodeClasses(type_)
    if nodes:
        return ValidatedSerializer(NodeSerializer(), [IsInstance(nodes)])
    if typing.get_origin(type_) is list:
        return ListSerializer(createSerializer(typing.get_args(type_)[0], ())[0])
    raise TypeError(f"the stand-in has no serializer for {type_}")


def _checked(serializer, classes):
    return ValidatedSerializer(serializer, [NotNone(), IsInstance(classes)])


def nodeClasses(type_):
    """The MRML node classes of a node type, or of a union of them with None; else an empty tuple."""
    choices = typing.get_args(type_) or (type_,)
    nodes = tuple(item for item in choices if isinstance(item, type) and issubclass(item, slicer.vtkMRMLNode))
    return nodes if all(item in nodes or item is type(None) for item in choices) else ()
