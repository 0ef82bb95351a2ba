"""The selected point of a look-up table in exact numbers, and buttons to go to the next, add and remove one."""

from __future__ import annotations

from collections.abc import Callable

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.tool_buttons import SPACING, addToolButton, setPossible
from DicomSuiteRenderGui.lut_editor import LutEditor

LARGEST_VALUE = 1e12
"""No image has values beyond, and the box still shows them."""
PERCENT = 100
_ARROWS_WIDTH = 30  # pixels of a box beside its text


class PointBoxes:
    """One row; it shows and changes what `editor` holds."""

    def __init__(self, editor: LutEditor) -> None:
        self._editor = editor
        self._place: tuple[int, int] | None = None  # index of the selected point and of the last one
        self.widget = qt.QWidget()
        row = qt.QHBoxLayout(self.widget)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACING)
        self.previousButton = addToolButton(row, "", _("Previous point"), lambda: editor.selectNeighbour(-1))
        self.previousButton.arrowType = qt.Qt.LeftArrow
        self.numberLabel = qt.QLabel()
        row.addWidget(self.numberLabel)
        self.nextButton = addToolButton(row, "", _("Next point"), lambda: editor.selectNeighbour(1))
        self.nextButton.arrowType = qt.Qt.RightArrow
        self.valueBox = _box(_("Value of the point"), "-0000 HU", self._onValue)
        self.valueBox.setRange(-LARGEST_VALUE, LARGEST_VALUE)
        self.shadeBox = _box(_("Shade of the point: 0 % is black, 100 % white"), "100 %", self._onShade)
        self.shadeBox.setRange(0, PERCENT)
        self.shadeBox.suffix = _(" %")
        row.addWidget(self.valueBox, 3)
        row.addWidget(self.shadeBox, 2)
        self.addButton = addToolButton(row, "+", _("Add a point"), editor.addBesideSelected)
        self.removeButton = addToolButton(row, "−", _("Remove the point"), editor.remove)
        self.addButton.toolTip = _("Add a point beside the selected one")
        editor.changed.connect(self.update)
        self.update()

    def setUnit(self, unit: str, decimals: int) -> None:
        """How values are written."""
        self.valueBox.suffix = f" {unit}" if unit else ""
        self.valueBox.decimals = decimals
        self.valueBox.singleStep = 10.0**-decimals
        self.update()

    def update(self) -> None:
        """Show what the editor holds."""
        editor = self._editor
        for box, value in ((self.valueBox, editor.point.value), (self.shadeBox, PERCENT * editor.point.shade)):
            wasBlocked = box.blockSignals(True)
            box.value = value
            box.blockSignals(wasBlocked)
        place = (editor.selected, len(editor.lut.points) - 1)
        if place != self._place:
            self._place = place
            self._showPlace(*place)

    def _showPlace(self, selected: int, last: int) -> None:
        self.numberLabel.text = f"{selected + 1}/{last + 1}"
        isFirst, isLast = _("This is the first point."), _("This is the last point.")
        setPossible(self.previousButton, isFirst if selected == 0 else "", _("Previous point"))
        setPossible(self.nextButton, isLast if selected == last else "", _("Next point"))
        fewest = "" if self._editor.canRemove else _("A look-up table keeps at least two points.")
        setPossible(self.removeButton, fewest, _("Remove the selected point"))

    def _onValue(self, value: float) -> None:
        self._editor.move(value, self._editor.point.shade)

    def _onShade(self, percent: float) -> None:
        self._editor.move(self._editor.point.value, percent / PERCENT)


def _box(name: str, widest: str, onChange: Callable[[float], None]) -> qt.QDoubleSpinBox:
    box = qt.QDoubleSpinBox()
    box.decimals = 0
    box.accessibleName = name
    box.toolTip = name
    box.keyboardTracking = False  # a number that is half typed is none
    box.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)  # its range is far wider than what is shown
    box.setMinimumWidth(box.fontMetrics().boundingRect(widest).width() + _ARROWS_WIDTH)
    box.connect("valueChanged(double)", onChange)
    return box
