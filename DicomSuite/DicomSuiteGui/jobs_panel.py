"""The jobs as a table that follows them, with what can be done to the selected one."""

import time
from functools import partial

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui import job_runner
from DicomSuiteGui.background import Background
from DicomSuiteGui.desktop import openPath
from DicomSuiteGui.job_actions import whyNotCancel, whyNotOpen, whyNotRemove, whyNotRerun
from DicomSuiteGui.job_details import JobDetails
from DicomSuiteGui.job_filter import JobFilter
from DicomSuiteGui.job_words import durationText, momentText, progressText, stateIcon, stateWord
from DicomSuiteGui.paced import Paced
from DicomSuiteGui.table_look import NarrowColumns, makeCompact, setColumnWidths
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.job_results import place_of
from DicomSuiteLib.jobs import Job
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.tasks import State

STATE, TITLE, PROGRESS, PLACE, STARTED, DURATION = range(6)
COLUMNS = 6
TICK_MS = 1000
WIDE_PIXELS = 480
"""Narrower tables leave out where and when a job runs and how long it took; the details say it too."""

_BAR_STEPS = 1000
_ICON = "mm"  # as wide as the sign before the word


class JobsPanel:
    """Shows the runner's jobs from `activate` to `deactivate`; the filter's control belongs to the module.

    `changed` is emitted without arguments when a job has news.
    """

    def __init__(self, filterBox: "qt.QComboBox") -> None:
        self.changed = Signal()
        self._runner: job_runner.JobRunner | None = None
        self._filterBox = filterBox
        self._background = Background()
        self._filling = Paced()
        self._place = ""
        self._wanted = ""  # id of the job to select when the table is filled
        self._rows: list[str] = []  # ids of the jobs, from top to bottom
        self._bars: dict[str, qt.QProgressBar] = {}
        self._build()
        self._tick = qt.QTimer()
        self._tick.setInterval(TICK_MS)
        self._tick.connect("timeout()", self._onTick)
        filterBox.connect("currentIndexChanged(int)", self._onFilter)

    def activate(self) -> None:
        """Show the jobs, and follow them."""
        self.deactivate()
        try:
            runner = job_runner.runner()
            runner.refresh()
        except DicomSuiteError as error:
            self.message.text = str(error)
            self.message.show()
        else:
            self.message.hide()
            self._runner = runner
            runner.changed.connect(self._onChanged)
            runner.removed.connect(self._onRemoved)
        self._fill()
        self._tick.start()

    def deactivate(self) -> None:
        """Let go of the runner; jobs go on."""
        if self._runner is not None:
            job = self.selectedJob()
            self._wanted = job.id if job else ""
            self._runner.changed.disconnect(self._onChanged)
            self._runner.removed.disconnect(self._onRemoved)
        self._runner = None
        self._filling.stop()
        self._tick.stop()
        self._background.drop()
        self.details.show(None)

    def close(self) -> None:
        """Let go of everything that outlives the panel."""
        self.deactivate()
        self._filterBox.disconnect("currentIndexChanged(int)", self._onFilter)

    @property
    def isFilling(self) -> bool:
        """Whether jobs are still to come."""
        return self._filling.isBusy

    def selectedJob(self) -> Job | None:
        """The job of the current row."""
        row = self.table.currentRow()
        isShown = 0 <= row < len(self._rows) and not self.table.isRowHidden(row)
        return self._runner.job(self._rows[row]) if self._runner and isShown else None

    def select(self, jobId: str) -> None:
        """Make a job the current one."""
        self.table.setCurrentCell(self._rows.index(jobId), TITLE)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.message = qt.QLabel()
        self.message.wordWrap = True
        self.message.hide()
        layout.addWidget(self.message)
        layout.addWidget(self._buildTable())
        layout.addLayout(self._buildButtons())
        self.details = JobDetails()
        layout.addWidget(self.details.widget)

    def _buildTable(self) -> "qt.QTableWidget":
        self.table = qt.QTableWidget()
        self.table.setColumnCount(COLUMNS)
        self.table.setHorizontalHeaderLabels(
            [_("State"), _("Job"), _("Progress"), _("Where"), _("Started"), _("Duration")]
        )
        makeCompact(self.table, _("Jobs"))
        self.table.selectionMode = qt.QAbstractItemView.SingleSelection
        self.table.minimumHeight = 140
        longest = max((stateWord(state) for state in State), key=len)
        samples = {
            STATE: longest + _ICON,
            PROGRESS: "0000 of 0000",
            PLACE: max(_("here"), _("cluster"), key=len),
            STARTED: "0000-00-00 00:00",
            DURATION: "00 min 00 s",
        }
        setColumnWidths(self.table, TITLE, samples)
        self._narrow = NarrowColumns(self.table, (PLACE, STARTED, DURATION), WIDE_PIXELS)
        self.table.connect("itemSelectionChanged()", self._onSelectionChanged)
        self.table.connect("cellDoubleClicked(int,int)", self._onDoubleClicked)
        return self.table

    def _buildButtons(self) -> "qt.QHBoxLayout":
        layout = qt.QHBoxLayout()
        self.cancelButton = self._button(layout, _("&Cancel"), self._onCancel)
        self.rerunButton = self._button(layout, _("Re-r&un"), self._onRerun)
        self.openButton = self._button(layout, _("Ope&n"), self._onOpen)
        self.removeButton = self._button(layout, _("Re&move"), self._onRemove)
        return layout

    def _button(self, layout: "qt.QHBoxLayout", text: str, slot: object) -> "qt.QPushButton":
        button = qt.QPushButton(text)
        button.connect("clicked()", slot)
        # Not as wide as the style likes buttons: four of them fit into the narrowest panel.
        button.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        layout.addWidget(button)
        return button

    def _fill(self) -> None:
        """Show every job, the newest first, and select the one that was selected before, if it is still there."""
        self.table.setRowCount(0)
        self._rows.clear()
        self._bars.clear()
        ids = [job.id for job in self._runner.jobs()] if self._runner else []
        if self._wanted not in ids:
            self._wanted = next(iter(ids), "")
        self._filling.start(iter(ids), self._append, self._onSelectionChanged)

    def _append(self, jobId: str) -> None:
        job = self._runner.job(jobId)
        if job is None or jobId in self._rows:  # it was removed, or has come as news, since the filling began
            return
        self._insert(len(self._rows), job)
        if jobId == self._wanted:
            self.select(jobId)

    def _insert(self, row: int, job: Job) -> None:
        self._rows.insert(row, job.id)
        self.table.insertRow(row)
        for column in range(COLUMNS):
            self.table.setItem(row, column, qt.QTableWidgetItem())
        self._show(row, job)

    def _show(self, row: int, job: Job) -> None:
        item = self.table.item(row, STATE)
        item.setText(stateWord(job.state))
        item.setIcon(stateIcon(job, self.table.style()))
        item.setToolTip(job.reason)
        self.table.item(row, TITLE).setText(job.request.title)
        self.table.item(row, TITLE).setToolTip("\n".join(filter(None, (job.request.title, job.reason))))
        self._showProgress(row, job)
        self.table.item(row, PLACE).setText(_("cluster") if job.request.cluster else _("here"))
        self.table.item(row, PLACE).setToolTip(job.request.cluster or _("This computer"))
        self.table.item(row, STARTED).setText(momentText(job.started))
        self.table.item(row, DURATION).setText(durationText(job.duration_s(time.time())))
        self.table.setRowHidden(row, not JobFilter.of(self._filterBox).accepts(job))

    def _showProgress(self, row: int, job: Job) -> None:
        item = self.table.item(row, PROGRESS)
        item.setText("" if job.is_live else progressText(job))
        item.setToolTip(progressText(job))
        if not job.is_live:
            if self._bars.pop(job.id, None) is not None:
                self.table.removeCellWidget(row, PROGRESS)
            return
        bar = self._bars.get(job.id)
        if bar is None:
            bar = self._bars[job.id] = qt.QProgressBar()
            bar.minimum = 0
            self.table.setCellWidget(row, PROGRESS, bar)
        isMeasured = job.total > 0 or job.started is None
        bar.maximum = _BAR_STEPS if isMeasured else 0  # 0: it moves, but says no number
        bar.value = _BAR_STEPS * job.done // job.total if job.total else 0

    def _updateButtons(self) -> None:
        job = self.selectedJob()
        for button, obstacle, toolTip in (
            (self.cancelButton, whyNotCancel(job), _("End this job now. What is half written is removed.")),
            (self.rerunButton, whyNotRerun(job), _("Start a new job that does the same.")),
            (self.openButton, whyNotOpen(job, self._place), _("Open the report, or the folder of the result.")),
            (self.removeButton, whyNotRemove(job), _("Take this job off the list. Its result stays on disk.")),
        ):
            button.enabled = not obstacle
            button.toolTip = obstacle or toolTip

    def _findPlace(self) -> None:
        """Look, without waiting for the disk, what of the selected job can be opened."""
        self._place = ""
        self._background.drop()
        job = self.selectedJob()
        if job is not None and not job.is_live:
            self._background.run(partial(place_of, job), self._onPlaceFound)

    def _onPlaceFound(self, place: str) -> None:
        self._place = place
        self._updateButtons()

    def _onChanged(self, job: Job) -> None:
        if job.id not in self._rows:
            self._insert(0, job)
            if job.is_own:
                self.select(job.id)
        else:
            self._show(self._rows.index(job.id), job)
        current = self.selectedJob()
        if current is not None and current.id == job.id:
            self.details.show(job)
            if not job.is_live:
                self._findPlace()
            self._updateButtons()
        self.changed.emit()

    def _onRemoved(self, jobId: str) -> None:
        if jobId not in self._rows:
            return
        row = self._rows.index(jobId)
        self._bars.pop(jobId, None)
        del self._rows[row]
        self.table.removeRow(row)
        self._onSelectionChanged()

    def _onSelectionChanged(self) -> None:
        self.details.show(self.selectedJob())
        self._findPlace()
        self._updateButtons()

    def _onFilter(self, _index: int) -> None:
        for row, jobId in enumerate(self._rows if self._runner else ()):
            self.table.setRowHidden(row, not JobFilter.of(self._filterBox).accepts(self._runner.job(jobId)))
        self._onSelectionChanged()

    def _onTick(self) -> None:
        for row, jobId in enumerate(self._rows):
            if jobId in self._bars:
                text = durationText(self._runner.job(jobId).duration_s(time.time()))
                self.table.item(row, DURATION).setText(text)

    def _onDoubleClicked(self, _row: int, _column: int) -> None:
        if self.openButton.enabled:
            self._onOpen()

    def _onCancel(self) -> None:
        self._runner.cancel(self.selectedJob().id)

    def _onRerun(self) -> None:
        with slicer.util.tryWithErrorDisplay(_("The job could not be started.")):
            self._runner.rerun(self.selectedJob().id)

    def _onOpen(self) -> None:
        openPath(self._place)

    def _onRemove(self) -> None:
        self._runner.remove(self.selectedJob().id)
