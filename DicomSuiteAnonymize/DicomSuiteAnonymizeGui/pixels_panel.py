"""Text that is burned into pictures: which series show some, what is blanked, and rules for the devices."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.pixel_editor import PixelEditor
from DicomSuiteAnonymizeGui.query_row import QueryRow
from DicomSuiteAnonymizeGui.risk_table import RiskTable
from DicomSuiteAnonymizeGui.rules_list import RulesList
from DicomSuiteAnonymizeGui.selection import Source
from DicomSuiteAnonymizeGui.twin_box import TwinBox
from DicomSuiteAnonymizeLib import command_lines
from DicomSuiteAnonymizeLib.pixels.pixel_rules import PixelRule
from DicomSuiteAnonymizeLib.pixels.pixel_series import PixelSeries
from DicomSuiteAnonymizeLib.pixels.user_rules import UserRules
from DicomSuiteGui.stored_settings import storedSettings
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.optional_packages import OPTIONAL_PACKAGES
from DicomSuiteLib.plain_signal import Signal

Gather = Callable[[Callable[[Source], None]], None]
"""Calls what it is given with the files of the selection, as soon as they are known and if they still are chosen."""

_OCR_MODULE = "rapidocr_onnxruntime"


class PixelsPanel:
    """`rulesChanged` is emitted without arguments when a rule was saved, removed or imported."""

    def __init__(self, cleanBox: qt.QCheckBox, gather: Gather) -> None:
        self.rulesChanged = Signal()
        self._gather = gather
        self._series: tuple[PixelSeries, ...] = ()
        self._wasRead = False
        self._build(cleanBox)
        self.clear()

    def cleanup(self) -> None:
        """Let go of everything that outlives the panel."""
        self.search.cleanup()
        self.editor.cleanup()

    def enter(self) -> None:
        """The module is shown; another one, or another Slicer, may have changed what can be chosen."""
        self.update()
        self.rules.update()

    def exit(self) -> None:
        """Another module is shown: the slice views are its own."""
        self.editor.boxList.endDrawing()

    def clear(self) -> None:
        """Show nothing: something else is chosen."""
        self.search.drop()
        self._showSeries(())

    def setReason(self, reason: str) -> None:
        """Enable the search, or say why there is nothing to search."""
        self.search.setReason(reason)

    @property
    def readsText(self) -> bool:
        """Whether text is read in pictures."""
        return self.readBox.checked and self.readBox.enabled

    def _build(self, cleanBox: qt.QCheckBox) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        explanation = _("Blank what rules, ultrasound regions and boxes cover. Other risky pictures are set aside.")
        self.cleanTwin = TwinBox(cleanBox, explanation)
        self.readBox = qt.QCheckBox(_("&Read text in pictures (OCR)"))
        self.readBox.setObjectName("readTextBox")
        self.readBox.setProperty("SlicerParameterName", "readText")
        self.search = QueryRow(
            _("&Find pictures with text"),
            _("Look at the headers of all files, and with OCR at the pictures; nothing is written"),
            self._onFound,
        )
        self.search.asked.connect(self._onSearch)
        self.table = RiskTable()
        self.table.selectionChanged.connect(lambda: self.editor.show(self.table.selected))
        self.editor = PixelEditor()
        self.editor.ruleMade.connect(self._onRule)
        self.rules = RulesList(_userRules)
        self.rules.changed.connect(self._onRulesChanged)
        for widget in (
            self.cleanTwin.widget,
            self.readBox,
            self.search.widget,
            self.table.widget,
            self.editor.widget,
            self.rules.widget,
        ):
            layout.addWidget(widget)
        layout.addStretch(1)
        cleanBox.connect("toggled(bool)", lambda isChecked: self.update())
        self.update()

    def update(self) -> None:
        """Say what can be chosen."""
        package = next(one for one in OPTIONAL_PACKAGES if one.module == _OCR_MODULE)
        reason = "" if package.is_present else _(
            "The package {name} is missing; the module DicomSuite installs it (Check installation)."
        ).format(name=package.requirement)
        if not reason and not self.cleanTwin.widget.checked:
            reason = _("Text is read where pictures are cleaned; tick the box above.")
        setPossible(self.readBox, reason, _("Blank also text that is found in the pictures; takes about 1 s a picture"))

    def _onSearch(self) -> None:
        self.clear()
        self._gather(self._searchIn)

    def _searchIn(self, source: Source) -> None:
        try:
            settings = storedSettings()
            rules = _userRules().files
            self._wasRead = self.readsText
            words = command_lines.pixels(source.words, settings.key_path(), rules, self._wasRead)
        except DicomSuiteError as error:
            self.search.say(str(error))
            return
        self.search.ask(words, source.inputText)

    def _onFound(self, result: Mapping[str, Any]) -> None:
        found = tuple(PixelSeries.from_json(series, self._wasRead) for series in result["series"])
        self._showSeries(tuple(series for series in found if series.risk or series.boxes or series.findings))
        self.search.say("" if self._series else _("No series shows signs of text in its pictures."))

    def _showSeries(self, series: tuple[PixelSeries, ...]) -> None:
        self._series = series
        self.table.show(series)
        self.table.widget.visible = bool(series)
        self.editor.show(self.table.selected)

    def _onRule(self, rule: PixelRule) -> None:
        try:
            _userRules().save(rule)
        except DicomSuiteError as error:
            self.editor.say(str(error))
            return
        self._series = tuple(series.after(rule) for series in self._series)
        self.table.show(self._series)
        self.editor.say(_('Saved. "{name}" is used from now on.').format(name=rule.name))
        self.rules.update()
        self.rulesChanged.emit()

    def _onRulesChanged(self) -> None:
        hasShown = bool(self._series)
        self.clear()  # what was found with other rules
        self.search.say(_("The rules have changed; look for pictures again.") if hasShown else "")
        self.rulesChanged.emit()


def _userRules() -> UserRules:
    """Raises DicomSuiteError where the settings cannot be used."""
    return UserRules(storedSettings().store_folder())
