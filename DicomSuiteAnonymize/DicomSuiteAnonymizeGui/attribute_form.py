"""Editing the selected attributes: one action for all of them, and the value to write."""

from __future__ import annotations

from collections.abc import Sequence

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.attribute_table import TableRow
from DicomSuiteAnonymizeGui.words import actionWord, attributeName
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.profile_editor import (
    EVERYBODY,
    SEVENTEEN_ROWS,
    ProfileEditor,
    Who,
    allowed_actions,
)
from DicomSuiteAnonymizeLib.steps import Action

_WITH_VALUE = (Action.REPLACE, Action.RENUMBER)


class AttributeForm:
    """A box with the actions that suit every selected attribute, and a line for the value; works on `editor`."""

    def __init__(self, editor: ProfileEditor) -> None:
        self._editor = editor
        self._rows: tuple[TableRow, ...] = ()
        self._who = EVERYBODY
        self._actions: list[Action | None] = []
        self._shown: tuple | None = None
        self.widget = qt.QWidget()
        layout = qt.QFormLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.nameLabel = qt.QLabel()
        self.nameLabel.wordWrap = True
        self.actionBox = qt.QComboBox()
        self.actionBox.connect("activated(int)", self._onAction)
        self.valueEdit = qt.QLineEdit()
        self.valueEdit.connect("editingFinished()", self._onValue)
        self.messageLabel = qt.QLabel()
        self.messageLabel.wordWrap = True
        self.messageLabel.visible = False
        self.removeButton = qt.QPushButton(_("Take off the table"))
        self.removeButton.connect("clicked()", self._onRemove)
        layout.addRow(self.nameLabel)
        layout.addRow(_("&Action:"), self.actionBox)
        layout.addRow(_("Ne&w value:"), self.valueEdit)
        layout.addRow(self.messageLabel)
        layout.addRow(self.removeButton)
        self.show((), EVERYBODY)

    def show(self, rows: Sequence[TableRow], who: Who) -> None:
        """Edit these rows, for these instances; what is being typed stays where nothing of that changes."""
        self._rows, self._who = tuple(rows), who
        shown = tuple((row.path, row.edit) for row in rows), who
        if shown == self._shown:
            return
        self._shown = shown
        allowed = [set(allowed_actions(row.path)) for row in rows]
        common = set.intersection(*allowed) if allowed else set()
        self._actions = [None, *(action for action in Action if action in common)]
        chosen = {row.edit.action if row.edit else None for row in rows}
        self.actionBox.clear()
        self.actionBox.addItems([actionWord(action) for action in self._actions])
        self.actionBox.currentIndex = self._actions.index(*chosen) if len(chosen) == 1 else -1
        values = {row.edit.value if row.edit else "" for row in rows}
        self.valueEdit.text = values.pop() if len(values) == 1 else ""
        self._showMessage("")
        self._describe(common)
        self._update()

    def editValue(self) -> None:
        """Go to the line where the new value is typed."""
        if self.valueEdit.enabled:
            self.valueEdit.setFocus()
            self.valueEdit.selectAll()
        else:
            self.actionBox.setFocus()

    def commit(self) -> str:
        """Take over what is typed, as leaving the line does; why it is refused, or ""."""
        self._onValue()
        return self.messageLabel.text

    def _describe(self, common: set[Action]) -> None:
        if not self._rows:
            self.nameLabel.text = _("Select attributes to change them.")
        elif len(self._rows) == 1:
            self.nameLabel.text = attributeName(self._rows[0].path)
        else:
            self.nameLabel.text = _("{count} attributes selected").format(count=len(self._rows))
        self.actionBox.enabled = bool(common)
        self.actionBox.toolTip = (
            _("What is done to the selected attributes")
            if common
            else _("Select attributes first.") if not self._rows
            else _("DicomSuite itself writes this attribute; it cannot be changed.")
        )
        isAdded = bool(self._rows) and all(row.path not in SEVENTEEN_ROWS for row in self._rows)
        self.removeButton.visible = isAdded

    def _update(self) -> None:
        action = self._action()
        canType = bool(self._rows) and (action in _WITH_VALUE or Action.REPLACE in self._actions)
        self.valueEdit.enabled = canType
        self.valueEdit.toolTip = (
            _("First number, e.g. 1")
            if action is Action.RENUMBER
            else _("Typing a value replaces the original with it.")
            if canType
            else _("No value can be typed for the selected attributes.")
        )

    def _action(self) -> Action | None:
        index = self.actionBox.currentIndex
        return self._actions[index] if index >= 0 else None

    def _onAction(self, index: int) -> None:
        action = self._actions[index]
        if action is Action.REPLACE and not self.valueEdit.text:
            self._update()
            self._showMessage(_("Type the new value."))
            self.editValue()
            return
        value = (self.valueEdit.text or "1") if action is Action.RENUMBER else self.valueEdit.text
        self._set(action, value if action in _WITH_VALUE else "")

    def _onValue(self) -> None:
        value = self.valueEdit.text
        known = {row.edit.value if row.edit else "" for row in self._rows}
        self._showMessage("")
        if not self._rows or known == {value} or (not value and self._action() not in _WITH_VALUE):
            return
        action = self._action()
        self._set(action if action in _WITH_VALUE else Action.REPLACE, value)

    def _set(self, action: Action | None, value: str) -> None:
        try:
            self._editor.set_action([row.path for row in self._rows], action, value, self._who)
        except AnonymizeError as error:
            self._showMessage(str(error))

    def _onRemove(self) -> None:
        for row in self._rows:
            self._editor.remove_row(row.path)

    def _showMessage(self, text: str) -> None:
        self.messageLabel.text = text
        self.messageLabel.visible = bool(text)
