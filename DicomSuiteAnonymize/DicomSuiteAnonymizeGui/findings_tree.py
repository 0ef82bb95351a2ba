"""Text that was read in pictures, each with its picture: the user confirms what is to be blanked."""

from __future__ import annotations

from collections.abc import Callable, Collection

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeLib.pixels.box_markups import Box
from DicomSuiteAnonymizeLib.pixels.pixel_series import Finding
from DicomSuiteGui.table_look import fitColumns
from DicomSuiteLib.plain_signal import Signal

TEXT, VERDICT = range(2)
_CUT_WIDTH, _CUT_HEIGHT = 110, 22
"""Pixels that a finding's picture fits in."""
_HEIGHT = 130


class FindingsTree:
    """Lists findings; `toggled` is emitted with a finding and whether it is to be blanked."""

    def __init__(self) -> None:
        self.toggled = Signal()
        self._findings: tuple[Finding, ...] = ()
        self.widget = tree = qt.QTreeWidget()
        tree.setHeaderLabels([_("Blank this text"), _("It looks")])
        tree.rootIsDecorated = False
        tree.accessibleName = _("Text that was read in the pictures")
        tree.iconSize = qt.QSize(_CUT_WIDTH, _CUT_HEIGHT)
        tree.minimumHeight = tree.maximumHeight = _HEIGHT
        fitColumns(tree)
        tree.connect("itemChanged(QTreeWidgetItem*,int)", self._onChanged)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self.show((), ())

    def show(self, findings: Collection[Finding], boxes: Collection[Box]) -> None:
        """List findings; those that lie in one of the boxes are ticked."""
        wasBlocked = self.widget.blockSignals(True)
        self.widget.clear()
        self._findings = tuple(findings)
        for finding in self._findings:
            self.widget.addTopLevelItem(self._item(finding))
        self.widget.blockSignals(wasBlocked)
        self.setBoxes(boxes)
        self.widget.visible = bool(findings)

    def setBoxes(self, boxes: Collection[Box]) -> None:
        """Tick what lies in one of the boxes; what lies in a larger one can only be shown with it."""
        wasBlocked = self.widget.blockSignals(True)
        for number, finding in enumerate(self._findings):
            item = self.widget.topLevelItem(number)
            item.setCheckState(TEXT, qt.Qt.Checked if is_covered(finding.box, boxes) else qt.Qt.Unchecked)
        self.widget.blockSignals(wasBlocked)

    def setPictures(self, frame: int, cutOut: Callable[[Box], qt.QPixmap]) -> None:
        """Show beside each finding of this frame what `cutOut` gives for its box."""
        wasBlocked = self.widget.blockSignals(True)
        for number, finding in enumerate(self._findings):
            if finding.frame == frame:
                size = qt.QSize(_CUT_WIDTH, _CUT_HEIGHT)
                cut = cutOut(finding.box).scaled(size, qt.Qt.KeepAspectRatio, qt.Qt.SmoothTransformation)
                self.widget.topLevelItem(number).setIcon(TEXT, qt.QIcon(cut))
        self.widget.blockSignals(wasBlocked)

    def _item(self, finding: Finding) -> qt.QTreeWidgetItem:
        item = qt.QTreeWidgetItem()
        item.setText(TEXT, finding.text)
        item.setText(VERDICT, _verdictWord(finding.verdict))
        explanation = _("Frame {frame}, read with {confidence} % confidence").format(
            frame=finding.frame + 1, confidence=round(100 * finding.confidence)
        )
        item.setToolTip(TEXT, f"{finding.text}\n{explanation}")
        item.setToolTip(VERDICT, explanation)
        return item

    def _onChanged(self, item: qt.QTreeWidgetItem, column: int) -> None:
        finding = self._findings[self.widget.indexOfTopLevelItem(item)]
        self.toggled.emit(finding, item.checkState(TEXT) == qt.Qt.Checked)


def is_covered(box: Box, boxes: Collection[Box]) -> bool:
    """Whether a box lies in one of the others, edges included."""
    left, top, width, height = box
    return any(
        left >= other[0]
        and top >= other[1]
        and left + width <= other[0] + other[2]
        and top + height <= other[1] + other[3]
        for other in boxes
    )


def _verdictWord(verdict: str) -> str:
    return {"identifying": _("identifying"), "harmless": _("harmless")}.get(verdict, _("unknown"))
