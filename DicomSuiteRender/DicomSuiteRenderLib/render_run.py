"""One run of `dicomsuite render`: slices, render modes, turntables and surfaces of one volume, into one folder."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cached_property, partial
from typing import Any

from DicomSuiteLib.closed_surface import mesh_volume
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.file_names import without_folders
from DicomSuiteLib.output_file import write_json, write_text
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.segments import Segmentation
from DicomSuiteLib.slice_views import Plane
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.volumes import Volume, VolumeError
from DicomSuiteLib.write_surface import write_surface
from DicomSuiteRenderLib.animation_files import write_animation
from DicomSuiteRenderLib.automatic_window import automatic_window
from DicomSuiteRenderLib.built_in_modes import built_in_modes
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.grey_transform import GreyTransform
from DicomSuiteRenderLib.label_masks import read_label_masks
from DicomSuiteRenderLib.native_plane import NativePlane
from DicomSuiteRenderLib.render_mode import RenderMode, ValueScale
from DicomSuiteRenderLib.render_options import ALL, MIDDLE, RenderOptions, ThresholdSurface
from DicomSuiteRenderLib.render_report import render
from DicomSuiteRenderLib.slice_files import write_slice_pictures
from DicomSuiteRenderLib.slice_pictures import SliceLook, SlicePictures
from DicomSuiteRenderLib.surface_export import threshold_surface
from DicomSuiteRenderLib.table_removal import without_table
from DicomSuiteRenderLib.technical_metadata import Fact, technical_metadata
from DicomSuiteRenderLib.view_pictures import ModePictures
from DicomSuiteRenderLib.voi_lut import VoiLut, dicom_windows
from DicomSuiteRenderLib.volume_facts import volume_facts
from DicomSuiteRenderLib.window_level import WindowLevel

CONTENT_NAME = "render.json"
REPORT_NAME = "report.html"
SCHEMA = "dicomsuite-render-1"
SLICES_FOLDER = "slices"

DEFAULT_MODES = {"CT": ("skin-and-bone", "ct-bone", "ct-mip"), "MR": ("mr", "mip"), "PT": ("pet-mip",)}
OTHER_MODES = ("composite-bone", "mip")
"""What is shown where nothing is asked for."""

SURFACE_COLOUR = (0.9, 0.85, 0.75)
"""Of PLY files: bone."""

MM3_PER_ML = 1000


class RenderRun:
    """Makes what `options` ask for; what cannot be made is recorded and does not stop the rest."""

    def __init__(self, volume: Volume, options: RenderOptions, reporter: ProgressReporter, token: CancelToken) -> None:
        self._volume, self._reporter, self._token = volume, reporter, token
        self._options = options if options.asks_for_anything else _with_defaults(options, volume.modality)
        self._done = self._total = 0
        self._pictures: list[dict[str, Any]] = []
        self._surfaces: list[dict[str, Any]] = []
        self._refused: list[dict[str, str]] = []
        self._notes: list[str] = []

    def execute(self) -> dict[str, Any]:
        """Do it all; returns what render.json holds."""
        options, planes = self._options, self._numbers()
        self._total = sum(map(len, planes.values())) + len(options.modes) * (1 + options.frames) + len(options.surfaces)
        self._attempt("slices", partial(self._write_slices, planes))
        self._attempt("3D pictures", self._write_modes)
        for surface in options.surfaces:
            what = f"{surface.suffix.upper()} of {surface.words}"
            self._attempt(what, partial(self._write_surface, surface))
        content = self._content()
        if options.has_report:
            write_text(options.folder / REPORT_NAME, render(content, options.folder))
        write_json(options.folder / CONTENT_NAME, content)
        self._reporter.finish()
        return content

    def _attempt(self, what: str, work: Callable[[], None]) -> None:
        self._token.raise_if_cancelled()
        try:
            work()
        except Cancelled:
            raise
        except DicomSuiteError as error:  # told in the result: what can be made is made
            self._refused.append({"what": what, "reason": self._words(error)})

    def _step(self) -> None:
        self._token.raise_if_cancelled()
        self._done += 1
        self._reporter.update(self._done, self._total)

    def _words(self, error: DicomSuiteError) -> str:
        """What went wrong, without the names of sources and folders: they are often called after patients."""
        words = str(error)
        if self._options.labels is not None:
            words = words.replace(str(self._options.labels), "The label map")
        for file in self._volume.files:
            words = words.replace(str(file), "A file of the volume")
        return without_folders(words, self._options.folder)

    def _content(self) -> dict[str, Any]:
        files = [entry["file"] for entry in (*self._pictures, *self._surfaces)]
        return {
            "schema": SCHEMA,
            "volume": {
                "size": self._volume.grid.size,
                "modality": self._volume.modality,
                "notes": list(self._volume.notes),
                "facts": [{"name": fact.name, "value": fact.value} for fact in self._facts()],
            },
            "pictures": self._pictures,
            "surfaces": self._surfaces,
            "refused": self._refused,
            "notes": self._notes,
            "files": files + [REPORT_NAME] * self._options.has_report,
        }

    def _facts(self) -> tuple[Fact, ...]:
        if not self._volume.is_dicom:
            return volume_facts(self._volume)
        try:
            return (*volume_facts(self._volume), *technical_metadata(self._volume.files))
        except VolumeError as error:
            self._notes.append(self._words(error))
            return volume_facts(self._volume)

    # Slices

    def _numbers(self) -> dict[Plane, Sequence[int]]:
        """The numbers of the slices of each plane."""
        found: dict[Plane, Sequence[int]] = {}
        for plane, numbers in self._options.slices.items():
            count = NativePlane.nearest(plane, self._volume.grid).count
            found[plane] = {ALL: range(count), MIDDLE: (count // 2,)}.get(numbers, numbers)
        return found

    def _write_slices(self, planes: dict[Plane, Sequence[int]]) -> None:
        if not planes:
            return
        grey, masks = self._grey, self._masks
        for plane, numbers in planes.items():
            write = partial(self._write_plane, plane, numbers, grey, masks)
            self._attempt(f"{plane.name.lower()} slices", write)

    def _write_plane(
        self, plane: Plane, numbers: Sequence[int], grey: GreyTransform, masks: Segmentation | None
    ) -> None:
        options = self._options
        folder = options.folder / SLICES_FOLDER
        look: SliceLook = {
            "scale": options.pixel_size,
            "letters": options.is_annotated,
            "scale_bar": options.is_annotated,
            "masks": masks,
        }
        names = write_slice_pictures(self._volume, {plane: numbers}, folder, grey, options.picture_format, **look)
        for number, name in zip(numbers, names, strict=True):
            self._add_picture("slice", f"{SLICES_FOLDER}/{name}", f"{plane.name.capitalize()} {number}")
        if options.has_sweeps:  # drawn once more for every format, which costs less than to keep them all
            pictures = SlicePictures(self._volume, plane, grey, **look)
            for kind in options.sweep_formats:
                drawn = map(pictures.picture, numbers)
                (path,) = write_animation(drawn, folder, f"{plane.name.lower()}-sweep", kind)
                words = f"{plane.name.capitalize()}, slice by slice"
                self._list_picture("sweep", f"{SLICES_FOLDER}/{path.name}", words)

    @cached_property
    def _masks(self) -> Segmentation | None:
        return None if self._options.labels is None else read_label_masks(self._options.labels, self._volume.grid)

    @cached_property
    def _grey(self) -> GreyTransform:
        window = self._options.window
        if isinstance(window, WindowLevel):
            return window
        if window == "auto":
            return automatic_window(self._volume)
        found = dicom_windows(self._volume.files) if self._volume.is_dicom else ()
        if not found:
            raise RenderError("The images bring no window of their own; choose another --window.")
        return found[0] if isinstance(found[0], VoiLut) else found[0].window

    # 3D

    @cached_property
    def _mode_window(self) -> WindowLevel:
        """A VOI LUT is no window, so that modes cannot be relative to it."""
        return self._grey if isinstance(self._grey, WindowLevel) else automatic_window(self._volume)

    def _write_modes(self) -> None:
        options = self._options
        if not options.modes:
            return
        with ModePictures(self._volume, options.size, options.is_transparent) as pictures:
            for mode in options.modes:
                wanted = replace(mode, removes_table=True) if options.removes_table else mode
                self._attempt(mode.name, partial(self._write_mode, pictures, wanted))

    def _write_mode(self, pictures: ModePictures, mode: RenderMode) -> None:
        options = self._options
        notes = pictures.show(mode, None if mode.scale is ValueScale.NATIVE else self._mode_window)
        name = f"{mode.key}.png"
        pictures.write(options.folder / name)
        self._add_picture("mode", name, mode.name, notes)
        if options.frames:
            written = pictures.write_turntable(
                options.folder, f"{mode.key}-turntable", options.frames, options.animations, self._step
            )
            for path in written:
                self._list_picture("turntable", path.name, f"{mode.name}, all around")

    def _add_picture(self, kind: str, name: str, words: str, notes: Sequence[str] = ()) -> None:
        self._list_picture(kind, name, words, notes)
        self._step()

    def _list_picture(self, kind: str, name: str, words: str, notes: Sequence[str] = ()) -> None:
        self._pictures.append({"kind": kind, "file": name, "words": words, "notes": list(notes)})

    # Surfaces

    @cached_property
    def _surface_volume(self) -> Volume:
        return without_table(self._volume) if self._options.removes_table else self._volume

    def _write_surface(self, wanted: ThresholdSurface) -> None:
        surface = threshold_surface(self._surface_volume, wanted.low, wanted.high)
        name = f"surface-{wanted.words}.{wanted.suffix}"
        write_surface(self._options.folder / name, surface, f"values {wanted.words}", SURFACE_COLOUR)
        entry = {"file": name, "words": f"from {wanted.low:g}", "triangles": len(surface.triangles)}
        if wanted.high != math.inf:
            entry["words"] += f" to {wanted.high:g}"
        self._surfaces.append({**entry, "volume_ml": mesh_volume(surface) / MM3_PER_ML})
        self._step()


def _with_defaults(options: RenderOptions, modality: str) -> RenderOptions:
    """Where nothing is asked for: usual modes of the modality, and three slices."""
    keys = DEFAULT_MODES.get(modality, OTHER_MODES)
    modes = {mode.key: mode for mode in built_in_modes()}
    return replace(options, modes=tuple(modes[key] for key in keys), slices=dict.fromkeys(Plane, MIDDLE))
