"""All there is to know about one job: how it went, what it refused, what its process said."""

import time
from functools import partial

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.job_words import countsText, durationText, momentText, progressText, stateWord
from DicomSuiteGui.plain_label import plainLabel
from DicomSuiteGui.table_look import makeCompact
from DicomSuiteLib.job_results import RefusedFile, refused_files
from DicomSuiteLib.jobs import Job

LINES = 8
"""Height of the details, in lines of text."""

PATH, REASON = range(2)


class JobDetails:
    """Three pages about the job that `show` was last called with."""

    def __init__(self) -> None:
        self._job: Job | None = None
        self._lines: tuple[str, ...] = ()
        self._background = Background()
        self.widget = qt.QTabWidget()
        self.summary = plainLabel()
        self.summary.alignment = qt.Qt.AlignTop | qt.Qt.AlignLeft
        self.summary.margin = 4
        self.files = self._buildFiles()
        self.log = qt.QPlainTextEdit()
        self.log.readOnly = True
        self.log.accessibleName = _("Log of the job")
        self.widget.addTab(self.summary, _("Summary"))
        self.widget.addTab(self.files, _("Refused files"))
        self.widget.addTab(self.log, _("Log"))
        height = self.log.fontMetrics().lineSpacing() * LINES
        self.widget.minimumHeight = height
        self.widget.maximumHeight = 2 * height

    def show(self, job: Job | None) -> None:
        """Show a job, or nothing."""
        before, self._job = self._job, job
        self.widget.enabled = job is not None
        self.summary.text = _summary(job) if job else _("Select a job to see how it went.")
        self._showLog(job.log if job else ())
        isOther = before is None or job is None or before.id != job.id
        if isOther or before.result != job.result:
            self._showFiles([])
            self._background.drop()
            if job is not None and job.result:
                self._background.run(partial(refused_files, job), self._showFiles)

    def _buildFiles(self) -> "qt.QTableWidget":
        table = qt.QTableWidget()
        table.setColumnCount(2)
        table.setHorizontalHeaderLabels([_("File"), _("Reason")])
        makeCompact(table, _("Refused files"))
        table.textElideMode = qt.Qt.ElideLeft
        table.horizontalHeader().setSectionResizeMode(PATH, qt.QHeaderView.Interactive)
        table.horizontalHeader().stretchLastSection = True
        return table

    def _showFiles(self, files: list[RefusedFile]) -> None:
        self.files.setRowCount(len(files))
        for row, file in enumerate(files):
            for column, text in ((PATH, file.path), (REASON, file.reason)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(text)
                self.files.setItem(row, column, item)

    def _showLog(self, lines: tuple[str, ...]) -> None:
        if lines != self._lines:
            self._lines = lines
            self.log.plainText = "\n".join(lines)
            self.log.moveCursor(qt.QTextCursor.End)


def _summary(job: Job) -> str:
    """What happened, one fact a line."""
    heading = f"{stateWord(job.state)}: {job.reason}" if job.reason else stateWord(job.state)
    started = _("Started {moment}").format(moment=momentText(job.started)) if job.started else ""
    took = durationText(job.duration_s(time.time()))
    cluster = _("On the cluster {address}").format(address=job.request.cluster) if job.request.cluster else ""
    where = _("Result in {folder}").format(folder=job.request.output) if job.request.output else ""
    when = ", ".join(filter(None, (started, took)))
    return "\n".join(filter(None, (heading, progressText(job), countsText(job), when, cluster, where)))
