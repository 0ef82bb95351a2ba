"""What is written for one input: the result, its DICOM series, its figures against a reference, its pictures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from DicomSuiteLib.head_mask import head_mask
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.batch_run import reason_of
from DicomSuiteSuperResLib.derived_dicom import write_derived_series
from DicomSuiteSuperResLib.find_inputs import FoundInput
from DicomSuiteSuperResLib.metrics_table import Measured, metrics_as_json, write_metrics
from DicomSuiteSuperResLib.provenance import NO_SHEARED_NIFTI, write_result
from DicomSuiteSuperResLib.reformat_pictures import Reformats, reformat_planes
from DicomSuiteSuperResLib.slice_plot import slice_plot
from DicomSuiteSuperResLib.super_resolution import SuperResResult
from DicomSuiteSuperResLib.superres_options import FileFormat, SuperResOptions
from DicomSuiteSuperResLib.volume_metrics import compare

SUPER_RESOLVED, CUBIC = "super-resolved", "cubic"
"""The methods that are measured."""


class SuperResOutput:
    """Writes what `options` ask for of one result.

    What cannot be written besides the result itself is recorded, and does not stop the rest.
    """

    def __init__(self, found: FoundInput, acquired: Volume, result: SuperResResult, options: SuperResOptions) -> None:
        self._found, self._acquired, self._result, self._options = found, acquired, result, options
        self._files: list[str] = []
        self._pictures: list[str] = []
        self._metrics: dict[str, Any] = {}
        self._dicom: str | None = None
        self._warnings = [*acquired.notes, *result.warnings]
        self._problems: list[dict[str, str]] = []

    def write(self, token: CancelToken) -> dict[str, Any]:
        """Write it all; returns what superres.json tells of this result.

        Raises
        ------
        OutputError
            If the result itself cannot be written.
        Cancelled
            If the token says so.
        """
        name = self._write_result()
        options = self._options
        steps: tuple[tuple[str, bool, Callable[[], None]], ...] = (
            ("DICOM series", options.writes_dicom, partial(self._write_dicom, token)),
            ("comparison", options.references is not None, self._write_comparison),
            ("pictures", options.has_report, self._write_pictures),
        )
        for what, is_wanted, work in steps:
            token.raise_if_cancelled()
            if is_wanted:
                self._attempt(what, work)
        return self._as_json(name)

    def _attempt(self, what: str, work: Callable[[], None]) -> None:
        try:
            work()
        except Cancelled:
            raise
        except Exception as error:  # the result is written already, and is not to be told as refused
            self._tell(what, reason_of(error))

    def _tell(self, what: str, reason: str) -> None:
        self._problems.append({"what": what, "reason": reason})

    def _path(self, ending: str) -> Path:
        return self._options.folder / f"{self._found.stem}-{ending}"

    def _write(self, ending: str, content: bytes) -> str:
        path = self._path(ending)
        with output_file(path) as partial_path:
            partial_path.write_bytes(content)
        self._files.append(path.name)
        return path.name

    def _write_result(self) -> str:
        usual = FileFormat.NIFTI if self._found.is_nifti else FileFormat.NRRD
        wanted = self._options.file_format or usual
        is_sheared = self._result.volume.grid.nominal_geometry.is_sheared
        path = self._path(f"superres{(FileFormat.NRRD if is_sheared else wanted).suffix}")
        if is_sheared and wanted is FileFormat.NIFTI:
            self._warnings.append(f"{NO_SHEARED_NIFTI}: the result was written as NRRD, {path.name}")
        self._files += [file.name for file in write_result(self._result, path)]
        return path.name

    def _write_dicom(self, token: CancelToken) -> None:
        folder = self._path("dicom")
        shutil.rmtree(folder, ignore_errors=True)  # there is one only where a run is resumed
        write_derived_series(self._result, self._acquired, folder, token)
        self._dicom = folder.name

    def _write_comparison(self) -> None:
        reference = self._options.references.of(self._found)
        measure = partial(compare, reference, mask=head_mask(reference.voxels), axis=self._result.axis)
        comparisons = {SUPER_RESOLVED: measure(self._result.volume), CUBIC: measure(self._reformats.cubic)}
        measured = [Measured(self._found.stem, method, one) for method, one in comparisons.items()]
        table = self._path("metrics.csv")
        write_metrics(table, measured)
        self._files.append(table.name)
        self._write("slices.svg", slice_plot(comparisons).encode())
        self._metrics = {method: metrics_as_json(one.whole) for method, one in comparisons.items()}

    def _write_pictures(self) -> None:
        for plane in reformat_planes(self._result.volume.grid, self._result.axis):
            picture = self._reformats.picture(plane)
            self._pictures.append(self._write(f"{plane.name.lower()}.png", picture))

    @cached_property
    def _reformats(self) -> Reformats:
        return Reformats.of(self._acquired, self._result.volume)

    def _as_json(self, name: str) -> dict[str, Any]:
        result = self._result
        return {
            "number": self._found.number,
            "input": self._found.words,
            "file": name,
            "files": self._files,
            "seconds": round(result.seconds, 2),
            "axis": result.settings["axis"],
            "input_size": self._acquired.grid.size,
            "input_spacing": self._acquired.grid.nominal_geometry.spacing,
            "size": result.volume.grid.size,
            "spacing": result.volume.grid.nominal_geometry.spacing,
            "settings": dict(result.settings),
            "warnings": self._warnings,
            "metrics": self._metrics,
            "pictures": self._pictures,
            "dicom": self._dicom,
            "problems": self._problems,
        }
