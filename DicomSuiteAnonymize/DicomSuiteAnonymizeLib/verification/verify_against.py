"""Outputs compared with the originals they were made from."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from DicomSuiteAnonymizeLib.leaks import OldUIDs
from DicomSuiteAnonymizeLib.plan import MARKER_TAGS, Plan
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.ps315 import Option
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.tag_path import TagPath
from DicomSuiteAnonymizeLib.verification.verify_findings import Check, Finding, Violation
from DicomSuiteAnonymizeLib.verification.verify_folder import Audit, Report
from DicomSuiteAnonymizeLib.verification.verify_instance import Checked, pixel_options_done
from DicomSuiteAnonymizeLib.verification.verify_source import (
    Original,
    Originals,
    PatientKey,
    Reference,
    ReportWords,
    dates,
    defined_uids,
    header_digest,
    pixel_sha256,
    read_original,
    references,
)
from DicomSuiteAnonymizeLib.verification.verify_table import Place, TableRules, names_definition
from DicomSuiteLib.audit import file_sha256
from DicomSuiteLib.file_walk import UnreadablePath

_DICOM = ".dcm"
PixelDigests = tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Pair:
    """An output with its original: what can only be judged once all are known."""

    output: str
    place: Place
    original: Original
    references: Counter[Reference]
    dates: dict[int, str]


class Comparison:
    """First every source is added, then every output is compared, then the rest is said."""

    def __init__(self, profile: Profile, rules: TableRules, audit: Audit) -> None:
        self._rules = rules
        self._plan = Plan(profile)
        self._replaces_uids = profile.is_ps315 and Option.RETAIN_UIDS not in profile.options
        self._outputs: dict[str, list[str]] = defaultdict(list)
        for name, line in audit.lines.items():
            self._outputs[line.sha256_in].append(name)
        self._digests = {name: line.sha256_in for name, line in audit.lines.items()}
        self._whole_files = any(line.hashed == "file" for name, line in audit.lines.items() if name.endswith(_DICOM))
        self._has_others = any(not name.endswith(_DICOM) for name in audit.lines)
        self._others = 0
        self._files = 0
        self._matched: dict[str, list[Original]] = defaultdict(list)
        self._patients: dict[str, set[PatientKey]] = defaultdict(set)
        self._values: dict[PatientKey, Originals] = defaultdict(Originals)
        self._values_of_folder: dict[str, Originals] = {}
        self._pixels: dict[str, Counter[PixelDigests]] = {}
        self._old_uids: OldUIDs | None = None
        self._pairs: list[_Pair] = []
        self._uids: dict[str, dict[str, str]] = defaultdict(dict)
        self.words = ReportWords()

    def add_source(self, path: Path | UnreadablePath) -> None:
        """Take one file of the source, whatever it is; what cannot be read counts as one that has no output."""
        self._files += 1
        original = None if isinstance(path, UnreadablePath) else self._read(path)
        if original is None:
            self._others += self._has_others and isinstance(path, Path) and file_sha256(path) in self._outputs
            return
        self.words.add(original)
        self._values[original.patient].add(original)
        digest = self._digest(original.path)
        if digest:
            self._matched[digest].append(original)
            for output in self._outputs[digest]:
                self._patients[output.partition("/")[0]].add(original.patient)

    def findings(self, output: Checked) -> Iterator[Finding]:
        """What one output has that it must not, or lacks, compared with its original."""
        originals = self._matched.get(self._digests.get(output.name, ""), ())
        if not originals:
            yield Finding(output.name, Check.SOURCE, "", "none of the given sources is its original")
            return
        yield from self._original_values(output)
        yield from self._pixel_data(output)
        original = originals[0]
        for tag, uid in defined_uids(output.top).items():
            old = original.defines.get(tag, "")
            if self._uids[old].setdefault(uid, output.name) and len(self._uids[old]) > 1:
                yield Violation(Check.REFERENCES, (tag,), "one UID became two different ones").of(output.name)
        self._pairs.append(_Pair(output.name, output.place, original, references(output.attributes), dates(output.top)))

    def closing_findings(self, report: Report) -> Iterator[Finding]:
        """What can be said once every output was compared."""
        pairs = ((originals, self._outputs[digest]) for digest, originals in self._matched.items())
        refused = self._files - self._others - sum(min(len(sources), len(outputs)) for sources, outputs in pairs)
        if refused != report.files.get("quarantined", 0) + report.files.get("not_dicom", 0):
            yield Finding(
                "report.json", Check.COUNTS, "", "the sources that have no output are not as many as were refused"
            )
        new_uids = {old: next(iter(new)) for old, new in self._uids.items() if old}
        for pair in self._pairs:
            yield from self._broken_references(pair, new_uids)
        yield from self._uneven_dates()

    def _read(self, path: Path) -> Original | None:
        try:
            return read_original(path, self._rules, self._replaces_uids)
        except OSError:
            return None

    def _digest(self, path: Path) -> str:
        """The digest by which the audit trail knows the source; "" where it has no output."""
        digest = "" if self._whole_files else header_digest(path, self._plan)
        if digest not in self._outputs:
            digest = file_sha256(path)
        return digest if digest in self._outputs else ""

    def _original_values(self, output: Checked) -> Iterator[Finding]:
        values = self._values_of(output.place.patient)
        if self._old_uids is None:
            self._old_uids = OldUIDs(frozenset(self.words.uids))
        if values.found_in_head(output.instance):
            yield Finding(output.name, Check.ORIGINAL, "", "an original value in the file head")
        for attribute in output.attributes:
            if attribute.path[0] in MARKER_TAGS or attribute.vr == "SQ" or self._is_typed(attribute.path, output.place):
                continue
            if values.found_in(attribute):
                yield Violation(Check.ORIGINAL, attribute.path, "an original identifying value").of(output.name)
            if self._has_old_uid(attribute):
                yield Violation(Check.ORIGINAL, attribute.path, "an original UID").of(output.name)

    def _values_of(self, folder: str) -> Originals:
        """Values of all originals, written or refused, of the patient in this folder."""
        values = self._values_of_folder.get(folder)
        if values is None:
            values = self._values_of_folder[folder] = Originals()
            for patient in self._patients[folder]:
                values.identifying |= self._values[patient].identifying
                values.character_sets |= self._values[patient].character_sets
        return values

    def _is_typed(self, path: TagPath, place: Place) -> bool:
        edit = self._rules.edit_for(path, place)
        return edit is not None and edit.action in (Action.KEEP, Action.REPLACE)

    def _has_old_uid(self, attribute) -> bool:
        if attribute.vr == "UI" and (names_definition(attribute) or self._rules.keeps(attribute.path)):
            return False
        return self._old_uids.found_in(b"UI" if attribute.vr == "UI" else b"UT", attribute.value)

    def _pixel_data(self, output: Checked) -> Iterator[Finding]:
        """Originals with equal headers are told apart by their pixels, so each serves one output."""
        if pixel_options_done(output):
            return  # changed on purpose, as the output says
        digest = self._digests[output.name]
        if digest not in self._pixels:
            self._pixels[digest] = Counter(pixel_sha256(original.path) for original in self._matched[digest])
        found = output.instance.pixel_sha256()
        if not self._pixels[digest][found]:
            yield Finding(output.name, Check.PIXELS, "", "is not byte for byte the source's")
        self._pixels[digest][found] -= 1

    def _broken_references(self, pair: _Pair, new_uids: dict[str, str]) -> Iterator[Finding]:
        expected: dict[TagPath, Counter[str]] = defaultdict(Counter)
        for (path, uid), count in pair.original.references.items():
            if uid in new_uids:
                expected[path][new_uids[uid]] += count
        found: dict[TagPath, Counter[str]] = defaultdict(Counter)
        for (path, uid), count in pair.references.items():
            found[path][uid] += count
        for path, uids in expected.items():
            if self._rules.edit_for(path, pair.place) is not None:
                continue
            if path not in found and self._rules.may_remove(path):
                continue
            if uids - found[path]:
                dangling = Violation(Check.REFERENCES, path, "pointed to a file of the source and now points nowhere")
                yield dangling.of(pair.output)

    def _uneven_dates(self) -> Iterator[Finding]:
        """Shifted dates have moved by one number of days per patient, and by at least one."""
        offsets: dict[str, int] = {}
        for pair in self._pairs:
            for tag, days in self._moved(pair):
                if offsets.setdefault(pair.place.patient, days) != days or not days:
                    uneven = Violation(Check.DATES, (tag,), "is not shifted like the patient's other dates")
                    yield uneven.of(pair.output)

    def _moved(self, pair: _Pair) -> Iterator[tuple[int, int]]:
        """Tag of each date that the profile shifts and by how many days it moved."""
        for tag, old in pair.original.dates.items():
            new = pair.dates.get(tag)
            if new is not None and self._rules.shifts(tag):
                try:
                    yield tag, (_date(new) - _date(old)).days
                except ValueError:
                    continue  # not in the calendar, so the engine has put something else in its place


def _date(text: str) -> date:
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))
