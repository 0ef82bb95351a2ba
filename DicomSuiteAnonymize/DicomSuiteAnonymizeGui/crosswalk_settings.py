"""What an export keeps for the way back, and pseudonyms that the user gives."""

from __future__ import annotations

from pathlib import Path

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.path_row import addFile, pathIn
from DicomSuiteGui.tool_buttons import setPossible
from DicomSuiteLib.optional_packages import OptionalPackage
from DicomSuiteLib.plain_signal import Signal

_CRYPTOGRAPHY = OptionalPackage("cryptography", "cryptography")


class CrosswalkSettings:
    """Boxes bound to parameters, and a line for a table; `changed` is emitted without arguments."""

    def __init__(self) -> None:
        self.changed = Signal()
        self.widget = qt.QWidget()
        form = qt.QFormLayout(self.widget)
        form.setContentsMargins(0, 0, 0, 0)
        self.writeBox = self._addBox(form, "writeCrosswalk", _("&Write a crosswalk on export"))
        self.writeBox.toolTip = _("Store which original stands behind each pseudonym, UID and date; it names patients")
        self.encryptBox = self._addBox(form, "encryptCrosswalk", _("&Encrypt a new crosswalk under the key"))
        self.pseudonymsEdit = addFile(
            form,
            _("&Pseudonyms:"),
            _("Table of given pseudonyms: CSV with the columns id_old, id_new and, where wanted, date_offset in days"),
            self._onChanged,
            ("*.csv",),
        )
        self.refuseBox = self._addBox(form, "refuseUnknownPatients", _("Set aside patients who are &not in it"))
        self._onChanged()

    @property
    def pseudonyms(self) -> Path | None:
        """The table of given pseudonyms; None for none."""
        return pathIn(self.pseudonymsEdit)

    def _addBox(self, form: qt.QFormLayout, parameter: str, text: str) -> qt.QCheckBox:
        box = qt.QCheckBox(text)
        box.setObjectName(f"{parameter}Box")
        box.setProperty("SlicerParameterName", parameter)
        box.connect("toggled(bool)", lambda isChecked: self._onChanged())
        form.addRow(box)
        return box

    def _onChanged(self) -> None:
        missing = "" if _CRYPTOGRAPHY.is_present else _("The package {name} is missing.").format(
            name=_CRYPTOGRAPHY.requirement
        )
        unwanted = "" if self.writeBox.checked else _("No crosswalk is written.")
        setPossible(self.encryptBox, missing or unwanted, _("Who has the file but not the key can read nothing in it"))
        setPossible(
            self.refuseBox,
            "" if self.pseudonyms else _("Choose a table of pseudonyms first."),
            _("Otherwise they get pseudonyms that depend on the key"),
        )
        self.changed.emit()
