"""What lies under the mouse and the crosshair, markers that stay, and views that move together."""

from __future__ import annotations

from typing import Any

import numpy as np
import qt
from slicer.i18n import tr as _

from DicomSuiteGui.crosshair import crosshairNode
from DicomSuiteGui.push_buttons import addPushButton
from DicomSuiteGui.scene_changes import SceneChanges
from DicomSuiteGui.shown_views import whyNoViews
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import RAS_SIGNS, Vector3
from DicomSuiteRenderGui.crosshair_follower import CrosshairFollower, Pointed
from DicomSuiteRenderGui.crosshair_gestures import CrosshairGestures
from DicomSuiteRenderGui.marker_table import MarkerTable
from DicomSuiteRenderGui.markers import dropMarker, someMarkersNode
from DicomSuiteRenderGui.placing import Placing
from DicomSuiteRenderGui.readout import Reading, Readout
from DicomSuiteRenderGui.scene_volumes import SceneVolumes, shownVolumes
from DicomSuiteRenderGui.view_actions import areSlicesLinked, centre3D, fitSlices, linkSlices
from DicomSuiteRenderLib.voxel_picker import pick


class InspectorPanel:
    """Works from `enter` to `exit`; then the views are as Slicer has them, and the markers stay."""

    def __init__(self) -> None:
        self._volumeNode: Any = None
        self._compared: list[Any] = []
        self._pointed: Pointed | None = None
        self._isEntered = False
        self._volumes = SceneVolumes(self._update)
        self._follower = CrosshairFollower(self._onMoved)
        self._gestures = CrosshairGestures()
        self._changes = SceneChanges(self._onSceneChanged)
        self._placing = Placing(self._onPlacingEnded)
        self._build()
        self._update()

    def setVolume(self, node: Any) -> None:
        """Read this volume at the markers, and first of all at the mouse."""
        self._volumeNode = node
        self._update()

    def setParameters(self, parameters: Any) -> None:
        """Read the volumes that are compared, too."""
        self._compared = list(parameters.compared)
        self._update()

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self._changes.follow()
        self._follower.follow()
        self.markers.follow()
        self._applyGestures()
        self._update()

    def exit(self) -> None:
        """Another module is shown."""
        self._isEntered = False
        self._placing.stop()
        self._gestures.stop()
        self._follower.stop()
        self.markers.stop()
        self._changes.stop()
        self._volumes.forget()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()

    def _build(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.followBox = qt.QCheckBox(_("&Click or drag moves all views"))
        self.followBox.checked = True
        self.followBox.toolTip = _(
            "A click or drag with the left button in a slice view, or a click on something in a 3D view, puts the "
            "crosshair there, and every slice view shows that point. With Shift it works always."
        )
        self.followBox.connect("toggled(bool)", self._onFollow)
        layout.addWidget(self.followBox)
        layout.addLayout(self._buildViewButtons())
        self.readout = Readout()
        layout.addWidget(self.readout.widget)
        row = qt.QHBoxLayout()
        self.dropButton = addPushButton(row, _("Drop &marker"), self._onDrop)
        self.placeButton = addPushButton(row, _("&Place by clicks"), self._onPlace)
        self.placeButton.checkable = True
        layout.addLayout(row)
        self.markers = MarkerTable(self._readChosen)
        layout.addWidget(self.markers.widget)

    def _buildViewButtons(self) -> qt.QHBoxLayout:
        row = qt.QHBoxLayout()
        self.fitButton = addPushButton(row, _("&Fit slices"), fitSlices)
        self.linkButton = addPushButton(row, _("&Link slices"), self._onLink)
        self.linkButton.checkable = True
        self.centreButton = addPushButton(row, _("Centr&e 3D"), centre3D)
        return row

    def _update(self) -> None:
        if self._isEntered:
            self._updateReadout()
            self.markers.update()
        self._updateButtons()

    def _updateReadout(self) -> None:
        if self._pointed is not None:
            nodes = shownVolumes(self._volumeNode, self._compared)
            readings = [self._read(node, self._pointed.ras) for node in nodes]
            self.readout.show(self._pointed.ras, self._pointed.isMouse, readings)

    def _updateButtons(self) -> None:
        noViews = whyNoViews()
        setPossible(self.fitButton, noViews, _("Show the whole volume in every slice view"))
        setPossible(self.centreButton, noViews, _("Show everything in every 3D view"))
        places = _("Put a marker wherever you click in a view, until you press this again")
        setPossible(self.placeButton, noViews, places)
        self.linkButton.toolTip = _("Zoom, pan and scroll alike in all slice views of the same orientation")
        self.linkButton.checked = areSlicesLinked()
        noCrosshair = "" if crosshairNode() is not None else _("The scene has no crosshair.")
        setPossible(self.dropButton, noCrosshair, _("Put a marker where the crosshair is"))

    def _readChosen(self, ras: Vector3) -> Reading | None:
        return None if self._volumeNode is None else self._read(self._volumeNode, ras)

    def _read(self, node: Any, ras: Vector3) -> Reading:
        try:
            volume, unit = self._volumes.volume(node), self._volumes.unit(node)
        except DicomSuiteError as error:
            return Reading(node.GetName(), None, str(error))
        return Reading(node.GetName(), pick(volume, np.array(ras) * RAS_SIGNS, unit))

    def _applyGestures(self) -> None:
        if self._isEntered and self.followBox.checked:
            self._gestures.start()
        else:
            self._gestures.stop()

    def _onMoved(self, where: Pointed) -> None:
        self._pointed = where
        self._updateReadout()

    def _onSceneChanged(self) -> None:
        self._volumes.forgetRemoved()
        self._follower.follow()
        self.markers.follow()
        self._update()

    def _onFollow(self, isChecked: bool) -> None:
        self._applyGestures()

    def _onLink(self) -> None:
        linkSlices(self.linkButton.checked)

    def _onDrop(self) -> None:
        dropMarker(tuple(crosshairNode().GetCrosshairRAS()))
        self.markers.follow()

    def _onPlace(self) -> None:
        if self.placeButton.checked:
            self._placing.start(someMarkersNode(), isPersistent=True)
            self.markers.follow()
        else:
            self._placing.stop()

    def _onPlacingEnded(self, node: Any) -> None:
        self.placeButton.checked = False
