"""A picture in the panel, as small as the panel needs it, with boxes on it: outlined, or blanked as in the result."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeLib.pixels.box_markups import Box
from DicomSuiteAnonymizeLib.pixels.frame_picture import FramePicture

WIDTH, HEIGHT = 320, 220
"""Pixels that the picture fits in; panels are narrow."""
_PEN_PIXELS = 2


class FrameView:
    """Shows a `FramePicture`; `afterBox` is the user's choice between before and after."""

    def __init__(self) -> None:
        self._pixmap = qt.QPixmap()
        self._boxes: tuple[Box, ...] = ()
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.label = qt.QLabel()
        self.label.alignment = qt.Qt.AlignCenter
        self.label.accessibleName = _("Picture with the boxes that are blanked")
        self.afterBox = qt.QCheckBox(_("Show the picture as it &would be"))
        self.afterBox.toolTip = _("What lies in the boxes is black in the result; all other pixels stay as they are.")
        self.afterBox.connect("toggled(bool)", lambda isChecked: self._paint())
        layout.addWidget(self.label)
        layout.addWidget(self.afterBox)
        self.clear()

    def clear(self) -> None:
        """Show nothing."""
        self._pixmap = qt.QPixmap()
        self.label.clear()
        self.widget.visible = False

    def show(self, picture: FramePicture, boxes: Sequence[Box]) -> None:
        """Show this picture with these boxes."""
        self._pixmap = pixmapOf(picture)
        self.widget.visible = True
        self.setBoxes(boxes)

    def setBoxes(self, boxes: Sequence[Box]) -> None:
        """Show the same picture with these boxes."""
        self._boxes = tuple(boxes)
        self._paint()

    def cutOut(self, box: Box) -> qt.QPixmap:
        """What lies in a box of the picture."""
        return self._pixmap.copy(*box)

    def _paint(self) -> None:
        if not self._pixmap.isNull():
            painted = self.painted()
            self.label.pixmap = painted.scaled(WIDTH, HEIGHT, qt.Qt.KeepAspectRatio, qt.Qt.SmoothTransformation)

    def painted(self) -> qt.QPixmap:
        """The picture with its boxes, in its own size."""
        pixmap = self._pixmap.copy()
        painter = qt.QPainter(pixmap)
        try:
            for box in self._boxes:
                self._paintBox(painter, box)
        finally:
            painter.end()  # a painter that Python collects later outlives its picture, and Qt crashes
        return pixmap

    def _paintBox(self, painter: qt.QPainter, box: Box) -> None:
        if self.afterBox.checked:
            painter.fillRect(*box, qt.QColor(qt.Qt.black))
            return
        scale = max(self._pixmap.width() / WIDTH, self._pixmap.height() / HEIGHT, 1.0)
        painter.setPen(qt.QPen(self.widget.palette.color(qt.QPalette.Highlight), _PEN_PIXELS * scale))
        painter.drawRect(*box)


def pixmapOf(picture: FramePicture) -> qt.QPixmap:
    """The pixels for Qt."""
    from PIL import Image

    file = BytesIO()
    Image.fromarray(picture.pixels).save(file, "PNG", compress_level=0)
    pixmap = qt.QPixmap()
    pixmap.loadFromData(qt.QByteArray(file.getvalue()))
    return pixmap
