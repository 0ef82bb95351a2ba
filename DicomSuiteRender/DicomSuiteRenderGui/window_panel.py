"""The display window of a volume: presets in one click, level and width in exact numbers, the user's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import ctk
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteRenderGui.display_window import shownWindow, showWindow
from DicomSuiteRenderGui.found_windows import FoundWindows, WindowSearch
from DicomSuiteRenderGui.preset_bar import PresetBar, PresetKind
from DicomSuiteRenderGui.value_scale import ValueScale
from DicomSuiteRenderGui.volume_watch import VolumeWatch, whyNoVoxels
from DicomSuiteRenderGui.window_choices import WindowChoices, tableOf
from DicomSuiteRenderGui.window_words import windowEnds
from DicomSuiteRenderLib.lut_nodes import hide_lut, show_lut, shown_lut
from DicomSuiteRenderLib.voi_lut import VoiLut
from DicomSuiteRenderLib.window_files import WINDOW_FORMAT, own_window
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel
from DicomSuiteRenderLib.window_presets import WindowPreset


class WindowPanel:
    """Follows one volume at a time, as long as the module is shown."""

    def __init__(self) -> None:
        self._volume: Any = None
        self._isEntered = False
        self._scale = ValueScale()
        self._search = WindowSearch()
        self._search.finished.connect(self._offer)
        self._watch = VolumeWatch()
        self._watch.displayChanged.connect(self._showWindow)
        self._watch.voxelsChanged.connect(self._begin)
        self._build()
        self._begin()

    def setVolume(self, volumeNode: Any) -> None:
        """Show this volume, or none."""
        if volumeNode is not self._volume:
            self._volume = volumeNode
            self._begin()

    def setParameters(self, parameters: Any) -> None:
        """Nothing to do: the window is in the volume's display node."""

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self.own.refresh()
        self._begin()

    def exit(self) -> None:
        """The module is left: nothing is followed."""
        self._isEntered = False
        self._search.stop()
        self._watch.follow(None)

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()

    def show(self, preset: WindowPreset | VoiLut) -> None:
        """Show the volume as a preset says; one that is no straight line becomes a look-up table."""
        table = tableOf(preset)
        if table is not None:
            show_lut(table, self._volume)
        else:
            hide_lut(self._volume)
            showWindow(self._volume, preset.window)
        self._showWindow()  # a button that is pressed again has changed nothing, and stays marked

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.choices = WindowChoices()
        self.choices.chosen.connect(self.show)
        layout.addWidget(self.choices.widget)
        grid = qt.QGridLayout()
        grid.setColumnStretch(1, 1)
        self.levelSlider = _slider(self._onLevel)
        self.widthSlider = _slider(self._onWidth)
        for row, (text, slider) in enumerate(((_("&Level:"), self.levelSlider), (_("W&idth:"), self.widthSlider))):
            label = qt.QLabel(text)
            label.setBuddy(slider)
            grid.addWidget(label, row, 0)
            grid.addWidget(slider, row, 1)
        layout.addLayout(grid)
        self.endsLabel = qt.QLabel()
        self.endsLabel.wordWrap = True
        layout.addWidget(self.endsLabel)
        kind = PresetKind(_("O&wn:"), "Windows", WINDOW_FORMAT, own_window)
        self.own = PresetBar(kind, lambda: None if self._whyNot() else shownWindow(self._volume))
        self.own.chosen.connect(self.show)
        layout.addWidget(self.own.widget)

    def _begin(self) -> None:
        """Show the volume as it is now."""
        whyNot = self._whyNot()
        self._search.stop()
        self._watch.follow(self._volume if self._isEntered else None)
        self._scale = ValueScale() if whyNot else ValueScale.of(self._volume)
        _setScale(self.levelSlider, self._scale.low, self._scale.high, self._scale)
        _setScale(self.widthSlider, self._scale.step, self._scale.high - self._scale.low, self._scale)
        setPossible(self.levelSlider, whyNot, _("The value that is shown in the middle grey"))
        setPossible(self.widthSlider, whyNot, _("How far black and white are apart"))
        self._offer(FoundWindows())
        if not whyNot:
            self._search.start(self._volume)

    def _offer(self, found: FoundWindows) -> None:
        self.choices.offer(found, self._scale, self._whyNot())
        self._showWindow()

    def _showWindow(self) -> None:
        """Follow the scene."""
        whyNot = self._whyNot()
        window = None if whyNot else shownWindow(self._volume)
        table = None if whyNot else shown_lut(self._volume)
        self.choices.mark(window, table)
        if window is not None:
            _setValue(self.levelSlider, window.level)
            _setValue(self.widthSlider, window.width)
        if window is None:
            self.endsLabel.text = whyNot or _("The grey values are turned over; choose a window.")
        elif table is not None:
            self.endsLabel.text = _("Shown through a look-up table; its points are in the histogram.")
        else:
            self.endsLabel.text = windowEnds(window, self._scale)
        self.own.update()

    def _onLevel(self, level: float) -> None:
        window = shownWindow(self._volume)
        width = self.widthSlider.value if window is None else window.width
        showWindow(self._volume, WindowLevel(level, width, VoiFunction.LINEAR_EXACT))

    def _onWidth(self, width: float) -> None:
        window = shownWindow(self._volume)
        level = self.levelSlider.value if window is None else window.level
        showWindow(self._volume, WindowLevel(level, width, VoiFunction.LINEAR_EXACT))

    def _whyNot(self) -> str:
        return whyNoVoxels(self._volume) or ("" if self._isEntered else _("The module is not shown."))


def _slider(onChange: Callable[[float], None]) -> ctk.ctkSliderWidget:
    slider = ctk.ctkSliderWidget()
    slider.connect("valueChanged(double)", onChange)
    return slider


def _setScale(slider: ctk.ctkSliderWidget, low: float, high: float, scale: ValueScale) -> None:
    wasBlocked = slider.blockSignals(True)
    slider.decimals = scale.decimals
    slider.minimum = min(low, slider.minimum)  # never above the maximum, whatever that was
    slider.maximum = high
    slider.minimum = low
    slider.singleStep = scale.step
    slider.suffix = scale.suffix
    slider.blockSignals(wasBlocked)


def _setValue(slider: ctk.ctkSliderWidget, value: float) -> None:
    """Show a value, also one beyond the volume's own."""
    wasBlocked = slider.blockSignals(True)
    slider.minimum = min(slider.minimum, value)
    slider.maximum = max(slider.maximum, value)
    slider.value = value
    slider.blockSignals(wasBlocked)
