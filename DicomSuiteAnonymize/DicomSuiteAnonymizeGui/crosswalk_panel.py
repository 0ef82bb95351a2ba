"""The crosswalk: written on export, handed out and taken in as tables, and used to give files their IDs back."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.crosswalk_settings import CrosswalkSettings
from DicomSuiteAnonymizeGui.path_row import Proposal, addFile, addFolder, pathIn
from DicomSuiteAnonymizeGui.query_row import QueryRow
from DicomSuiteAnonymizeGui.table_import import TableImport
from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteGui.export_frame import ExportFrame
from DicomSuiteGui.followed_job import FollowedJob
from DicomSuiteGui.new_folder import newFolder
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.jobs import Job, JobRequest
from DicomSuiteLib.tasks import State

_KIND = "reidentify"
_REIDENTIFIED, _TABLES = "reidentified", "crosswalk-tables"
_FILE_NAME = "crosswalk.sqlite"


class CrosswalkPanel:
    """`settings` says what an export writes; below it are the tables, and the way back."""

    def __init__(self) -> None:
        self._followed = FollowedJob()
        self._followed.changed.connect(self._show)
        self._trouble = ""
        self._tablesFolder = Path()
        self._build()
        self._show()

    def enter(self) -> None:
        """Follow the jobs, from now on also while another module is shown."""
        self._trouble = ""
        try:
            self._followed.follow()
            self._followed.adopt(_KIND)
            self.frame.offerFolder()
            self.fileEdit.toolTip = _("Empty: {path}, beside the key").format(path=self.file)
        except DicomSuiteError as error:
            self._trouble = str(error)
        self._show()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self._followed.stop()
        self.tables.cleanup()
        self.tableImport.cleanup()

    @property
    def file(self) -> Path:
        """The crosswalk: as chosen, or beside the key. Raises DicomSuiteError where the settings cannot be used."""
        return pathIn(self.fileEdit) or storedSettings().key_path().with_name(_FILE_NAME)

    def offer(self, folder: str) -> None:
        """Propose the folder of the export that was made last; it may have written the first crosswalk."""
        self._proposal.offer(folder)
        self._show()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.settings = CrosswalkSettings()
        layout.addWidget(self.settings.widget)
        form = qt.QFormLayout()
        self.fileEdit = addFile(form, _("C&rosswalk:"), "", self._show, ("*.sqlite",))
        self.folderEdit = addFolder(form, _("&Files:"), _("De-identified files, which are only read"), self._show)
        self._proposal = Proposal(self.folderEdit)
        layout.addLayout(form)
        self.frame = ExportFrame()
        self.frame.exportButton.text = _("Re-i&dentify")
        self.frame.folderChanged.connect(self._show)
        self.frame.exportAsked.connect(self._onReidentify)
        self.frame.cancelAsked.connect(self._onCancel)
        self.tables = QueryRow(
            _("Write &tables (CSV)"),
            _("Two tables id_old, id_new for patients and UIDs, and all others, into a new folder; they name patients"),
            self._onTables,
        )
        self.tables.asked.connect(self._onTablesAsked)
        self.tableImport = TableImport(self._importCommand)
        self.tableImport.imported.connect(self._show)
        for part in (self.frame, self.tables, self.tableImport):
            layout.addWidget(part.widget)

    def _onReidentify(self) -> None:
        folder = newFolder(self.frame.folder, _REIDENTIFIED)
        try:
            settings, source = storedSettings(), Path(self.folderEdit.currentPath)
            words = command_lines.reidentify(source, folder, self.file, settings.key_path(), settings.workers)
            self._followed.start(JobRequest(_KIND, _("Re-identify a folder"), words, str(folder)))
        except DicomSuiteError as error:
            self.frame.say(str(error))
            return
        self._show()

    def _onCancel(self) -> None:
        self._followed.cancel()
        self.frame.cancelButton.enabled = False
        self.frame.say(_("Cancelling…"))

    def _onTablesAsked(self) -> None:
        try:
            folder = newFolder(self.frame.folder, _TABLES)
            words = command_lines.crosswalk_export(self.file, folder, storedSettings().key_path())
        except DicomSuiteError as error:
            self.tables.say(str(error))
            return
        self._tablesFolder = folder
        self.tables.ask(words)

    def _onTables(self, result: Mapping[str, Any]) -> None:
        self.tables.say(_("Written into {folder}.").format(folder=self._tablesFolder))

    def _importCommand(self, folder: Path) -> tuple[str, ...]:
        """Raises DicomSuiteError where the settings cannot be used."""
        isEncrypted = self.settings.encryptBox.checked and not self.file.is_file()  # of a new one only
        return command_lines.crosswalk_import(self.file, folder, storedSettings().key_path(), isEncrypted)

    def _show(self) -> None:
        job = self._followed.job
        isBusy = self._followed.isBusy
        whyNot = self._trouble or self._whyNoFile() or self.frame.whyNoFolder
        self.tables.setReason(whyNot)
        self.tableImport.setReason(self._trouble)
        noFolder = "" if self.folderEdit.currentPath else _("Choose the de-identified files first.")
        running = _("A job is running.") if isBusy else ""
        self.frame.setResult(job.request.output if job is not None and job.state is State.SUCCESS else "")
        self.frame.show(
            whyNot or noFolder or running,
            _("Give the files their IDs, names, UIDs and dates back, in a new folder"),
            isBusy=isBusy,
        )
        if job is not None:
            self.frame.setProgress(job.done, job.total)
            self.frame.say(_statusText(job))

    def _whyNoFile(self) -> str:
        try:
            exists = self.file.is_file()
        except DicomSuiteError as error:
            return str(error)
        return "" if exists else _("There is no crosswalk there; an export writes one.")


def _statusText(job: Job) -> str:
    match job.state:
        case State.PENDING:
            return _("Waiting for another job to end…")
        case State.RUNNING:
            return _("{done} of {total} files").format(done=job.done, total=job.total) if job.total else _("Starting…")
        case State.CANCELLED:
            return _("Cancelled.")
        case State.FAILED:
            return _("Failed: {reason}").format(reason=job.reason)
    return job.reason or _("Done.")
