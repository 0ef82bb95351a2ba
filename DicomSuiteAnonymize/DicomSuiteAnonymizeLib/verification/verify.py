"""An independent check of a finished output folder: read with pydicom, judged by the profile in its report."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from DicomSuiteAnonymizeLib.verification.verify_against import Comparison
from DicomSuiteAnonymizeLib.verification.verify_findings import Check, Finding
from DicomSuiteAnonymizeLib.verification.verify_folder import (
    AUDIT,
    PAGE,
    REPORT,
    Audit,
    OutputTree,
    Report,
    digest_findings,
)
from DicomSuiteAnonymizeLib.verification.verify_instance import Checked, InstanceRules, checked
from DicomSuiteAnonymizeLib.verification.verify_reading import NotReadable, read_instance
from DicomSuiteLib.file_walk import walk_files

OnProgress = Callable[[int, int], None]
"""Called with how many files are done, and how many there are."""


@dataclass(frozen=True)
class Verdict:
    """What a verification found; `files` is the number of outputs."""

    files: int
    findings: tuple[Finding, ...]
    compared: bool


def verify(folder: Path, sources: Sequence[Path], on_progress: OnProgress) -> Verdict:
    """Check every file of `folder`; with `sources`, also against the files it was made from.

    Nothing is written. Raises AnonymizeError where `folder` is no finished output.
    """
    report, audit = Report(folder), Audit(folder)
    with OutputTree(folder, report.place) as tree, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom's warnings quote values
        findings = tuple(_Verification(report, audit, tree, sources, on_progress).findings())
        return Verdict(len(tree.outputs) + len(tree.others), findings, bool(sources))


class _Verification:
    def __init__(
        self, report: Report, audit: Audit, tree: OutputTree, sources: Sequence[Path], on_progress: OnProgress
    ) -> None:
        self._report = report
        self._audit = audit
        self._tree = tree
        self._rules = InstanceRules(report.profile, report.pixel_risk_allowed)
        self._comparison = Comparison(report.profile, self._rules.table, audit) if sources else None
        self._originals = [found for source in sources for found in walk_files([source])]
        self._on_progress = on_progress
        self._uids_of_folders: dict[str, str] = {}
        self._done = 0

    def findings(self) -> Iterator[Finding]:
        """Every finding: of the folder, then of each file, then of all files together."""
        yield from self._report.findings()
        yield from self._audit.findings(self._report)
        yield from self._tree.findings(self._report, self._audit)
        if self._comparison:
            self._read_sources(self._comparison)
        for name in self._tree.outputs:
            yield from self._output(name)
            self._step()
        for name in self._tree.others:
            yield from self._other(name)
            self._step()
        if self._comparison:
            yield from self._words_in_reports(self._comparison)
            yield from self._comparison.closing_findings(self._report)

    def _read_sources(self, comparison: Comparison) -> None:
        for found in self._originals:
            comparison.add_source(found)
            self._step()

    def _output(self, name: str) -> Iterator[Finding]:
        with self._tree.open(name) as stream:
            try:
                instance = read_instance(stream, strict=True)
                output = checked(name, instance)
            except NotReadable as error:
                yield Finding(name, Check.READABLE, "", str(error))
                return
            except Exception as error:  # whatever pydicom raises on broken bytes; its message may quote a value
                yield Finding(name, Check.READABLE, "", f"pydicom stops with {type(error).__name__}")
                return
            for violation in self._rules.violations(output):
                yield violation.of(name)
            yield from self._folders(output)
            if name in self._audit.lines:
                yield from digest_findings(name, stream, instance, self._audit.lines[name])
            if self._comparison:
                yield from self._comparison.findings(output)

    def _other(self, name: str) -> Iterator[Finding]:
        """A file of another format: nothing says whose it is, but it must hold no more than the format needs."""
        from DicomSuiteAnonymizeLib.formats.other_formats import checked_again

        with self._tree.open(name) as stream:
            digest, is_clean = checked_again(stream, name)
        if not is_clean:
            yield Finding(name, Check.READABLE, "", "holds more than its format needs, or is damaged")
        if name in self._audit.lines and digest != self._audit.lines[name].sha256_out:
            yield Finding(name, Check.AUDIT, "", "is not the file that the audit trail's SHA-256 belongs to")

    def _folders(self, output: Checked) -> Iterator[Finding]:
        """A study's folder holds one study, a series' folder one series."""
        series, study = output.name.rpartition("/")[0], output.name.rsplit("/", 2)[0]
        for folder, uid in ((study, output.place.study_uid), (series, output.place.series_uid)):
            if self._uids_of_folders.setdefault(folder, uid) != uid:
                yield Finding(output.name, Check.PLACE, "", "lies in the folder of another study or series")

    def _words_in_reports(self, comparison: Comparison) -> Iterator[Finding]:
        for name in (REPORT, PAGE, AUDIT):
            path = self._tree.folder / name
            if path.is_file() and comparison.words.found_in(path.read_text(encoding="utf-8", errors="replace")):
                yield Finding(name, Check.ORIGINAL, "", "an original identifying value or UID")

    def _step(self) -> None:
        self._done += 1
        files = len(self._originals) + len(self._tree.outputs) + len(self._tree.others)
        self._on_progress(self._done, files)
