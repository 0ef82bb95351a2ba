"""What is blanked in the pictures of one series: looked at, changed, and saved as a rule for the device."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.box_list import BoxList
from DicomSuiteAnonymizeGui.findings_tree import FindingsTree, is_covered
from DicomSuiteAnonymizeGui.frame_view import FrameView
from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.pixels.box_markups import Box
from DicomSuiteAnonymizeLib.pixels.frame_picture import FramePicture
from DicomSuiteAnonymizeLib.pixels.pixel_rules import PixelRule, rule_from_boxes
from DicomSuiteAnonymizeLib.pixels.pixel_series import Finding, PixelSeries
from DicomSuiteAnonymizeLib.pixels.user_rules import clean_rule
from DicomSuiteGui.child_query import ChildQuery
from DicomSuiteGui.plain_label import plainLabel, showText
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.plain_signal import Signal

_SETTLE_MS = 150
"""How long the frame slider must rest before its frame is decoded."""


class PixelEditor:
    """`ruleMade` is emitted with a PixelRule that the user wants to be saved."""

    def __init__(self) -> None:
        self.ruleMade = Signal()
        self._series: PixelSeries | None = None
        self._query = ChildQuery(self._onPicture, self.say)
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.setInterval(_SETTLE_MS)
        self._settling.connect("timeout()", self._askForPicture)
        self._build()
        self.show(None)

    def cleanup(self) -> None:
        """Let go of the scene and of what is being read."""
        self._settling.stop()
        self._query.drop()
        self.boxList.endDrawing()

    def show(self, series: PixelSeries | None) -> None:
        """Show a series; None: none is chosen."""
        self.cleanup()
        self._series = series
        self.widget.visible = series is not None
        self.frameView.clear()
        self.boxList.setPicture(None)
        self.say("")
        if series is None:
            self.findings.clear()
            return
        self._showFrames(series)
        self.boxList.setBoxes(_proposed(series))
        self.findings.show(series.findings, self.boxList.boxes)
        self.nameEdit.text = series.rule or _suggestedName(series)
        self._showPossible()
        self._askForPicture()

    def say(self, text: str) -> None:
        """Tell what is wrong, or what was done; "" for nothing."""
        showText(self.statusLabel, text)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.frameRow = qt.QWidget()
        frameLayout = qt.QHBoxLayout(self.frameRow)
        frameLayout.setContentsMargins(0, 0, 0, 0)
        self.frameSlider = qt.QSlider(qt.Qt.Horizontal)
        self.frameSlider.accessibleName = _("Frame")
        self.frameSlider.connect("valueChanged(int)", self._onFrame)
        self.frameLabel = qt.QLabel()
        frameLayout.addWidget(self.frameSlider, 1)
        frameLayout.addWidget(self.frameLabel)
        self.frameView = FrameView()
        self.findings = FindingsTree()
        self.findings.toggled.connect(self._onFinding)
        self.boxList = BoxList()
        self.boxList.changed.connect(self._onBoxes)
        self.statusLabel = plainLabel()
        for widget in (self.frameRow, self.frameView.widget, self.findings.widget, self.boxList.widget):
            layout.addWidget(widget)
        layout.addLayout(self._buildSaving())
        layout.addWidget(self.statusLabel)

    def _buildSaving(self) -> qt.QFormLayout:
        form = qt.QFormLayout()
        self.nameEdit = qt.QLineEdit()
        self.nameEdit.toolTip = _("What the rule is called in reports; no patient's name")
        self.nameEdit.connect("textChanged(QString)", lambda text: self._showPossible())
        form.addRow(_("Rule na&me:"), self.nameEdit)
        row = qt.QHBoxLayout()
        self.saveButton = qt.QPushButton(_("&Save as rule"))
        self.saveButton.connect("clicked()", self._onSave)
        self.cleanButton = qt.QPushButton(_("&No text here"))
        self.cleanButton.connect("clicked()", self._onClean)
        row.addWidget(self.saveButton)
        row.addWidget(self.cleanButton)
        form.addRow(row)
        return form

    def _showFrames(self, series: PixelSeries) -> None:
        wasBlocked = self.frameSlider.blockSignals(True)
        self.frameSlider.maximum = max(series.frames - 1, 0)
        self.frameSlider.value = next((finding.frame for finding in series.findings), 0)
        self.frameSlider.blockSignals(wasBlocked)
        self.frameRow.visible = series.frames > 1
        self._showFrameNumber()

    def _showFrameNumber(self) -> None:
        self.frameLabel.text = _("Frame {number} of {count}").format(
            number=self.frameSlider.value + 1, count=self.frameSlider.maximum + 1
        )

    def _onFrame(self, number: int) -> None:
        self._showFrameNumber()
        self._settling.start()

    def _askForPicture(self) -> None:
        self._query.ask(command_lines.picture(self._series.file, self.frameSlider.value))

    def _onPicture(self, result: Mapping[str, Any]) -> None:
        picture = FramePicture.from_json(result)
        self.frameView.show(picture, self.boxList.boxes)
        self.boxList.setPicture(picture)
        self.findings.setPictures(self.frameSlider.value, self.frameView.cutOut)

    def _onFinding(self, finding: Finding, isWanted: bool) -> None:
        boxes = self.boxList.boxes
        self.boxList.setBoxes((*boxes, finding.box) if isWanted else (box for box in boxes if box != finding.box))
        if not isWanted and is_covered(finding.box, self.boxList.boxes):
            self.say(_("This text lies in a larger box; change or remove that one."))
        self._onBoxes()

    def _onBoxes(self) -> None:
        self.frameView.setBoxes(self.boxList.boxes)
        self.findings.setBoxes(self.boxList.boxes)
        self._showPossible()

    def _showPossible(self) -> None:
        hasName, hasBoxes = bool(self.nameEdit.text.strip()), bool(self.boxList.boxes)
        noName = "" if hasName else _("Give the rule a name first.")
        setPossible(
            self.saveButton,
            noName or ("" if hasBoxes else _("Draw boxes first.")),
            _("Blank these boxes in all pictures of this device, kind and size, now and in later exports"),
        )
        setPossible(
            self.cleanButton,
            noName or (_("There are boxes; remove them first.") if hasBoxes else ""),
            _("Let all pictures of this device, kind and size pass: you have made sure that they show no identity"),
        )

    def _onSave(self) -> None:
        name = self.nameEdit.text.strip()
        self._make(lambda: rule_from_boxes(self._series.facts, self.boxList.boxes, name))

    def _onClean(self) -> None:
        name = self.nameEdit.text.strip()
        self._make(lambda: clean_rule(self._series.facts, name))

    def _make(self, rule: Callable[[], PixelRule]) -> None:
        try:
            self.ruleMade.emit(rule())
        except AnonymizeError as error:
            self.say(str(error))


def _proposed(series: PixelSeries) -> tuple[Box, ...]:
    """What would be blanked now: the boxes, and what was read beside them."""
    found = [finding.box for finding in series.findings if finding.is_to_be_blanked]
    return (*series.boxes, *(box for box in found if not is_covered(box, series.boxes)))


def _suggestedName(series: PixelSeries) -> str:
    facts = series.facts
    words = [facts.manufacturer, facts.model, f"{facts.columns} x {facts.rows}"]
    return " ".join(word for word in words if word)
