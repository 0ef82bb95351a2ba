"""Every text that a user can see in a widget: properties, entries and headers, of the widget and of all below it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from application import qt, slicer

PROPERTIES = (
    "accessibleDescription",
    "accessibleName",
    "placeholderText",
    "plainText",
    "prefix",
    "specialValueText",
    "statusTip",
    "suffix",
    "text",
    "title",
    "toolTip",
    "whatsThis",
    "windowTitle",
)
PARTS_OF_QT = ("qt_", "ScrollLeftButton", "ScrollRightButton")
"""How the names of parts begin that Qt puts into its own widgets, and translates itself."""


def visibleTexts(top: Any) -> Iterator[tuple[str, str]]:
    """Where each text is, in words for a test's message, and the text; empty ones are left out."""
    for item in [top, *slicer.util.findChildren(top)]:
        isShown = item.inherits("QWidget") or item.inherits("QAction")
        if isShown and not str(item.objectName).startswith(PARTS_OF_QT):
            where = f"{item.metaObject().className()} {item.objectName or '(no name)'}"
            for name in textProperties(item):
                yield from named(f"{where}: {name}", getattr(item, name))
            for text in (*tabTexts(item), *entryTexts(item)):
                yield from named(f"{where}: entry", text)


def textProperties(item: Any) -> list[str]:
    """A progress bar makes its text out of its format."""
    names = [name for name in PROPERTIES if item.metaObject().indexOfProperty(name) >= 0]
    return ["format", "toolTip"] if item.inherits("QProgressBar") else names


def named(where: str, text: Any) -> Iterator[tuple[str, str]]:
    if isinstance(text, str) and text.strip():
        yield where, text


def tabTexts(widget: Any) -> Iterator[str]:
    if widget.inherits("QTabWidget"):
        for index in range(widget.count):
            yield from (widget.tabText(index), widget.tabToolTip(index), widget.tabWhatsThis(index))


def entryTexts(widget: Any) -> Iterator[str]:
    """Entries and headers of combo boxes, lists, tables and trees, which are all views of a model."""
    isHeader = widget.inherits("QHeaderView")  # of a table that shows the same model
    if widget.inherits("QComboBox") or (widget.inherits("QAbstractItemView") and not isHeader):
        model = widget.model()
        if model is not None:
            yield from headerTexts(model)
            yield from rowTexts(model, qt.QModelIndex())


def columns(model: Any, parent: Any) -> int:
    """A list model has one column and does not tell."""
    return 1 if model.inherits("QAbstractListModel") else model.columnCount(parent)


def headerTexts(model: Any) -> Iterator[str]:
    top = qt.QModelIndex()
    for orientation, count in ((qt.Qt.Horizontal, columns(model, top)), (qt.Qt.Vertical, model.rowCount(top))):
        for section in range(count):
            for role in (qt.Qt.DisplayRole, qt.Qt.ToolTipRole):
                yield model.headerData(section, orientation, role)


def rowTexts(model: Any, parent: Any) -> Iterator[str]:
    for row in range(model.rowCount(parent)):
        for column in range(columns(model, parent)):
            index = model.index(row, column, parent)
            for role in (qt.Qt.DisplayRole, qt.Qt.ToolTipRole, qt.Qt.StatusTipRole, qt.Qt.WhatsThisRole):
                yield model.data(index, role)
            if column == 0:
                yield from rowTexts(model, index)
