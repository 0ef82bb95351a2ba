"""One run of `dicomsuite preprocess`: every input prepared, one after the other; a bad one stops no other."""

from __future__ import annotations

from typing import Any

from DicomSuiteLib.head_template import HeadTemplate, bundled_template, template_from_file
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteSuperResLib.batch_run import BatchRun, BatchWork, Output, Tell
from DicomSuiteSuperResLib.find_inputs import FoundInput, FoundInputs
from DicomSuiteSuperResLib.prepared_volume import PreparedVolume
from DicomSuiteSuperResLib.preprocess_options import PreprocessOptions

CONTENT_NAME = "preprocess.json"
LEDGER_NAME = ".preprocess-run.sqlite"
SCHEMA = "dicomsuite-preprocess-1"


class PreprocessRun:
    """Prepares `inputs`; what cannot be done is recorded."""

    def __init__(
        self, inputs: FoundInputs, options: PreprocessOptions, reporter: ProgressReporter, token: CancelToken
    ) -> None:
        self._options, self._token = options, token
        self._batch = BatchRun(inputs.nameless() if options.anonymizes else inputs, options, reporter, token)

    def execute(self) -> dict[str, Any]:
        """Do it all; returns what preprocess.json holds.

        Errors as those of `BatchRun.treat_all`; VolumeError or SuperResError where the template cannot be used.
        """
        template = self._template()

        def prepare(found: FoundInput, tell: Tell) -> Output:
            return PreparedVolume(found, self._options, template, tell, self._token).execute()

        self._batch.treat_all(BatchWork(LEDGER_NAME, self._settings(), prepare, _files))
        content = {"schema": SCHEMA, "outputs": self._batch.outputs, "refused": self._batch.refused}
        self._batch.finish(CONTENT_NAME, content)
        return content

    def _template(self) -> HeadTemplate | None:
        if not self._options.registers:
            return None
        return template_from_file(self._options.template) if self._options.template else bundled_template()

    def _settings(self) -> tuple[Any, ...]:
        options = self._options
        template = options.template and str(options.template.resolve())
        steps = (options.brain, options.corrects_bias_field, options.normalisation, options.registers, template)
        return SCHEMA, steps, (options.pair, options.anonymizes, options.file_format)


def _files(output: Output) -> list[str]:
    return [file["file"] for file in output["files"]]
