"""The results of earlier jobs that are still there, newest first: a dashboard to open them from."""

from functools import partial

import qt
from slicer.i18n import tr as _

from DicomSuiteGui import job_runner
from DicomSuiteGui.background import Background
from DicomSuiteGui.desktop import openPath
from DicomSuiteGui.job_words import countsText, momentText
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.job_results import Finding, findings
from DicomSuiteLib.jobs import Job
from DicomSuiteLib.tasks import State

SHOWN_RESULTS = 30
THUMBNAIL_PIXELS = 32


class ResultsPanel:
    """Follows the runner's jobs from `activate` to `deactivate`."""

    def __init__(self) -> None:
        self._runner: job_runner.JobRunner | None = None
        self._background = Background()
        self._findings: list[Finding] = []
        self._build()

    def activate(self) -> None:
        """Show what there is, and follow the jobs."""
        self.deactivate()
        try:
            self._runner = job_runner.runner()
        except DicomSuiteError:  # the list of jobs says why
            self._show([])
            return
        self._runner.changed.connect(self._onChanged)
        self._runner.removed.connect(self._onRemoved)
        self.refresh()

    def deactivate(self) -> None:
        """Let go of the runner; the list stays as it is."""
        if self._runner is not None:
            self._runner.changed.disconnect(self._onChanged)
            self._runner.removed.disconnect(self._onRemoved)
        self._runner = None
        self._background.drop()

    def refresh(self) -> None:
        """Look again, without waiting for the disk, which results are still there."""
        self._background.drop()
        self._background.run(partial(findings, self._runner.jobs(), SHOWN_RESULTS), self._show)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.message = qt.QLabel(_("What jobs have written appears here as long as it exists."))
        self.message.wordWrap = True
        layout.addWidget(self.message)
        self.list = qt.QListWidget()
        self.list.iconSize = qt.QSize(THUMBNAIL_PIXELS, THUMBNAIL_PIXELS)
        self.list.alternatingRowColors = True
        self.list.minimumHeight = 120
        self.list.accessibleName = _("Recent results")
        self.list.connect("itemSelectionChanged()", self._updateButtons)
        self.list.connect("itemDoubleClicked(QListWidgetItem*)", self._onDoubleClicked)
        layout.addWidget(self.list)
        row = qt.QHBoxLayout()
        self.reportButton = qt.QPushButton(_("Open repor&t"))
        self.folderButton = qt.QPushButton(_("Open folder"))
        self.reportButton.connect("clicked()", self._onReport)
        self.folderButton.connect("clicked()", self._onFolder)
        row.addWidget(self.reportButton)
        row.addWidget(self.folderButton)
        layout.addLayout(row)
        self._show([])

    def _show(self, found: list[Finding]) -> None:
        self._findings = found
        self.list.clear()
        for row, finding in enumerate(found):
            self.list.addItem(_describe(finding.job))
            item = self.list.item(row)
            item.setIcon(self._icon(finding))
            item.setToolTip(finding.folder)
        self.message.visible = not found
        self.list.visible = bool(found)
        if found:
            self.list.setCurrentRow(0)
        self._updateButtons()

    def _icon(self, finding: Finding) -> "qt.QIcon":
        if finding.picture:
            return qt.QIcon(finding.picture)
        sign = qt.QStyle.SP_FileIcon if finding.report else qt.QStyle.SP_DirIcon
        return self.list.style().standardIcon(sign)

    def _selected(self) -> Finding | None:
        row = self.list.currentRow
        return self._findings[row] if 0 <= row < len(self._findings) else None

    def _updateButtons(self) -> None:
        finding = self._selected()
        nothing = _("Select a result first.")
        self.reportButton.enabled = bool(finding and finding.report)
        self.folderButton.enabled = bool(finding and finding.folder)
        noReport = nothing if finding is None else _("This result has no report.")
        self.reportButton.toolTip = _("Open the report in the web browser.") if finding and finding.report else noReport
        self.folderButton.toolTip = _("Open the folder of this result.") if finding else nothing

    def _onChanged(self, job: Job) -> None:
        if job.state is State.SUCCESS:
            self.refresh()

    def _onRemoved(self, _jobId: str) -> None:
        self.refresh()

    def _onDoubleClicked(self, _item: object) -> None:
        finding = self._selected()
        openPath(finding.report or finding.folder)

    def _onReport(self) -> None:
        openPath(self._selected().report)

    def _onFolder(self) -> None:
        openPath(self._selected().folder)


def _describe(job: Job) -> str:
    facts = ", ".join(filter(None, (momentText(job.finished), countsText(job))))
    return f"{job.request.title}\n{facts}"
