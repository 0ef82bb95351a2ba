"""The choices that hold for all modules, kept by the application; paths, so they are in no scene."""

import qt
import slicer

from DicomSuiteLib.settings import Settings

_KEYS = {
    "output_folder": "DicomSuite/OutputFolder",
    "key_file": "DicomSuite/KeyFile",
    "worker_count": "DicomSuite/WorkerCount",
    "cluster_address": "DicomSuite/ClusterAddress",
    "ephemeral": "DicomSuite/Ephemeral",
}
_CONVERTERS = {
    "output_folder": str,
    "key_file": str,
    "worker_count": int,
    "cluster_address": str,
    "ephemeral": slicer.util.toBool,
}


def storedSettings() -> Settings:
    """Return what is stored, with defaults for the rest."""
    default = Settings()
    values = {
        name: slicer.util.settingsValue(key, getattr(default, name), converter=_CONVERTERS[name])
        for name, key in _KEYS.items()
    }
    return Settings(**values)


def storeSettings(settings: Settings) -> None:
    """Store `settings` for this and later sessions."""
    store = qt.QSettings()
    for name, key in _KEYS.items():
        store.setValue(key, getattr(settings, name))
