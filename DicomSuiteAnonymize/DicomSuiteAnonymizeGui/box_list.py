"""The boxes of a picture: listed, added, taken away, and drawn on the picture in a slice view."""

from __future__ import annotations

from collections.abc import Iterable

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.drawn_boxes import DrawnBoxes
from DicomSuiteAnonymizeGui.picture_view import PictureView
from DicomSuiteAnonymizeGui.words import boxText
from DicomSuiteAnonymizeLib.pixels.box_markups import Box
from DicomSuiteAnonymizeLib.pixels.frame_picture import FramePicture
from DicomSuiteGui.tool_buttons import addToolButton, setPossible
from DicomSuiteLib.plain_signal import Signal

_LIST_HEIGHT = 70
_NEW_SHARE = 3
"""A new box is as wide and high as this part of the picture, in its middle."""


class BoxList:
    """Holds the boxes; `changed` is emitted without arguments when the user has changed them."""

    def __init__(self) -> None:
        self.changed = Signal()
        self._boxes: tuple[Box, ...] = ()
        self._picture: FramePicture | None = None
        self._view = PictureView()
        self._drawn = DrawnBoxes()
        self._drawn.changed.connect(self._onDragged)
        self._build()
        self._show()

    @property
    def boxes(self) -> tuple[Box, ...]:
        """All boxes, in the order in which they came."""
        return self._boxes

    def setPicture(self, picture: FramePicture | None) -> None:
        """The picture that they are on; None: there is none, and nothing is drawn any more."""
        self._picture = picture
        if picture is None:
            self._boxes = ()
            self.endDrawing()
        elif self.drawButton.checked:
            self._view.show(picture)
        self._show()

    def setBoxes(self, boxes: Iterable[Box]) -> None:
        """Hold exactly these, each once."""
        self._boxes = tuple(dict.fromkeys(boxes))
        self._show()

    def endDrawing(self) -> None:
        """Take picture and boxes out of the scene; what was drawn stays in the list."""
        self.drawButton.checked = False

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.drawButton = addToolButton(row, _("&Draw…"), _("Draw boxes in a slice view"), lambda: None)
        self.drawButton.checkable = True
        self.drawButton.connect("toggled(bool)", self._onDraw)
        self.addButton = addToolButton(row, _("&Add box"), _("Add a box"), self._onAdd)
        self.removeButton = addToolButton(row, _("Remo&ve"), _("Remove the selected boxes"), self._onRemove)
        row.addStretch(1)
        self.list = qt.QListWidget()
        self.list.accessibleName = _("Boxes")
        self.list.selectionMode = qt.QAbstractItemView.ExtendedSelection
        self.list.minimumHeight = self.list.maximumHeight = _LIST_HEIGHT
        self.list.toolTip = _("What is blanked in every picture of this kind: left, top, width and height in pixels")
        self.list.connect("itemSelectionChanged()", self._showPossible)
        layout.addLayout(row)
        layout.addWidget(self.list)

    def _onDraw(self, isWanted: bool) -> None:
        if isWanted and self._picture is not None:
            self._view.show(self._picture)
        else:
            self._drawn.clear()
            self._view.end()
        self._show()

    def _onAdd(self) -> None:
        rows, columns = self._picture.pixels.shape[:2]
        width, height = max(columns // _NEW_SHARE, 1), max(rows // _NEW_SHARE, 1)
        self._change((*self._boxes, ((columns - width) // 2, (rows - height) // 2, width, height)))
        self.drawButton.checked = not self._view.whyNot

    def _onRemove(self) -> None:
        removed = {self.list.row(item) for item in self.list.selectedItems()}
        self._change(box for number, box in enumerate(self._boxes) if number not in removed)

    def _onDragged(self) -> None:
        self._change(self._drawn.boxes)

    def _change(self, boxes: Iterable[Box]) -> None:
        self.setBoxes(boxes)
        self.changed.emit()

    def _show(self) -> None:
        self.list.clear()
        for box in self._boxes:
            self.list.addItem(boxText(box))
        if self.drawButton.checked and self._picture is not None:
            self._drawn.show(self._boxes, self._picture.geometry)
        self._showPossible()

    def _showPossible(self) -> None:
        nothing = "" if self._picture is not None else _("Choose a series first.")
        setPossible(
            self.drawButton,
            nothing or self._view.whyNot,
            _("Show the picture in a slice view, where boxes are moved and resized with the mouse"),
        )
        setPossible(self.addButton, nothing, _("Add a box in the middle; drag it to its place in the slice view"))
        setPossible(
            self.removeButton,
            "" if self.list.selectedItems() else _("Select boxes in the list first."),
            _("Remove the selected boxes"),
        )
