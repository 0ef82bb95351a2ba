"""How an export ended: what was written, what was quarantined and why, and what can be done with it."""

from __future__ import annotations

from pathlib import Path

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.database_import import DatabaseImport
from DicomSuiteGui.desktop import openPath
from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.table_look import fitColumns
from DicomSuiteLib.job_results import refused_files
from DicomSuiteLib.jobs import Job
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.tasks import State

_MAX_LISTED = 1000
"""Refused files shown; the list beside the key has all."""


class ResultPanel:
    """Counts, the refused files, and buttons to open and to import the result.

    `imported` is emitted without arguments when the DICOM database has new studies.
    """

    def __init__(self) -> None:
        self.imported = Signal()
        self._job: Job | None = None
        self._import = DatabaseImport()
        self._import.progressed.connect(self._onImportProgress)
        self._import.ended.connect(self._onImported)
        self._importedJob = ""
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.summaryLabel = qt.QLabel()
        self.summaryLabel.wordWrap = True
        self.refusedTree = qt.QTreeWidget()
        self.refusedTree.accessibleName = _("Quarantined files")
        self.refusedTree.setHeaderLabels([_("Quarantined"), _("Files")])
        self.refusedTree.minimumHeight = self.refusedTree.maximumHeight = 100
        fitColumns(self.refusedTree)
        row = qt.QHBoxLayout()
        self.reportButton = self._button(row, _("Open report"), self._openReport)
        self.folderButton = self._button(row, _("Open folder"), self._openFolder)
        self.importButton = self._button(row, _("Import"), self.importResult)
        layout.addWidget(self.summaryLabel)
        layout.addWidget(self.refusedTree)
        layout.addLayout(row)
        self.clear()

    def cleanup(self) -> None:
        """Stop an import that is under way."""
        self._import.stop()

    def clear(self) -> None:
        """Show nothing."""
        self._job = None
        self.widget.visible = False

    def show(self, job: Job) -> None:
        """Show how this job ended; nothing where it has no result."""
        if job is self._job:  # which may have been imported meanwhile; only the disk may have changed
            self._update()
            return
        self._job = job
        self.widget.visible = job.state is State.SUCCESS
        if job.state is not State.SUCCESS:
            return
        files = job.result.get("files", {})
        self.summaryLabel.text = _(
            "Of {count} files {written} were written, {quarantined} quarantined; {other} are not DICOM."
        ).format(
            count=files.get("in", 0),
            written=files.get("written", 0),
            quarantined=files.get("quarantined", 0),
            other=files.get("not_dicom", 0),
        )
        self._listRefused(job)
        self._update()

    def importResult(self) -> None:
        """Add the de-identified files to the DICOM database, as copies, without blocking."""
        self._update()
        if not self.importButton.enabled:
            return
        self._importedJob = self._job.id
        self._import.start(Path(self._job.request.output))
        self._update()

    def _button(self, layout: qt.QHBoxLayout, text: str, function) -> qt.QPushButton:
        button = qt.QPushButton(text)
        button.connect("clicked()", function)
        layout.addWidget(button)
        return button

    def _listRefused(self, job: Job) -> None:
        self.refusedTree.clear()
        reasons = job.result.get("reasons", {})
        self.refusedTree.visible = bool(reasons)
        paths: dict[str, list[str]] = {}
        for file in refused_files(job, _MAX_LISTED):
            paths.setdefault(file.reason, []).append(file.path)
        for reason, count in reasons.items():
            item = qt.QTreeWidgetItem()
            item.setText(0, reason)
            item.setToolTip(0, reason)
            item.setText(1, str(count))
            self.refusedTree.addTopLevelItem(item)
            for path in paths.get(reason, ()):
                child = qt.QTreeWidgetItem()
                child.setText(0, path)
                child.setToolTip(0, path)
                item.addChild(child)
                child.setFirstColumnSpanned(True)

    def _update(self) -> None:
        output = Path(self._job.request.output)
        isThere = output.is_dir()
        gone = _("The result is no longer there.")
        self.reportButton.enabled = (output / "report.html").is_file()
        self.reportButton.toolTip = _("Every kind of change, in the browser") if self.reportButton.enabled else gone
        self.folderButton.enabled = isThere
        self.folderButton.toolTip = str(output) if isThere else gone
        reason = self._whyNotImport(output)
        self.importButton.enabled = not reason
        self.importButton.toolTip = reason or _("Add copies to the DICOM database as new studies")

    def _whyNotImport(self, output: Path) -> str:
        if self._importedJob == self._job.id:
            return _("The import is running or done.")
        if not dicomDatabase().isOpen:
            return _("Slicer's DICOM database is closed.")
        if not output.is_dir():
            return _("The result is no longer there.")
        return _("Unpack the ZIP archive first.") if (output / "dicom.zip").exists() else ""

    def _onImportProgress(self, percent: int) -> None:
        self.importButton.text = _("Importing… {percent} %").format(percent=percent)

    def _onImported(self, studies: int, images: int) -> None:
        self.importButton.text = _("Import")
        self.summaryLabel.text = _("{images} images of {studies} new studies imported.").format(
            images=images, studies=studies
        )
        self.imported.emit()

    def _openReport(self) -> None:
        self._update()
        if self.reportButton.enabled:
            openPath(str(Path(self._job.request.output, "report.html")))

    def _openFolder(self) -> None:
        self._update()
        if self.folderButton.enabled:
            openPath(self._job.request.output)
