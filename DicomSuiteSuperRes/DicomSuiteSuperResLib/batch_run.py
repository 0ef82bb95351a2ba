"""Many inputs, one after the other, into one folder: a bad one stops no other, and a run can be resumed."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from DicomSuiteLib.errors import DicomSuiteError, describe_safely
from DicomSuiteLib.output_file import write_json
from DicomSuiteLib.output_folder import claim_folder
from DicomSuiteLib.progress import ProgressReporter
from DicomSuiteLib.run_ledger import RunLedger
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteLib.unfinished_files import remove_unfinished_files
from DicomSuiteLib.version import VERSION
from DicomSuiteSuperResLib.find_inputs import FoundInput, FoundInputs

Output = dict[str, Any]
"""What is told of an input of which something was made; "problems" says what else could not be, and why."""
Tell = Callable[[float], None]
"""Called with how much of an input is done, from 0 to 1."""

DONE = "done"
RESULT = "result"
"""What there is none of where an input is refused."""
WHOLE = 1000
"""Progress is told in thousandths of the work."""
UNEXPECTED = "An unexpected error ({kind}) stopped it; please report that, and what kind of input and model it was."
OUT_OF_MEMORY = "There is not enough memory for it; crop the volume, or close other programs."

_logger = logging.getLogger(__name__)


def reason_of(error: Exception) -> str:
    """Why something could not be made; what nobody foresaw goes to the log, without its values."""
    if isinstance(error, DicomSuiteError):
        return str(error)
    if isinstance(error, MemoryError):
        return OUT_OF_MEMORY
    _logger.error(describe_safely(error))
    return UNEXPECTED.format(kind=type(error).__qualname__)


class BatchOptions(Protocol):
    """What a run has to know of its options: where it writes, and whether it goes on with what is there."""

    @property
    def folder(self) -> Path: ...

    @property
    def resumes(self) -> bool: ...


@dataclass(frozen=True)
class BatchWork:
    """What is done to each input.

    Parameters
    ----------
    ledger_name : of the file that tells a resumed run, by digests, what is done
    settings : all besides the inputs that shapes the results, told by its `repr`
    treat : makes what is to be made of an input, and tells how far it is; a DicomSuiteError where nothing can be made
    files_of : the names of all files and folders that were made
    """

    ledger_name: str
    settings: tuple[Any, ...]
    treat: Callable[[FoundInput, Tell], Output]
    files_of: Callable[[Output], Iterable[str]]


@dataclass(frozen=True)
class _Item:
    found: FoundInput
    key: str
    size: int
    """Bytes, by which its share in the work is estimated."""


class BatchRun:
    """Treats inputs one after the other.

    Attributes
    ----------
    outputs : what was made of each, in their order
    refused : what was asked for and could not be made, of which input, and why
    """

    def __init__(
        self, inputs: FoundInputs, options: BatchOptions, reporter: ProgressReporter, token: CancelToken
    ) -> None:
        self._items = [_Item(found, found.key(), found.size_on_disk()) for found in inputs.volumes]
        self._options, self._reporter, self._token = options, reporter, token
        self._total = sum(item.size for item in self._items)  # bytes
        self._done = 0  # bytes
        self.outputs: list[Output] = []
        self.refused = [_refusal(name, RESULT, reason) for name, reason in inputs.unreadable]

    def treat_all(self, work: BatchWork) -> None:
        """Treat every input, but for those that the run to resume has finished.

        Raises
        ------
        UsageError
            If the folder holds something else than the run to resume.
        LedgerError
            If it holds a run with other settings or inputs.
        """
        path = self._options.folder / work.ledger_name
        self._prepare_folder(path)
        with RunLedger(path, self._fingerprint(work.settings)) as ledger:
            finished = self._finished(ledger, work)
            self._done = sum(item.size for item in self._items if item.key in finished)
            self._report()
            for item in self._items:
                self._token.raise_if_cancelled()
                if item.key in finished:
                    self.outputs.append(finished[item.key])
                else:
                    self._treat(item, work, ledger)

    def finish(self, name: str, content: dict[str, Any]) -> None:
        """Write what programs want to know of the run, and end the progress."""
        write_json(self._options.folder / name, content)
        self._reporter.finish()

    def _prepare_folder(self, ledger: Path) -> None:
        if self._options.resumes and ledger.exists():
            remove_unfinished_files(self._options.folder)
        else:
            claim_folder(self._options.folder)

    def _fingerprint(self, settings: tuple[Any, ...]) -> str:
        """Digest of all that shapes the results; a run can only be resumed with the same."""
        keys = [item.key for item in self._items]
        return hashlib.sha256(repr((VERSION, settings, keys)).encode()).hexdigest()

    def _finished(self, ledger: RunLedger, work: BatchWork) -> dict[str, Output]:
        """What a former run has made, by the keys of the inputs, but for that of which files are gone."""
        rows = filter(None, (ledger.done().get(item.key) for item in self._items))
        outputs = {row.key: json.loads(row.payload) for row in rows}
        return {key: output for key, output in outputs.items() if self._is_there(work.files_of(output))}

    def _is_there(self, names: Iterable[str]) -> bool:
        return all((self._options.folder / name).exists() for name in names)

    def _treat(self, item: _Item, work: BatchWork, ledger: RunLedger) -> None:
        try:
            output = work.treat(item.found, lambda share: self._report(share * item.size))
        except Cancelled:
            raise
        except Exception as error:  # met with one input, it must not stop the others
            self.refused.append(self._told(item.found, RESULT, reason_of(error)))
        else:
            self._keep(item, output, ledger)
        self._done += item.size
        self._report()

    def _keep(self, item: _Item, output: Output, ledger: RunLedger) -> None:
        """Add an output; one with problems is made again when the run is resumed."""
        output["problems"] = [self._told(item.found, **problem) for problem in output["problems"]]
        self.refused += output["problems"]
        self.outputs.append(output)
        if not output["problems"]:
            ledger.record([(item.key, DONE, "", json.dumps(output))])

    def _told(self, found: FoundInput, what: str, reason: str) -> dict[str, str]:
        return _refusal(found.words, what, found.tellable(reason, self._options.folder))

    def _report(self, beyond: float = 0.0) -> None:
        """Tell how much of all inputs is done, and `beyond` it of the present one, in bytes."""
        counts = {"outputs": len(self.outputs), "refused": len(self.refused)}
        self._reporter.update(int((self._done + beyond) / max(self._total, 1) * WHOLE), WHOLE, **counts)


def _refusal(words: str, what: str, reason: str) -> dict[str, str]:
    return {"input": words, "what": what, "reason": reason}
