"""The isosurfaces: any number of values, each with a name, a colour and an opacity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderLib.render_mode import IsoLevel

SETTLE_MS = 400
"""How long the controls must rest before surfaces are made again, which takes seconds for a large volume."""
_LIST_ROWS = 3
_PERCENT = 100
_NEW_COLOURS = ((1.0, 1.0, 1.0), (1.0, 0.85, 0.73), (0.85, 0.15, 0.1), (0.3, 0.6, 0.9), (0.95, 0.75, 0.3))


class LevelsPanel:
    """A list of levels and the controls of the selected one.

    `changed` is emitted without arguments when the user has changed a level and the controls have come to rest.
    """

    def __init__(self) -> None:
        self.changed = Signal()
        self._levels: list[IsoLevel] = []
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.setInterval(SETTLE_MS)
        self._settling.connect("timeout()", self.changed.emit)
        self._build()
        self.setRange(-1000.0, 3000.0, "")
        self._show(-1)

    def cleanup(self) -> None:
        """Announce nothing any more."""
        self._settling.stop()

    @property
    def levels(self) -> tuple[IsoLevel, ...]:
        """As the controls say."""
        return tuple(self._levels)

    def setLevels(self, levels: Sequence[IsoLevel]) -> None:
        """Show these, unless the user is just changing them; nothing is announced."""
        if tuple(levels) != self.levels and not self._settling.active:
            self._levels = list(levels)
            self._show(0 if self._levels else -1)

    def setRange(self, low: float, high: float, unit: str) -> None:
        """The values that surfaces can have, and their unit."""
        self.valueSlider.blockSignals(True)
        self.valueSlider.minimum, self.valueSlider.maximum = low, high
        self.valueSlider.singleStep = 1.0 if high - low > _PERCENT else (high - low) / _PERCENT
        self.valueSlider.decimals = 0 if high - low > _PERCENT else 3
        self.valueSlider.suffix = f" {unit}" if unit else ""
        self.valueSlider.blockSignals(False)
        self._show(self.list.currentRow)

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.list = qt.QListWidget()
        self.list.accessibleName = _("Surfaces")
        self.list.toolTip = _("The surfaces that are shown with the mode, and exported")
        self.list.maximumHeight = self.list.fontMetrics().lineSpacing() * (_LIST_ROWS + 1) + 2 * self.list.frameWidth
        self.list.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)  # fits a panel of 350 pixels
        self.list.connect("currentRowChanged(int)", self._showControls)
        buttons = qt.QVBoxLayout()
        self.addButton = qt.QPushButton(_("&Add"))
        self.addButton.toolTip = _("One more surface")
        self.addButton.connect("clicked()", self._onAdd)
        self.removeButton = qt.QPushButton(_("Re&move"))
        self.removeButton.connect("clicked()", self._onRemove)
        buttons.addWidget(self.addButton)
        buttons.addWidget(self.removeButton)
        buttons.addStretch(1)
        top = qt.QHBoxLayout()
        top.addWidget(self.list, 1)
        top.addLayout(buttons)
        layout.addLayout(top)
        layout.addLayout(self._form())

    def _form(self) -> qt.QFormLayout:
        form = qt.QFormLayout()
        self.nameEdit = qt.QLineEdit()
        self.nameEdit.connect("textEdited(QString)", lambda text: self._change(name=text))
        self.valueSlider = ctk.ctkSliderWidget()
        self.valueSlider.toolTip = _("Everything of at least this value is inside the surface")
        self.valueSlider.connect("valueChanged(double)", lambda value: self._change(value=value))
        self.opacitySlider = ctk.ctkSliderWidget()
        self.opacitySlider.minimum, self.opacitySlider.maximum = 0, _PERCENT
        self.opacitySlider.decimals = 0
        self.opacitySlider.suffix = " %"
        self.opacitySlider.connect("valueChanged(double)", lambda value: self._change(opacity=value / _PERCENT))
        self.colourButton = ctk.ctkColorPickerButton()
        self.colourButton.displayColorName = False
        self.colourButton.toolTip = _("Choose the colour of the surface")
        self.colourButton.connect("colorChanged(QColor)", self._onColour)
        self._controls = (self.nameEdit, self.valueSlider, self.opacitySlider, self.colourButton)
        for label, control in zip(
            (_("&Name:"), _("Va&lue:"), _("&Opacity:"), _("&Colour:")), self._controls, strict=True
        ):
            form.addRow(label, control)
        return form

    def _show(self, row: int) -> None:
        """List the levels, and select one."""
        self.list.blockSignals(True)
        self.list.clear()
        for level in self._levels:
            self.list.addItem(self._listed(level))
        self.list.currentRow = min(row, len(self._levels) - 1)
        self.list.blockSignals(False)
        self._showControls(self.list.currentRow)

    def _listed(self, level: IsoLevel) -> Any:
        item = qt.QListWidgetItem(f"{level.name} ({level.value:g}{self.valueSlider.suffix})")
        swatch = qt.QPixmap(16, 16)
        swatch.fill(_colour(level))
        item.setIcon(qt.QIcon(swatch))
        return item

    def _showControls(self, row: int) -> None:
        level = self._levels[row] if 0 <= row < len(self._levels) else None
        for control in self._controls:
            control.enabled = level is not None
        self.removeButton.enabled = level is not None
        self.removeButton.toolTip = _("Take the selected surface away") if level else _("Select a surface first.")
        if level is None:
            self.nameEdit.text = ""
            return
        for control in self._controls:
            control.blockSignals(True)
        self.nameEdit.text = level.name
        self.valueSlider.value = level.value
        self.opacitySlider.value = level.opacity * _PERCENT
        self.colourButton.color = _colour(level)
        for control in self._controls:
            control.blockSignals(False)

    def _onColour(self, colour: qt.QColor) -> None:
        self._change(colour=(colour.redF(), colour.greenF(), colour.blueF()))

    def _change(self, **values: Any) -> None:
        row = self.list.currentRow
        if 0 <= row < len(self._levels):
            self._levels[row] = replace(self._levels[row], **values)
            shown = self._listed(self._levels[row])
            self.list.item(row).setText(shown.text())
            self.list.item(row).setIcon(shown.icon())
            self._settling.start()

    def _onAdd(self) -> None:
        number = len(self._levels)
        middle = (self.valueSlider.minimum + self.valueSlider.maximum) / 2
        value = self._levels[-1].value if self._levels else middle
        colour = _NEW_COLOURS[number % len(_NEW_COLOURS)]
        self._levels.append(IsoLevel(_("Surface {number}").format(number=number + 1), value, colour))
        self._show(number)
        self._settling.start()

    def _onRemove(self) -> None:
        row = self.list.currentRow
        del self._levels[row]
        self._show(max(row - 1, 0) if self._levels else -1)
        self._settling.start()


def _colour(level: IsoLevel) -> qt.QColor:
    return qt.QColor.fromRgbF(*level.colour)
