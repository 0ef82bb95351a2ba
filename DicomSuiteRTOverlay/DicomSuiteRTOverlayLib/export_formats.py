"""The formats that a placed mask is exported to, and how each is written."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from itertools import chain, count
from pathlib import Path

from DicomSuiteLib.closed_surface import closed_surface
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.file_names import file_name
from DicomSuiteLib.segments import Segmentation
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


SURFACES = (ExportFormat.STL, ExportFormat.OBJ, ExportFormat.PLY)


def parse_formats(words: str) -> tuple[ExportFormat, ...]:
    """Read a comma-separated list; raise UsageError for what is no format."""
    names = [word.strip().lower() for word in words.split(",") if word.strip()]
    unknown = [name for name in names if name not in list(ExportFormat)]
    if unknown or not names:
        raise UsageError(f"--export takes a list of {', '.join(ExportFormat)}, not {words!r}.")
    return tuple(dict.fromkeys(ExportFormat(name) for name in names))


def export(
    kind: ExportFormat, folder: Path, stem: str, segmentation: Segmentation, volume: Volume
) -> tuple[list[str], Sequence[str]]:
    """Write `segmentation` below `folder`.

    Returns the names of the files written (relative to `folder`), and notes on what the format could not hold.
    Raises OverlayError where the format cannot be written, e.g. RTSTRUCT for a volume that is not DICOM.
    """
    if kind in SURFACES:
        return _export_surfaces(kind, folder, stem, segmentation)
    match kind:
        case ExportFormat.RTSTRUCT:
            name = f"{stem}-rtstruct.dcm"
            return [name], write_rtstruct(folder / name, segmentation, volume)
        case ExportFormat.SEG:
            name = f"{stem}-seg.dcm"
            return [name], write_seg(folder / name, segmentation, volume)
    even = even_segmentation(segmentation)
    new_notes = even.notes[len(segmentation.notes) :]
    match kind:
        case ExportFormat.NRRD:
            name = f"{stem}-labels.nrrd"
            return [name], (*new_notes, *write_labelmap_nrrd(folder / name, even))
        case ExportFormat.NIFTI:
            name = f"{stem}-labels.nii.gz"
            return [name], (*new_notes, *write_nifti(folder / name, even))
        case _:
            name = f"{stem}-segments.seg.nrrd"
            write_seg_nrrd(folder / name, even)
            return [name], new_notes


def _export_surfaces(
    kind: ExportFormat, folder: Path, stem: str, segmentation: Segmentation
) -> tuple[list[str], Sequence[str]]:
    names, notes, taken = [], [], set()
    for segment in segmentation.segments:
        if segment.is_empty:
            notes.append(f"{segment.name}: no voxels, so no surface")
            continue
        name = f"{stem}-{_own_name(segment.name, segment.value, taken)}.{kind.value}"
        write_surface(folder / name, closed_surface(segment, segmentation.grid), segment.name, segment.colour)
        names.append(name)
    return names, notes


def _own_name(name: str, value: int, taken: set[str]) -> str:
    """A file name for a segment; a number, its value if that is free, is added where another segment has the name."""
    plain = file_name(name) or f"segment-{value}"
    numbered = (f"{plain}-{number}" for number in count(value))
    own = next(own for own in chain([plain], numbered) if own.lower() not in taken)
    taken.add(own.lower())
    return own
