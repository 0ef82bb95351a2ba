"""How like a reference volumes are: a table that grows with each measurement, a chart by slices, a file."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.background import Background
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.shown_views import whyNoViews
from DicomSuiteGui.table_look import makeCompact, setColumnWidths
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.segments import BoolArray
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.derived_nodes import isSuperResolved, sourceOf
from DicomSuiteSuperResGui.measured_mask import maskOn
from DicomSuiteSuperResGui.metrics_chart import removeChart, setChart, showChart
from DicomSuiteSuperResLib.cubic_volume import cubic_volume
from DicomSuiteSuperResLib.metrics_table import Measured, write_metrics
from DicomSuiteSuperResLib.volume_metrics import Metrics, compare

NAME, PSNR, SSIM, ERROR, SHARPNESS = range(5)
_SHOWN_ROWS = 4
_SUFFIX = ".csv"
RESULT, CUBIC, CANDIDATE = "super-resolved", "cubic", ""
"""How a row came about, in the words of the file."""


class MetricsPanel:
    """Measures the candidate against the reference, inside the mask; other references or masks begin a new table."""

    def __init__(self) -> None:
        self._candidate = self._reference = self._mask = None
        self._measured: list[Measured] = []
        self._isMeasuring = False
        self._background = Background()
        self._build()
        self.update()

    def setNodes(self, candidate: Any, reference: Any, mask: Any) -> None:
        """Measure this volume against that, in this mask; each may be None."""
        if (reference, mask) != (self._reference, self._mask):
            self._forget()
        self._candidate, self._reference, self._mask = candidate, reference, mask
        self.update()

    def exit(self) -> None:
        """Another module is shown; what was measured stays."""
        self._background.drop()
        self._isMeasuring = False

    def sceneCloses(self) -> None:
        """Hold nothing of the scene any more."""
        self.exit()
        self._candidate = self._reference = self._mask = None
        self._forget()
        self.update()

    @property
    def isBusy(self) -> bool:
        """Whether a measurement is under way."""
        return self._isMeasuring

    @property
    def measured(self) -> tuple[Measured, ...]:
        """What the table shows."""
        return tuple(self._measured)

    def update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        setPossible(self.measureButton, self._whyNot(), _("Measure how like the reference B is"))
        whyNone = "" if self._measured else _("Nothing has been measured yet.")
        setPossible(self.chartButton, whyNone or whyNoViews(), _("Show the PSNR of every slice"))
        setPossible(self.saveButton, whyNone, _("Write the table, with every slice, into a CSV file"))

    def save(self, path: str) -> None:
        """Write the table into a CSV file."""
        try:
            write_metrics(Path(path), self._measured)
        except DicomSuiteError as error:
            self._say(str(error))
        else:
            self._say(_("Saved."))

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.measureButton = addPushButton(row, _("Mea&sure B"), self._onMeasure)
        self.chartButton = addPushButton(row, _("Chart"), self._onChart)
        self.saveButton = addPushButton(row, _("Save table…"), self._onSave)
        layout.addLayout(row)
        self.table = qt.QTableWidget()
        self.table.setColumnCount(5)
        self.table.setHorizontalHeaderLabels([_("Volume"), _("PSNR"), _("SSIM"), _("Error"), _("Edges")])
        makeCompact(self.table, _("Measures against the reference"))
        setColumnWidths(self.table, NAME, {PSNR: "88.88 dB", SSIM: "0.888", ERROR: "888.8", SHARPNESS: "0.888"})
        self.table.selectionMode = qt.QAbstractItemView.NoSelection
        height = (_SHOWN_ROWS + 1) * self.table.verticalHeader().defaultSectionSize + 6
        self.table.minimumHeight = self.table.maximumHeight = height
        layout.addWidget(self.table)
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.statusLabel.textFormat = qt.Qt.PlainText
        layout.addWidget(self.statusLabel)
        self._say("")

    def _whyNot(self) -> str:
        if self._isMeasuring:
            return _("It is being measured.")
        if self._candidate is None or self._reference is None:
            return _("Choose B and a reference first.")
        return _("B is the reference itself.") if self._candidate is self._reference else ""

    def _onMeasure(self) -> None:
        node = self._candidate
        try:
            candidate, reference = volume_of_node(node), volume_of_node(self._reference)
            mask = maskOn(self._mask, self._reference)
            source = _sourceOf(node)
        except DicomSuiteError as error:
            self._say(str(error))
            return
        self._isMeasuring = True
        self._say(_("It is being measured…"))
        work = partial(_measured, node.GetName(), reference, candidate, mask, source)
        self._background.run(work, self._onMeasured)
        self.update()

    def _onMeasured(self, outcome: list[Measured] | str) -> None:
        self._isMeasuring = False
        if isinstance(outcome, str):
            self._say(outcome)
        else:
            again = {_key(one) for one in outcome}
            self._measured = [*(one for one in self._measured if _key(one) not in again), *outcome]
            self._fill()
            self._say("")
        self.update()

    def _onChart(self) -> None:
        values = {_label(one): [part.psnr for part in one.comparison.slices] for one in self._measured}
        showChart(setChart(_("Likeness to the reference"), _("PSNR (dB)"), values))

    def _onSave(self) -> None:
        path = qt.QFileDialog.getSaveFileName(
            self.widget, _("Save table"), f"metrics{_SUFFIX}", _("Tables") + f" (*{_SUFFIX})"
        )
        if path:
            self.save(path)

    def _fill(self) -> None:
        self.table.setRowCount(len(self._measured))
        for row, one in enumerate(self._measured):
            for column, text in enumerate(_cells(one)):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(_toolTip(one))
                self.table.setItem(row, column, item)

    def _forget(self) -> None:
        """What was measured so far compares with nothing that comes."""
        self._measured = []
        self.table.setRowCount(0)
        self._say("")
        removeChart()

    def _say(self, text: str) -> None:
        self.statusLabel.text = text
        self.statusLabel.visible = bool(text)


def _sourceOf(node: Any) -> Volume | None:
    """What a result was computed of, so that plain interpolation of it can be measured beside it."""
    source = sourceOf(node) if isSuperResolved(node) else None
    return None if source is None else volume_of_node(source)


def _measured(
    name: str, reference: Volume, candidate: Volume, mask: BoolArray | None, source: Volume | None
) -> list[Measured] | str:
    """The candidate, after what interpolation makes of its source."""
    try:
        found = [Measured(name, CANDIDATE if source is None else RESULT, compare(reference, candidate, mask))]
        if source is not None:
            cubic = cubic_volume(source, candidate.grid)
            found.insert(0, Measured(name, CUBIC, compare(reference, cubic, mask)))
    except DicomSuiteError as error:
        return str(error)
    return found


def _key(measured: Measured) -> tuple[str, str]:
    return measured.result, measured.method


def _label(measured: Measured) -> str:
    isCubic = measured.method == CUBIC
    return _("{name}: cubic only").format(name=measured.result) if isCubic else measured.result


def _cells(measured: Measured) -> Sequence[str]:
    whole = measured.comparison.whole
    return (
        _label(measured),
        _figure(whole.psnr, "{:.2f} dB"),
        _figure(whole.ssim, "{:.3f}"),
        _figure(whole.mae, "{:.4g}"),
        _figure(whole.edge_sharpness, "{:.3f}"),
    )


def _figure(value: float | None, form: str) -> str:
    return "" if value is None else form.format(value)


def _toolTip(measured: Measured) -> str:
    whole: Metrics = measured.comparison.whole
    words = _(
        "{name}: {count} voxels. PSNR and SSIM: more is better. Error: mean, in the unit of the values. "
        "Edges: 1 where they are as sharp as the reference's."
    )
    return words.format(name=_label(measured), count=f"{whole.voxels:,}")
