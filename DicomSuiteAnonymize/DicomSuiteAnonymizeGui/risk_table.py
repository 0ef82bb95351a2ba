"""The series whose pictures may show text, and what an export would do to each."""

from __future__ import annotations

from collections.abc import Sequence

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeLib.pixels.pixel_series import PixelSeries
from DicomSuiteGui.table_look import makeCompact
from DicomSuiteLib.plain_signal import Signal

SERIES, OUTCOME = range(2)
_HEIGHT = 110


class RiskTable:
    """Lists series; `selectionChanged` is emitted without arguments."""

    def __init__(self) -> None:
        self.selectionChanged = Signal()
        self._series: tuple[PixelSeries, ...] = ()
        self.widget = table = qt.QTableWidget()
        table.columnCount = 2
        table.setHorizontalHeaderLabels([_("Series"), _("What is done")])
        makeCompact(table, _("Series whose pictures may show text"))
        table.selectionMode = qt.QAbstractItemView.SingleSelection
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.minimumHeight = table.maximumHeight = _HEIGHT
        table.connect("itemSelectionChanged()", self.selectionChanged.emit)

    @property
    def selected(self) -> PixelSeries | None:
        """The series in the selected row."""
        rows = self.widget.selectionModel().selectedRows()
        return self._series[rows[0].row()] if rows else None

    def show(self, series: Sequence[PixelSeries]) -> None:
        """List these series; the selected row stays selected."""
        table, row = self.widget, self.widget.currentRow()
        wasBlocked = table.blockSignals(True)
        self._series = tuple(series)
        table.rowCount = len(series)
        for number, one in enumerate(series):
            self._setCell(number, SERIES, seriesWord(one), f"{one.label}\n{one.risk}")
            self._setCell(number, OUTCOME, outcomeWord(one), outcomeExplanation(one))
        if row < len(series):
            table.setCurrentCell(row, SERIES)
        table.blockSignals(wasBlocked)

    def _setCell(self, row: int, column: int, text: str, toolTip: str) -> None:
        item = qt.QTableWidgetItem(text)
        item.setToolTip(toolTip)
        if column == OUTCOME and self._series[row].is_set_aside:
            item.setIcon(self.widget.style().standardIcon(qt.QStyle.SP_MessageBoxWarning))
        self.widget.setItem(row, column, item)


def seriesWord(series: PixelSeries) -> str:
    """The series with what tells it from others first, since names are long."""
    facts = series.facts
    return _("{modality} {columns} × {rows}: {label}").format(
        modality=facts.modality, columns=facts.columns, rows=facts.rows, label=series.label
    )


def outcomeWord(series: PixelSeries) -> str:
    """What becomes of the pictures, in few words."""
    if series.is_set_aside:
        return _("set aside")
    if series.rule and not series.boxes:
        return _("as it is: rule {name}").format(name=series.rule)
    if series.risk and series.origin == "none":
        return _("as it is: no text was read")
    return {
        "rule": _("rule {name}").format(name=series.rule),
        "regions": _("outside of the scan"),
        "ocr": _("text that was read"),
        "overlay": _("overlay in unused bits"),
    }.get(series.origin, _("nothing"))


def outcomeExplanation(series: PixelSeries) -> str:
    """The same in a sentence."""
    count = len(series.boxes)
    if series.is_set_aside:
        reason = series.reason or _("no rule and no region of the file says where text is")
        return _("Not exported: {reason}. Select the row to make a rule.").format(reason=reason)
    if not count:
        return _("Nothing is blanked in these pictures.")
    return _("1 box is blanked in every picture.") if count == 1 else _(
        "{count} boxes are blanked in every picture."
    ).format(count=count)
