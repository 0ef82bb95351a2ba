"""A user's own presets of one kind: a box to choose from, and a menu to save, rename, delete and exchange them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderLib.preset_folder import PresetFolder, PresetFormat


@dataclass(frozen=True)
class PresetKind:
    """What a bar is for.

    Parameters
    ----------
    label : in front of the box, with its mnemonic
    folder : name of the folder in the user's private one
    fileFormat : of one preset's file
    make : turns a name and what is to be kept into a preset; raises RenderError where that cannot be
    """

    label: str
    folder: str
    fileFormat: PresetFormat
    make: Callable[[str, Any], Any]


class PresetBar:
    """`chosen` is emitted with a preset that the user wants to see, `changed` without arguments when presets change.

    `current` returns what would be saved now, or None where there is nothing.
    """

    def __init__(self, kind: PresetKind, current: Callable[[], Any]) -> None:
        self.chosen = Signal()
        self.changed = Signal()
        self._kind = kind
        self._current = current
        self._presets: tuple[Any, ...] = ()
        self._selected = ""
        self._state: tuple[bool, ...] | None = None
        self._build()
        self.refresh()

    @property
    def presets(self) -> tuple[Any, ...]:
        """All of this kind, by name."""
        return self._presets

    def refresh(self) -> None:
        """Read the folder again."""
        try:
            self._presets, problems = self._folder().presets()
        except DicomSuiteError as error:
            self._presets, problems = (), (str(error),)
        self._showMessage("\n".join(problems))
        self._fill()
        self.update()

    def update(self) -> None:
        """Enable what can be done now."""
        state = (self._current() is None, self._preset is None, not self._presets)
        if state == self._state:
            return
        self._state = state
        isNothing, isNoneChosen, isEmpty = state
        nothing = _("Choose a volume first.") if isNothing else ""
        chosen = _("Choose one of your own first.") if isNoneChosen else ""
        setPossible(self.saveAction, nothing, _("Keep what is shown under a name of your own"))
        setPossible(self.exportAction, nothing, _("Write what is shown to a file, for another computer"))
        setPossible(self.importAction, nothing, _("Read a file that was exported, and keep it"))
        setPossible(self.renameAction, chosen, _("Give the chosen one another name"))
        setPossible(self.deleteAction, chosen, _("Delete the chosen one"))
        empty = _("You have saved none yet.") if isEmpty else ""
        setPossible(self.box, nothing or empty, _("What you have saved yourself"))

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.box = qt.QComboBox()
        self.box.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.box.connect("activated(int)", self._onChosen)
        label = qt.QLabel(self._kind.label)
        label.setBuddy(self.box)
        self.menuButton = qt.QToolButton()
        self.menuButton.text = _("Edit")
        self.menuButton.toolTip = _("Save, rename, delete or exchange your own")
        self.menuButton.focusPolicy = qt.Qt.StrongFocus
        self.menuButton.popupMode = qt.QToolButton.InstantPopup
        self.menu = qt.QMenu(self.menuButton)
        self.menu.toolTipsVisible = True
        self.saveAction = self._addAction(_("&Save as…"), self._onSave)
        self.renameAction = self._addAction(_("&Rename…"), self._onRename)
        self.deleteAction = self._addAction(_("&Delete"), self._onDelete)
        self.menu.addSeparator()
        self.importAction = self._addAction(_("&Import…"), self._onImport)
        self.exportAction = self._addAction(_("&Export…"), self._onExport)
        self.menuButton.setMenu(self.menu)
        row.addWidget(label)
        row.addWidget(self.box, 1)
        row.addWidget(self.menuButton)
        layout.addLayout(row)
        self.messageLabel = qt.QLabel()
        self.messageLabel.wordWrap = True
        self.messageLabel.visible = False
        layout.addWidget(self.messageLabel)

    def _addAction(self, text: str, function: Callable[[], None]) -> qt.QAction:
        action = self.menu.addAction(text)
        action.connect("triggered()", function)
        return action

    def _folder(self) -> PresetFolder:
        return PresetFolder(storedSettings().store_folder() / self._kind.folder, self._kind.fileFormat)

    @property
    def _preset(self) -> Any:
        return next((preset for preset in self._presets if preset.name == self._selected), None)

    def _fill(self) -> None:
        wasBlocked = self.box.blockSignals(True)
        self.box.clear()
        self.box.addItem(_("none chosen"))  # a box's placeholder is not seen in every style
        for preset in self._presets:
            self.box.addItem(preset.name)
        names = [preset.name for preset in self._presets]
        self.box.currentIndex = names.index(self._selected) + 1 if self._selected in names else 0
        self.box.blockSignals(wasBlocked)

    def _onChosen(self, index: int) -> None:
        self._selected = self._presets[index - 1].name if index > 0 else ""
        self.update()
        if index > 0:
            self.chosen.emit(self._presets[index - 1])

    def _onSave(self) -> None:
        name = self._askName(_("Save as"), self._selected)
        if name:
            self._attempt(lambda: self._save(self._kind.make(name, self._current())))

    def _onRename(self) -> None:
        name = self._askName(_("Rename"), self._selected)
        if name and name != self._selected:
            self._attempt(lambda: self._folder().rename(self._selected, name).name)

    def _onDelete(self) -> None:
        question = _('Delete "{name}"?').format(name=self._selected)
        if slicer.util.confirmYesNoDisplay(question):
            self._attempt(self._delete)

    def _onImport(self) -> None:
        path = qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), _("Import"), "", self._filter())
        if path:
            self._attempt(lambda: self._import(Path(path)))

    def _onExport(self) -> None:
        suffix = self._kind.fileFormat.suffix
        path = qt.QFileDialog.getSaveFileName(slicer.util.mainWindow(), _("Export"), "", self._filter())
        if not path:
            return
        target = Path(path if path.endswith(suffix) else path + suffix)
        name = self._selected or target.name.removesuffix(suffix)
        self._attempt(lambda: self._write(name, target))

    def _write(self, name: str, target: Path) -> str:
        self._kind.fileFormat.write(self._kind.make(name, self._current()), target)
        return self._selected

    def _import(self, source: Path) -> str:
        preset = self._kind.fileFormat.read(source)
        if not self._keep(preset):
            return self._selected
        self.chosen.emit(preset)
        return preset.name

    def _save(self, preset: Any) -> str:
        return preset.name if self._keep(preset) else self._selected

    def _keep(self, preset: Any) -> bool:
        """Write a preset to the folder; False where it would replace another one, and the user says no."""
        isTaken = any(own.name.casefold() == preset.name.casefold() for own in self._presets)
        question = _('There is "{name}" already. Replace it?').format(name=preset.name)
        if isTaken and not slicer.util.confirmYesNoDisplay(question):
            return False
        self._folder().save(preset, replace=isTaken)
        return True

    def _delete(self) -> str:
        self._folder().delete(self._selected)
        return ""

    def _attempt(self, function: Callable[[], str]) -> bool:
        """Do what `function` does, which returns the name that is chosen then; say what stands against it."""
        try:
            self._selected = function()
        except DicomSuiteError as error:
            self._showMessage(str(error))
            return False
        self.refresh()
        self.changed.emit()
        return True

    def _askName(self, title: str, suggestion: str) -> str:
        return qt.QInputDialog.getText(
            slicer.util.mainWindow(), title, _("Name (no patient's name):"), qt.QLineEdit.Normal, suggestion
        ).strip()

    def _filter(self) -> str:
        return f"{_('JSON files')} (*{self._kind.fileFormat.suffix})"

    def _showMessage(self, text: str) -> None:
        self.messageLabel.text = text
        self.messageLabel.visible = bool(text)
