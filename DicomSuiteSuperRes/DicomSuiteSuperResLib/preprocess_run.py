"""One run of `dicomsuite preprocess`: every input prepared, one after the other; a bad one stops no other."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.output_file import output_file
from DicomSuiteLib.output_folder import claim_folder
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.run_ledger import RunLedger
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.version import VERSION
from DicomSuiteSuperResLib.find_inputs import FoundInput, FoundInputs
from DicomSuiteSuperResLib.head_template import HeadTemplate, bundled_template, template_from_file
from DicomSuiteSuperResLib.prepared_volume import PreparedVolume
from DicomSuiteSuperResLib.preprocess_options import PreprocessOptions

CONTENT_NAME = "preprocess.json"
LEDGER_NAME = ".preprocess-run.sqlite"
"""Tells a resumed run what is done, by digests."""
SCHEMA = "dicomsuite-preprocess-1"
DONE = "done"
ALL = "volume"
"""What could not be made where an input is refused as a whole."""
OUT_OF_MEMORY = "There is not enough memory for it; close other programs."
NAMELESS = "a file"


class PreprocessRun:
    """Prepares `inputs`; what cannot be done is recorded."""

    def __init__(
        self, inputs: FoundInputs, options: PreprocessOptions, reporter: ProgressReporter, token: CancelToken
    ) -> None:
        self._inputs, self._options = inputs, options
        self._reporter, self._token = reporter, token
        self._outputs: list[dict[str, Any]] = []
        self._refused = [
            {"input": NAMELESS if options.anonymizes else name, "what": ALL, "reason": reason}
            for name, reason in inputs.unreadable
        ]
        self._done = 0  # steps

    def execute(self) -> dict[str, Any]:
        """Do it all; returns what preprocess.json holds.

        Raises
        ------
        UsageError
            If the folder holds something else than the run to resume.
        LedgerError
            If it holds a run with other settings or inputs.
        VolumeError, SuperResError
            If the template cannot be used.
        """
        template = self._template()
        self._prepare_folder()
        with RunLedger(self._options.folder / LEDGER_NAME, self._fingerprint()) as ledger:
            for number, found in enumerate(self._inputs.volumes, start=1):
                self._token.raise_if_cancelled()
                self._treat(found, template, ledger)
                self._done = number * self._options.step_count
                self._report()
        content = {"schema": SCHEMA, "outputs": self._outputs, "refused": self._refused}
        with output_file(self._options.folder / CONTENT_NAME) as partial:
            text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
            partial.write_text(text, encoding="utf-8", newline="\n")
        self._reporter.finish()
        return content

    def _template(self) -> HeadTemplate | None:
        if not self._options.registers:
            return None
        return template_from_file(self._options.template) if self._options.template else bundled_template()

    def _prepare_folder(self) -> None:
        folder = self._options.folder
        if not (self._options.resumes and (folder / LEDGER_NAME).exists()):
            claim_folder(folder)
            return
        for leftover in folder.glob(".*.part*"):
            leftover.unlink()

    def _fingerprint(self) -> str:
        """Digest of all that shapes the results; a run can only be resumed with the same."""
        options = self._options
        template = options.template and str(options.template.resolve())
        steps = (options.brain, options.corrects_bias_field, options.normalisation, options.registers, template)
        written = (options.pair, options.anonymizes, options.file_format)
        keys = [found.key() for found in self._inputs.volumes]
        return hashlib.sha256(repr((SCHEMA, VERSION, steps, written, keys)).encode()).hexdigest()

    def _treat(self, found: FoundInput, template: HeadTemplate | None, ledger: RunLedger) -> None:
        key = found.key()
        output = self._finished(ledger, key)
        if output is None:
            output = self._prepared(found, template)
            if output is None:
                return
            if not output["problems"]:
                ledger.record([(key, DONE, output["files"][0]["file"], json.dumps(output))])
        self._outputs.append(output)

    def _finished(self, ledger: RunLedger, key: str) -> dict[str, Any] | None:
        """What a former run has made of an input; None if it has not, or its files are gone."""
        row = ledger.done().get(key)
        output = None if row is None else json.loads(row.payload)
        if output is None or not all((self._options.folder / file["file"]).exists() for file in output["files"]):
            return None
        return output

    def _prepared(self, found: FoundInput, template: HeadTemplate | None) -> dict[str, Any] | None:
        """What was made of one input; None, with the reason recorded, where nothing could be made."""
        try:
            output = PreparedVolume(found, self._options, template, self._step, self._token).execute()
        except Cancelled:
            raise
        except DicomSuiteError as error:
            self._refuse(found, ALL, str(error))
            return None
        except MemoryError:
            self._refuse(found, ALL, OUT_OF_MEMORY)
            return None
        for problem in output["problems"]:
            self._refuse(found, problem["what"], problem["reason"])
        output["problems"] = [refusal for refusal in self._refused if refusal["input"] == self._words(found)]
        return {"input": self._words(found), **output}

    def _refuse(self, found: FoundInput, what: str, reason: str) -> None:
        words = found.without_folders(reason, self._options.folder)
        if self._options.anonymizes:
            for file in found.files:
                words = words.replace(file.name, NAMELESS)
        self._refused.append({"input": self._words(found), "what": what, "reason": words})

    def _words(self, found: FoundInput) -> str:
        return f"input {found.number}" if self._options.anonymizes else found.words

    def _step(self) -> None:
        self._done += 1
        self._report()

    def _report(self) -> None:
        total = len(self._inputs.volumes) * self._options.step_count
        self._reporter.update(self._done, total, outputs=len(self._outputs), refused=len(self._refused))
