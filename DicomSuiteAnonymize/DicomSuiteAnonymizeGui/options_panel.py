"""PS3.15 or not, its options, and what happens where an original value turns up again."""

from __future__ import annotations

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.safe_private_list import SafePrivateList
from DicomSuiteAnonymizeGui.words import optionExplanation, optionWord
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteGui.tool_buttons import setPossible

_EXCLUDES = {
    Option.RETAIN_FULL_DATES: Option.RETAIN_MODIFIED_DATES,
    Option.RETAIN_MODIFIED_DATES: Option.RETAIN_FULL_DATES,
}
"""The pair that PS3.15 E.3.6 excludes; see ps315.check_options."""
_INDENT = 20


def parameterName(option: Option) -> str:
    """Name of the parameter that holds the option."""
    return option.column[0].lower() + option.column[1:]


class OptionsPanel:
    """Check boxes, each bound to a parameter by its dynamic property SlicerParameterName."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        self.followBox = self._addBox(
            layout,
            "followPs315",
            _("Follow PS3.15 (recommended)"),
            _("Everything that the standard lists is treated. Without it only the attributes in the table change."),
        )
        self.optionBoxes = {}
        for option in Option:
            explanation = optionExplanation(option)
            self.optionBoxes[option] = self._addBox(layout, parameterName(option), optionWord(option), explanation)
            if option is Option.RETAIN_SAFE_PRIVATE:
                self.diffusionBox = self._addBox(
                    layout, "retainDiffusionTiming", _("… and those of MR diffusion and timing"), self._diffusion()
                )
                self.ownList = SafePrivateList()
                layout.addWidget(self.ownList.widget)
        self.refuseBox = self._addBox(
            layout,
            "refuseLeaks",
            _("Refuse files that still hold originals"),
            _("An original value that turns up again elsewhere is otherwise taken out."),
        )
        layout.addStretch(1)
        for box in (self.followBox, *self.optionBoxes.values()):
            box.connect("toggled(bool)", self._onToggled)
        self._onToggled()

    def cleanup(self) -> None:
        """Let go of what is being read."""
        self.ownList.cleanup()

    def _addBox(self, layout: qt.QVBoxLayout, parameter: str, text: str, explanation: str) -> qt.QCheckBox:
        box = qt.QCheckBox(text)
        box.setObjectName(f"{parameter}Box")
        box.setProperty("SlicerParameterName", parameter)
        box.toolTip = explanation
        label = qt.QLabel(explanation)
        label.wordWrap = True
        label.indent = _INDENT
        layout.addWidget(box)
        layout.addWidget(label)
        return box

    def _onToggled(self, _isChecked: bool = False) -> None:
        """Options that another choice rules out are disabled and say why."""
        for option, box in self.optionBoxes.items():
            reason = self._whyNot(option)
            box.enabled = not reason
            box.toolTip = reason or optionExplanation(option)
        keepsPrivate = self.optionBoxes[Option.RETAIN_SAFE_PRIVATE].checked and self.followBox.checked
        setPossible(self.diffusionBox, "" if keepsPrivate else _("Needs the option above."), self._diffusion())
        self.ownList.setReason(
            "" if keepsPrivate else _('Needs "{option}".').format(option=optionWord(Option.RETAIN_SAFE_PRIVATE))
        )

    @staticmethod
    def _diffusion() -> str:
        return _("What dcm2niix reads of Siemens, GE, Philips and United Imaging; of CSA headers only numbers.")

    def _whyNot(self, option: Option) -> str:
        if not self.followBox.checked:
            return _("Options belong to PS3.15, which is not followed.")
        other = _EXCLUDES.get(option)
        if other is not None and self.optionBoxes[other].checked and not self.optionBoxes[option].checked:
            return _('Excluded by "{option}": dates are either kept or shifted (PS3.15 E.3.6).').format(
                option=optionWord(other)
            )
        return ""
