"""Windows to choose from: a button for each that is needed often, a list of the others."""

from __future__ import annotations

from functools import partial

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.tool_buttons import SPACING, setPossible
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderGui.found_windows import FoundWindows
from DicomSuiteRenderGui.value_scale import ValueScale
from DicomSuiteRenderGui.window_words import storedLabel, windowLabel, windowNumbers, windowToolTip
from DicomSuiteRenderLib.display_lut import DisplayLut
from DicomSuiteRenderLib.voi_lut import VoiLut
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel
from DicomSuiteRenderLib.window_presets import WindowPreset, window_presets

COLUMNS = 3
CT_BUTTONS = ("lung", "mediastinum", "soft-tissue", "abdomen", "bone", "brain", "liver")
"""The windows that nearly every CT is read in; the others are in the list below."""
AUTOMATIC, OF_IMAGES = "automatic", "of-images"
"""Keys of the two buttons whose windows depend on the volume."""
_SAME = 1e-4
"""Part of a window's width by which another one is still the same."""

Preset = WindowPreset | VoiLut


class WindowChoices:
    """`chosen` is emitted with what the user wants to see."""

    def __init__(self) -> None:
        self.chosen = Signal()
        self._onButtons: dict[str, Preset] = {}
        self._inBox: list[Preset] = []
        self._tables: dict[str, DisplayLut | None] = {}  # of the images' presets, by their keys
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._buildButtons())
        row = qt.QHBoxLayout()
        self.moreBox = qt.QComboBox()
        self.moreBox.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.moreBox.connect("activated(int)", self._onBox)
        label = qt.QLabel(_("&More:"))
        label.setBuddy(self.moreBox)
        row.addWidget(label)
        row.addWidget(self.moreBox, 1)
        layout.addLayout(row)

    def offer(self, found: FoundWindows, scale: ValueScale, whyNot: str) -> None:
        """Offer what suits a volume; `whyNot` stands against all of it."""
        builtIn = {preset.key: preset for preset in window_presets() if found.modality in ("CT", "")}
        self._onButtons = {key: preset for key, preset in builtIn.items() if key in CT_BUTTONS}
        if found.automatic is not None:
            self._onButtons[AUTOMATIC] = WindowPreset(AUTOMATIC, AUTOMATIC, found.automatic)
        if found.ofImages:
            self._onButtons[OF_IMAGES] = found.ofImages[0]
        for key, button in self.buttons.items():
            preset = self._onButtons.get(key)
            button.visible = key in builtIn or key not in CT_BUTTONS
            setPossible(
                button,
                whyNot or ("" if preset is not None else _whyMissing(key, found)),
                windowNumbers(preset.window, scale) if isinstance(preset, WindowPreset) else "",
            )
        rare = [preset for key, preset in builtIn.items() if key not in CT_BUTTONS]
        self._inBox = [*found.ofImages, *rare]
        self._tables = {preset.key: tableOf(preset) for preset in found.ofImages}
        self.moreBox.clear()
        self.moreBox.addItem(_("{count} more windows").format(count=len(self._inBox)))
        for number, preset in enumerate(self._inBox, start=1):
            self.moreBox.addItem(storedLabel(preset, scale) if preset in found.ofImages else windowLabel(preset))
            self.moreBox.setItemData(number, windowToolTip(preset, scale), qt.Qt.ToolTipRole)
        empty = "" if self._inBox else _("There are no other windows for this volume.")
        setPossible(self.moreBox, whyNot or empty, _("The windows of the images, and rarer ones"))

    def mark(self, window: WindowLevel | None, table: DisplayLut | None) -> None:
        """Mark what the volume is shown through now."""
        for key, button in self.buttons.items():
            preset = self._onButtons.get(key)
            button.checked = preset is not None and self._isShown(preset, window, table)
            font = qt.QFont(button.font)
            font.setBold(button.checked)  # a dark desktop hardly tells a checked button from another
            button.font = font
        shown = [self._isShown(preset, window, table) for preset in self._inBox]
        self.moreBox.currentIndex = shown.index(True) + 1 if any(shown) else 0

    def _buildButtons(self) -> qt.QGridLayout:
        grid = qt.QGridLayout()
        grid.setSpacing(SPACING)
        self.buttons: dict[str, qt.QToolButton] = {}
        labels = {preset.key: windowLabel(preset) for preset in window_presets()}
        labels |= {AUTOMATIC: _("Automatic"), OF_IMAGES: _("As stored")}
        for number, key in enumerate((AUTOMATIC, OF_IMAGES, *CT_BUTTONS)):
            button = qt.QToolButton()
            button.text = labels[key]
            button.checkable = True
            button.focusPolicy = qt.Qt.StrongFocus  # tool buttons otherwise cannot be reached with the Tab key
            button.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
            button.connect("clicked()", partial(self._onButton, key))
            grid.addWidget(button, number // COLUMNS, number % COLUMNS)
            self.buttons[key] = button
        for column in range(COLUMNS):
            grid.setColumnStretch(column, 1)
        return grid

    def _onBox(self, index: int) -> None:
        if index > 0:  # above are the windows, and not one of them
            self.chosen.emit(self._inBox[index - 1])

    def _onButton(self, key: str) -> None:
        self.chosen.emit(self._onButtons[key])

    def _isShown(self, preset: Preset, window: WindowLevel | None, table: DisplayLut | None) -> bool:
        ofPreset = self._tables.get(preset.key)
        if ofPreset is not None or table is not None:
            return ofPreset == table
        if window is None:
            return False
        reach = _SAME * window.width
        return abs(preset.window.level - window.level) <= reach and abs(preset.window.width - window.width) <= reach


def tableOf(preset: Preset) -> DisplayLut | None:
    """The look-up table that slice views show a preset with which is no straight line; None for one that is."""
    if isinstance(preset, VoiLut):
        return preset.display_lut()
    return DisplayLut.from_window(preset.window) if preset.window.function is VoiFunction.SIGMOID else None


def _whyMissing(key: str, found: FoundWindows) -> str:
    if found.problem:
        return found.problem
    return _("Looking…") if key == AUTOMATIC else _("The images bring no window along.")
