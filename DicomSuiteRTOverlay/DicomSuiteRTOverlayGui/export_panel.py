"""Writes placed masks into a folder, in the formats that are ticked, as a job in the background."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from slicer.i18n import tr as _

from DicomSuiteGui.export_frame import ExportFrame
from DicomSuiteGui.followed_job import FollowedJob
from DicomSuiteGui.job_words import progressText, stateWord
from DicomSuiteGui.loaded_series import seriesOf
from DicomSuiteGui.new_folder import newFolder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.jobs import Job, JobRequest
from DicomSuiteLib.tasks import State
from DicomSuiteRTOverlayGui.handover import HandedOver, Handover
from DicomSuiteRTOverlayGui.mask_sources import nodeMask
from DicomSuiteRTOverlayGui.overlay_query import asGiven

KIND = "overlay"
_FOLDER_KIND = "masks"


class ExportPanel:
    """Follows the job that was started last; `formats` are the check boxes, by the command's names."""

    def __init__(self, formats: Mapping[str, Any]) -> None:
        self._formats = formats
        self._handover = Handover(self._onHandedOver, self._onFailed)
        self._handed: HandedOver | None = None
        self._followed = FollowedJob()
        self._followed.changed.connect(self._show)
        self._followed.ended.connect(self._dropHanded)
        self._volumeNode = None
        self._segmentations: list[Any] = []
        self._trouble = ""
        self._isPreparing = False
        self.frame = ExportFrame()
        self.frame.folderChanged.connect(self._show)
        self.frame.exportAsked.connect(self._onExport)
        self.frame.cancelAsked.connect(self._onCancel)
        self.widget = self.frame.widget
        self._connections = [(box, "toggled(bool)", self._onToggled) for box in formats.values()]
        for box, signal, slot in self._connections:
            box.connect(signal, slot)

    def enter(self) -> None:
        """Follow the jobs, from now on also while another module is shown."""
        self._trouble = ""
        try:
            self._followed.follow()
            self.frame.offerFolder()
        except DicomSuiteError as error:
            self._trouble = str(error)
        self._show()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel; an export that runs goes on."""
        self._followed.stop()
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
        return self._followed.job

    @property
    def isBusy(self) -> bool:
        """Whether an export is still to end."""
        return self._isPreparing or self._followed.isBusy

    def _onToggled(self, isChecked: bool) -> None:
        self._show()

    def _onExport(self) -> None:
        self._isPreparing = True
        self._followed.forget()
        self._show()
        self._handover.start(self._volumeNode, [nodeMask(node) for node in self._segmentations])

    def _onHandedOver(self, handed: HandedOver) -> None:
        self._isPreparing = False
        target = str(newFolder(self.frame.folder, _FOLDER_KIND))
        formats = ",".join(name for name, box in self._formats.items() if box.checked and box.enabled)
        count = len(handed.masks)
        options = ("--out", target, "--export", formats, "--progress", "json", *asGiven(count))
        words = ("overlay", handed.volume, *handed.masks, *options)
        title = _("Export 1 mask") if count == 1 else _("Export {count} masks").format(count=count)
        try:
            self._followed.start(JobRequest(KIND, title, words, target, handed.inputText))
        except DicomSuiteError as error:
            handed.delete()
            self._onFailed(str(error))
            return
        self._handed = handed
        self._show()

    def _onFailed(self, reason: str) -> None:
        self._isPreparing = False
        self._show()
        self.frame.say(reason)

    def _dropHanded(self) -> None:
        if self._handed is not None:
            self._handed.delete()
            self._handed = None

    def _onCancel(self) -> None:
        if self._isPreparing:
            self._handover.stop()
            self._isPreparing = False
            self._show()
        else:
            self._followed.cancel()
            self.frame.cancelButton.enabled = False

    def _show(self) -> None:
        self._enableFormats()
        job = self._followed.job
        self.frame.setProgress(*(0, 0) if job is None else (job.done, job.total))
        self.frame.setResult(job.request.output if job is not None and job.state is State.SUCCESS else "")
        toolTip = _("Write every placed mask of this volume into a new folder")
        self.frame.show(self._whyNot(), toolTip, isBusy=self.isBusy)
        self.frame.say(_("Preparing…") if self._isPreparing else _statusText(job) if job is not None else "")

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
        return self.frame.whyNoFolder


def _statusText(job: Job) -> str:
    if job.state is not State.SUCCESS:
        return ": ".join(filter(None, (stateWord(job.state), job.reason or progressText(job))))
    masks = job.result.get("masks", [])
    count = sum(len(mask["exports"]) for mask in masks)
    written = _("1 file written.") if count == 1 else _("{count} files written.").format(count=count)
    return "\n".join([written, *(note for mask in masks for note in mask["notes"])])
