"""One run of `dicomsuite superres`: every input super-resolved, one after the other; a bad one stops no other."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.output_folder import claim_folder
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.run_ledger import RunLedger
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.version import VERSION
from DicomSuiteSuperResLib.find_inputs import FoundInput, FoundInputs
from DicomSuiteSuperResLib.models import DERIVED, LoadedModel
from DicomSuiteSuperResLib.output_plan import plan
from DicomSuiteSuperResLib.super_resolve import super_resolve
from DicomSuiteSuperResLib.superres_options import SuperResOptions
from DicomSuiteSuperResLib.superres_output import CUBIC, SUPER_RESOLVED, SuperResOutput
from DicomSuiteSuperResLib.superres_report import render

CONTENT_NAME = "superres.json"
TABLE_NAME = "superres.csv"
REPORT_NAME = "report.html"
LEDGER_NAME = ".superres-run.sqlite"
"""Tells a resumed run what is done, by digests."""
SCHEMA = "dicomsuite-superres-run-1"
DONE = "done"
RESULT = "result"
"""What there is none of where an input is refused."""

WHOLE = 1000
"""Progress is told in thousandths of the work."""

FIGURES = ("psnr_db", "ssim", "mae", "edge_sharpness")
OUT_OF_MEMORY = "there is not enough memory for it; choose a larger --spacing, or close other programs."


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
        self._inputs, self._model, self._options = inputs, model, options
        self._reporter, self._token = reporter, token
        self._outputs: list[dict[str, Any]] = []
        self._refused = [
            {"input": name, "what": RESULT, "reason": reason} for name, reason in inputs.unreadable
        ]
        self._total = self._done = 0  # bytes of inputs

    def execute(self) -> dict[str, Any]:
        """Do it all; returns what superres.json holds.

        Raises
        ------
        UsageError
            If the folder holds something else than the run to resume.
        LedgerError
            If it holds a run with other settings, model or inputs.
        """
        self._prepare_folder()
        with RunLedger(self._options.folder / LEDGER_NAME, self._fingerprint()) as ledger:
            self._treat_all(ledger)
        content = self._content()
        if self._options.has_report:
            self._write(REPORT_NAME, render(content, self._options.folder))
        self._write_table()
        self._write(CONTENT_NAME, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
        self._reporter.finish()
        return content

    def _prepare_folder(self) -> None:
        folder = self._options.folder
        if not (self._options.resumes and (folder / LEDGER_NAME).exists()):
            claim_folder(folder)
            return
        for leftover in folder.glob(".*.part"):  # of a run that was killed
            shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()

    def _fingerprint(self) -> str:
        """Digest of all that shapes the results; a run can only be resumed with the same."""
        options = self._options
        references = options.references and str(options.references.path.resolve())
        wanted = (options.request, options.file_format, references, options.writes_dicom, options.has_report)
        keys = [found.key() for found in self._inputs.volumes]
        return hashlib.sha256(repr((SCHEMA, VERSION, self._model.identity, wanted, keys)).encode()).hexdigest()

    def _treat_all(self, ledger: RunLedger) -> None:
        keys = [found.key() for found in self._inputs.volumes]
        sizes = [found.size_on_disk() for found in self._inputs.volumes]
        finished = {key: row for key in keys if (row := self._finished(ledger, key)) is not None}
        self._total = sum(sizes)
        self._done = sum(size for key, size in zip(keys, sizes, strict=True) if key in finished)
        self._report(0)
        for found, key, size in zip(self._inputs.volumes, keys, sizes, strict=True):
            self._token.raise_if_cancelled()
            if key in finished:
                self._outputs.append(finished[key])
                continue
            output = self._treat(found, partial(self._report_steps, size))
            self._done += size
            if output is not None:
                self._outputs.append(output)
                if not output["problems"]:
                    ledger.record([(key, DONE, output["file"], json.dumps(output))])
            self._report(0)

    def _finished(self, ledger: RunLedger, key: str) -> dict[str, Any] | None:
        """What a former run has made of an input; None if it has not, or its files are gone."""
        row = ledger.done().get(key)
        if row is None:
            return None
        output = json.loads(row.payload)
        names = [*output["files"], output["dicom"] or ""]
        return output if all((self._options.folder / name).exists() for name in names) else None

    def _treat(self, found: FoundInput, progress: Callable[[int, int], None]) -> dict[str, Any] | None:
        """What was made of one input; None, with the reason recorded, where nothing could be made."""
        try:
            return self._super_resolve(found, progress)
        except Cancelled:
            raise
        except DicomSuiteError as error:
            reason = found.without_folders(str(error), self._options.folder)
        except MemoryError:
            reason = f"{found.words}: {OUT_OF_MEMORY}"
        self._refused.append({"input": found.words, "what": RESULT, "reason": reason})
        return None

    def _super_resolve(self, found: FoundInput, progress: Callable[[int, int], None]) -> dict[str, Any]:
        volume, request = found.read(), self._options.request
        planned = plan(volume.grid, self._model, request)
        result = super_resolve(volume, self._model, request, progress, self._token)
        output = SuperResOutput(found, volume, result, planned.axis, self._options).write(self._token)
        self._refused += ({"input": found.words, **problem} for problem in output["problems"])
        return output

    def _report_steps(self, size: int, done: int, steps: int) -> None:
        """Tell the progress within an input of `size`; one step more stands for writing what is made of it."""
        self._report(size * done / (steps + 1))

    def _report(self, beyond: float) -> None:
        """Tell how much of all inputs is done, and `beyond` it of the present one, both measured by their size."""
        counts = {"outputs": len(self._outputs), "refused": len(self._refused)}
        self._reporter.update(int((self._done + beyond) / max(self._total, 1) * WHOLE), WHOLE, **counts)

    def _content(self) -> dict[str, Any]:
        identity = self._model.identity
        return {
            "schema": SCHEMA,
            "derived": DERIVED,
            "model": {"name": identity.name, "version": identity.version, "sha256": identity.sha256},
            "outputs": self._outputs,
            "refused": self._refused,
            "files": [TABLE_NAME, *([REPORT_NAME] if self._options.has_report else [])],
        }

    def _write(self, name: str, text: str) -> None:
        with output_file(self._options.folder / name) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")

    def _write_table(self) -> None:
        """A row for each result; its figures are empty where it was not compared."""
        methods = (SUPER_RESOLVED, CUBIC)
        figures = [f"{method} {figure}" for method in methods for figure in FIGURES]
        with (
            output_file(self._options.folder / TABLE_NAME) as partial,
            partial.open("w", encoding="utf-8", newline="") as file,
        ):
            table = csv.writer(file, lineterminator="\n")
            table.writerow(("number", "input", "file", "size", "spacing_mm", "seconds", *figures, "warnings"))
            table.writerows(_row(output, methods) for output in self._outputs)


def _row(output: Mapping[str, Any], methods: tuple[str, ...]) -> list[Any]:
    size, spacing = (" x ".join(f"{number:g}" for number in output[name]) for name in ("size", "spacing"))
    figures = [output["metrics"].get(method, {}).get(figure, "") for method in methods for figure in FIGURES]
    named = [output[name] for name in ("number", "input", "file")]
    return [*named, size, spacing, output["seconds"], *figures, "; ".join(output["warnings"])]
