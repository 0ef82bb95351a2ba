"""The histogram of a volume, with a look-up table drawn over it by hand: live in the slice views, by a button in 3D."""

from __future__ import annotations

from typing import Any

import numpy as np
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.tool_buttons import SPACING, addToolButton, setPossible
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderGui.histogram_counter import HistogramCounter
from DicomSuiteRenderGui.histogram_scale import HistogramScale
from DicomSuiteRenderGui.histogram_view import HistogramView
from DicomSuiteRenderGui.lut_editor import LutEditor
from DicomSuiteRenderGui.point_boxes import PERCENT, PointBoxes
from DicomSuiteRenderGui.preset_bar import PresetBar, PresetKind
from DicomSuiteRenderGui.shown_lut_link import ShownLutLink
from DicomSuiteRenderGui.value_scale import ValueScale
from DicomSuiteRenderGui.volume_watch import VolumeWatch, whyNoVoxels
from DicomSuiteRenderLib.display_lut import DisplayLut, lut_to_transfer_functions
from DicomSuiteRenderLib.histogram import Histogram
from DicomSuiteRenderLib.lut_files import LUT_FORMAT, LutPreset
from DicomSuiteRenderLib.render_mode import RenderMode, Shading, Technique, VolumeLook

MODE_KEY = "histogram"
SHADING = Shading(ambient=0.15, diffuse=0.85, specular=0.1, specular_power=10.0)
"""Matt, as of the built-in modes."""


class HistogramPanel:
    """Follows one volume at a time, as long as the module is shown.

    `modeWanted` is emitted with the render mode that shows in 3D what the slices show, when the user asks for it.
    """

    def __init__(self) -> None:
        self.modeWanted = Signal()
        self._volume: Any = None
        self._isEntered = False
        self._scale = ValueScale()
        self._editor = LutEditor(DisplayLut.from_pairs(((self._scale.low, 0.0), (self._scale.high, 1.0))))
        self._link = ShownLutLink(self._editor)
        self._counter = HistogramCounter()
        self._counter.counted.connect(self._showCounts)
        self._watch = VolumeWatch()
        self._watch.displayChanged.connect(self._onDisplayChanged)
        self._watch.voxelsChanged.connect(self._begin)
        self._state: tuple[Any, ...] | None = None
        self._build()
        self._editor.changed.connect(self._update)
        self._begin()

    def setVolume(self, volumeNode: Any) -> None:
        """Show this volume, or none."""
        if volumeNode is not self._volume:
            self._volume = volumeNode
            self._begin()

    def setParameters(self, parameters: Any) -> None:
        """Nothing to do: the control of `logScale` is bound by its SlicerParameterName."""

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self.presets.refresh()
        self._begin()

    def exit(self) -> None:
        """The module is left: nothing is counted or followed."""
        self._isEntered = False
        self._counter.stop()
        self._watch.follow(None)
        self._link.follow(None)

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()

    @property
    def histogram(self) -> Histogram | None:
        """The counts that are shown; None until they are known."""
        return self._counter.histogram

    @property
    def lut(self) -> DisplayLut:
        """The table that is drawn."""
        return self._editor.lut

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.view = HistogramView(self._editor)
        self.view.hovered.connect(self._showReadout)
        self.readoutLabel = qt.QLabel()
        self.readoutLabel.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        self.boxes = PointBoxes(self._editor)
        self.scale = HistogramScale(self.view)
        self.presets = PresetBar(
            PresetKind(_("&Table:"), "LookUpTables", LUT_FORMAT, LutPreset),
            lambda: None if self._whyNot() else self._editor.lut,
        )
        self.presets.chosen.connect(lambda preset: self._editor.replace(preset.lut))
        layout.addWidget(self.view.widget)
        layout.addWidget(self.readoutLabel)
        layout.addWidget(self.boxes.widget)
        layout.addLayout(self._buildButtons())
        layout.addWidget(self.presets.widget)
        layout.addWidget(self.scale.widget)

    def _buildButtons(self) -> qt.QHBoxLayout:
        row = qt.QHBoxLayout()
        row.setSpacing(SPACING)
        self.undoButton = addToolButton(row, _("Undo"), _("Undo"), self._editor.undo)
        self.redoButton = addToolButton(row, _("Redo"), _("Redo"), self._editor.redo)
        self.windowButton = addToolButton(row, _("Reset"), _("Back to the window"), self._onBackToWindow)
        row.addStretch(1)
        self.useButton = qt.QPushButton(_("Use in &3D"))
        self.useButton.connect("clicked()", self._onUse)
        row.addWidget(self.useButton)
        self.opacityBox = qt.QSpinBox()
        self.opacityBox.setRange(1, PERCENT)
        self.opacityBox.value = PERCENT
        self.opacityBox.suffix = _(" %")
        self.opacityBox.accessibleName = _("Opacity of white in 3D")
        self.opacityBox.toolTip = _("How opaque white is in 3D; black is transparent")
        row.addWidget(self.opacityBox)
        return row

    def _begin(self) -> None:
        """Show the volume as it is now."""
        shown = None if self._whyNot() else self._volume
        self._scale = ValueScale() if shown is None else ValueScale.of(shown)
        self._watch.follow(self._volume if self._isEntered else None)
        self.boxes.setUnit(self._scale.unit, self._scale.decimals)
        self._counter.count(shown)
        self._showCounts()
        self._link.follow(shown, (self._scale.low, self._scale.high))
        self._update()

    def _showCounts(self) -> None:
        self.scale.show(self._counter.histogram, self._scale)
        self._showReadout(None)

    def _showReadout(self, value: float | None) -> None:
        """What is below the mouse, else how many voxels there are."""
        counts = self._counter.histogram
        if counts is None:
            self.readoutLabel.text = self._whyNot() or self._counter.problem or _("Counting…")
            return
        number = -1 if value is None else int(np.searchsorted(counts.edges, value, side="right")) - 1
        if 0 <= number < len(counts.counts):
            low, count = self._scale.text(float(counts.edges[number])), int(counts.counts[number])
            self.readoutLabel.text = _("From {value} on: {count:,} voxels").format(value=low, count=count)
            return
        text = _("{count:,} voxels").format(count=counts.total)
        if counts.not_finite:
            text += _(", {count:,} without a value (NaN or infinite)").format(count=counts.not_finite)
        self.readoutLabel.text = text

    def _onDisplayChanged(self) -> None:
        if not self._whyNot():
            self._link.displayChanged()
            self._update()

    def _onBackToWindow(self) -> None:
        self._link.backToWindow()
        self._update()

    def _onUse(self) -> None:
        opacity, colours = lut_to_transfer_functions(self._editor.lut, self.opacityBox.value / PERCENT)
        look = VolumeLook(Technique.COMPOSITE, opacity, colours, shading=SHADING)
        self.modeWanted.emit(RenderMode(MODE_KEY, _("Histogram"), look))

    def _update(self) -> None:
        """Enable what can be done now, and say why the rest cannot; a point that is dragged changes nothing of it."""
        nothing, editor = self._whyNot(), self._editor
        state = (nothing, editor.canUndo, editor.canRedo, not nothing and self._link.isShown)
        if state == self._state:
            return
        self._state = state
        for part in (self.view, self.boxes, self.scale):
            part.widget.enabled = not nothing
        reasons = (
            (self.undoButton, _("Nothing to take back."), _("Take a step back")),
            (self.redoButton, _("Nothing was taken back."), _("Take the step again")),
            (
                self.windowButton,
                _("The slices are shown through the window already."),
                _("Show the slices through the window again, without a table"),
            ),
        )
        for isPossible, (button, whyNot, toolTip) in zip(state[1:], reasons, strict=True):
            setPossible(button, nothing or ("" if isPossible else whyNot), toolTip)
        setPossible(self.useButton, nothing, _("Volume rendering with these points as opacity and shades of grey"))
        self.presets.update()

    def _whyNot(self) -> str:
        return whyNoVoxels(self._volume) or ("" if self._isEntered else _("The module is not shown."))
