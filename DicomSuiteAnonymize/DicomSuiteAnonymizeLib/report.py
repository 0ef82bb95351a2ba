"""What a run leaves beside its files: report.json, report.html and audit.jsonl, none of which holds a value.

All three depend on input, profile and key alone, not on time, machine or order, so that two runs can be compared.
"""

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import KEYED
from DicomSuiteAnonymizeLib.instance_task import NOT_DICOM, QUARANTINED, WRITTEN, TaskSettings
from DicomSuiteAnonymizeLib.markers import dates_modified, method, method_codes, profile_digest
from DicomSuiteAnonymizeLib.output_file import TargetError
from DicomSuiteAnonymizeLib.profiles.profile_file import profile_to_json
from DicomSuiteAnonymizeLib.ps315 import EDITION
from DicomSuiteLib.audit import AuditTrail
from DicomSuiteLib.new_file import new_file
from DicomSuiteLib.run_ledger import LedgerRow, RunLedger
from DicomSuiteLib.version import TOOL

CHANGES = "changes"
"""Status of the ledger rows that define a change set."""


def write_reports(ledger: RunLedger, settings: TaskSettings, folder: Path) -> dict:
    """Write the three files into the output folder and return the content of report.json."""
    from DicomSuiteAnonymizeLib.report_html import render

    with AuditTrail(folder / "audit.jsonl") as audit:
        report = build_report(ledger, settings, audit.write)
    _write_text(folder / "report.html", render(report))
    _write_text(folder / "report.json", json.dumps(report, indent=1, sort_keys=True) + "\n")
    return report


def build_report(ledger: RunLedger, settings: TaskSettings, record: Callable[[dict], None] | None = None) -> dict:
    """Counts over the whole run, as JSON; `record` is given every record of the audit trail on the way."""
    counts = ledger.counts()
    files = {name: counts.get(status, 0) for name, status in _COUNTED.items()}
    report = _rules(settings) | {"files": {"in": sum(files.values()), **files}}
    record = record or _ignore
    record({"type": "run"} | {name: report[name] for name in ("tool", "edition", "profile", "profile_digest", "files")})
    elements = {row.key: json.loads(row.payload) for row in ledger.rows_with_status(CHANGES)}
    for name, changes in elements.items():
        record({"type": "changes", "id": name, "elements": changes})
    tally = _Tally()
    for row in ledger.rows_by_output():
        if row.status != CHANGES:
            payload = json.loads(row.payload)
            tally.add(row, payload)
            record(_instance_record(row, payload))
    return report | tally.summary(elements)


def _ignore(_record: dict) -> None:
    """Nobody asked for an audit trail."""


def _rules(settings: TaskSettings) -> dict:
    profile = settings.profile
    return {
        "tool": TOOL,
        "edition": EDITION,
        "profile": profile_to_json(profile),
        "profile_digest": profile_digest(profile),
        "method": method(profile),
        "method_codes": [list(code) for code in method_codes(profile)],
        "dates": dates_modified(profile),
        "pixel_risk_allowed": settings.allow_pixel_risk,
        "pseudonyms": settings.given.words if settings.given else KEYED,
        "pixel_text_read": bool(settings.pixels and settings.pixels.ocr),
        "pixel_rules_digest": settings.pixels.digest if settings.pixels else "",
    }


class _Tally:
    """What is counted over the instances of a run."""

    def __init__(self) -> None:
        self._uses: Counter[str] = Counter()
        self._reasons: Counter[str] = Counter()
        self._quarantined: list[dict] = []
        self._patients: set[str] = set()
        self._studies: set[str] = set()
        self._series: set[str] = set()
        self._other_formats: Counter[str] = Counter()

    def add(self, row: LedgerRow, payload: dict) -> None:
        if row.status == WRITTEN:
            self._uses[payload["changes"]] += 1
            if "format" in payload:
                self._other_formats[payload["format"]] += 1
                return
            series = row.output.rpartition("/")[0]
            if series not in self._series:
                self._series.add(series)
                self._studies.add(series.rpartition("/")[0])
                self._patients.add(series.partition("/")[0])
        elif row.status == QUARANTINED:
            self._reasons[payload["reason"]] += 1
            self._quarantined.append({"source": row.key, "reason": payload["reason"]})

    def summary(self, elements: dict[str, list]) -> dict:
        attributes = _attribute_counts(self._uses, elements)
        actions: Counter[str] = Counter()
        for (_, action, _), count in attributes.items():
            actions[action] += count
        return {
            "patients": len(self._patients),
            "studies": len(self._studies),
            "series": len(self._series),
            "other_formats": dict(sorted(self._other_formats.items())),
            "actions": dict(sorted(actions.items())),
            "attributes": [
                {"path": path, "action": action, "rule": rule, "count": count}
                for (path, action, rule), count in sorted(attributes.items())
            ],
            "quarantined": self._quarantined,
            "reasons": dict(sorted(self._reasons.items())),
        }


_COUNTED = {"written": WRITTEN, "quarantined": QUARANTINED, "not_dicom": NOT_DICOM}


def _attribute_counts(uses: Counter, elements: dict[str, list]) -> Counter:
    counts: Counter[tuple[str, str, str]] = Counter()
    for change_set, instances in uses.items():
        for path, action, rule, count in elements[change_set]:
            counts[path, action, rule] += count * instances
    return counts


def _instance_record(row: LedgerRow, record: dict) -> dict:
    record["type"], record["status"] = "instance", row.status
    if row.status == WRITTEN:
        record["output"] = row.output
    else:
        record["source"] = row.key
    return record


def _write_text(path: Path, text: str) -> None:
    try:
        with new_file(path) as partial:
            partial.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise TargetError(f"{path}: {error.strerror}. Make room, then --resume finishes the run.") from error
