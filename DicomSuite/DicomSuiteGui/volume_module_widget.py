"""The life of the panel of a module that works on one volume."""

from __future__ import annotations

from collections.abc import Collection

from DicomSuiteGui.loaded_series import volumeOfSeries
from DicomSuiteGui.loaded_volumes import volumesOfScene
from DicomSuiteGui.module_widget import ModuleWidget


class VolumeModuleWidget(ModuleWidget):
    """What the widget classes of these modules have in common: their parameter node's `volume` is the volume."""

    def initializeParameterNode(self):
        """Use the scene's parameter node, and the first volume where none is chosen."""
        super().initializeParameterNode()
        if self._parameterNode.volume is None:
            first = next(iter(volumesOfScene()), None)
            if first is not None:
                self._parameterNode.volume = first

    def useVolumeOf(self, seriesInstanceUIDs: Collection[str]) -> bool:
        """Choose the volume that was loaded from one of these series; tells whether there is one."""
        if self._parameterNode is None:
            self.initializeParameterNode()
        volume = volumeOfSeries(seriesInstanceUIDs)
        if volume is not None:
            self._parameterNode.volume = volume
        return volume is not None
