"""The choices that hold for all modules; stored at once when they are made."""

import os
from dataclasses import replace

from slicer.i18n import tr as _

from DicomSuiteGui import job_runner
from DicomSuiteGui.stored_settings import storedSettings, storeSettings
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal


class SettingsPanel:
    """Ties the module's settings controls to what is stored; `storeMoved` is emitted when jobs lie elsewhere."""

    def __init__(self, ui: object) -> None:
        self.storeMoved = Signal()
        self._output = ui.outputFolderLineEdit
        self._key = ui.keyFileLineEdit
        self._workers = ui.workerCountSpinBox
        self._cluster = ui.clusterAddressLineEdit
        self._ephemeral = ui.ephemeralCheckBox
        self._workers.maximum = 4 * (os.cpu_count() or 1)
        self._workers.specialValueText = _("one per processor ({count})").format(count=os.cpu_count() or 1)
        self.refresh()
        self._connections = (
            (self._output, "currentPathChanged(QString)", self._onChanged),
            (self._key, "currentPathChanged(QString)", self._onChanged),
            (self._output, "validInputChanged(bool)", self._onChanged),  # a line that is emptied says only this
            (self._key, "validInputChanged(bool)", self._onChanged),
            (self._workers, "valueChanged(int)", self._onChanged),
            (self._cluster, "textChanged(QString)", self._onChanged),
            (self._ephemeral, "toggled(bool)", self._onEphemeral),
        )
        for widget, signal, slot in self._connections:
            widget.connect(signal, slot)

    def refresh(self) -> None:
        """Show what is stored, and whether it can be changed now."""
        settings = storedSettings()
        for widget, name, value in (
            (self._output, "currentPath", settings.output_folder),
            (self._key, "currentPath", settings.key_file),
            (self._workers, "value", settings.worker_count),
            (self._cluster, "text", settings.cluster_address),
            (self._ephemeral, "checked", settings.ephemeral),
        ):
            wasBlocked = widget.blockSignals(True)
            setattr(widget, name, value)
            widget.blockSignals(wasBlocked)
        self.update()

    def update(self) -> None:
        """Enable what can be changed now, and say why the rest cannot."""
        isEphemeral = self._ephemeral.checked
        for widget, toolTip in (
            (self._output, _("Each job writes into a new folder in here. Empty: DicomSuite in your home folder.")),
            (self._key, _("The secret that all pseudonyms depend on. Empty: kept in .dicomsuite in your home folder.")),
            (
                self._cluster,
                _(
                    "Address of a Dask scheduler, e.g. tls://host:8786, or its file. De-identification then runs "
                    "there: the cluster gets the key, and must see files and output folder under the same names."
                ),
            ),
        ):
            widget.enabled = not isEphemeral
            widget.toolTip = _("Ephemeral mode keeps all in a temporary folder.") if isEphemeral else toolTip
        isBusy = _isBusy()
        self._ephemeral.enabled = not isBusy
        self._ephemeral.toolTip = (
            _("Wait until all jobs have ended, or cancel them.")
            if isBusy
            else _("Jobs, results and key lie in a private temporary folder that is deleted when Slicer is closed.")
        )

    def close(self) -> None:
        """Let go of the controls."""
        for widget, signal, slot in self._connections:
            widget.disconnect(signal, slot)

    def _onChanged(self, _value: object) -> None:
        changes = {
            "output_folder": self._output.currentPath,
            "key_file": self._key.currentPath,
            "worker_count": self._workers.value,
            "cluster_address": self._cluster.text.strip(),
        }
        storeSettings(replace(storedSettings(), **changes))

    def _onEphemeral(self, isWanted: bool) -> None:
        if _isBusy():  # since the controls were shown
            self.refresh()
            return
        storeSettings(replace(storedSettings(), ephemeral=isWanted))
        job_runner.closeRunner()
        self.update()
        self.storeMoved.emit()


def _isBusy() -> bool:
    try:
        return job_runner.runner().isBusy
    except DicomSuiteError:  # there is no place for jobs; another one may be chosen
        return False
