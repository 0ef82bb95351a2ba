"""The CT and MRI series in which heads were looked for, with what was found and what the user says to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeLib.faces.face_series import Approval, FaceSeries
from DicomSuiteGui.table_look import makeCompact
from DicomSuiteLib.plain_signal import Signal

SERIES, FOUND, APPROVAL = range(3)
_HEIGHT = 110


class FaceTable:
    """Lists series; `selectionChanged` is emitted without arguments."""

    def __init__(self) -> None:
        self.selectionChanged = Signal()
        self._series: tuple[FaceSeries, ...] = ()
        self.widget = table = qt.QTableWidget()
        table.columnCount = 3
        table.setHorizontalHeaderLabels([_("Series"), _("Found"), _("You say")])
        makeCompact(table, _("Series in which faces were looked for"))
        table.selectionMode = qt.QAbstractItemView.ExtendedSelection
        table.horizontalHeader().setSectionResizeMode(qt.QHeaderView.Stretch)
        table.minimumHeight = table.maximumHeight = _HEIGHT
        table.connect("itemSelectionChanged()", self.selectionChanged.emit)

    @property
    def selected(self) -> tuple[FaceSeries, ...]:
        """The selected rows, from top to bottom."""
        rows = {index.row() for index in self.widget.selectionModel().selectedRows()}
        return tuple(one for number, one in enumerate(self._series) if number in rows)

    def show(self, series: Sequence[FaceSeries], approvals: Mapping[str, Approval]) -> None:
        """List series; `approvals` by their targets. The first face is selected."""
        self._series = tuple(series)
        self.widget.rowCount = len(series)
        for number, one in enumerate(self._series):
            verdict = verdictWord(one.verdict)
            for column, text, toolTip in (
                (SERIES, one.label, one.label),
                (FOUND, verdict, f"{verdict}\n{one.reason}".strip()),
            ):
                item = qt.QTableWidgetItem(text)
                item.setToolTip(toolTip)
                self.widget.setItem(number, column, item)
        self.setApprovals(approvals)
        first = next((number for number, one in enumerate(self._series) if one.has_face), -1)
        self.widget.setCurrentCell(first, SERIES)

    def setApprovals(self, approvals: Mapping[str, Approval]) -> None:
        """Show what the user has said, by targets."""
        for number, one in enumerate(self._series):
            approval = approvals.get(one.target, Approval.OPEN)
            isAsked = one.has_face or one.is_unsure
            item = qt.QTableWidgetItem(_approvalWord(approval) if isAsked else "")
            if isAsked:
                item.setIcon(self.widget.style().standardIcon(_sign(approval)))
                item.setToolTip(_explanation(approval))
            self.widget.setItem(number, APPROVAL, item)


def verdictWord(verdict: str) -> str:
    """What was found, in the user's words."""
    return {
        "head, face found": _("face"),
        "head, face not in the picture": _("head without face"),
        "no head": _("no head"),
        "unsure": _("unsure"),
    }.get(verdict, verdict)


def _approvalWord(approval: Approval) -> str:
    return {
        Approval.OPEN: _("not yet"),
        Approval.APPROVED: _("approved"),
        Approval.REFUSED: _("refused"),
        Approval.ABSENT: _("no face"),
    }[approval]


def _explanation(approval: Approval) -> str:
    if approval is Approval.APPROVED:
        return _("Exported without the face.")
    if approval is Approval.ABSENT:
        return _("Exported as it is: you have seen that there is no face.")
    return _("Not approved: set aside, and not exported.")


def _sign(approval: Approval) -> int:
    return {
        Approval.OPEN: qt.QStyle.SP_MessageBoxQuestion,
        Approval.APPROVED: qt.QStyle.SP_DialogApplyButton,
        Approval.REFUSED: qt.QStyle.SP_DialogCancelButton,
        Approval.ABSENT: qt.QStyle.SP_DialogApplyButton,
    }[approval]
