"""Choosing masks: files, RTSTRUCT and SEG of the volume's study, segmentations and labelmaps of the scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.dicom_database import DatabaseChanges, dicomDatabase
from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRTOverlayGui.mask_sources import (
    FileMask,
    MaskSource,
    masksOfFiles,
    masksOfScene,
    masksOfSeries,
    masksOfStudy,
)

NAME, KIND = range(2)
_SUFFIXES = "*.nrrd *.nhdr *.nii *.nii.gz *.mha *.mhd *.dcm"


class MasksPanel:
    """A list of what can be laid over the volume; ticked is what shall be.

    `changed` is emitted without arguments when something is ticked or not any more.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self._volumeNode = None
        self._added: list[FileMask] = []
        self._series: tuple[str, ...] = ()
        self._rows: list[MaskSource] = []
        self._ticked: set[MaskSource] = set()
        self._searching = Background()
        self._changes = DatabaseChanges(self.refresh)
        self._build()

    def enter(self) -> None:
        """Follow the database while the module is shown."""
        self._changes.follow(dicomDatabase())
        self.refresh()

    def exit(self) -> None:
        """Follow nothing, and look for nothing."""
        self._changes.stop()
        self._searching.drop()
        self.statusLabel.visible = False

    @property
    def chosen(self) -> list[MaskSource]:
        """What is ticked, in the order of the list."""
        return [source for source in self._rows if source in self._ticked]

    def setVolume(self, volumeNode: Any) -> None:
        """List what belongs to another volume."""
        self._volumeNode = volumeNode
        self.refresh()

    def refresh(self) -> None:
        """List again what there is; ticks stay."""
        listed = [*masksOfStudy(self._volumeNode), *masksOfSeries(self._series)]
        rows: list[MaskSource] = [*self._added, *dict.fromkeys(listed), *masksOfScene()]
        if rows == self._rows:
            return
        self._rows = rows
        self._ticked &= set(rows)
        self._fill()
        self.changed.emit()

    def forgetFiles(self) -> None:
        """List nothing any more that was added for a scene that is closed now."""
        self._added, self._series = [], ()
        self.refresh()

    def useSeries(self, uids: Iterable[str]) -> None:
        """List the masks of these series and tick them."""
        self._series = tuple(uids)
        self.refresh()
        self._tick(source for source in self._rows if isinstance(source, FileMask) and source.series in self._series)

    def addFiles(self, paths: Sequence[str]) -> None:
        """List files and tick them."""
        masks = masksOfFiles(paths)
        self._added += [mask for mask in masks if mask not in self._added]
        self.refresh()
        self._tick(masks)

    def addFolder(self, path: str) -> None:
        """Look for masks in a folder, beside the windows, list them and tick them."""
        self.statusLabel.text = _("Looking for masks…")
        self.statusLabel.visible = True
        self._searching.run(partial(_masksIn, path), self._onSearched)

    def _onSearched(self, found: list[str] | str) -> None:
        if isinstance(found, str):
            self.statusLabel.text = found
            return
        self.statusLabel.visible = False
        self.addFiles(found)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(2)
        self.table.setHorizontalHeaderLabels([_("Mask"), _("From")])
        makeCompact(self.table, _("Masks to lay over the volume"))
        setColumnWidths(self.table, NAME, {KIND: _("segmentation")})
        self.table.selectionMode = qt.QAbstractItemView.SingleSelection
        self.table.minimumHeight = self.table.maximumHeight = 120
        self.table.toolTip = _("Tick what shall be laid over the volume.")
        self.table.connect("itemChanged(QTableWidgetItem*)", self._onItemChanged)
        row = qt.QHBoxLayout()
        self.filesButton = qt.QPushButton(_("Add &files…"))
        self.filesButton.toolTip = _("NRRD, NIfTI, MetaImage, DICOM RTSTRUCT or SEG; they are only read")
        self.filesButton.connect("clicked()", self._onFiles)
        self.folderButton = qt.QPushButton(_("Add f&older…"))
        self.folderButton.toolTip = _("Every mask in a folder, however nested")
        self.folderButton.connect("clicked()", self._onFolder)
        row.addWidget(self.filesButton)
        row.addWidget(self.folderButton)
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.visible = False
        layout.addWidget(self.table)
        layout.addLayout(row)
        layout.addWidget(self.statusLabel)

    def _fill(self) -> None:
        wasBlocked = self.table.blockSignals(True)
        self.table.setRowCount(len(self._rows))
        for row, source in enumerate(self._rows):
            for column, text in ((NAME, source.name), (KIND, source.kind)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(source.path if isinstance(source, FileMask) else text)
                self.table.setItem(row, column, item)
            state = qt.Qt.Checked if source in self._ticked else qt.Qt.Unchecked
            self.table.item(row, NAME).setCheckState(state)
        self.table.blockSignals(wasBlocked)

    def _tick(self, sources: Iterable[MaskSource]) -> None:
        self._ticked |= set(sources)
        self._fill()
        self.changed.emit()

    def _onItemChanged(self, item: qt.QTableWidgetItem) -> None:
        source = self._rows[item.row()]
        if item.checkState() == qt.Qt.Checked:
            self._ticked.add(source)
        else:
            self._ticked.discard(source)
        self.changed.emit()

    def _onFiles(self) -> None:
        kinds = f"{_('Masks')} ({_SUFFIXES});;{_('All files')} (*)"
        paths = qt.QFileDialog.getOpenFileNames(slicer.util.mainWindow(), _("Masks"), "", kinds)
        self.addFiles(paths)

    def _onFolder(self) -> None:
        path = qt.QFileDialog.getExistingDirectory(slicer.util.mainWindow(), _("Folder with masks"))
        if path:
            self.addFolder(path)


def _masksIn(folder: str) -> list[str] | str:
    from DicomSuiteRTOverlayLib.load_mask import find_masks  # it brings all readers, for which a start has no time

    try:
        return [str(path) for path in find_masks([Path(folder)])]
    except (DicomSuiteError, OSError) as error:
        return str(error)
