"""The parts of the module's panel, and how they work together: volume, preparation, model, run, comparison, export."""

from __future__ import annotations

from typing import Any

from slicer.i18n import tr as _

from DicomSuiteGui.loaded_volumes import describedVolume, firstFileOf
from DicomSuiteGui.scene_changes import SceneChanges
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.optional_packages import OPTIONAL_PACKAGES
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.compare_panel import ComparePanel
from DicomSuiteSuperResGui.derived_nodes import isSuperResolved, showVolume
from DicomSuiteSuperResGui.export_panel import ExportPanel
from DicomSuiteSuperResGui.metrics_panel import MetricsPanel
from DicomSuiteSuperResGui.model_panel import ModelPanel
from DicomSuiteSuperResGui.plan_panel import PlanPanel
from DicomSuiteSuperResGui.preprocess_panel import PreprocessPanel
from DicomSuiteSuperResGui.request_words import requestOf, requestWords
from DicomSuiteSuperResGui.run_panel import RunPanel

_NEEDED = ("torch", "safetensors")
"""Without which no network runs; everything else of the panel works."""


class ModulePanel:
    """Fills the places that the .ui file has left for the parts."""

    def __init__(self, ui) -> None:
        self._ui = ui
        self._parameters: Any = None
        self._isEntered = False
        self._changes = SceneChanges(self._onSceneSettled)
        self.planned = PlanPanel()
        self.preprocess = PreprocessPanel()
        self.model = ModelPanel()
        self.run = RunPanel()
        self.compare = ComparePanel()
        self.metrics = MetricsPanel()
        self.export = ExportPanel()
        for place, part in (
            (ui.planPlace, self.planned),
            (ui.preprocessPlace, self.preprocess),
            (ui.modelPlace, self.model),
            (ui.runPlace, self.run),
            (ui.comparePlace, self.compare),
            (ui.metricsPlace, self.metrics),
            (ui.exportPlace, self.export),
        ):
            place.layout().addWidget(part.widget)
        self.model.changed.connect(self.update)
        self.planned.changed.connect(self.update)
        self.run.changed.connect(self.update)
        self.run.ended.connect(self._onResult)
        self.run.compareAsked.connect(self._onCompare)
        self.preprocess.ended.connect(self._onPrepared)

    def enter(self) -> None:
        """The module is shown."""
        self._isEntered = True
        self._changes.follow()
        self.export.enter()
        self.update()

    def exit(self) -> None:
        """Another module is shown; what was begun goes on."""
        self._isEntered = False
        self._changes.stop()
        for part in (self.planned, self.compare, self.metrics):
            part.exit()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.exit()
        self.sceneCloses()
        self.export.cleanup()

    def sceneCloses(self) -> None:
        """Hold nothing of the scene any more; what is under way has nobody left to be for."""
        self._parameters = None
        for part in (self.planned, self.preprocess, self.run, self.compare, self.metrics, self.export):
            part.sceneCloses()

    def setParameters(self, parameters: Any) -> None:
        """Follow the parameters."""
        self._parameters = parameters
        self.model.setParameters(parameters)
        self.update()

    def showVolume(self) -> None:
        """Show the volume in the slice views."""
        showVolume(self._parameters.volume)

    def update(self) -> None:
        """Enable what can be done now, and say why the rest cannot."""
        parameters = self._parameters
        if parameters is None or not self._isEntered:
            return
        node = parameters.volume
        self._ui.spacingBox.enabled = parameters.ownSpacing
        self._ui.pairFactorBox.enabled = parameters.makePair
        volume, obstacle = _readable(node)
        self._plan(node, volume, obstacle or self.model.whyNot)
        self.run.setQuestion(node, self._words(), self.planned.obstacle or _whyNoNetwork())
        self.preprocess.setSteps(node, parameters, obstacle)
        self.compare.setPair(parameters.compareFirst, parameters.compareSecond)
        self.metrics.setNodes(parameters.compareSecond, parameters.reference, parameters.mask)
        self.export.setContents(self._exported(), parameters)
        self._enableDicom()

    def _plan(self, node: Any, volume: Volume | None, obstacle: str) -> None:
        if obstacle:
            self.planned.showObstacle(obstacle)
        elif self.model.bundled is not None:
            self.planned.showBundled(volume, self.model.bundled, requestOf(self._parameters))
        else:
            self.planned.showOwn(node, self._words())

    def _enableDicom(self) -> None:
        whyNot = self.export.whyNoDicom
        setPossible(self._ui.exportDicomBox, whyNot, _("A series that names the images it was derived from"))
        whyNoImport = whyNot or ("" if self._parameters.exportDicom else _("Tick DICOM first."))
        setPossible(self._ui.importDicomBox, whyNoImport, _("The series appears beside its input in the database"))

    def _words(self) -> tuple[str, ...]:
        return () if self.model.whyNot else (*self.model.words, *requestWords(self._parameters))

    def _exported(self) -> Any:
        """The result that is chosen as volume or as B; else that of the last run."""
        chosen = (self._parameters.volume, self._parameters.compareSecond, self.run.result)
        return next((node for node in chosen if isSuperResolved(node)), None)

    def _onSceneSettled(self) -> None:
        for part in (self.run, self.preprocess):
            part.sceneChanged()
        self.update()

    def _onResult(self, node: Any) -> None:
        self._parameters.compareFirst, self._parameters.compareSecond = self._parameters.volume, node

    def _onPrepared(self, node: Any) -> None:
        """What was prepared is what is super-resolved next."""
        self._parameters.volume = node

    def _onCompare(self, source: Any, result: Any) -> None:
        self._parameters.compareFirst, self._parameters.compareSecond = source, result
        self._ui.compareSection.collapsed = False
        self.compare.showSideBySide()


def _readable(node: Any) -> tuple[Volume | None, str]:
    """A volume node as a volume, or why it is none."""
    if node is None:
        return None, _("Choose a volume first.")
    try:
        return describedVolume(node, firstFileOf(node)), ""
    except DicomSuiteError as error:
        return None, str(error)


def _whyNoNetwork() -> str:
    """Which packages a network needs that are missing; "" where none is."""
    missing = [package.module for package in OPTIONAL_PACKAGES if package.module in _NEEDED and not package.is_present]
    if not missing:
        return ""
    words = _('{packages}: missing. In the module DicomSuite, "Check installation" installs it.')
    return words.format(packages=", ".join(missing))
