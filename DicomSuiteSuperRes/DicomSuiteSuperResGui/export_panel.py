"""Writes a result into a folder, in the formats that are ticked, each of which says that it was not acquired."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.database_import import DatabaseImport
from DicomSuiteGui.export_frame import ExportFrame
from DicomSuiteGui.loaded_series import seriesOf
from DicomSuiteGui.loaded_volumes import filesOf
from DicomSuiteGui.new_folder import newFolder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.read_volume import read_listed_volume
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteSuperResGui.derived_nodes import resultOf, sourceOf
from DicomSuiteSuperResLib.derived_dicom import write_derived_series
from DicomSuiteSuperResLib.provenance import write_result
from DicomSuiteSuperResLib.super_resolution import SuperResResult

KIND = "super-resolved"
DICOM_FOLDER, FILE_STEM = "dicom", "super-resolved"
"""Names of what is written; they tell of nobody."""

Piece = Callable[[Path], Sequence[Path]]
"""Writes something into a folder, and returns the files."""


@dataclass(frozen=True)
class _Written:
    folder: Path
    count: int


class ExportPanel:
    """What is ticked are parameters, whose boxes are in the .ui file."""

    def __init__(self) -> None:
        self._node: Any = None
        self._parameters: Any = None
        self._background = Background()
        self._token: CancelToken | None = None
        self._import = DatabaseImport()
        self._import.ended.connect(self._onImported)
        self.frame = ExportFrame()
        self.frame.folderChanged.connect(self._show)
        self.frame.exportAsked.connect(self._onExport)
        self.frame.cancelAsked.connect(self._onCancel)
        self.widget = self.frame.widget
        self._show()

    def enter(self) -> None:
        """Follow the settings, unless the user has chosen a folder here."""
        try:
            self.frame.offerFolder()
        except DicomSuiteError as error:
            self.frame.say(str(error))
        self._show()

    def setContents(self, node: Any, parameters: Any) -> None:
        """Offer this result, or None, in the formats that the parameters name."""
        self._node, self._parameters = node, parameters
        self._show()

    def sceneCloses(self) -> None:
        """Hold nothing of the scene any more; what is being written is finished."""
        self._node = self._parameters = None
        self._show()

    def cleanup(self) -> None:
        """Stop what is being written."""
        if self._token is not None:
            self._token.cancel()
        self._import.stop()

    @property
    def isBusy(self) -> bool:
        """Whether something is being written."""
        return self._token is not None

    @property
    def whyNoDicom(self) -> str:
        """Why the result cannot become a DICOM series; "" where it can."""
        isDicom = self._node is not None and bool(seriesOf(sourceOf(self._node)))
        return "" if isDicom else _("Only for results of a volume that was loaded from the DICOM database.")

    def _show(self) -> None:
        self.frame.show(self._whyNot(), _("Write the result into a new folder"), isBusy=self.isBusy)

    def _whyNot(self) -> str:
        if self.isBusy:
            return _("An export is running.")
        if self._node is None:
            return _("Super-resolve a volume, or choose a result as volume or as B.")
        if not (self._wantsDicom or self._suffixes):
            return _("Tick at least one format that is possible.")
        return self.frame.whyNoFolder

    @property
    def _wantsDicom(self) -> bool:
        return self._parameters.exportDicom and not self.whyNoDicom

    @property
    def _suffixes(self) -> list[str]:
        wanted = {".nrrd": self._parameters.exportNrrd, ".nii.gz": self._parameters.exportNifti}
        return [suffix for suffix, isWanted in wanted.items() if isWanted]

    def _onExport(self) -> None:
        self.frame.setResult("")
        self.frame.say("")
        self._token = CancelToken()
        try:
            pieces = self._pieces()
        except DicomSuiteError as error:
            self._token = None
            self.frame.say(str(error))
            return
        folder = newFolder(self.frame.folder, KIND)
        isImported = self._wantsDicom and self._parameters.importDicom
        self._background.run(partial(_write, folder, pieces, self._token), partial(self._onWritten, isImported))
        self._show()

    def _pieces(self) -> list[Piece]:
        """What writes each format; reads the nodes now, and touches none later."""
        result = resultOf(self._node)
        pieces: list[Piece] = [partial(_writeFile, result, suffix) for suffix in self._suffixes]
        if self._wantsDicom:
            pieces.append(partial(_writeDicom, result, filesOf(sourceOf(self._node)), self._token))
        return pieces

    def _onCancel(self) -> None:
        self._token.cancel()
        self.frame.say(_("It is being stopped…"))

    def _onWritten(self, isImported: bool, outcome: _Written | str) -> None:
        self._token = None
        if isinstance(outcome, str):
            self.frame.say(outcome)
        else:
            self.frame.setResult(str(outcome.folder))
            self.frame.say(_("{count} files written.").format(count=outcome.count))
            if isImported:
                self._import.start(outcome.folder / DICOM_FOLDER)
        self._show()

    def _onImported(self, studies: int, images: int) -> None:
        self.frame.say(_("{count} images are in the DICOM database now.").format(count=images))


def _write(folder: Path, pieces: Sequence[Piece], token: CancelToken) -> _Written | str:
    """Write everything into `folder`, which appears complete or not at all."""
    partial_folder = folder.with_name(f".{folder.name}.part")
    try:
        partial_folder.mkdir(parents=True)
        files: list[Path] = []
        for piece in pieces:
            token.raise_if_cancelled()
            files += piece(partial_folder)
        token.raise_if_cancelled()
        partial_folder.rename(folder)
    except Cancelled:
        trouble = _("Cancelled; nothing was written.")
    except DicomSuiteError as error:
        trouble = str(error)
    except OSError as error:
        words = _("{path} cannot be written: {reason}; make room or choose another folder.")
        trouble = words.format(path=error.filename or folder, reason=error.strerror or error)
    else:
        return _Written(folder, len(files))
    shutil.rmtree(partial_folder, ignore_errors=True)
    return trouble


def _writeFile(result: SuperResResult, suffix: str, folder: Path) -> Sequence[Path]:
    return write_result(result, folder / f"{FILE_STEM}{suffix}")


def _writeDicom(result: SuperResResult, files: Sequence[Path], token: CancelToken, folder: Path) -> Sequence[Path]:
    return write_derived_series(result, read_listed_volume(files), folder / DICOM_FOLDER, token)
