"""Which profile is edited: opening, saving and deleting it, and going back and forth between steps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.import_notes import ImportNotes
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteAnonymizeLib.profiles.profile_editor import ProfileEditor
from DicomSuiteAnonymizeLib.profiles.profile_file import read_profile
from DicomSuiteAnonymizeLib.profiles.profile_import import Imported, import_profile
from DicomSuiteAnonymizeLib.profiles.profile_store import ProfileStore
from DicomSuiteGui.background import Background
from DicomSuiteLib.errors import DicomSuiteError


class ProfileBar:
    """A box with the profiles and buttons beside it; works on `editor`, and on the store that `openStore` gives."""

    def __init__(self, editor: ProfileEditor, openStore: Callable[[], ProfileStore]) -> None:
        self._editor = editor
        self._openStore = openStore
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row, buttons = qt.QHBoxLayout(), qt.QHBoxLayout()
        self.profileBox = qt.QComboBox()
        self.profileBox.toolTip = _("Rules to begin with")
        self.profileBox.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.profileBox.connect("activated(int)", self._onChosen)
        label = qt.QLabel(_("&Profile:"))
        label.setBuddy(self.profileBox)
        row.addWidget(label)
        row.addWidget(self.profileBox, 1)
        self.importButton = self._button(
            row,
            _("Import…"),
            _("Take over the rules of dicom-anonymizer, CTP or deid, or a profile of DicomSuite"),
            self._import,
        )
        self.saveButton = self._button(buttons, _("Save…"), _("Save these rules as a profile of your own"), self._save)
        self.deleteButton = self._button(buttons, _("Delete"), "", self._delete)
        buttons.addStretch(1)
        self.undoButton = self._button(buttons, _("Undo"), "", editor.undo)
        self.redoButton = self._button(buttons, _("Redo"), "", editor.redo)
        self.resetButton = self._button(buttons, _("Reset"), "", editor.reset)
        self.messageLabel = qt.QLabel()
        self.messageLabel.wordWrap = True
        self.messageLabel.visible = False
        self.notes = ImportNotes()
        self._background = Background()
        layout.addLayout(row)
        layout.addLayout(buttons)
        layout.addWidget(self.messageLabel)
        layout.addWidget(self.notes.widget)
        editor.changed.connect(self.update)
        self.update()

    def cleanup(self) -> None:
        """Let go of what is being read."""
        self._background.drop()

    def update(self) -> None:
        """Show what the editor holds."""
        profile = self._editor.profile
        warnings = [] if profile.is_ps315 else [_("This is NOT a de-identification according to PS3.15.")]
        try:
            names = self._openStore().names()
        except DicomSuiteError as error:
            names = list(BUILT_IN)
            warnings.append(str(error))
        self._fill(names)
        self._showMessage("\n".join(warnings))
        _enable(
            self.deleteButton,
            profile.name not in BUILT_IN and profile.name in names,
            _("Delete this saved profile"),
            _("Only profiles that you have saved can be deleted."),
        )
        _enable(self.undoButton, self._editor.can_undo, _("Take the last step back"), _("Nothing to take back."))
        _enable(self.redoButton, self._editor.can_redo, _("Take the step again"), _("Nothing was taken back."))
        _enable(
            self.resetButton,
            self._editor.is_changed,
            _("Back to the profile as it was opened"),
            _("The profile is as it was opened."),
        )

    def saveAs(self, name: str) -> None:
        """Save the rules under `name` and go on with that profile."""
        profile = self._editor.profile.but(name=name, title=name)
        try:
            self._openStore().save(profile)
        except DicomSuiteError as error:
            self._showMessage(str(error))
            return
        self._editor.open(profile)

    def importFrom(self, path: Path) -> None:
        """Open the profile in a file, and list what is different in it from the rules that it was made of."""
        self._background.run(partial(_imported, path), self._onImported)

    def _button(self, layout: qt.QHBoxLayout, text: str, toolTip: str, function) -> qt.QToolButton:
        button = qt.QToolButton()
        button.text = text
        button.toolTip = toolTip
        button.focusPolicy = qt.Qt.StrongFocus
        button.connect("clicked()", function)
        layout.addWidget(button)
        return button

    def _fill(self, names: list[str]) -> None:
        current = self._editor.profile.name
        self.profileBox.clear()
        for name in names:
            changed = name == current and self._editor.is_changed
            self.profileBox.addItem(_("{name} (changed)").format(name=name) if changed else name, name)
        if current not in names:
            self.profileBox.addItem(_("{name} (not saved)").format(name=current), current)
        self.profileBox.currentIndex = self.profileBox.findData(current)

    def _onChosen(self, index: int) -> None:
        try:
            self._editor.open(self._openStore().read(self.profileBox.itemData(index)))
        except DicomSuiteError as error:
            self.update()
            self._showMessage(str(error))

    def _save(self) -> None:
        profile = self._editor.profile
        suggestion = "" if profile.name in BUILT_IN else profile.name
        name = qt.QInputDialog.getText(
            slicer.util.mainWindow(),
            _("Save profile"),
            _("Name (no patient's name):"),
            qt.QLineEdit.Normal,
            suggestion,
        )
        if name and self._mayReplace(name.strip()):
            self.saveAs(name.strip())

    def _import(self) -> None:
        kinds = _("Rules (*.json *.script *.xml *.txt deid.*);;All files (*)")
        path = qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), _("Import rules"), "", kinds)
        if path:
            self.importFrom(Path(path))

    def _onImported(self, outcome: Imported | str) -> None:
        if isinstance(outcome, str):
            self.update()
            self._showMessage(outcome)
            return
        self._editor.open(outcome.profile)
        self.notes.show(outcome.notes)

    def _mayReplace(self, name: str) -> bool:
        """Ask before another saved profile is lost; one that was opened is replaced by what became of it."""
        isAnother = name not in (*BUILT_IN, self._editor.profile.name) and self.profileBox.findData(name) >= 0
        question = _('There is a profile "{name}" already. Replace it?')
        return not isAnother or slicer.util.confirmYesNoDisplay(question.format(name=name))

    def _delete(self) -> None:
        name = self._editor.profile.name
        if not slicer.util.confirmYesNoDisplay(_('Delete the saved profile "{name}"?').format(name=name)):
            return
        try:
            self._openStore().delete(name)
        except DicomSuiteError as error:
            self._showMessage(str(error))
            return
        self._editor.open(BUILT_IN["basic"])

    def _showMessage(self, text: str) -> None:
        self.messageLabel.text = text
        self.messageLabel.visible = bool(text)


def _imported(path: Path) -> Imported | str:
    """What is in the file, or why it cannot be used."""
    try:
        return Imported(read_profile(path), "dicomsuite", ())
    except AnonymizeError:  # it is no profile of DicomSuite's
        pass
    try:
        return import_profile(path)
    except AnonymizeError as error:
        return str(error)


def _enable(button: qt.QToolButton, isPossible: bool, whatItDoes: str, whyNot: str) -> None:
    button.enabled = isPossible
    button.toolTip = whatItDoes if isPossible else whyNot
