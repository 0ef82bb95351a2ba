"""Buttons that take the selected studies to the module for the job."""

from dataclasses import dataclass

import qt
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.studies_panel import StudiesPanel

MANY_SERIES = 20
"""From so many on, loading takes minutes and gigabytes, and is asked about first."""


@dataclass(frozen=True)
class QuickAction:
    """`needsLoadedData` is false for a module that reads the files by itself."""

    module: str
    label: str
    toolTip: str
    needsLoadedData: bool


def quickActions() -> tuple[QuickAction, ...]:
    """The actions in the order of the buttons."""
    return (
        QuickAction(
            "DicomSuiteAnonymize", _("&Anonymize"), _("De-identify copies of the selected studies."), False
        ),
        QuickAction(
            "DicomSuiteRTOverlay", _("&Overlay masks"), _("Lay segmentations over the images they belong to."), True
        ),
        QuickAction("DicomSuiteRender", _("&Render"), _("Show the selected studies in three dimensions."), True),
        QuickAction("DicomSuiteSuperRes", _("&Super-resolve"), _("Sharpen the selected MR series."), True),
    )


class QuickActionsPanel:
    """Two rows of buttons; one that cannot work is disabled and says why."""

    def __init__(self, studies: StudiesPanel) -> None:
        self._studies = studies
        self.widget = qt.QWidget()
        layout = qt.QGridLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.buttons: dict[str, qt.QPushButton] = {}
        self._actions = quickActions()
        for number, action in enumerate(self._actions):
            button = qt.QPushButton(action.label)
            button.objectName = f"{action.module}Button"
            button.connect("clicked()", lambda action=action: self._onClicked(action))
            layout.addWidget(button, number // 2, number % 2)
            self.buttons[action.module] = button
        studies.selectionChanged.connect(self.update)
        self.update()

    def update(self) -> None:
        """Enable what can work with the present selection."""
        installed = set(slicer.util.moduleNames())
        isSelected = bool(self._studies.selectedStudies())
        for action in self._actions:
            button = self.buttons[action.module]
            button.enabled = isSelected and action.module in installed
            if action.module not in installed:
                button.toolTip = _("The module {module} is not installed.").format(module=action.module)
            elif not isSelected:
                button.toolTip = _("Select one or more studies first.")
            else:
                button.toolTip = action.toolTip

    def _onClicked(self, action: QuickAction) -> None:
        series = [uid for study in self._studies.selectedStudies() for uid in study.series]
        if action.needsLoadedData and not self._load(series):
            return
        slicer.util.selectModule(action.module)
        slicer.util.getModuleWidget(action.module).useSeries(series)

    def _load(self, series: list[str]) -> bool:
        """Load the series into the scene; tell whether that was done."""
        from DICOMLib import DICOMUtils

        question = _("Loading {count} series may take long and much memory. Load them all?")
        if len(series) >= MANY_SERIES and not slicer.util.confirmOkCancelDisplay(question.format(count=len(series))):
            return False
        with slicer.util.tryWithErrorDisplay(_("The studies could not be loaded."), waitCursor=True):
            DICOMUtils.loadSeriesByUID(series)
            return True
        return False
