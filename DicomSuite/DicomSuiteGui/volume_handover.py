"""Gives a volume of the scene to a child process: its DICOM files where the database has them, else a NRRD file."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import slicer

from DicomSuiteGui.background import Background
from DicomSuiteGui.dicom_database import dicomDatabase
from DicomSuiteGui.loaded_series import instancesOf
from DicomSuiteGui.paced import Paced
from DicomSuiteLib.ephemeral_folder import ephemeral_folder
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.listed_files import STANDARD_INPUT
from DicomSuiteLib.volume_file import write_volume_nrrd


@dataclass(frozen=True)
class HandedVolume:
    """What the command needs.

    Parameters
    ----------
    volume : word of the command line
    inputText : goes to the standard input
    folder : holds what was written for the command, and may hold what it writes; to be deleted at the end
    """

    volume: str
    inputText: str
    folder: Path

    @property
    def isFromDatabase(self) -> bool:
        """Whether the volume's own files are used."""
        return self.volume == STANDARD_INPUT

    def delete(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self.folder, ignore_errors=True)  # what cannot be removed now goes with the folder around it


class VolumeHandover:
    """Prepares one hand-over at a time, beside the windows; `delivered` gets it, `failed` why there is none."""

    def __init__(self, delivered: Callable[[HandedVolume], None], failed: Callable[[str], None]) -> None:
        self._delivered = delivered
        self._failed = failed
        self._listing = Paced()
        self._writing = Background()
        self._folder: Path | None = None

    def start(
        self, volumeNode: Any, *, useDatabase: bool = True, alongside: Callable[[Path], None] = lambda folder: None
    ) -> None:
        """Begin; a former hand-over is dropped. Transforms of the node are not applied: they are not in its files.

        Parameters
        ----------
        useDatabase : whether DICOM files will do, or what the scene holds is wanted
        alongside : writes further files into the folder; called in a thread, so it touches neither Qt nor MRML
        """
        self.stop()
        try:
            self._folder = Path(tempfile.mkdtemp(dir=ephemeral_folder()))
        except (DicomSuiteError, OSError) as error:
            self._failed(str(error))
            return
        files: list[str] = []
        database = dicomDatabase()
        instances = instancesOf(volumeNode) if useDatabase and database.isOpen else []
        finish = partial(self._write, volumeNode, files, alongside)
        self._listing.start(map(database.fileForInstance, instances), files.append, finish)

    def stop(self) -> None:
        """Drop what is under way."""
        self._listing.stop()
        self._writing.drop()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _write(self, volumeNode: Any, files: list[str], alongside: Callable[[Path], None]) -> None:
        folder = self._folder
        if files and all(files):
            handed = HandedVolume(STANDARD_INPUT, "".join(f"{path}\0" for path in files), folder)
            writers = [partial(alongside, folder)]
        else:
            handed = HandedVolume(str(folder / "volume.nrrd"), "", folder)
            voxels, geometry = slicer.util.arrayFromVolume(volumeNode), ImageGeometry.from_volume_node(volumeNode)
            writers = [partial(write_volume_nrrd, handed.volume, voxels, geometry), partial(alongside, folder)]
        self._writing.run(partial(_written, writers, handed), self._finish)

    def _finish(self, outcome: HandedVolume | str) -> None:
        if isinstance(outcome, str):
            self.stop()
            self._failed(outcome)
        else:
            self._folder = None  # it belongs to who gets it
            self._delivered(outcome)


def _written(writers: list[Callable[[], None]], handed: HandedVolume) -> HandedVolume | str:
    """The hand-over once everything is written; else why it is not."""
    try:
        for write in writers:
            write()
    except (DicomSuiteError, OSError) as error:
        return str(error)
    return handed
