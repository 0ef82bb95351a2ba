"""A volume: its voxels, where each slice lies, and what its numbers mean."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from numpy.typing import NDArray

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.slice_grid import SliceGrid


class VolumeError(DicomSuiteError):
    """A file or series cannot be read as one volume; the message names it and says what to do."""


@dataclass(frozen=True, eq=False)
class Volume:
    """One scalar volume.

    Parameters
    ----------
    voxels : (slices, rows, columns), indexed [k, j, i]; rescaled, so HU where `modality` is CT
    grid : where they lie, LPS mm
    modality : DICOM's word, e.g. CT or MR; empty where the source does not say
    frame_of_reference_uid, series_uid : empty where the source does not say
    files : the file of every slice, in their order; for other than DICOM the one file
    notes : what is irregular about it, in words; no identifying value, no path
    """

    voxels: NDArray
    grid: SliceGrid
    modality: str = ""
    frame_of_reference_uid: str = ""
    series_uid: str = ""
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_dicom(self) -> bool:
        """True if every slice has a DICOM file of its own or a frame in one."""
        return bool(self.series_uid)
