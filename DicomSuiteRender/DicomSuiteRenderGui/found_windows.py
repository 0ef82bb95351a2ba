"""The windows that a volume itself suggests: those of its DICOM images, and an automatic one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from DicomSuiteGui.background import Background
from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.loaded_series import instancesOf
from DicomSuiteGui.loaded_volumes import describedVolume
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.plain_signal import Signal
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.automatic_window import automatic_window
from DicomSuiteRenderLib.voi_lut import VoiLut, dicom_windows
from DicomSuiteRenderLib.window_level import WindowLevel
from DicomSuiteRenderLib.window_presets import WindowPreset


@dataclass(frozen=True)
class FoundWindows:
    """What was found; `problem` says what could not be read, for the user."""

    modality: str = ""
    automatic: WindowLevel | None = None
    ofImages: tuple[WindowPreset | VoiLut, ...] = ()
    problem: str = ""


class WindowSearch:
    """Looks for the windows of one volume at a time; `finished` is emitted with a `FoundWindows`."""

    def __init__(self) -> None:
        self.finished = Signal()
        self._background = Background()

    def start(self, volumeNode: Any) -> None:
        """Look beside the windows: files may lie on a slow disk."""
        self._background.drop()
        try:
            volume = describedVolume(volumeNode, _middleFile(volumeNode))
        except DicomSuiteError as error:
            self.finished.emit(FoundWindows(problem=str(error)))
            return
        self._background.run(partial(_find, volume), self.finished.emit)

    def stop(self) -> None:
        """Find nothing any more."""
        self._background.drop()


def _middleFile(node: Any) -> tuple[Path, ...]:
    """The DICOM file whose windows decide, where the database has it; looking up all of them would take a while."""
    database, instances = dicomDatabase(), instancesOf(node)
    path = database.fileForInstance(instances[len(instances) // 2]) if instances and database.isOpen else ""
    return (Path(path),) if path else ()


def _find(volume: Volume) -> FoundWindows:
    try:
        ofImages = dicom_windows(volume.files) if volume.is_dicom else ()
        return FoundWindows(volume.modality, automatic_window(volume), ofImages)
    except DicomSuiteError as error:
        return FoundWindows(volume.modality, problem=str(error))
