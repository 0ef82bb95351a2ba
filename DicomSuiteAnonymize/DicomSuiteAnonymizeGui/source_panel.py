"""Choosing what to de-identify: patients, studies and series of the DICOM database, or a folder."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.database_rows import PatientRow, read_patients
from DicomSuiteAnonymizeGui.selection import Source, SourceKind
from DicomSuiteAnonymizeLib.command_lines import as_list
from DicomSuiteGui.dicom_database import DatabaseChanges, dicomDatabase
from DicomSuiteGui.paced import Paced
from DicomSuiteLib.plain_signal import Signal


class SourcePanel:
    """A tree of the database and a line for a folder, of which one is shown.

    `changed` is emitted without arguments when another source is chosen.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self._kind = SourceKind.DATABASE
        self._wanted: frozenset[str] = frozenset()
        self._series: tuple[str, ...] = ()
        self._reading = Paced()
        self._gatherings: list[Paced] = []
        self._build()
        self._database = dicomDatabase()
        self._changes = DatabaseChanges(self.refresh)
        self._changes.follow(self._database)

    def cleanup(self) -> None:
        """Let go of the database and of what is being read."""
        for worker in (self._changes, self._reading, *self._gatherings):
            worker.stop()

    @property
    def reason(self) -> str:
        """Why there is nothing to de-identify yet; "" where there is."""
        if self._kind is SourceKind.FOLDER:
            if not self.folderEdit.currentPath:
                return _("Choose a folder first.")
            return "" if Path(self.folderEdit.currentPath).is_dir() else _("This folder does not exist.")
        return "" if self._series else _("Select patients, studies or series first.")

    @property
    def series(self) -> tuple[str, ...]:
        """Series Instance UIDs of the selection in the database, sorted."""
        return self._series

    @property
    def kind(self) -> SourceKind:
        """Which of the two is shown."""
        return self._kind

    def setKind(self, kind: SourceKind) -> None:
        """Show the tree or the folder."""
        self._kind = kind
        self.databasePage.visible = kind is SourceKind.DATABASE
        self.folderPage.visible = kind is SourceKind.FOLDER
        self.changed.emit()

    def useSeries(self, uids: Iterable[str]) -> None:
        """Select these series of the database, now or as soon as the tree shows them."""
        self._wanted = frozenset(uids)
        self.searchBox.text = ""
        if not self._reading.isBusy:
            self._selectWanted()

    def refresh(self) -> None:
        """Read the database again; the selection stays."""
        self._wanted = self._wanted or frozenset(self._series)
        wasBlocked = self.tree.blockSignals(True)
        self.tree.clear()
        self.tree.blockSignals(wasBlocked)
        rows = read_patients(self._database) if self._database.isOpen else iter(())
        self._reading.start(rows, self._addPatient, self._onRead)

    def gather(self, deliver: Callable[[Source], None]) -> None:
        """Call `deliver` with the files of the selection as soon as the database has listed them."""
        if self._kind is SourceKind.FOLDER:
            deliver(Source((self.folderEdit.currentPath,), "", _("a folder")))
            return
        paths: list[str] = []
        count = len(self._series)
        description = _("1 series") if count == 1 else _("{count} series").format(count=count)
        gathering = Paced()
        self._gatherings.append(gathering)

        def finish() -> None:
            self._gatherings.remove(gathering)
            deliver(Source(("-",), as_list(paths), description))

        gathering.start(map(self._database.filesForSeries, self._series), paths.extend, finish)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.databasePage, self.folderPage = qt.QWidget(), qt.QWidget()
        layout.addWidget(self.databasePage)
        layout.addWidget(self.folderPage)
        self._buildDatabasePage()
        self._buildFolderPage()
        self.folderPage.visible = False

    def _buildDatabasePage(self) -> None:
        layout = qt.QVBoxLayout(self.databasePage)
        layout.setContentsMargins(0, 0, 0, 0)
        self.searchBox = ctk.ctkSearchBox()
        self.searchBox.placeholderText = _("Search patient, study or series")
        self.searchBox.connect("textChanged(QString)", self._filter)
        self.tree = qt.QTreeWidget()
        self.tree.headerHidden = True
        self.tree.accessibleName = _("Patients, studies and series")
        self.tree.selectionMode = qt.QAbstractItemView.ExtendedSelection
        self.tree.uniformRowHeights = True
        self.tree.minimumHeight = self.tree.maximumHeight = 150
        self.tree.toolTip = _("Select patients, studies or series; hold Ctrl or Shift to select several.")
        self.tree.connect("itemSelectionChanged()", self._onUserSelection)
        self.infoLabel = qt.QLabel()
        self.infoLabel.wordWrap = True
        self.importButton = qt.QPushButton(_("Open DICOM module"))
        self.importButton.toolTip = _("Import studies into the database")
        self.importButton.connect("clicked()", lambda: slicer.util.selectModule("DICOM"))
        for widget in (self.searchBox, self.tree, self.infoLabel, self.importButton):
            layout.addWidget(widget)

    def _buildFolderPage(self) -> None:
        layout = qt.QVBoxLayout(self.folderPage)
        layout.setContentsMargins(0, 0, 0, 0)
        self.folderEdit = ctk.ctkPathLineEdit()
        self.folderEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Readable
        self.folderEdit.showHistoryButton = False
        self.folderEdit.accessibleName = _("Folder with DICOM files")
        self.folderEdit.toolTip = _("Folder with DICOM files, however nested; it is only read")
        self.folderEdit.connect("currentPathChanged(QString)", lambda path: self.changed.emit())
        self.folderEdit.connect("validInputChanged(bool)", lambda isValid: self.changed.emit())  # it was emptied
        layout.addWidget(self.folderEdit)

    def _addPatient(self, row: PatientRow) -> None:
        text, studies = row
        patient = _item(text)
        for studyText, series in studies:
            study = _item(studyText)
            patient.addChild(study)
            for seriesText, uid in series:
                child = _item(seriesText)
                child.setData(0, qt.Qt.UserRole, uid)
                study.addChild(child)
        self.tree.insertTopLevelItem(self._place(text), patient)
        patient.setExpanded(True)

    def _place(self, text: str) -> int:
        """Where a patient belongs in the alphabet."""
        texts = [self.tree.topLevelItem(number).text(0) for number in range(self.tree.topLevelItemCount)]
        return bisect(texts, text.casefold(), key=str.casefold)

    def _onRead(self) -> None:
        isEmpty = self.tree.topLevelItemCount == 0
        self.importButton.visible = isEmpty
        self.tree.visible = self.searchBox.visible = not isEmpty
        self._hideOthers(self.searchBox.text)
        self._selectWanted()
        self._onSelectionChanged()

    def _selectWanted(self) -> None:
        if not self._wanted:
            return
        wanted, self._wanted = self._wanted, frozenset()
        wasBlocked = self.tree.blockSignals(True)
        self.tree.clearSelection()
        for item in self._seriesItems():
            if item.data(0, qt.Qt.UserRole) in wanted:
                item.setSelected(True)
                item.parent().setExpanded(True)
        self.tree.blockSignals(wasBlocked)
        self._onSelectionChanged()

    def _onUserSelection(self) -> None:
        self._wanted = frozenset()  # what the user does now counts
        self._onSelectionChanged()

    def _onSelectionChanged(self) -> None:
        selected = {uid for item in self.tree.selectedItems() for uid in _seriesOf(item)}
        series = tuple(sorted(selected))
        self._showInfo(len(series))
        if series != self._series:
            self._series = series
            self.changed.emit()

    def _showInfo(self, count: int) -> None:
        if not self._database.isOpen:
            self.infoLabel.text = _("Slicer's DICOM database is closed.")
        elif self.tree.topLevelItemCount == 0:
            self.infoLabel.text = _("The DICOM database is empty. Import studies, or choose a folder above.")
        else:
            self.infoLabel.text = _("1 series selected") if count == 1 else _("{count} series selected").format(
                count=count
            )

    def _seriesItems(self) -> Iterator[qt.QTreeWidgetItem]:
        for patient in map(self.tree.topLevelItem, range(self.tree.topLevelItemCount)):
            for study in map(patient.child, range(patient.childCount())):
                yield from map(study.child, range(study.childCount()))

    def _filter(self, text: str) -> None:
        self._hideOthers(text)
        self._onSelectionChanged()

    def _hideOthers(self, text: str) -> None:
        for item in map(self.tree.topLevelItem, range(self.tree.topLevelItemCount)):
            _showMatching(item, text.casefold())


def _item(text: str) -> qt.QTreeWidgetItem:
    item = qt.QTreeWidgetItem()
    item.setText(0, text)
    item.setToolTip(0, text)
    return item


def _seriesOf(item: qt.QTreeWidgetItem) -> Iterator[str]:
    """Series Instance UIDs of the item and of those below it that are shown."""
    if item.isHidden():
        return
    uid = item.data(0, qt.Qt.UserRole)
    if uid:
        yield uid
    for number in range(item.childCount()):
        yield from _seriesOf(item.child(number))


def _showMatching(item: qt.QTreeWidgetItem, text: str) -> bool:
    """Hide what does not match; whoever matches shows all that belongs to it. Tells whether the item stays."""
    matches = text in item.text(0).casefold()
    children = [item.child(number) for number in range(item.childCount())]
    found = [_showMatching(child, "" if matches else text) for child in children]
    item.setHidden(not (matches or any(found)))
    return not item.isHidden()
