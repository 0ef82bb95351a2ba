"""One run of `dicomsuite overlay`: place every mask, then write pictures, files, measures and the comparison."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from DicomSuiteLib.dicom_source import DicomSourceError
from DicomSuiteLib.errors import DicomSuiteError, UsageError
from DicomSuiteLib.file_names import file_name, without_folders
from DicomSuiteLib.output_file import write_json, write_text
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteRTOverlayLib.accepted_place import AcceptedPlace, accept
from DicomSuiteRTOverlayLib.comparison import Comparison, compare_segmentations
from DicomSuiteRTOverlayLib.errors import OverlayError
from DicomSuiteRTOverlayLib.export_formats import ExportFormat, MaskExporter
from DicomSuiteRTOverlayLib.given_mask import AS_GIVEN, load_given_mask
from DicomSuiteRTOverlayLib.load_mask import load_mask
from DicomSuiteRTOverlayLib.mask_result import MaskResult, volume_as_json
from DicomSuiteRTOverlayLib.measure_tables import write_pairs, write_stats
from DicomSuiteRTOverlayLib.overlay_pictures import write_picture
from DicomSuiteRTOverlayLib.overlay_report import RunTables, render
from DicomSuiteRTOverlayLib.pair_table import pair_table
from DicomSuiteRTOverlayLib.placed_mask import PlacedMask
from DicomSuiteRTOverlayLib.placement import Placement, Verdict
from DicomSuiteRTOverlayLib.read_mask_file import MASK_SUFFIXES
from DicomSuiteRTOverlayLib.resample_mask import resample_mask
from DicomSuiteRTOverlayLib.segment_measures import SegmentMeasures, measure_segment
from DicomSuiteRTOverlayLib.segment_table import segment_table
from DicomSuiteRTOverlayLib.write_mask import write_mask_file, write_seg_nrrd

ALIGNMENT_NAME = "alignment.json"
REPORT_NAME = "report.html"
COMPARISON_FILE = "comparison.seg.nrrd"
COMPARISON_PICTURE = "comparison.png"
SEG_NRRD_SUFFIX = ".seg.nrrd"
SCHEMA = "dicomsuite-alignment-1"


@dataclass(frozen=True)
class OverlayOptions:
    """What a run is asked to do; `compare` holds two numbers of masks, from 1."""

    folder: Path
    exports: tuple[ExportFormat, ...] = ()
    measures: bool = False
    compare: tuple[int, int] | None = None
    accepted: Mapping[int, AcceptedPlace] = field(default_factory=dict)
    smooth: bool = False
    previews: bool = False
    report: bool = False


class OverlayRun:
    """Lays `masks` (paths of files) over `volume`, one after the other; a bad one does not stop the rest.

    Raises UsageError where an option names a mask that is not there.
    """

    def __init__(
        self,
        volume: Volume,
        masks: Sequence[Path],
        options: OverlayOptions,
        reporter: ProgressReporter,
        token: CancelToken,
    ) -> None:
        named = {*options.accepted, *(options.compare or ())}
        if beyond := sorted(number for number in named if not 1 <= number <= len(masks)):
            raise UsageError(f"There is no mask {beyond[0]}: the masks are numbered 1 to {len(masks)}.")
        self._volume, self._masks, self._options = volume, masks, options
        self._reporter, self._token = reporter, token

    def execute(self) -> dict[str, Any]:
        """Do it all; returns what alignment.json holds."""
        results = []
        total = len(self._masks)
        for number, path in enumerate(self._masks, start=1):
            self._reporter.update(number - 1, total, **_counts(results))
            self._token.raise_if_cancelled()
            results.append(self._one(number, path))
        tables, files, notes = self._write_common(results)
        content = {
            "schema": SCHEMA,
            "volume": volume_as_json(self._volume),
            "masks": [result.as_json() for result in results],
            "files": files,
            "notes": notes,
        }
        if self._options.report:
            write_text(self._options.folder / REPORT_NAME, render(content, tables))
        write_json(self._options.folder / ALIGNMENT_NAME, content)
        self._reporter.update(total, total, **_counts(results))
        self._reporter.finish()
        return content

    def _words(self, error: DicomSuiteError, path: Path) -> str:
        """What went wrong, with files by their names alone."""
        return without_folders(str(error), self._options.folder, *(file.parent for file in (path, *self._volume.files)))

    def _one(self, number: int, path: Path) -> MaskResult:
        accepted = self._options.accepted.get(number)
        placed = self._load(path, accepted)
        result = MaskResult(number, path.name, placed, accepted, findings=placed.placement.findings)
        try:
            self._settle(result)
        except (OverlayError, DicomSourceError) as error:
            result.accepted = None
            result.notes.append(self._words(error, path))
        if placed.source is not None:
            result.notes += (*placed.source.notes, *placed.source.claims.remarks)
        stem = _stem(number, path)
        if result.segmentation is not None:
            result.notes += result.segmentation.notes
            self._write_placed(result, stem)
        if placed.source is not None and placed.placement.candidates:
            self._write_candidates(result, stem)
        return result

    def _load(self, path: Path, accepted: AcceptedPlace | None) -> PlacedMask:
        load = load_given_mask if accepted is not None and accepted.key == AS_GIVEN else load_mask
        try:
            return load(path, self._volume, smooth=self._options.smooth)
        except DicomSuiteError as error:  # told as the verdict: one bad file never stops a run
            return PlacedMask(path, Placement(Verdict.REFUSED, self._words(error, path)), None)

    def _settle(self, result: MaskResult) -> None:
        """Give the mask the place that the user chose, or else the one that may be used unasked."""
        placed = result.placed
        if result.accepted is not None:
            smooth = self._options.smooth
            result.segmentation, result.findings = accept(placed, result.accepted, self._volume, smooth=smooth)
        elif placed.placement.is_automatic:
            result.segmentation = placed.segmentation

    def _write_placed(self, result: MaskResult, stem: str) -> None:
        folder, segmentation = self._options.folder, result.segmentation
        is_even = segmentation.grid.geometry is not None
        result.file = f"{stem}.seg.nrrd" if is_even else f"{stem}-slices.seg.nrrd"
        write_seg_nrrd(folder / result.file, segmentation)
        result.picture = f"{stem}.png"
        write_picture(folder / result.picture, self._volume, segmentation, _caption(result))
        exporter = MaskExporter(folder, stem, segmentation, self._volume)
        for kind in self._options.exports:
            self._token.raise_if_cancelled()
            try:
                names, notes = exporter.write(kind)
            except DicomSuiteError as error:
                words = self._words(error, result.placed.path)
                result.notes.append(f"Export as {kind.value} failed: {words}")
            else:
                result.exports += names
                result.notes += (note for note in notes if note not in result.notes)

    def _write_candidates(self, result: MaskResult, stem: str) -> None:
        placed = result.placed
        if placed.placement.verdict is Verdict.GUESSED:
            pictures = []
            for place, candidate in enumerate(placed.placement.candidates, start=1):
                segmentation = resample_mask(placed.source, candidate.geometry, self._volume.grid)
                pictures.append(f"{stem}-candidate-{place}.png")
                words = f"{candidate.words} ({candidate.probability:.0%})"
                write_picture(self._options.folder / pictures[-1], self._volume, segmentation, words)
            result.candidate_pictures = tuple(pictures)
        if self._options.previews:
            result.source_file = f"{stem}-as-read.seg.nrrd"
            geometry = placed.placement.candidates[0].geometry
            write_mask_file(self._options.folder / result.source_file, placed.source, geometry)

    def _write_common(self, results: Sequence[MaskResult]) -> tuple[RunTables, list[str], list[str]]:
        """Measure and compare what was placed; returns the tables, the names of the files written, and notes."""
        folder, files, notes = self._options.folder, [], []
        stats = pairs = None
        placed = [result for result in results if result.segmentation is not None]
        if self._options.measures and placed:
            measured = list(self._measured(placed))
            files += write_stats(folder, measured)
            stats = segment_table(measured)
        comparison = None
        if self._options.compare is not None:
            try:
                comparison = self._compare(results)
            except (OverlayError, DicomSourceError) as error:  # what was placed is told all the same
                notes.append(str(error))
        if comparison is not None:
            notes += comparison.differences.notes
            write_seg_nrrd(folder / COMPARISON_FILE, comparison.differences)
            caption = "Comparison of masks {} (A) and {} (B)".format(*self._options.compare)
            write_picture(folder / COMPARISON_PICTURE, self._volume, comparison.differences, caption)
            files += [COMPARISON_FILE, COMPARISON_PICTURE, *write_pairs(folder, comparison.pairs)]
            pairs = pair_table(comparison.pairs)
        return RunTables(stats, pairs), files, notes

    def _measured(self, placed: Sequence[MaskResult]) -> Iterator[tuple[int, SegmentMeasures]]:
        for result in placed:
            for segment in result.segmentation.segments:
                self._token.raise_if_cancelled()
                yield result.number, measure_segment(segment, self._volume)

    def _compare(self, results: Sequence[MaskResult]) -> Comparison:
        both = [results[number - 1] for number in self._options.compare]
        if missing := [result.number for result in both if result.segmentation is None]:
            raise OverlayError(f"Mask {missing[0]} is not placed, so it cannot be compared; its verdict says why.")
        return compare_segmentations(*(result.segmentation for result in both))


def _counts(results: Sequence[MaskResult]) -> dict[str, int]:
    states = [result.state for result in results]
    return {state: states.count(state) for state in ("waits", "refused") if state in states}


def _stem(number: int, path: Path) -> str:
    """A name for the files of one mask: its number, and its own name without what tells its kind."""
    name = path.name
    for suffix in (SEG_NRRD_SUFFIX, *MASK_SUFFIXES, ".dcm"):  # the longer ones come first
        if name.lower().endswith(suffix):
            name = name[: -len(suffix)]
            break
    return f"{number}-{file_name(name) or 'mask'}"


def _caption(result: MaskResult) -> str:
    if result.accepted is not None:
        return f"accepted by the user: {result.accepted}"
    return result.placed.placement.verdict.value
