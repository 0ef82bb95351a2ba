"""The formats that a placed mask is exported to, and how each is written."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property
from itertools import chain, count
from pathlib import Path

from DicomSuiteLib.closed_surface import Surface, closed_surface
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.file_names import file_name
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.write_surface import write_surface
from DicomSuiteRTOverlayLib.even_segmentation import even_segmentation
from DicomSuiteRTOverlayLib.write_mask import write_labelmap_nrrd, write_nifti, write_seg_nrrd
from DicomSuiteRTOverlayLib.write_rtstruct import write_rtstruct
from DicomSuiteRTOverlayLib.write_seg import write_seg


class ExportFormat(StrEnum):
    """What --export chooses from."""

    SEG = "seg"
    RTSTRUCT = "rtstruct"
    NRRD = "nrrd"
    SEG_NRRD = "seg.nrrd"
    NIFTI = "nifti"
    STL = "stl"
    OBJ = "obj"
    PLY = "ply"


_ENDINGS = {
    ExportFormat.SEG: "seg.dcm",
    ExportFormat.RTSTRUCT: "rtstruct.dcm",
    ExportFormat.NRRD: "labels.nrrd",
    ExportFormat.SEG_NRRD: "segments.seg.nrrd",
    ExportFormat.NIFTI: "labels.nii.gz",
}

SURFACES = (ExportFormat.STL, ExportFormat.OBJ, ExportFormat.PLY)


def parse_formats(words: str) -> tuple[ExportFormat, ...]:
    """Read a comma-separated list; raise UsageError for what is no format."""
    names = [word.strip().lower() for word in words.split(",") if word.strip()]
    unknown = [name for name in names if name not in list(ExportFormat)]
    if unknown or not names:
        raise UsageError(f"--export takes a list of {', '.join(ExportFormat)}, not {words!r}.")
    return tuple(dict.fromkeys(ExportFormat(name) for name in names))


class MaskExporter:
    """Writes one placed mask in one format after the other, below `folder`; what formats share is made once.

    Parameters
    ----------
    folder : exists
    stem : how the names of the files begin
    segmentation : on the grid of `volume`
    """

    def __init__(self, folder: Path, stem: str, segmentation: Segmentation, volume: Volume) -> None:
        self._folder, self._stem, self._segmentation, self._volume = folder, stem, segmentation, volume

    def write(self, kind: ExportFormat) -> tuple[list[str], Sequence[str]]:
        """Write the mask in one format.

        Returns the names of the files written (relative to the folder), and notes on what the format could not hold.
        Raises DicomSuiteError where the format cannot be written, e.g. RTSTRUCT for a volume that is not DICOM.
        """
        if kind in SURFACES:
            return self._write_surfaces(kind)
        path = self._folder / f"{self._stem}-{_ENDINGS[kind]}"
        match kind:
            case ExportFormat.RTSTRUCT:
                return [path.name], write_rtstruct(path, self._segmentation, self._volume)
            case ExportFormat.SEG:
                return [path.name], write_seg(path, self._segmentation, self._volume)
        new_notes = self._even.notes[len(self._segmentation.notes) :]
        match kind:
            case ExportFormat.NRRD:
                return [path.name], (*new_notes, *write_labelmap_nrrd(path, self._even))
            case ExportFormat.NIFTI:
                return [path.name], (*new_notes, *write_nifti(path, self._even))
            case _:
                write_seg_nrrd(path, self._even)
                return [path.name], new_notes

    @cached_property
    def _even(self) -> Segmentation:
        return even_segmentation(self._segmentation)

    @cached_property
    def _surfaces(self) -> list[tuple[Segment, Surface]]:
        grid = self._segmentation.grid
        return [(one, closed_surface(one, grid)) for one in self._segmentation.segments if not one.is_empty]

    def _write_surfaces(self, kind: ExportFormat) -> tuple[list[str], Sequence[str]]:
        names, taken = [], set()
        for segment, surface in self._surfaces:
            names.append(f"{self._stem}-{_own_name(segment.name, segment.value, taken)}.{kind.value}")
            write_surface(self._folder / names[-1], surface, segment.name, segment.colour)
        empty = [segment.name for segment in self._segmentation.segments if segment.is_empty]
        return names, [f"{name}: no voxels, so no surface" for name in empty]


def _own_name(name: str, value: int, taken: set[str]) -> str:
    """A file name for a segment; a number, its value if that is free, is added where another segment has the name."""
    plain = file_name(name) or f"segment-{value}"
    numbered = (f"{plain}-{number}" for number in count(value))
    own = next(own for own in chain([plain], numbered) if own.lower() not in taken)
    taken.add(own.lower())
    return own
