"""How the images of the chosen volume were made; what could identify the patient only while it is asked for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.loaded_series import instancesOf
from DicomSuiteGui.loaded_volumes import filesOf
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError, describe_safely
from DicomSuiteRenderGui.loaded_facts import loadedFacts
from DicomSuiteRenderGui.scene_volumes import SceneVolumes
from DicomSuiteRenderLib.technical_metadata import Fact, FactGroup, technical_metadata

NAME, VALUE = range(2)
_SHOWN_ROWS = 12


@dataclass(frozen=True)
class _Line:
    heading: str
    name: str
    value: str


class MetadataPanel:
    """Reads the files of the volume while the module is shown; the tick for identifying values is never kept."""

    def __init__(self) -> None:
        self._volumeNode: Any = None
        self._isEntered = False
        self._lines: list[_Line] = []
        self._loaded: list[_Line] = []
        self._background = Background()
        self._volumes = SceneVolumes(self._showLoaded)
        self._build()
        self._show()

    def setVolume(self, node: Any) -> None:
        """Show another volume, from now on without what could identify its patient."""
        if node is not self._volumeNode:
            self._volumeNode = node
            self._volumes.forget()
            self._hideIdentity()
            self._read()

    def setParameters(self, parameters: Any) -> None:
        """No parameter concerns the metadata, so that none of it gets into a scene."""

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self._read()

    def exit(self) -> None:
        """Another module is shown: nothing identifying is left in the panel."""
        self._isEntered = False
        self._hideIdentity()
        self._background.drop()
        self._volumes.forget()
        self._lines = []
        self._show()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.filterEdit = qt.QLineEdit()
        self.filterEdit.placeholderText = _("Filter, e.g. kernel")
        self.filterEdit.accessibleName = _("Show only lines with this text")
        self.filterEdit.clearButtonEnabled = True
        self.filterEdit.connect("textChanged(QString)", lambda text: self._show())
        layout.addWidget(self.filterEdit)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(2)
        self.table.setHorizontalHeaderLabels([_("Name"), _("Value")])
        makeCompact(self.table, _("How the images were made"))
        setColumnWidths(self.table, VALUE, {NAME: "Photometric interpretation"})
        self.table.minimumHeight = (_SHOWN_ROWS + 1) * self.table.verticalHeader().defaultSectionSize
        layout.addWidget(self.table)
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        layout.addWidget(self.statusLabel)
        self.identityBox = qt.QCheckBox(_("Show what could &identify the patient"))
        self.identityBox.toolTip = _("Names, numbers, dates, UIDs; shown until you choose another volume or module")
        self.identityBox.connect("toggled(bool)", lambda isChecked: self._read())
        layout.addWidget(self.identityBox)
        row = qt.QHBoxLayout()
        self.copyButton = addPushButton(row, _("&Copy what is shown"), self._onCopy)
        layout.addLayout(row)

    def _hideIdentity(self) -> None:
        wasBlocked = self.identityBox.blockSignals(True)
        self.identityBox.checked = False
        self.identityBox.blockSignals(wasBlocked)

    def _read(self) -> None:
        """Read the files beside the windows; what is under way for other values is not wanted any more."""
        self._background.drop()
        self._lines = []
        node = self._volumeNode if self._isEntered else None
        files = filesOf(node)
        if files:
            self._say(_("Reading {count} files…").format(count=len(files)))
            isIdentifying = self.identityBox.checked
            self._background.run(partial(_factsOf, files, isIdentifying), partial(self._onRead, isIdentifying))
        else:
            self._say(self._whyNoFiles())
        setPossible(
            self.identityBox,
            "" if files else _("Only files that the DICOM database has can tell."),
            _("Names, numbers, dates, UIDs; shown until you choose another volume or module"),
        )
        self._showLoaded()

    def _onRead(self, isIdentifying: bool, found: Sequence[Fact] | None) -> None:
        if found is None:
            self._say(_("The files of this volume cannot be read any more; load the series again."))
            return
        words = _groupWords()
        self._lines = [_Line(words[fact.group], fact.name, fact.value) for fact in found]
        self._say(_("This view identifies the patient; nothing of it is saved.") if isIdentifying else "")
        self._show()

    def _showLoaded(self) -> None:
        """What the scene itself tells."""
        self._loaded = []
        if self._isEntered and self._volumeNode is not None:
            try:
                volume, unit = self._volumes.volume(self._volumeNode), self._volumes.unit(self._volumeNode)
            except DicomSuiteError as error:
                self._say(str(error))
            else:
                facts = loadedFacts(self._volumeNode, volume, unit)
                self._loaded = [_Line(_("As loaded"), name, value) for name, value in facts]
        self._show()

    def _whyNoFiles(self) -> str:
        if self._volumeNode is None:
            return _("Choose a volume first.")
        if instancesOf(self._volumeNode):
            return _("The DICOM files of this volume are not in the database any more.")
        return _("This volume was not loaded from the DICOM database, so there is no more to tell.")

    def _show(self) -> None:
        wanted = self.filterEdit.text.casefold()
        lines = [
            line
            for line in (*self._lines, *self._loaded)
            if wanted in f"{line.heading} {line.name} {line.value}".casefold()
        ]
        rows: list[_Line | str] = []
        for number, line in enumerate(lines):
            if number == 0 or line.heading != lines[number - 1].heading:
                rows.append(line.heading)
            rows.append(line)
        self.table.clearSpans()
        self.table.setRowCount(0)  # spans and fonts of the former rows go with them
        self.table.setRowCount(len(rows))
        for number, row in enumerate(rows):
            _fill(self.table, number, row)
        setPossible(
            self.copyButton,
            "" if lines else _("There is nothing to copy."),
            _("Copy these lines, for a report or a spreadsheet"),
        )

    def _onCopy(self) -> None:
        rows = range(self.table.rowCount)
        texts = [[self.table.item(row, column) for column in (NAME, VALUE)] for row in rows]
        lines = ["\t".join(item.text() for item in items if item is not None) for items in texts]
        qt.QApplication.clipboard().setText("\n".join(lines))

    def _say(self, text: str) -> None:
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)


def _factsOf(files: tuple[Path, ...], isIdentifying: bool) -> Sequence[Fact] | None:
    """None where they cannot be read; the error itself names a path, and with it perhaps the patient."""
    try:
        return technical_metadata(list(dict.fromkeys(files)), isIdentifying)
    except DicomSuiteError as error:
        logging.warning(describe_safely(error))
        return None


def _fill(table: qt.QTableWidget, number: int, row: _Line | str) -> None:
    isHeading = isinstance(row, str)
    for column, text in enumerate([row] if isHeading else [row.name, row.value]):
        item = qt.QTableWidgetItem(text)
        item.setToolTip(text)
        if isHeading:
            font = item.font()
            font.setBold(True)
            item.setFont(font)
        table.setItem(number, column, item)
    if isHeading:
        table.setSpan(number, NAME, 1, 2)


def _groupWords() -> dict[FactGroup, str]:
    return {
        FactGroup.SCANNER: _("Scanner"),
        FactGroup.ACQUISITION: _("Acquisition"),
        FactGroup.GEOMETRY: _("Geometry"),
        FactGroup.VALUES: _("Values"),
        FactGroup.TIMES: _("Dates and times"),
        FactGroup.IDENTITY: _("Patient and study"),
    }
