"""Faces in CT and MRI of the head: pictures of what is taken out, for the user to approve series by series."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from operator import attrgetter
from pathlib import Path
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.face_table import FaceTable
from DicomSuiteAnonymizeGui.pixels_panel import Gather
from DicomSuiteAnonymizeGui.query_row import QueryRow
from DicomSuiteAnonymizeGui.selection import Source
from DicomSuiteAnonymizeGui.twin_box import TwinBox
from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteAnonymizeLib.faces.face_series import Approval, FaceSeries
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.private_folder import make_private

_WIDTH, _HEIGHT = 270, 240
"""Pixels that a picture fits in; a panel may be 350 wide."""


class FacesPanel:
    """Looks for faces; the pictures lie in a private folder until something else is chosen.

    `changed` is emitted without arguments when other series are refused.
    """

    def __init__(self, cleanBox: qt.QCheckBox, gather: Gather) -> None:
        self.changed = Signal()
        self._gather = gather
        self._series: tuple[FaceSeries, ...] = ()
        self._approvals: dict[str, Approval] = {}
        self._folder: Path | None = None
        self._build(cleanBox)
        self.clear()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.search.cleanup()
        self._removePictures()

    def clear(self) -> None:
        """Show nothing: something else is chosen."""
        self.search.drop()
        self._removePictures()
        self._approvals = {}
        self._showSeries(())

    def setReason(self, reason: str) -> None:
        """Enable the search, or say why there is nothing to search."""
        self.search.setReason(reason)

    @property
    def refused(self) -> tuple[str, ...]:
        """Targets of the series whose pictures were shown and not approved; they are not exported."""
        faces = (one.target for one in self._series if one.has_face)
        return tuple(target for target in faces if self._approvals.get(target) is not Approval.APPROVED)

    @property
    def absent(self) -> tuple[str, ...]:
        """Targets of the series that could not be judged, and in which the user has seen no face."""
        unsure = (one.target for one in self._series if one.is_unsure)
        return tuple(target for target in unsure if self._approvals.get(target) is Approval.ABSENT)

    def _build(self, cleanBox: qt.QCheckBox) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.cleanTwin = TwinBox(
            cleanBox, _("The face becomes background in every file of the series; all other voxels stay as they are.")
        )
        self.search = QueryRow(
            _("&Find faces"),
            _("Show each head before and after; takes some seconds a series, and nothing is written"),
            self._onFound,
        )
        self.search.asked.connect(self._onSearch)
        self.table = FaceTable()
        self.table.selectionChanged.connect(self._onSelected)
        self.picture = qt.QLabel()
        self.picture.alignment = qt.Qt.AlignCenter
        self.picture.accessibleName = _("The head before and after")
        self.buttons = qt.QWidget()
        rows = qt.QVBoxLayout(self.buttons)
        rows.setContentsMargins(0, 0, 0, 0)
        upper, lower = qt.QHBoxLayout(), qt.QHBoxLayout()
        rows.addLayout(upper)
        rows.addLayout(lower)
        self.approveButton = addPushButton(upper, _("&Approve"), lambda: self._say(Approval.APPROVED))
        self.refuseButton = addPushButton(upper, _("Ref&use"), lambda: self._say(Approval.REFUSED))
        self.approveAllButton = addPushButton(lower, _("Approve a&ll"), self._onApproveAll)
        self.absentButton = addPushButton(lower, _("N&o face"), lambda: self._say(Approval.ABSENT))
        self.countLabel = plainLabel()
        for widget in (
            self.cleanTwin.widget,
            self.search.widget,
            self.table.widget,
            self.picture,
            self.buttons,
            self.countLabel,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        cleanBox.connect("toggled(bool)", lambda isChecked: self._showCount())

    def _onSearch(self) -> None:
        self.clear()
        self._gather(self._searchIn)

    def _searchIn(self, source: Source) -> None:
        try:
            self._folder = make_private(ephemeral_folder() / f"faces-{uuid.uuid4().hex}")
            settings = storedSettings()
            words = command_lines.faces(source.words, settings.key_path(), self._folder, settings.workers)
        except DicomSuiteError as error:
            self.search.say(str(error))
            return
        self.search.ask(words, source.inputText)

    def _onFound(self, result: Mapping[str, Any]) -> None:
        self._showSeries(tuple(FaceSeries.from_json(series) for series in result["series"]))
        self.search.say("" if self._series else _("There is no series of CT or MRI images."))

    def _showSeries(self, series: tuple[FaceSeries, ...]) -> None:
        self._series = series
        self.table.show(series, self._approvals)
        self.table.widget.visible = bool(series)
        self.buttons.visible = any(one.has_face or one.is_unsure for one in series)
        self._onSelected()
        self._showCount()

    def _onSelected(self) -> None:
        faces = [one for one in self.table.selected if one.has_face]
        pixmap = qt.QPixmap(faces[0].picture) if faces else qt.QPixmap()
        if pixmap.isNull():
            self.picture.clear()
        else:
            self.picture.pixmap = pixmap.scaled(_WIDTH, _HEIGHT, qt.Qt.KeepAspectRatio, qt.Qt.SmoothTransformation)
        self.picture.visible = not pixmap.isNull()
        reason = "" if faces else _("Select series with a face first.")
        setPossible(self.approveButton, reason, _("The selected series may be exported without their faces"))
        setPossible(self.refuseButton, reason, _("Too much or too little is taken out: the series are set aside"))
        nothing = "" if any(one.has_face for one in self._series) else _("No face was found.")
        setPossible(self.approveAllButton, nothing, _("You have looked at all pictures and are content"))
        sure = "" if any(one.is_unsure for one in self.table.selected) else _("Select series that are unsure first.")
        setPossible(self.absentButton, sure, _("You have looked at the series: there is no face, and it may pass"))

    def _onApproveAll(self) -> None:
        self._decide(self._series, Approval.APPROVED)

    def _say(self, approval: Approval) -> None:
        self._decide(self.table.selected, approval)

    def _decide(self, series: tuple[FaceSeries, ...], approval: Approval) -> None:
        isAbout = attrgetter("is_unsure" if approval is Approval.ABSENT else "has_face")
        self._approvals.update({one.target: approval for one in series if isAbout(one)})
        self.table.setApprovals(self._approvals)
        self._showCount()

    def _showCount(self) -> None:
        count = len(self.refused) + sum(one.is_unsure for one in self._series) - len(self.absent)
        count = count if self.cleanTwin.widget.checked else 0
        text = _("1 series is not approved and will be set aside.") if count == 1 else _(
            "{count} series are not approved and will be set aside."
        ).format(count=count)
        showText(self.countLabel, text if count else "")
        self.changed.emit()

    def _removePictures(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)  # what is left goes with the folder that it is in
            self._folder = None
