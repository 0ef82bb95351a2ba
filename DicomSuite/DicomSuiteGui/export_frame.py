"""The controls with which a panel writes something into a folder: where to, the buttons, how far it is, what became."""

from __future__ import annotations

from pathlib import Path

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.desktop import openPath
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.plain_signal import Signal


class ExportFrame:
    """Shows what its panel says; the panel does the work.

    Emitted without arguments: `folderChanged` when another folder is chosen, `exportAsked` and `cancelAsked` when the
    buttons are pressed. Further buttons of the panel go into `buttons`, between export and cancel.
    """

    def __init__(self) -> None:
        self.folderChanged = Signal()
        self.exportAsked = Signal()
        self.cancelAsked = Signal()
        self._offered = self._result = ""
        self._build()
        self.say("")
        self.show("", "", isBusy=False)

    @property
    def folder(self) -> Path:
        """The folder that is chosen, in which each export makes a new one; only where `whyNoFolder` is empty."""
        return Path(self.folderEdit.currentPath)

    @property
    def whyNoFolder(self) -> str:
        """What has to be done before there is a folder; "" where there is one."""
        return "" if self.folderEdit.currentPath else _("Choose a folder for the result.")

    def offerFolder(self) -> None:
        """Follow the settings, unless the user has chosen a folder here.

        Raises
        ------
        DicomSuiteError
            If the settings cannot be used.
        """
        if self.folderEdit.currentPath in ("", self._offered):
            self._offered = str(storedSettings().output_path())
            self.folderEdit.currentPath = self._offered

    def show(self, whyNot: str, toolTip: str, *, isBusy: bool) -> None:
        """Enable the export, or say why there is none; while one runs, show its progress and the way to stop it."""
        setPossible(self.exportButton, whyNot, toolTip)
        self.progressBar.visible = self.cancelButton.visible = self.cancelButton.enabled = isBusy
        self.openButton.visible = bool(self._result) and not isBusy

    def setProgress(self, done: int, total: int) -> None:
        """How many of how many parts are done; 0 of 0: that is not known yet."""
        self.progressBar.maximum = total
        self.progressBar.value = done

    def setResult(self, folder: str) -> None:
        """The folder that can be opened from the next `show` on; "" for none."""
        self._result = folder

    def say(self, text: str) -> None:
        """Tell what became of the export; "" for nothing."""
        showText(self.statusLabel, text)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        form.addRow(_("&Into:"), self._buildFolder())
        layout.addLayout(form)
        layout.addLayout(self._buildButtons())
        self.progressBar = qt.QProgressBar()
        self.progressBar.accessibleName = _("Progress of the export")
        self.statusLabel = plainLabel()
        layout.addWidget(self.progressBar)
        layout.addWidget(self.statusLabel)

    def _buildFolder(self) -> ctk.ctkPathLineEdit:
        self.folderEdit = ctk.ctkPathLineEdit()
        self.folderEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        self.folderEdit.showHistoryButton = False
        self.folderEdit.toolTip = _("Each export makes a new folder in this one")
        self.folderEdit.connect("currentPathChanged(QString)", lambda path: self.folderChanged.emit())
        self.folderEdit.connect("validInputChanged(bool)", lambda isValid: self.folderChanged.emit())  # it was emptied
        return self.folderEdit

    def _buildButtons(self) -> qt.QHBoxLayout:
        row = qt.QHBoxLayout()
        self.exportButton = qt.QPushButton(_("E&xport"))
        self.exportButton.connect("clicked()", self.exportAsked.emit)
        self.openButton = qt.QPushButton(_("Open folder"))
        self.openButton.toolTip = _("Open the folder of this result.")
        self.openButton.connect("clicked()", lambda: openPath(self._result))
        self.cancelButton = qt.QPushButton(_("Cancel"))
        self.cancelButton.toolTip = _("Stop; nothing half-written is left")
        self.cancelButton.connect("clicked()", self.cancelAsked.emit)
        self.buttons = qt.QHBoxLayout()
        row.addWidget(self.exportButton, 1)
        row.addLayout(self.buttons)
        row.addWidget(self.openButton)
        row.addWidget(self.cancelButton)
        return row
