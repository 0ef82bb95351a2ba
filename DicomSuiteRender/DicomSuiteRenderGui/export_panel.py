"""Writes what is ticked into a new folder: pictures of the 3D view, turntables, slices, surfaces, a report."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from DicomSuiteGui.export_frame import ExportFrame
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
        self.frame = ExportFrame()
        self.run = ExportRun()
        self.run.progressed.connect(self.frame.setProgress)
        self.run.ended.connect(self._onEnded)
        self.frame.folderChanged.connect(self.update)
        self.frame.exportAsked.connect(self._onExport)
        self.frame.cancelAsked.connect(self.run.cancel)
        self.widget = self.frame.widget
        self.update()

    def enter(self) -> None:
        """Follow the settings, unless the user has chosen a folder here."""
        try:
            self.frame.offerFolder()
        except DicomSuiteError as error:
            self.frame.say(str(error))
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
        toolTip = _("Write what is ticked into a new folder")
        self.frame.show(self._whyNot(), toolTip, isBusy=self.run.isBusy)

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
        return self.frame.whyNoFolder

    @property
    def _isSurfaceAsked(self) -> bool:
        return self._parameters.exportSurfaces

    def _onExport(self) -> None:
        source, isReport = self._source(), self._parameters.exportReport
        self.frame.setResult("")
        self.frame.say("")
        try:
            volume = volume_of_node(source.volumeNode)
            pieces = self._pieces(source, volume)
        except DicomSuiteError as error:
            self.frame.say(str(error))
            return
        finish = partial(writeReport, volume) if isReport else lambda folder, written: None
        self.run.start(self.frame.folder, pieces, finish)
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

    def _onEnded(self, folder: Path | None, words: str) -> None:
        self.frame.setResult("" if folder is None else str(folder))
        self.frame.say(words)
        self.update()


def _shownGrey(volumeNode: Any, volume: Volume) -> GreyTransform:
    """As the slice views show the volume."""
    return shown_lut(volumeNode) or shownWindow(volumeNode) or automatic_window(volume)
