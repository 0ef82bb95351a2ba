"""What exists in the real application, per class, from slicer_inventory.json."""

import functools
import json
import re
from dataclasses import dataclass
from pathlib import Path

FILE = Path(__file__).with_name("slicer_inventory.json")


@dataclass(frozen=True)
class ClassNames:
    """The names of one class and its bases. ``properties`` maps to the C++ type, ``signals`` holds full signatures."""

    properties: dict[str, str]
    signals: frozenset[str]
    names: frozenset[str]

    @functools.cached_property
    def signal_names(self) -> frozenset[str]:
        return frozenset(signature.partition("(")[0] for signature in self.signals)

    def __contains__(self, name: str) -> bool:
        return name in self.properties or name in self.names or name in self.signal_names


@functools.cache
def _document() -> dict:
    return json.loads(FILE.read_text(encoding="utf-8"))


def known(class_name: str) -> bool:
    return class_name in _document()["classes"]


@functools.cache
def class_names(class_name: str) -> ClassNames:
    """Raises KeyError for a class that the real application does not have."""
    entry = _document()["classes"][class_name]
    properties: dict[str, str] = {}
    signals, names = set(), set()
    for base in entry["bases"]:
        if known(base):
            inherited = class_names(base)
            properties.update(inherited.properties)
            signals |= inherited.signals
            names |= inherited.names
    properties.update(entry["properties"])
    signals |= {normalised(signature) for signature in entry["signals"]}
    return ClassNames(properties, frozenset(signals), frozenset(names | set(entry["names"])))


def python_signatures(module: str) -> dict:
    """Public functions and classes of one of the application's Python modules, with their signatures as text."""
    return _document()["python"][module]


def normalised(signature: str) -> str:
    """A signal's signature as Qt compares it: without const, reference and blanks; a QVector is a QList in Qt 6."""
    return re.sub(r"\bconst\b|&|\s", "", signature).replace("QVector<", "QList<")
