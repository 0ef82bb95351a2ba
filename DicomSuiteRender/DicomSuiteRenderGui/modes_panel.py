"""Render modes: a button with a picture for those that suit the volume, a list of all others, the user's own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteRenderGui.mode_thumbnails import ModeThumbnails
from DicomSuiteRenderGui.mode_words import modeLabel, modeToolTip
from DicomSuiteRenderGui.preset_bar import PresetBar, PresetKind
from DicomSuiteRenderLib.application_presets import application_presets
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.mode_files import MODE_FORMAT, own_mode
from DicomSuiteRenderLib.mode_thumbnail import EDGE
from DicomSuiteRenderLib.render_mode import RenderMode, ValueScale

COLUMNS = 4
BUTTON_PADDING = 14
"""Pixels; four columns fit into 350."""
FOLDER = "RenderModes"
"""In the user's private folder of DicomSuite."""

_NOT_FOR = {"CT": ("pet-", "mr"), "MR": ("pet-",), "PT": ("mr",)}
"""How the keys of built-in modes begin that make no sense for a modality."""


class ModesPanel:
    """Offers modes; `chosen` is emitted with the mode that was clicked, `resetAsked` without arguments.

    `current` returns what the view shows as a mode that can be saved, or None where it shows none.
    """

    def __init__(self, current: Callable[[], RenderMode | None]) -> None:
        self.chosen = Signal()
        self.resetAsked = Signal()
        self.own = PresetBar(PresetKind(_("M&y modes:"), FOLDER, MODE_FORMAT, own_mode), current)
        self.own.chosen.connect(self.chosen.emit)
        self.buttons: dict[str, qt.QToolButton] = {}
        self._thumbnails = ModeThumbnails()
        self._thumbnails.painted.connect(self._onPainted)
        self._presets: tuple[RenderMode, ...] = ()
        self._more: list[RenderMode] = []
        self._painted = self._shown = ""
        self._bare: set[str] = set()
        self._modality: str | None = None
        self._build()
        self.setModality("")

    def enter(self) -> None:
        """The module is shown: the user's modes and the application's presets are read."""
        self._presets = application_presets()
        self._fillMore()
        self.own.refresh()

    def exit(self) -> None:
        """Paint no thumbnails any more."""
        self._thumbnails.stop()

    def mode(self, key: str) -> RenderMode | None:
        """The mode of this key, wherever it comes from."""
        everything = (*built_in_modes(), *self.own.presets, *self._presets)
        return next((mode for mode in everything if mode.key == key), None)

    def setModality(self, modality: str) -> None:
        """Give the modes that suit a modality ("CT", "MR", …; "" where it is not known) a button."""
        if modality != self._modality:
            self._modality = modality
            self._fillGrid()
            self._fillMore()

    def paint(self, volumeNode: Any) -> None:
        """Give the buttons pictures of this volume, little by little; None: none."""
        missing = [mode for mode in built_in_modes() if mode.key in self.buttons]
        content = "" if volumeNode is None else f"{volumeNode.GetID()} {volumeNode.GetImageData().GetMTime()}"
        if content == self._painted:
            missing = [mode for mode in missing if mode.key in self._bare]
        else:
            self._painted, self._bare = content, set(self.buttons)
            for button in self.buttons.values():
                button.setIcon(qt.QIcon(_placeholder()))
        if content and missing:
            self._thumbnails.start(volumeNode, missing)
        else:
            self._thumbnails.stop()

    @property
    def isPainting(self) -> bool:
        """Whether buttons still wait for their picture."""
        return bool(self._painted and self._bare)

    def setShown(self, key: str) -> None:
        """Mark the mode that the view shows; "" for none."""
        self._shown = key
        self._mark()
        self.own.update()

    def setObstacle(self, reason: str) -> None:
        """Why no mode can be shown now; "" where one can."""
        for button in self.buttons.values():
            setPossible(button, reason, button.whatsThis)
        setPossible(self.moreBox, reason, _("Slicer's presets, and modes for other kinds of volume"))

    def setResettable(self, isResettable: bool) -> None:
        """Whether there is something that "Reset" would bring back."""
        whyNot = "" if isResettable else _("No mode has been shown yet.")
        setPossible(self.resetButton, whyNot, _("The view as it was before the first mode"))

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self._grid = qt.QGridLayout()
        self._grid.setSpacing(3)
        for column in range(COLUMNS):
            self._grid.setColumnStretch(column, 1)
        row = qt.QHBoxLayout()
        self.moreBox = qt.QComboBox()
        self.moreBox.accessibleName = _("More modes")
        self.moreBox.sizeAdjustPolicy = qt.QComboBox.AdjustToMinimumContentsLengthWithIcon
        self.moreBox.minimumContentsLength = 10
        self.moreBox.connect("activated(int)", self._onMore)
        self.resetButton = qt.QPushButton(_("&Reset"))
        self.resetButton.connect("clicked()", self.resetAsked.emit)
        row.addWidget(self.moreBox, 1)
        row.addWidget(self.resetButton)
        layout.addLayout(self._grid)
        layout.addLayout(row)
        layout.addWidget(self.own.widget)

    def _fillGrid(self) -> None:
        for button in self.buttons.values():
            self._grid.removeWidget(button)
            button.hide()
            button.deleteLater()
        suiting = [mode for mode in built_in_modes() if suits(mode, self._modality)]
        self.buttons = {mode.key: self._button(mode) for mode in suiting}
        self._painted = ""
        for number, button in enumerate(self.buttons.values()):
            self._grid.addWidget(button, number // COLUMNS, number % COLUMNS)
        self._mark()

    def _button(self, mode: RenderMode) -> qt.QToolButton:
        button = qt.QToolButton()
        button.text = modeLabel(mode)
        button.toolTip = button.whatsThis = modeToolTip(mode)
        button.toolButtonStyle = qt.Qt.ToolButtonTextUnderIcon
        button.iconSize = qt.QSize(EDGE, EDGE)
        button.setIcon(qt.QIcon(_placeholder()))
        button.checkable = True
        button.autoRaise = True
        button.focusPolicy = qt.Qt.StrongFocus  # tool buttons otherwise cannot be reached with the Tab key
        button.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)  # all columns of one width
        button.minimumWidth = EDGE + BUTTON_PADDING
        button.connect("clicked()", partial(self._onClicked, mode))
        return button

    def _fillMore(self) -> None:
        others = [mode for mode in built_in_modes() if mode.key not in self.buttons]
        self._more = [*others, *self._presets]
        self.moreBox.clear()
        self.moreBox.addItem(_("More modes…"))
        for mode in self._more:
            self.moreBox.addItem(modeLabel(mode))
        self._mark()

    def _mark(self) -> None:
        for name, button in self.buttons.items():
            button.checked = name == self._shown
        keys = [mode.key for mode in self._more]
        self.moreBox.currentIndex = keys.index(self._shown) + 1 if self._shown in keys else 0

    def _onClicked(self, mode: RenderMode) -> None:
        self._mark()  # the view decides what is shown, and says so
        self.chosen.emit(mode)

    def _onMore(self, index: int) -> None:
        self._mark()
        if index > 0:
            self.chosen.emit(self._more[index - 1])

    def _onPainted(self, key: str, pixmap: qt.QPixmap) -> None:
        self._bare.discard(key)
        self.buttons[key].setIcon(qt.QIcon(pixmap))


def suits(mode: RenderMode, modality: str) -> bool:
    """Whether a built-in mode is meant for volumes of this modality; every one may be for an unknown."""
    isForOthers = mode.key.startswith(_NOT_FOR.get(modality, ()))
    isInHu = mode.scale is ValueScale.NATIVE
    return not isForOthers and (not isInHu or modality in ("CT", ""))


def _placeholder() -> qt.QPixmap:
    """Of the same size as a thumbnail, so that nothing moves when that comes."""
    pixmap = qt.QPixmap(EDGE, EDGE)
    pixmap.fill(qt.QColor(qt.Qt.transparent))
    return pixmap
