"""The output folder as it lies on disk: its files, its report, its audit trail, and whether these three agree."""

import json
import os
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from DicomSuiteAnonymizeLib.archive import ARCHIVE
from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import KEYED
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.markers import dates_modified, method, method_codes, profile_digest
from DicomSuiteAnonymizeLib.profiles.profile import Profile
from DicomSuiteAnonymizeLib.profiles.profile_file import profile_from_json
from DicomSuiteAnonymizeLib.verification.verify_findings import Check, Finding
from DicomSuiteAnonymizeLib.verification.verify_instance import GIVEN_PLACE, OTHER_PLACE, PLACE
from DicomSuiteAnonymizeLib.verification.verify_reading import Instance, header_sha256

REPORT, AUDIT, PAGE = "report.json", "audit.jsonl", "report.html"
_BESIDE_FILES = frozenset((REPORT, AUDIT, PAGE, ARCHIVE))
_PSEUDONYM_FOLDER = re.compile(r"(DS|ST|SE)-[0-9A-Z]{12}")
_WRITTEN, _QUARANTINED, _NOT_DICOM = "written", "quarantined", "not DICOM"
_COUNTED = {"written": _WRITTEN, "quarantined": _QUARANTINED, "not_dicom": _NOT_DICOM}


@dataclass(frozen=True)
class AuditLine:
    """What the audit trail says about one written file."""

    sha256_in: str
    sha256_out: str
    hashed: str


class Report:
    """report.json. Raises AnonymizeError where it cannot be used."""

    def __init__(self, folder: Path) -> None:
        path = folder / REPORT
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            self.files: Mapping[str, int] = dict(content["files"])
            self.folders = [int(content[name]) for name in ("patients", "studies", "series")]
            self.pixel_risk_allowed = bool(content["pixel_risk_allowed"])
            self.place = PLACE if content["pseudonyms"] == KEYED else GIVEN_PLACE
            self.profile: Profile = profile_from_json(content["profile"])
            self._content: Mapping[str, Any] = content
        except FileNotFoundError:
            raise AnonymizeError(
                f"{path} does not exist: name a folder that 'dicomsuite anonymize' finished."
            ) from None
        except OSError as error:
            raise AnonymizeError(f"{path}: {error.strerror}.") from error
        except (ValueError, TypeError, KeyError) as error:
            raise AnonymizeError(f"{path} is not a report of 'dicomsuite anonymize'.") from error

    def findings(self) -> Iterator[Finding]:
        """Where the report contradicts itself."""
        profile = self.profile
        expected = {
            "profile_digest": profile_digest(profile),
            "method": method(profile),
            "method_codes": [list(code) for code in method_codes(profile)],
            "dates": dates_modified(profile),
        }
        for name, value in expected.items():
            if self._content.get(name) != value:
                yield Finding(REPORT, Check.MARKERS, "", f"{name} does not follow from the profile it names")
        if self.files.get("in") != sum(self.files.get(name, 0) for name in _COUNTED):
            yield Finding(REPORT, Check.COUNTS, "", "files in are not written + quarantined + not DICOM")
        if len(self._content.get("quarantined", ())) != self.files.get("quarantined"):
            yield Finding(REPORT, Check.COUNTS, "", "the list of quarantined files has another length than their count")


class Audit:
    """audit.jsonl. Raises AnonymizeError where it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self.lines: dict[str, AuditLine] = {}
        self.twice: list[str] = []
        self._statuses: Counter[str] = Counter()
        path = folder / AUDIT
        try:
            with open(path, encoding="utf-8") as stream:
                for record in map(json.loads, stream):
                    if record["type"] == "instance":
                        self._add(record)
        except OSError as error:
            raise AnonymizeError(f"{path}: {error.strerror}.") from error
        except (ValueError, TypeError, KeyError) as error:
            raise AnonymizeError(f"{path} is not an audit trail of 'dicomsuite anonymize'.") from error

    def findings(self, report: Report) -> Iterator[Finding]:
        """Where the trail and the report disagree."""
        for name, status in _COUNTED.items():
            if self._statuses[status] != report.files.get(name):
                yield Finding(AUDIT, Check.COUNTS, "", f"the report counts another number of files as {status}")
        for name in self.twice:
            yield Finding(name, Check.AUDIT, "", "has several lines in the audit trail")

    def _add(self, record: Mapping[str, Any]) -> None:
        self._statuses[record["status"]] += 1
        if record["status"] == _WRITTEN:
            name = record["output"]
            if name in self.lines:
                self.twice.append(name)
            self.lines[name] = AuditLine(record["sha256_in"], record["sha256_out"], record["hashed"])


class OutputTree:
    """The files of an output folder, whether they lie there or in its ZIP archive. A context manager.

    `names` are paths below the folder with "/", sorted; `place` is what an output's looks like. Raises AnonymizeError
    where the archive cannot be read.
    """

    def __init__(self, folder: Path, place: re.Pattern[str]) -> None:
        self.folder = folder
        self._archive = None
        on_disk = [
            Path(parent, name).relative_to(folder).as_posix() for parent, _, names in os.walk(folder) for name in names
        ]
        packed = []
        if ARCHIVE in on_disk:
            try:
                self._archive = zipfile.ZipFile(folder / ARCHIVE)
            except (OSError, zipfile.BadZipFile) as error:
                raise AnonymizeError(f"{folder / ARCHIVE} is not a ZIP archive.") from error
            packed = self._archive.namelist()
        self._packed = frozenset(packed)
        everything = sorted([*on_disk, *packed])
        self.outputs = [name for name in everything if place.fullmatch(name)]
        self.others = [name for name in everything if OTHER_PLACE.fullmatch(name)]
        known = _BESIDE_FILES.union(self.outputs, self.others)
        self._strays = [name for name in everything if name not in known]

    def __enter__(self) -> "OutputTree":
        return self

    def __exit__(self, *_: object) -> None:
        if self._archive is not None:
            self._archive.close()

    def open(self, name: str) -> BinaryIO:
        """The file, open for reading."""
        if name in self._packed:
            return self._archive.open(name)
        return open(self.folder / name, "rb")

    def findings(self, report: Report, audit: Audit) -> Iterator[Finding]:
        """Files too many, files too few, and folders that do not add up."""
        for name in self._strays:
            what = "unfinished file" if name.endswith(".part") else "no file of the run"
            yield Finding(_shown(name), Check.STRAY, "", what)
        written = [*self.outputs, *self.others]
        for name in sorted(audit.lines.keys() - set(written)):
            yield Finding(_shown(name), Check.AUDIT, "", "stands in the audit trail, but not in the folder")
        for name in written:
            if name not in audit.lines:
                yield Finding(name, Check.AUDIT, "", "has no line in the audit trail")
        if len(written) != report.files.get("written"):
            yield Finding(REPORT, Check.COUNTS, "", "counts another number of written files than there are")
        for depth, (what, count) in enumerate(zip(("patients", "studies", "series"), report.folders, strict=True), 1):
            if len({tuple(name.split("/")[:depth]) for name in self.outputs}) != count:
                yield Finding(REPORT, Check.COUNTS, "", f"counts another number of {what} than there are folders")


def digest_findings(name: str, stream: BinaryIO, instance: Instance, line: AuditLine) -> Iterator[Finding]:
    """Whether the file is, but for what its digest leaves out, the one that was written."""
    left_out = [()] if line.hashed == "file" or instance.body is not stream else [
        (*instance.pixels, *instance.bulk), instance.pixels, (),
    ]  # fmt: skip
    if not any(header_sha256(stream, ranges) == line.sha256_out for ranges in left_out):
        yield Finding(name, Check.AUDIT, "", "is not the file that the audit trail's SHA-256 belongs to")


def _shown(name: str) -> str:
    """A file's path with every part left out that is no pseudonym: strays may be named after a patient."""
    if PLACE.fullmatch(name) or OTHER_PLACE.fullmatch(name) or name in _BESIDE_FILES:
        return name
    folders = name.split("/")[:-1]
    shown = [part if _PSEUDONYM_FOLDER.fullmatch(part) else "…" for part in folders]
    return "/".join([*shown, "…" + _suffix(name)])


def _suffix(name: str) -> str:
    suffix = os.path.splitext(name)[1]
    return suffix if suffix in (".dcm", ".part", ".json", ".jsonl", ".html", ".zip", ".csv", ".txt") else ""
