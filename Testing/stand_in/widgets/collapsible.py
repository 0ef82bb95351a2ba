"""ctkCollapsibleButton and ctkCollapsibleGroupBox: a heading that folds what is below it away."""

from typing import Any

from PySide6 import QtCore, QtWidgets
from PySide6.QtCore import Property, Signal

from stand_in.classes import stands_in
from stand_in.unpatched import raw
from stand_in.widgets.declared import stored

_HEADING_MARGIN = 4
_size_hint = QtWidgets.QWidget.sizeHint
_minimum_size_hint = QtWidgets.QWidget.minimumSizeHint
_button_size_hint = QtWidgets.QToolButton.sizeHint


def _show_children(widget: QtWidgets.QWidget, visible: bool, but: Any = None) -> None:
    """Hides the direct children, or shows those again that were not hidden by the module itself."""
    hidden = widget.__dict__.setdefault("_hidden_by_module", set())
    for child in raw(widget, "children")():
        if not isinstance(child, QtWidgets.QWidget) or child is but or QtWidgets.QWidget.isWindow(child):
            continue
        if visible:
            QtWidgets.QWidget.setVisible(child, id(child) not in hidden)
        else:
            if QtWidgets.QWidget.isHidden(child) and QtWidgets.QWidget.testAttribute(
                child, QtCore.Qt.WA_WState_ExplicitShowHide
            ):
                hidden.add(id(child))
            QtWidgets.QWidget.setVisible(child, False)
    if visible:
        hidden.clear()


@stands_in
class ctkCollapsibleButton(QtWidgets.QWidget):
    """The heading is a real tool button above the contents, so that tests and pictures have something to click."""

    contentsCollapsed = Signal(bool)
    clicked = Signal(bool)
    pressed = Signal()
    released = Signal()
    toggled = Signal(bool)

    def __init__(self, text: Any = "", parent: QtWidgets.QWidget | None = None) -> None:
        if not isinstance(text, str):
            text, parent = "", text
        super().__init__(parent)
        self._collapsed = False
        self._heading = QtWidgets.QToolButton(self)
        heading = self._heading
        QtWidgets.QToolButton.setToolButtonStyle(heading, QtCore.Qt.ToolButtonTextBesideIcon)
        QtWidgets.QToolButton.setSizePolicy(heading, QtWidgets.QSizePolicy.Expanding, QtWidgets.QSizePolicy.Fixed)
        QtWidgets.QToolButton.setCheckable(heading, True)
        QtWidgets.QToolButton.setChecked(heading, True)
        QtWidgets.QWidget.setFocusPolicy(heading, QtCore.Qt.StrongFocus)
        raw(heading, "toggled").connect(self._toggle)
        raw(heading, "clicked").connect(lambda checked: raw(self, "clicked").emit(checked))
        QtWidgets.QWidget.setFocusProxy(self, heading)
        self._set_text(text)
        self._show_arrow()
        self._place_heading()

    def _place_heading(self) -> None:
        height = _button_size_hint(self._heading).height()
        QtWidgets.QWidget.setContentsMargins(self, _HEADING_MARGIN, height + _HEADING_MARGIN, _HEADING_MARGIN, 0)
        QtWidgets.QWidget.setGeometry(self._heading, 0, 0, QtWidgets.QWidget.size(self).width(), height)

    def resizeEvent(self, event: Any) -> None:
        self._place_heading()

    def minimumSizeHint(self) -> QtCore.QSize:
        return self._size(_minimum_size_hint(self))

    def sizeHint(self) -> QtCore.QSize:
        return self._size(_size_hint(self))

    def _size(self, contents: QtCore.QSize) -> QtCore.QSize:
        heading = _button_size_hint(self._heading)
        if self._collapsed:
            return heading
        return QtCore.QSize(max(heading.width(), contents.width()), max(heading.height(), contents.height()))

    def _get_text(self) -> str:
        return QtWidgets.QToolButton.text(self._heading)

    def _set_text(self, text: str) -> None:
        QtWidgets.QToolButton.setText(self._heading, text)

    def _show_arrow(self) -> None:
        arrow = QtCore.Qt.RightArrow if self._collapsed else QtCore.Qt.DownArrow
        QtWidgets.QToolButton.setArrowType(self._heading, arrow)

    def _get_checked(self) -> bool:
        return not self._collapsed

    def setChecked(self, checked: bool) -> None:
        QtWidgets.QToolButton.setChecked(self._heading, checked)

    def _toggle(self, checked: bool) -> None:
        self._collapsed = not checked
        _show_children(self, checked, but=self._heading)
        layout = QtWidgets.QWidget.layout(self)
        if layout is not None:
            QtWidgets.QLayout.setEnabled(layout, checked)
        QtWidgets.QWidget.setMaximumHeight(self, 16777215 if checked else _button_size_hint(self._heading).height())
        self._show_arrow()
        QtWidgets.QWidget.updateGeometry(self)
        raw(self, "toggled").emit(checked)
        raw(self, "contentsCollapsed").emit(not checked)

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def setCollapsed(self, collapsed: bool) -> None:
        self.setChecked(not collapsed)

    def collapse(self, collapsed: bool) -> None:
        self.setCollapsed(collapsed)

    def click(self) -> None:
        QtWidgets.QToolButton.click(self._heading)

    def toggle(self) -> None:
        self.setChecked(self._collapsed)

    text = Property(str, _get_text, _set_text)
    checked = Property(bool, _get_checked, setChecked)
    collapsed = Property(bool, _get_collapsed, setCollapsed)
    checkable = stored(bool, True)
    flat = stored(bool, False)
    collapsedHeight = stored(int, 10)
    contentsFrameShape = stored(int, 0)
    contentsFrameShadow = stored(int, 0)
    contentsLineWidth = stored(int, 1)
    buttonTextAlignment = stored(int, 0)
    indicatorAlignment = stored(int, 0)


@stands_in
class ctkCollapsibleGroupBox(QtWidgets.QGroupBox):
    """A group box whose check box shows and hides its contents."""

    def __init__(self, title: Any = "", parent: QtWidgets.QWidget | None = None) -> None:
        if not isinstance(title, str):
            title, parent = "", title
        super().__init__(title, parent)
        self._collapsed = False
        QtWidgets.QGroupBox.setCheckable(self, True)
        QtWidgets.QGroupBox.setChecked(self, True)
        raw(self, "toggled").connect(self.expand)

    def expand(self, expanded: bool) -> None:
        if self._collapsed == expanded:
            self._collapsed = not expanded
            QtWidgets.QGroupBox.setChecked(self, expanded)
            _show_children(self, expanded)
            QtWidgets.QWidget.updateGeometry(self)

    def _get_collapsed(self) -> bool:
        return self._collapsed

    def setCollapsed(self, collapsed: bool) -> None:
        self.expand(not collapsed)

    collapsed = Property(bool, _get_collapsed, setCollapsed)
    collapsedHeight = stored(int, 10)
