"""Writes what is ticked into a new folder: pictures of the 3D view, turntables, slices, surfaces, a report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.desktop import openPath
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderGui.display_window import shownWindow
from DicomSuiteRenderGui.export_choices import TurntableFormat
from DicomSuiteRenderGui.export_pieces import (
    CountedPiece,
    ShownOnSlices,
    shownSegments,
    slicesPiece,
    surfacesPiece,
    turntablePiece,
    viewPiece,
)
from DicomSuiteRenderGui.export_report import writeReport
from DicomSuiteRenderGui.export_run import ExportRun
from DicomSuiteRenderGui.tool_buttons import setPossible
from DicomSuiteRenderLib.automatic_window import automatic_window
from DicomSuiteRenderLib.grey_transform import GreyTransform
from DicomSuiteRenderLib.lut_nodes import shown_lut
from DicomSuiteRenderLib.measured_box import MeasuredBox
from DicomSuiteRenderLib.render_mode import IsoLevel
from DicomSuiteRenderLib.turntable import CameraView


@dataclass(frozen=True)
class ExportSource:
    """What can be exported now.

    Parameters
    ----------
    volumeNode : the chosen volume
    openView : gives the 3D view with pictures of a size (width, height)
    words : what the 3D view shows
    levels : the surfaces
    crop : box outside of which surfaces are cut off, or None
    removesTable : whether surfaces are without the scanner's table
    """

    volumeNode: Any
    openView: Callable[[tuple[int, int]], CameraView]
    words: str
    levels: tuple[IsoLevel, ...]
    crop: MeasuredBox | None
    removesTable: bool


class ExportPanel:
    """The folder, the buttons and the progress; what is exported is bound to the parameters in the .ui file.

    `source` tells what can be exported, None where no volume is chosen.
    """

    def __init__(self, source: Callable[[], ExportSource | None]) -> None:
        self._source = source
        self._parameters: Any = None
        self._offered = ""
        self._result: Path | None = None
        self.run = ExportRun()
        self.run.progressed.connect(self._onProgress)
        self.run.ended.connect(self._onEnded)
        self._build()
        self.update()

    def enter(self) -> None:
        """Follow the settings, unless the user has chosen a folder here."""
        if self.folderEdit.currentPath in ("", self._offered):
            try:
                self._offered = str(storedSettings().output_path())
            except DicomSuiteError as error:
                self._say(str(error))
            self.folderEdit.currentPath = self._offered
        self.update()

    def cleanup(self) -> None:
        """Stop what is being written."""
        self.run.cleanup()

    def setParameters(self, parameters: Any) -> None:
        """Follow what is ticked."""
        self._parameters = parameters
        self.update()

    def update(self) -> None:
        """Enable what can be done now."""
        whyNot = self._whyNot()
        setPossible(self.exportButton, whyNot, _("Write what is ticked into a new folder"))
        self.progressBar.visible = self.cancelButton.visible = self.run.isBusy
        self.openButton.visible = self._result is not None and not self.run.isBusy

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        self.folderEdit = ctk.ctkPathLineEdit()
        self.folderEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        self.folderEdit.showHistoryButton = False
        self.folderEdit.toolTip = _("Each export makes a new folder in this one")
        self.folderEdit.connect("currentPathChanged(QString)", lambda path: self.update())
        self.folderEdit.connect("validInputChanged(bool)", lambda isValid: self.update())  # it was emptied
        form.addRow(_("&Into:"), self.folderEdit)
        row = qt.QHBoxLayout()
        self.exportButton = qt.QPushButton(_("E&xport"))
        self.exportButton.connect("clicked()", self._onExport)
        self.openButton = qt.QPushButton(_("Open folder"))
        self.openButton.toolTip = _("Open the folder of this result.")
        self.openButton.connect("clicked()", lambda: openPath(str(self._result)))
        self.cancelButton = qt.QPushButton(_("Cancel"))
        self.cancelButton.toolTip = _("Stop; nothing half-written is left")
        self.cancelButton.connect("clicked()", self.run.cancel)
        row.addWidget(self.exportButton, 1)
        row.addWidget(self.openButton)
        row.addWidget(self.cancelButton)
        self.progressBar = qt.QProgressBar()
        self.progressBar.accessibleName = _("Progress of the export")
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.textFormat = qt.Qt.PlainText
        self.statusLabel.visible = False
        layout.addLayout(form)
        layout.addLayout(row)
        layout.addWidget(self.progressBar)
        layout.addWidget(self.statusLabel)

    def _whyNot(self) -> str:
        parameters = self._parameters
        if self.run.isBusy:
            return _("An export is running.")
        if parameters is None or self._source() is None:
            return _("Choose a volume first.")
        if not any((parameters.exportView, parameters.exportTurntable, parameters.exportSlices, self._isSurfaceAsked)):
            return _("Tick at least one thing to export.")
        if self._isSurfaceAsked and not self._source().levels:
            return _("There is no surface to export: add one under Surfaces, or show a mode that has some.")
        isFilm = parameters.exportTurntable and parameters.turntableFormat is TurntableFormat.MP4
        if isFilm and shutil.which("ffmpeg") is None:
            return _("MP4 needs the program ffmpeg, which is not installed; choose WebP or GIF.")
        return "" if self.folderEdit.currentPath else _("Choose a folder for the result.")

    @property
    def _isSurfaceAsked(self) -> bool:
        return self._parameters.exportSurfaces

    def _onExport(self) -> None:
        source, isReport = self._source(), self._parameters.exportReport
        self._result = None
        self._say("")
        try:
            volume = volume_of_node(source.volumeNode)
            pieces = self._pieces(source, volume)
        except DicomSuiteError as error:
            self._say(str(error))
            return
        finish = partial(writeReport, volume) if isReport else lambda folder, written: None
        self.run.start(Path(self.folderEdit.currentPath), pieces, finish)
        self.update()

    def _pieces(self, source: ExportSource, volume: Volume) -> list[CountedPiece]:
        parameters, pieces = self._parameters, []
        openView = partial(source.openView, (parameters.pictureWidth, parameters.pictureHeight))
        if parameters.exportView:
            pieces.append(viewPiece(openView, source.words, parameters.transparent))
        if parameters.exportTurntable:
            frames, kind = parameters.turntableFrames, parameters.turntableFormat
            pieces.append(turntablePiece(openView, source.words, frames, kind, parameters.transparent))
        if parameters.exportSlices:
            masked = shownSegments() if parameters.sliceMasks else []
            look = ShownOnSlices(source.volumeNode, parameters.sliceLetters, parameters.sliceScaleBar, masked)
            grey = _shownGrey(source.volumeNode, volume)
            pieces.append(slicesPiece(volume, grey, parameters.slicePlane, parameters.sliceFormat, look))
        if parameters.exportSurfaces:
            kind = parameters.surfaceFormat
            pieces.append(surfacesPiece(volume, source.levels, kind, source.crop, source.removesTable))
        return pieces

    def _onProgress(self, done: int, total: int) -> None:
        self.progressBar.maximum = total
        self.progressBar.value = done

    def _onEnded(self, folder: Path | None, words: str) -> None:
        self._result = folder
        self._say(words)
        self.update()

    def _say(self, text: str) -> None:
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)


def _shownGrey(volumeNode: Any, volume: Volume) -> GreyTransform:
    """As the slice views show the volume."""
    return shown_lut(volumeNode) or shownWindow(volumeNode) or automatic_window(volume)
