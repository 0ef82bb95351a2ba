"""What an export is made of: pictures, a turntable, slices, surfaces; each written piece by piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from DicomSuiteGui.beside import beside, consumed
from DicomSuiteLib.closed_surface import mesh_volume
from DicomSuiteLib.file_names import file_name
from DicomSuiteLib.segments import Segment, Segmentation
from DicomSuiteLib.slice_views import Plane
from DicomSuiteLib.volumes import Volume
from DicomSuiteLib.write_surface import write_surface
from DicomSuiteRenderGui.export_choices import SliceFormat, SlicePlanes, SurfaceFormat, TurntableFormat
from DicomSuiteRenderGui.view_capture import withoutTools
from DicomSuiteRenderLib.animation_files import AnimationFormat, write_animation
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.grey_transform import GreyTransform
from DicomSuiteRenderLib.measured_box import MeasuredBox
from DicomSuiteRenderLib.native_plane import NativePlane
from DicomSuiteRenderLib.picture_files import PictureFormat, write_picture_file
from DicomSuiteRenderLib.render_mode import IsoLevel
from DicomSuiteRenderLib.slice_files import write_slice_pictures
from DicomSuiteRenderLib.slice_pictures import SliceLook, SlicePictures
from DicomSuiteRenderLib.surface_export import threshold_surface
from DicomSuiteRenderLib.table_removal import without_table
from DicomSuiteRenderLib.turntable import CameraView, turntable

_MM3_PER_ML = 1000.0


@dataclass
class Written:
    """What has come out so far, as the report wants it."""

    pictures: list[dict[str, Any]] = field(default_factory=list)
    surfaces: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def addPicture(self, kind: str, file: str, words: str) -> None:
        """Remember a picture; `file` is its name in the folder of the export."""
        self.pictures.append({"kind": kind, "file": file, "words": words, "notes": []})


Piece = Callable[[Path, Written], Iterator[bool]]
"""Writes into a folder; yields True for every part that is done, False while it waits."""


@dataclass(frozen=True)
class CountedPiece:
    """A piece and how many parts it has."""

    parts: int
    write: Piece


def viewPiece(openView: Callable[[], CameraView], words: str, isTransparent: bool) -> CountedPiece:
    """The view as it is, in one picture."""

    def write(folder: Path, written: Written) -> Iterator[bool]:
        with withoutTools():
            pixels = openView().picture(isTransparent)
        yield False
        yield from beside(partial(write_picture_file, folder / "view.png", pixels, PictureFormat.PNG))
        written.addPicture("mode", "view.png", words)
        yield True

    return CountedPiece(1, write)


def turntablePiece(
    openView: Callable[[], CameraView], words: str, frames: int, format_: TurntableFormat, isTransparent: bool
) -> CountedPiece:
    """The view from all around."""

    kind = AnimationFormat(format_.value)
    name = "turntable"

    def write(folder: Path, written: Written) -> Iterator[bool]:
        pictures = turntable(openView(), frames, isTransparent and kind.keeps_opacity)
        files: list[Path] = []
        with withoutTools(), closing(pictures):
            yield from consumed(pictures, lambda taken: files.extend(write_animation(taken, folder, name, kind)))
        written.addPicture("turntable", files[0].name, words)

    return CountedPiece(frames, write)


@dataclass(frozen=True)
class ShownOnSlices:
    """What is drawn on slices; `maskedNodes` are segmentation nodes and IDs of their segments."""

    volumeNode: Any
    hasLetters: bool
    hasScaleBar: bool
    maskedNodes: Sequence[tuple[Any, str]] = ()


def slicesPiece(
    volume: Volume, grey: GreyTransform, planes: SlicePlanes, format_: SliceFormat, look: ShownOnSlices
) -> CountedPiece:
    """Every slice in one plane or in all three, each in a file or one after the other in an animation."""
    chosen = [Plane[planes.name]] if planes is not SlicePlanes.ALL else list(Plane)

    def write(folder: Path, written: Written) -> Iterator[bool]:
        masks: list[Segment] = []
        for node, segmentID in look.maskedNodes:
            masks.append(_segment(node, segmentID, look.volumeNode, len(masks) + 1))
            yield False
        drawn: SliceLook = {
            "letters": look.hasLetters,
            "scale_bar": look.hasScaleBar,
            "masks": Segmentation(tuple(masks), volume.grid) if masks else None,
        }
        if format_.isAnimation:
            for plane in chosen:
                yield from _sweep(SlicePictures(volume, plane, grey, **drawn), format_, folder, written)
            return
        picture_format = PictureFormat(format_.value)
        for name in write_slice_pictures(
            volume, dict.fromkeys(chosen), folder / "slices", grey, picture_format, **drawn
        ):
            written.addPicture("slice", f"slices/{name}", Path(name).stem.replace("_", " "))
            yield True

    return CountedPiece(sum(NativePlane.nearest(plane, volume.grid).count for plane in chosen), write)


def _sweep(pictures: SlicePictures, format_: SliceFormat, folder: Path, written: Written) -> Iterator[bool]:
    """All slices of a plane in one animation."""
    plane = pictures.plane.name.lower()
    name, kind = f"{plane}-sweep", AnimationFormat(format_.value)
    drawn = map(pictures.picture, range(pictures.native.count))
    yield from consumed(drawn, lambda taken: write_animation(taken, folder, name, kind))
    written.addPicture("sweep", f"{name}.{kind.value}", f"{plane}, slice by slice")


def surfacesPiece(
    volume: Volume, levels: Sequence[IsoLevel], format_: SurfaceFormat, crop: MeasuredBox | None, removesTable: bool
) -> CountedPiece:
    """A closed surface for each level, of what is inside the crop box."""

    def write(folder: Path, written: Written) -> Iterator[bool]:
        shown = volume
        if removesTable:
            try:
                shown = yield from beside(partial(without_table, volume))
            except RenderError as error:
                written.notes.append(str(error))
        for number, level in enumerate(levels, start=1):
            path = folder / f"surface-{number}-{file_name(level.name) or 'level'}.{format_.value}"
            yield from beside(partial(_writeSurface, shown, level, crop, path, written))
            yield True

    return CountedPiece(len(levels), write)


def shownSegments() -> list[tuple[Any, str]]:
    """Segmentation nodes and segment IDs that the slice views show."""
    found = []
    for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode"):
        display = node.GetDisplayNode()
        if display is not None and display.GetVisibility():
            segments = node.GetSegmentation().GetSegmentIDs()
            found += [(node, segment) for segment in segments if display.GetSegmentVisibility(segment)]
    return found


def _segment(node: Any, segmentID: str, volumeNode: Any, value: int) -> Segment:
    segment = node.GetSegmentation().GetSegment(segmentID)
    mask = slicer.util.arrayFromSegmentBinaryLabelmap(node, segmentID, volumeNode)
    return Segment.from_mask(segment.GetName(), tuple(segment.GetColor()), value, np.asarray(mask) > 0)


def _writeSurface(volume: Volume, level: IsoLevel, crop: MeasuredBox | None, path: Path, written: Written) -> None:
    surface = threshold_surface(volume, level.value, float("inf"), crop)
    write_surface(path, surface, level.name, level.colour)
    written.surfaces.append(
        {
            "file": path.name,
            "words": _("{name}: from {value:g} on").format(name=level.name, value=level.value),
            "volume_ml": mesh_volume(surface) / _MM3_PER_ML,
            "triangles": len(surface.triangles),
        }
    )
