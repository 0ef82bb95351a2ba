"""Measures what users draw, and measures it again when it, or the volume that it is drawn on, has changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import qt
import slicer
import vtk

from DicomSuiteGui.background import Background
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.value_unit import ValueUnit
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.markups_measurements import box_of_roi, measure_markups
from DicomSuiteRenderLib.measurements import Measurement, measure_area, measure_box
from DicomSuiteRenderLib.outlines import Outline

_SETTLE_MS = 30
"""For which a drawing must rest before its voxels are measured: it is dragged in many small steps."""


@dataclass(frozen=True)
class Drawn:
    """A drawing and what it measures; `trouble` says why there is no measurement yet."""

    node: Any
    measurement: Measurement | None
    trouble: str = ""


WithVoxels = Callable[[Volume, ValueUnit], Measurement]
"""Measures the voxels, too; touches no MRML."""


class LiveMeasures:
    """Lengths, angles and sizes are told at once, statistics of the voxels when a thread has found them.

    `changed` is called without arguments whenever `drawn` is another.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._nodes: list[Any] = []
        self._observed: list[tuple[Any, int]] = []
        self._source: tuple[Volume, ValueUnit] | None = None
        self._drawn: dict[str, Drawn] = {}
        self._waiting: dict[str, WithVoxels] = {}
        self._isMeasuring = False
        self._background = Background()
        self._settling = qt.QTimer()
        self._settling.setSingleShot(True)
        self._settling.connect("timeout()", self.update)

    @property
    def drawn(self) -> list[Drawn]:
        """What there is to tell of each drawing, in their order."""
        return [self._drawn[node.GetID()] for node in self._nodes if node.GetID() in self._drawn]

    @property
    def isMeasuring(self) -> bool:
        """Whether statistics are still to come."""
        return self._isMeasuring or self._settling.active

    def follow(self, nodes: Sequence[Any]) -> None:
        """Measure these, and no others."""
        self._unobserve()
        self._nodes = list(nodes)
        events = (slicer.vtkMRMLMarkupsNode.PointModifiedEvent, vtk.vtkCommand.ModifiedEvent)
        for node in self._nodes:
            for event in (*events, slicer.vtkMRMLTransformableNode.TransformModifiedEvent):
                self._observed.append((node, node.AddObserver(event, self._onModified)))
        self.update()

    def setSource(self, source: tuple[Volume, ValueUnit] | None) -> None:
        """Take the statistics from this volume, in this unit; None: there are none."""
        self._source = source
        self.update()

    def stop(self) -> None:
        """Let go of the drawings and the volume; what was measured stays told."""
        self._unobserve()
        self._settling.stop()
        self._background.drop()
        self._waiting.clear()
        self._isMeasuring = False
        self._source = None

    def update(self) -> None:
        """Measure everything again."""
        self._waiting.clear()
        former, self._drawn = self._drawn, {}
        for node in self._nodes:
            self._drawn[node.GetID()] = self._measured(node, former.get(node.GetID()))
        self._changed()
        self._measureVoxels()

    def _measured(self, node: Any, former: Drawn | None) -> Drawn:
        """The size now; the statistics stay those of before until new ones are known, if the drawing is the same."""
        try:
            measurement, withVoxels = _geometryOf(node)
        except DicomSuiteError as error:
            return Drawn(node, None, str(error))
        if withVoxels is not None and self._source is not None:
            self._waiting[node.GetID()] = withVoxels
            if former is not None and former.measurement is not None and _isSame(former.measurement, measurement):
                return former
        return Drawn(node, measurement)

    def _measureVoxels(self) -> None:
        """One thread at a time: what is dragged meanwhile is measured where it comes to rest."""
        if not self._isMeasuring and self._waiting and self._source is not None:
            self._isMeasuring = True
            waiting, self._waiting = self._waiting, {}
            self._background.run(partial(_measureAll, waiting, self._source), self._onMeasured)

    def _onMeasured(self, found: dict[str, Measurement | str]) -> None:
        self._isMeasuring = False
        for nodeID, outcome in found.items():
            drawn = self._drawn.get(nodeID)
            if drawn is None or drawn.measurement is None or nodeID in self._waiting:
                continue  # it was taken away, or changed meanwhile
            if isinstance(outcome, str):
                self._drawn[nodeID] = Drawn(drawn.node, drawn.measurement, outcome)
            else:
                self._drawn[nodeID] = Drawn(drawn.node, outcome)
        self._changed()
        self._measureVoxels()

    def _unobserve(self) -> None:
        for node, tag in self._observed:
            node.RemoveObserver(tag)
        self._observed = []

    def _onModified(self, caller, event) -> None:
        if not self._settling.active:
            self._settling.start(_SETTLE_MS)


def _geometryOf(node: Any) -> tuple[Measurement, WithVoxels | None]:
    """The measurement without voxels, and what measures them where there is an inside."""
    measurement = measure_markups(node)
    name = measurement.name
    if node.IsA("vtkMRMLMarkupsROINode"):
        return measurement, partial(measure_box, name, box_of_roi(node))
    if node.IsA("vtkMRMLMarkupsClosedCurveNode"):
        return measurement, partial(measure_area, name, Outline(np.array(measurement.points)))
    return measurement, None


def _isSame(former: Measurement, measurement: Measurement) -> bool:
    return (former.name, former.size, former.points) == (measurement.name, measurement.size, measurement.points)


def _measureAll(
    waiting: dict[str, WithVoxels], source: tuple[Volume, ValueUnit]
) -> dict[str, Measurement | str]:
    found: dict[str, Measurement | str] = {}
    for nodeID, measure in waiting.items():
        try:
            found[nodeID] = measure(*source)
        except DicomSuiteError as error:
            found[nodeID] = str(error)
    return found
