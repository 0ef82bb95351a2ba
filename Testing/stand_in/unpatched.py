"""PySide's own attribute access, for the stand-in's inside. Imported before ``attributes`` replaces it everywhere."""

from PySide6 import QtCore

raw = QtCore.QObject.__getattribute__
"""``raw(obj, "name")`` of a QObject: the method or bound signal that PySide has, whatever Slicer's inventory says."""
