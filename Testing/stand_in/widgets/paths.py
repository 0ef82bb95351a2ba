"""ctkPathLineEdit and ctkDirectoryButton."""

import os
import re
from fnmatch import fnmatchcase
from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import Property, Signal

from stand_in import dialogs
from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import stored

_ask_for_folder = dialogs.static("getExistingDirectory", "")
_ask_for_file = dialogs.static("getOpenFileName", "")
_ask_for_new_file = dialogs.static("getSaveFileName", "")
_IN_PARENTHESES = re.compile(r"\(([^)]*)\)")
# QDir::Filter, QFileDialog::Option and QComboBox::SizeAdjustPolicy as ctk repeats them.
_FILTERS = {
    "Dirs": 0x1, "Files": 0x2, "Drives": 0x4, "NoSymLinks": 0x8, "AllEntries": 0x7, "TypeMask": 0xF,
    "Readable": 0x10, "Writable": 0x20, "Executable": 0x40, "PermissionMask": 0x70,
    "Modified": 0x80, "Hidden": 0x100, "System": 0x200, "AccessMask": 0x3F0, "AllDirs": 0x400,
    "CaseSensitive": 0x800, "NoDot": 0x2000, "NoDotDot": 0x4000, "NoDotAndDotDot": 0x6000, "NoFilter": -1,
}  # fmt: skip
_OPTIONS = {
    "ShowDirsOnly": 0x1, "DontResolveSymlinks": 0x2, "DontConfirmOverwrite": 0x4, "DontUseSheet": 0x8,
    "DontUseNativeDialog": 0x10, "ReadOnly": 0x20, "HideNameFilterDetails": 0x40,
}  # fmt: skip


def _patterns(name_filter: str) -> list[str]:
    match = _IN_PARENTHESES.search(name_filter)
    return match[1].split() if match else [name_filter]


@stands_in
class ctkPathLineEdit(QtWidgets.QWidget):
    """An editable combo box of paths, with a button that asks for one.

    As in ctk, a text is valid if it is not empty and fits one of the name filters' patterns, whether or not there
    is such a file; ``currentPathChanged`` comes for valid texts only, so not when the field is emptied. Several
    patterns of one filter count only in parentheses: without them they are one, which no path fits.
    """

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)
    locals().update(_FILTERS)
    locals().update(_OPTIONS)
    AdjustToContents, AdjustToContentsOnFirstShow, AdjustToMinimumContentsLength = 0, 1, 2

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._comboBox = QtWidgets.QComboBox(self)
        QtWidgets.QComboBox.setEditable(self._comboBox, True)
        self._button = QtWidgets.QToolButton(self)
        QtWidgets.QToolButton.setText(self._button, "...")
        layout = QtWidgets.QHBoxLayout(self)
        QtWidgets.QLayout.setContentsMargins(layout, 0, 0, 0, 0)
        QtWidgets.QHBoxLayout.addWidget(layout, self._comboBox, 1)
        QtWidgets.QHBoxLayout.addWidget(layout, self._button)
        raw(self._comboBox, "editTextChanged").connect(lambda text: self.updateHasValidInput())
        raw(self._button, "clicked").connect(lambda checked: self.browse())
        QtWidgets.QWidget.setFocusProxy(self, self._comboBox)
        self._valid = False

    def updateHasValidInput(self) -> None:
        path, was_valid = self._get_path(), self._valid
        patterns = [pattern for text in self.nameFilters for pattern in _patterns(text)]
        self._valid = bool(path) and (not patterns or any(fnmatchcase(path, pattern) for pattern in patterns))
        if self._valid:
            raw(self, "currentPathChanged").emit(path)
        if self._valid != was_valid:
            raw(self, "validInputChanged").emit(self._valid)

    def _get_path(self) -> str:
        return QtWidgets.QComboBox.currentText(self._comboBox)

    def setCurrentPath(self, path: str) -> None:
        if path != self._get_path():
            QtWidgets.QComboBox.setEditText(self._comboBox, path)

    def setCurrentDirectory(self, path: str) -> None:
        """Where the next dialog begins, for all fields."""

    def browse(self) -> None:
        if self.filters & _FILTERS["Files"]:
            ask = _ask_for_new_file if self.filters & _FILTERS["Writable"] else _ask_for_file
        else:
            ask = _ask_for_folder
        path = ask(self._get_path())
        if path:
            self.setCurrentPath(path)

    def comboBox(self) -> QtWidgets.QComboBox:
        return self._comboBox

    def addCurrentPathToHistory(self) -> None:
        path = self._get_path()
        if path and QtWidgets.QComboBox.findText(self._comboBox, path) < 0:
            QtWidgets.QComboBox.insertItem(self._comboBox, 0, path)
            QtWidgets.QComboBox.setEditText(self._comboBox, path)

    def retrieveHistory(self) -> None:
        """Nothing is kept between test runs."""

    def _show_button(self, visible: bool) -> None:
        QtWidgets.QWidget.setVisible(self._button, visible)

    currentPath = Property(str, _get_path, setCurrentPath)
    settingKey = stored(str, "")
    label = stored(str, "")
    filters = stored(int, _FILTERS["AllEntries"] | _FILTERS["NoDotAndDotDot"] | _FILTERS["Readable"])
    options = stored(int, 0)
    nameFilters = stored("QStringList", [])
    minimumContentsLength = stored(int, 0)
    sizeAdjustPolicy = stored(int, 0)
    showBrowseButton = stored(bool, True, _show_button)
    showHistoryButton = stored(bool, True)


@stands_in
class ctkDirectoryButton(QtWidgets.QWidget):
    """A push button that shows a folder and asks for another; the path is absolute as soon as one has been set."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)
    locals().update(_OPTIONS)

    def __init__(self, directory: Any = ".", parent: QtWidgets.QWidget | None = None) -> None:
        if not isinstance(directory, str):
            directory, parent = ".", directory
        super().__init__(parent)
        self._directory = directory
        self._button = QtWidgets.QPushButton(os.path.abspath(directory), self)
        layout = QtWidgets.QHBoxLayout(self)
        QtWidgets.QLayout.setContentsMargins(layout, 0, 0, 0, 0)
        QtWidgets.QHBoxLayout.addWidget(layout, self._button)
        raw(self._button, "clicked").connect(lambda checked: self.browse())
        QtWidgets.QWidget.setFocusProxy(self, self._button)

    def _get_directory(self) -> str:
        return self._directory

    def _set_directory(self, directory: str) -> None:
        path = os.path.abspath(directory)
        is_new = path != os.path.abspath(self._directory)
        self._directory = path if is_new else self._directory
        QtWidgets.QPushButton.setText(self._button, path)
        raw(self, "directorySelected").emit(path)
        if is_new:
            raw(self, "directoryChanged").emit(path)

    def browse(self) -> None:
        path = _ask_for_folder(self._directory)
        if path:
            self._set_directory(path)

    directory = Property(str, _get_directory, _set_directory)
    caption = stored(str, "")
    text = stored(str, "")
    acceptMode = stored(int, 0)
    elideMode = stored(int, 3)
    options = stored(int, _OPTIONS["ShowDirsOnly"])
