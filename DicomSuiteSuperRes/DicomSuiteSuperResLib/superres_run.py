"""One run of `dicomsuite superres`: every input super-resolved, one after the other; a bad one stops no other."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from DicomSuiteLib.output_file import output_file, write_text
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteSuperResLib.batch_run import BatchRun, BatchWork, Output, Tell
from DicomSuiteSuperResLib.find_inputs import FoundInput, FoundInputs
from DicomSuiteSuperResLib.models import DERIVED, LoadedModel
from DicomSuiteSuperResLib.super_resolve import super_resolve
from DicomSuiteSuperResLib.superres_options import SuperResOptions
from DicomSuiteSuperResLib.superres_output import CUBIC, SUPER_RESOLVED, SuperResOutput
from DicomSuiteSuperResLib.superres_report import render

CONTENT_NAME = "superres.json"
TABLE_NAME = "superres.csv"
REPORT_NAME = "report.html"
LEDGER_NAME = ".superres-run.sqlite"
SCHEMA = "dicomsuite-superres-run-1"

FIGURES = ("psnr_db", "ssim", "mae", "edge_sharpness")


class SuperResRun:
    """Super-resolves `inputs` with one model; what cannot be done is recorded."""

    def __init__(
        self,
        inputs: FoundInputs,
        model: LoadedModel,
        options: SuperResOptions,
        reporter: ProgressReporter,
        token: CancelToken,
    ) -> None:
        self._model, self._options, self._token = model, options, token
        self._batch = BatchRun(inputs, options, reporter, token)

    def execute(self) -> dict[str, Any]:
        """Do it all; returns what superres.json holds. Errors as those of `BatchRun.treat_all`."""
        options = self._options
        self._batch.treat_all(BatchWork(LEDGER_NAME, self._settings(), self._super_resolve, _files))
        content = self._content()
        if options.has_report:
            write_text(options.folder / REPORT_NAME, render(content, options.folder))
        _write_table(options.folder / TABLE_NAME, content["outputs"])
        self._batch.finish(CONTENT_NAME, content)
        return content

    def _settings(self) -> tuple[Any, ...]:
        options = self._options
        references = options.references and str(options.references.path.resolve())
        wanted = (options.request, options.file_format, references, options.writes_dicom, options.has_report)
        return SCHEMA, self._model.identity, wanted

    def _super_resolve(self, found: FoundInput, tell: Tell) -> Output:
        def told(done: int, steps: int) -> None:
            tell(done / (steps + 1))  # one step more stands for writing what is made

        volume = found.read()
        result = super_resolve(volume, self._model, self._options.request, told, self._token)
        return SuperResOutput(found, volume, result, self._options).write(self._token)

    def _content(self) -> dict[str, Any]:
        identity = self._model.identity
        return {
            "schema": SCHEMA,
            "derived": DERIVED,
            "model": {"name": identity.name, "version": identity.version, "sha256": identity.sha256},
            "outputs": self._batch.outputs,
            "refused": self._batch.refused,
            "files": [TABLE_NAME, *([REPORT_NAME] if self._options.has_report else [])],
        }


def _files(output: Output) -> list[str]:
    return [*output["files"], *([output["dicom"]] if output["dicom"] else [])]


def _write_table(path: Path, outputs: Iterable[Output]) -> None:
    """A row for each result; its figures are empty where it was not compared."""
    methods = (SUPER_RESOLVED, CUBIC)
    figures = [f"{method} {figure}" for method in methods for figure in FIGURES]
    with output_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("number", "input", "file", "size", "spacing_mm", "seconds", *figures, "warnings"))
        table.writerows(_row(output, methods) for output in outputs)


def _row(output: Mapping[str, Any], methods: tuple[str, ...]) -> list[Any]:
    size, spacing = (" x ".join(f"{number:g}" for number in output[name]) for name in ("size", "spacing"))
    figures = [output["metrics"].get(method, {}).get(figure, "") for method in methods for figure in FIGURES]
    named = [output[name] for name in ("number", "input", "file")]
    return [*named, size, spacing, output["seconds"], *figures, "; ".join(output["warnings"])]
