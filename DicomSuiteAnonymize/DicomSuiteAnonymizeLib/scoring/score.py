"""Scoring a de-identified folder against an answer key, independently of the program that wrote it."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Hashable, Mapping
from dataclasses import astuple, dataclass, fields
from functools import lru_cache
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import FileDataset
from pydicom.errors import BytesLengthException, InvalidDicomError

from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.scoring.answer_key import read_answers
from DicomSuiteAnonymizeLib.scoring.score_checks import AnswerCheck, Maps, Result, ScoredAction, judge
from DicomSuiteAnonymizeLib.scoring.score_pixels import judge_hidden
from DicomSuiteLib.file_walk import UnreadablePath, walk_files
from DicomSuiteLib.new_file import new_file
from DicomSuiteLib.quiet_pydicom import quiet_pydicom

_DEFERRED_BYTES = 1 << 16
"""Longer values are read when a check asks for them."""
_MISSING = "the file is missing from the output"
_WRONG = "not as the answer key asks"
_UNREADABLE = "the value cannot be read, or the check does not say what to look for"
_NEEDS_OCR = "the box is not blank, and rapidocr-onnxruntime is not installed to read it"

Told = Callable[[int, int], None]
"""Takes how many instances are done, and of how many."""


@dataclass(frozen=True)
class Failure:
    """A check that was not passed; `file` is relative to the output folder, "" where there is none."""

    file: str
    action: str
    attribute: str
    category: str
    result: str
    reason: str


@dataclass(frozen=True)
class Score:
    """What came out.

    Attributes
    ----------
    counts
        Number of checks by (category, action, result).
    failures
        All that were not passed, without any value.
    files, missing, unknown
        DICOM files in the output; instances of the key without an output; outputs that the key does not know.
    """

    counts: Mapping[tuple[str, ScoredAction, Result], int]
    failures: tuple[Failure, ...]
    files: int
    missing: int
    unknown: int

    def total(self, result: Result) -> int:
        """How many checks ended so."""
        return sum(count for (_, _, how), count in self.counts.items() if how is result)

    def grouped(self, group: Callable[[str, ScoredAction], Hashable]) -> dict[Hashable, Counter[Result]]:
        """How many checks ended how, by what `group` makes of category and action; in the order of the categories."""
        tables: dict[Hashable, Counter[Result]] = {}
        for category, action, result in sorted(self.counts, key=lambda key: (key[0], key[1].word, key[2].value)):
            totals = tables.setdefault(group(category, action), Counter())
            totals[result] += self.counts[category, action, result]
        return tables

    @property
    def percent(self) -> float:
        """Passed checks in percent of all, cut (not rounded) to two decimals: 100.0 means each one."""
        return int(10_000 * self.total(Result.PASSED) / max(sum(self.counts.values()), 1)) / 100


def read_map(path: Path) -> dict[str, str]:
    """From a CSV file with the columns id_old and id_new. Raises AnonymizeError, also where an old ID has two new."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if not {"id_old", "id_new"} <= set(reader.fieldnames or ()):
                raise AnonymizeError(f"{path} lacks the columns id_old and id_new.")
            pairs = [(row["id_old"], row["id_new"]) for row in reader]
    except OSError as error:
        raise AnonymizeError(f"{path}: {error.strerror}.") from error
    except (ValueError, csv.Error) as error:
        raise AnonymizeError(f"{path} is not a CSV file in UTF-8.") from error
    if not all(old and new for old, new in pairs):
        raise AnonymizeError(f"{path} has a row without id_old or id_new.")
    new_ids = dict(pairs)
    if len(set(pairs)) > len(new_ids):
        raise AnonymizeError(f"{path} gives one id_old two different id_new.")
    return new_ids


def score(folder: Path, key: Path, maps: Maps, told: Told = lambda done, total: None) -> Score:
    """Judge every check of the key on the files below `folder`, which are only read.

    Raises AnonymizeError where folder or key cannot be read or do not belong together, or the map merges UIDs.
    """
    if len(set(maps.uids.values())) < len(maps.uids):
        raise AnonymizeError("The UID map gives two old UIDs one new UID: studies, series or instances were merged.")
    with quiet_pydicom():
        outputs = _outputs(folder)
        scoring = _Scoring(folder, outputs, maps)
        for done, (instance, checks) in enumerate(read_answers(key), start=1):
            scoring.take(instance, checks)
            told(done, max(done, len(outputs)))
    if not scoring.counts:
        raise AnonymizeError(f"Answer key {key} holds no check.")
    if not scoring.found:
        raise AnonymizeError(
            f"None of the instances that answer key {key} names is in {folder}: name the key of this data set, and the "
            "UID map that was written with this output."
        )
    return Score(
        scoring.counts,
        tuple(scoring.failures),
        len(outputs),
        len(scoring.missing),
        len(outputs) - len(scoring.found),
    )


def _outputs(folder: Path) -> dict[str, Path]:
    """DICOM files by SOP Instance UID. Raises AnonymizeError for two with the same and for none at all."""
    outputs: dict[str, Path] = {}
    for path in walk_files([folder]):
        if isinstance(path, UnreadablePath):
            raise AnonymizeError(f"{path.path}: {path.reason}.")
        instance = _sop_instance(path)
        if instance in outputs:
            raise AnonymizeError(f"{path} and {outputs[instance]} have the same SOP Instance UID: which one counts?")
        if instance:
            outputs[instance] = path
    if not outputs:
        raise AnonymizeError(f"{folder} holds no DICOM files: name the folder that was written.")
    return outputs


def _sop_instance(path: Path) -> str:
    """Empty for what is no DICOM file."""
    try:
        return str(dcmread(path, specific_tags=["SOPInstanceUID"], stop_before_pixels=True).get("SOPInstanceUID", ""))
    except OSError as error:
        raise AnonymizeError(f"{path}: {error.strerror}.") from error
    except (InvalidDicomError, EOFError, ValueError, TypeError, AttributeError, NotImplementedError):
        return ""


class _Scoring:
    """Judges instance by instance and counts."""

    def __init__(self, folder: Path, outputs: Mapping[str, Path], maps: Maps) -> None:
        self._folder = folder
        self._outputs = outputs
        self._maps = maps
        self._read = lru_cache(maxsize=4)(_read)
        self.counts: Counter[tuple[str, ScoredAction, Result]] = Counter()
        self.failures: list[Failure] = []
        self.found: set[Path] = set()
        self.missing: set[str] = set()

    def take(self, instance: str, checks: list[AnswerCheck]) -> None:
        """Judge the checks of one source instance."""
        path = self._outputs.get(self._maps.uids.get(instance, instance))
        if path is None:
            self.missing.add(instance)
        else:
            self.found.add(path)
        for check in checks:
            result, reason = self._missing(check) if path is None else self._judged(check, path)
            self.counts[check.category, check.action, result] += 1
            if result is not Result.PASSED:
                self.failures.append(self._failure(check, path, result, reason))

    def _missing(self, check: AnswerCheck) -> tuple[Result, str]:
        return (Result.FAILED if check.action.keeps else Result.PASSED), _MISSING

    def _judged(self, check: AnswerCheck, path: Path) -> tuple[Result, str]:
        try:
            if check.action is ScoredAction.PIXELS_HIDDEN:
                result = judge_hidden(path, check.text)
                return result, _NEEDS_OCR if result is Result.UNJUDGED else "the text can still be read"
            result = judge(check, self._read(path), self._maps)
            return result, _WRONG if result is Result.FAILED else _UNREADABLE
        except (ValueError, TypeError, AttributeError, RuntimeError, NotImplementedError, BytesLengthException):
            return Result.UNJUDGED, _UNREADABLE

    def _failure(self, check: AnswerCheck, path: Path | None, result: Result, reason: str) -> Failure:
        return Failure(
            file=path.relative_to(self._folder).as_posix() if path else "",
            action=check.action.word,
            attribute=str(check.place or ""),
            category=check.category,
            result=result.value,
            reason=reason,
        )


def _read(path: Path) -> FileDataset:
    return dcmread(path, defer_size=_DEFERRED_BYTES)


def write_failures(failures: tuple[Failure, ...], path: Path) -> None:
    """As a CSV file. Raises AnonymizeError where it cannot be written."""
    try:
        with new_file(path) as partial, partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(field.name for field in fields(Failure))
            writer.writerows(map(astuple, failures))
    except OSError as error:
        raise AnonymizeError(f"{path}: {error.strerror}. Name a file that you can write.") from error
