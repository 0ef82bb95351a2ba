"""Writes placed masks into a folder, in the formats that are ticked, as a job in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.desktop import openPath
from DicomSuiteGui.job_runner import JobRunner, runner
from DicomSuiteGui.job_words import progressText, stateWord
from DicomSuiteGui.loaded_series import seriesOf
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.jobs import Job, JobRequest
from DicomSuiteLib.tasks import State
from DicomSuiteRTOverlayGui.handover import HandedOver, Handover
from DicomSuiteRTOverlayGui.mask_sources import nodeMask
from DicomSuiteRTOverlayGui.overlay_query import asGiven

KIND = "overlay"


class ExportPanel:
    """Follows the job that was started last; `formats` are the check boxes, by the command's names."""

    def __init__(self, formats: Mapping[str, Any]) -> None:
        self._formats = formats
        self._handover = Handover(self._onHandedOver, self._onFailed)
        self._handed: HandedOver | None = None
        self._jobs: JobRunner | None = None
        self._job: Job | None = None
        self._volumeNode = None
        self._segmentations: list[Any] = []
        self._trouble = self._offered = ""
        self._isPreparing = False
        self._build()
        self._connections = [(box, "toggled(bool)", self._onToggled) for box in formats.values()]
        for box, signal, slot in self._connections:
            box.connect(signal, slot)

    def enter(self) -> None:
        """Follow the jobs, from now on also while another module is shown."""
        self._unfollow()
        self._trouble = ""
        try:
            self._jobs = runner()
            self._offerFolder()
        except DicomSuiteError as error:
            self._trouble = str(error)
        else:
            self._jobs.changed.connect(self._onJobChanged)
            if self._job is not None:
                self._job = self._jobs.job(self._job.id)
        self._show()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel; an export that runs goes on."""
        self._unfollow()
        self._handover.stop()
        for box, signal, slot in self._connections:
            box.disconnect(signal, slot)

    def setContents(self, volumeNode: Any, segmentations: Sequence[Any]) -> None:
        """Offer these segmentations on this volume."""
        self._volumeNode, self._segmentations = volumeNode, list(segmentations)
        self._show()

    @property
    def job(self) -> Job | None:
        """The export that was started last, as it stands."""
        return self._job

    @property
    def isBusy(self) -> bool:
        """Whether an export is still to end."""
        return self._isPreparing or (self._job is not None and self._job.is_live)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        form = qt.QFormLayout()
        self.folderEdit = ctk.ctkPathLineEdit()
        self.folderEdit.filters = ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Writable
        self.folderEdit.showHistoryButton = False
        self.folderEdit.toolTip = _("Each export makes a new folder in this one")
        self.folderEdit.connect("currentPathChanged(QString)", lambda path: self._show())
        self.folderEdit.connect("validInputChanged(bool)", lambda isValid: self._show())  # it was emptied
        form.addRow(_("&Into:"), self.folderEdit)
        row = qt.QHBoxLayout()
        self.exportButton = qt.QPushButton(_("E&xport"))
        self.exportButton.connect("clicked()", self._onExport)
        self.openButton = qt.QPushButton(_("Open folder"))
        self.openButton.connect("clicked()", lambda: openPath(self._job.request.output))
        self.cancelButton = qt.QPushButton(_("Cancel"))
        self.cancelButton.toolTip = _("Stop; nothing half-written is left")
        self.cancelButton.connect("clicked()", self._onCancel)
        row.addWidget(self.exportButton, 1)
        row.addWidget(self.openButton)
        row.addWidget(self.cancelButton)
        self.progressBar = qt.QProgressBar()
        self.progressBar.accessibleName = _("Progress of the export")
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.textFormat = qt.Qt.PlainText
        layout.addLayout(form)
        layout.addLayout(row)
        layout.addWidget(self.progressBar)
        layout.addWidget(self.statusLabel)

    def _unfollow(self) -> None:
        if self._jobs is not None:
            self._jobs.changed.disconnect(self._onJobChanged)
            self._jobs = None

    def _offerFolder(self) -> None:
        """Follow the settings, unless the user has chosen a folder here."""
        if self.folderEdit.currentPath in ("", self._offered):
            self._offered = str(storedSettings().output_path())
            self.folderEdit.currentPath = self._offered

    def _onToggled(self, isChecked: bool) -> None:
        self._show()

    def _onExport(self) -> None:
        self._isPreparing = True
        self._job = None
        self._show()
        self._handover.start(self._volumeNode, [nodeMask(node) for node in self._segmentations])

    def _onHandedOver(self, handed: HandedOver) -> None:
        self._isPreparing = False
        target = str(self._newTarget())
        formats = ",".join(name for name, box in self._formats.items() if box.checked and box.enabled)
        count = len(handed.masks)
        options = ("--out", target, "--export", formats, "--progress", "json", *asGiven(count))
        words = ("overlay", handed.volume, *handed.masks, *options)
        title = _("Export 1 mask") if count == 1 else _("Export {count} masks").format(count=count)
        try:
            self._job = runner().submit(JobRequest(KIND, title, words, target, handed.inputText))
        except DicomSuiteError as error:
            handed.delete()
            self._onFailed(str(error))
            return
        self._handed = handed
        self._show()

    def _onFailed(self, reason: str) -> None:
        self._isPreparing = False
        self._show()
        self._say(reason)

    def _newTarget(self) -> Path:
        """A folder that does not exist yet, in the folder that the user has chosen."""
        parent, name = Path(self.folderEdit.currentPath), f"masks-{datetime.now():%Y%m%d-%H%M%S}"
        candidates = (parent / (name if number == 1 else f"{name}-{number}") for number in range(1, 1000))
        return next(path for path in candidates if not path.exists())

    def _onJobChanged(self, job: Job) -> None:
        if self._job is None or job.id != self._job.id:
            return
        self._job = job
        if not job.is_live and self._handed is not None:
            self._handed.delete()
            self._handed = None
        self._show()

    def _onCancel(self) -> None:
        if self._isPreparing:
            self._handover.stop()
            self._isPreparing = False
            self._show()
        else:
            runner().cancel(self._job.id)
            self.cancelButton.enabled = False

    def _show(self) -> None:
        reason = self._whyNot()
        self.exportButton.enabled = not reason
        self.exportButton.toolTip = reason or _("Write every placed mask of this volume into a new folder")
        self._enableFormats()
        job, isBusy = self._job, self.isBusy
        self.progressBar.visible = self.cancelButton.visible = self.cancelButton.enabled = isBusy
        self.progressBar.maximum = job.total if job is not None else 0
        self.progressBar.value = job.done if job is not None else 0
        self.openButton.visible = job is not None and job.state is State.SUCCESS
        self.openButton.toolTip = _("Open the folder of this result.")
        self._say(_("Preparing…") if self._isPreparing else _statusText(job) if job is not None else "")

    def _enableFormats(self) -> None:
        """DICOM objects need the DICOM files that they refer to."""
        isDicom = bool(self._volumeNode is not None and seriesOf(self._volumeNode))
        for name in ("seg", "rtstruct"):
            box = self._formats[name]
            box.enabled = isDicom
            box.toolTip = "" if isDicom else _("Only for a volume that was loaded from the DICOM database.")

    def _whyNot(self) -> str:
        if self._trouble:
            return self._trouble
        if self.isBusy:
            return _("An export is running.")
        if not self._segmentations:
            return _("Place a mask first.")
        if not any(box.checked and box.enabled for box in self._formats.values()):
            return _("Tick at least one format.")
        return "" if self.folderEdit.currentPath else _("Choose a folder for the result.")

    def _say(self, text: str) -> None:
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)


def _statusText(job: Job) -> str:
    if job.state is not State.SUCCESS:
        return ": ".join(filter(None, (stateWord(job.state), job.reason or progressText(job))))
    masks = job.result.get("masks", [])
    count = sum(len(mask["exports"]) for mask in masks)
    written = _("1 file written.") if count == 1 else _("{count} files written.").format(count=count)
    return "\n".join([written, *(note for mask in masks for note in mask["notes"])])
