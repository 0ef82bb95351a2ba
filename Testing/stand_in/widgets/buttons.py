"""Buttons and boxes of ctk that add little to Qt's: check boxes, combo boxes, colour buttons, message boxes."""

from typing import Any

from PySide6 import QtGui, QtWidgets
from PySide6.QtCore import Property, Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import stored


@stands_in
class ctkCheckBox(QtWidgets.QCheckBox):
    indicatorIcon = stored(QtGui.QIcon, QtGui.QIcon())


@stands_in
class ctkPushButton(QtWidgets.QPushButton):
    elideMode = stored(int, 3)
    buttonTextAlignment = stored(int, 0)
    iconAlignment = stored(int, 0)


@stands_in
class ctkCheckablePushButton(QtWidgets.QPushButton):
    """A push button with a check box that makes it a toggle button, or that it merely carries."""

    checkBoxToggled = Signal(bool)
    checkStateChanged = Signal(object)

    def _get_state(self) -> int:
        return self.__dict__.get("_state", 0)

    def _set_state(self, state: int) -> None:
        if state == self._get_state():
            return
        self._state = int(state)
        checked = bool(state)
        if self.__dict__.get("_checkBoxControlsButtonToggleState", True):
            QtWidgets.QPushButton.setCheckable(self, checked)
            QtWidgets.QPushButton.setChecked(self, checked)
        raw(self, "checkBoxToggled").emit(checked)
        raw(self, "checkStateChanged").emit(self._state)

    checkState = Property(int, _get_state, _set_state)
    checkBoxControlsButton = stored(bool, True)
    checkBoxControlsButtonToggleState = stored(bool, True)
    checkBoxUserCheckable = stored(bool, True)


@stands_in
class ctkComboBox(QtWidgets.QComboBox):
    """A combo box that can show a text while nothing is chosen."""

    returnRelease = Signal()
    AlwaysScroll, NeverScroll, ScrollWithFocus, ScrollWithNoVScrollBar = 0, 1, 2, 3

    def _get_user_data(self) -> str:
        data = QtWidgets.QComboBox.currentData(self)
        return "" if data is None else str(data)

    def setCurrentUserDataAsString(self, text: str) -> None:
        for index in range(QtWidgets.QComboBox.count(self)):
            if str(QtWidgets.QComboBox.itemData(self, index)) == text:
                QtWidgets.QComboBox.setCurrentIndex(self, index)

    defaultText = stored(str, "")
    forceDefault = stored(bool, False)
    elideMode = stored(int, 3)
    scrollWheelEffect = stored(int, 0)
    currentUserDataAsString = Property(str, _get_user_data, setCurrentUserDataAsString)


@stands_in
class ctkColorPickerButton(QtWidgets.QPushButton):
    colorChanged = Signal(QtGui.QColor)

    def _announce(self, color: QtGui.QColor) -> None:
        raw(self, "colorChanged").emit(color)

    color = stored(QtGui.QColor, QtGui.QColor(0, 0, 0), _announce)
    displayColorName = stored(bool, True)


@stands_in
class ctkMessageBox(QtWidgets.QMessageBox):
    """A message box with "don't show again", which never answers by itself."""

    dontShowAgain = stored(bool, False)
    dontShowAgainVisible = stored(bool, False)
    dontShowAgainSettingsKey = stored(str, "")

    def addDontShowAgainButtonRole(self, role: Any) -> None:
        """Says which button's answer "don't show again" repeats."""


@stands_in
class ctkSearchBox(QtWidgets.QLineEdit):
    showSearchIcon = stored(bool, False)
    searchIcon = stored(QtGui.QIcon, QtGui.QIcon())
    clearIcon = stored(QtGui.QIcon, QtGui.QIcon())

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        QtWidgets.QLineEdit.setClearButtonEnabled(self, True)
        QtWidgets.QLineEdit.setPlaceholderText(self, "Search...")

    def updateClearButtonState(self) -> None:
        """The clear button is Qt's own."""


@stands_in
class ctkFittedTextBrowser(QtWidgets.QTextBrowser):
    """A text browser as tall as its text; the details can be folded away."""

    collapsed = stored(bool, True)
    disableMouseScroll = stored(bool, False)
    showDetailsText = stored(str, "Show details...")
    hideDetailsText = stored(str, "Hide details...")
