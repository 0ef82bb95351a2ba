"""What a run leaves beside its files: report.json, report.html and audit.jsonl, none of which holds a value.

All three depend on input, profile and key alone, not on time, machine or order, so that two runs can be compared.
"""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from DicomSuiteAnonymizeLib.instance_task import NOT_DICOM, QUARANTINED, WRITTEN, TaskSettings
from DicomSuiteAnonymizeLib.markers import dates_modified, method, method_codes, profile_digest
from DicomSuiteAnonymizeLib.output_file import TargetError
from DicomSuiteAnonymizeLib.profile_file import profile_to_json
from DicomSuiteAnonymizeLib.ps315 import EDITION
from DicomSuiteAnonymizeLib.version import TOOL
from DicomSuiteLib.audit import AuditTrail
from DicomSuiteLib.run_ledger import LedgerRow, RunLedger

CHANGES = "changes"
"""Status of the ledger rows that define a change set."""


def write_reports(ledger: RunLedger, settings: TaskSettings, folder: Path) -> dict:
    """Write the three files into the output folder and return the content of report.json."""
    from DicomSuiteAnonymizeLib.report_html import render

    report = build_report(ledger, settings)
    with AuditTrail(folder / "audit.jsonl") as audit:
        for record in _audit_records(ledger, report):
            audit.write(record)
    _write_text(folder / "report.html", render(report))
    _write_text(folder / "report.json", json.dumps(report, indent=1, sort_keys=True) + "\n")
    return report


def build_report(ledger: RunLedger, settings: TaskSettings) -> dict:
    """Counts over the whole run, as JSON."""
    statuses, reasons, uses = Counter(), Counter(), Counter()
    folders: list[set[str]] = [set(), set(), set()]
    quarantined, elements = [], {}
    for row in ledger.rows():
        payload = json.loads(row.payload)
        statuses[row.status] += 1
        if row.status == CHANGES:
            elements[row.key] = payload
        elif row.status == WRITTEN:
            uses[payload["changes"]] += 1
            parts = row.output.split("/")
            for depth, seen in enumerate(folders, 1):
                seen.add("/".join(parts[:depth]))
        elif row.status == QUARANTINED:
            reasons[payload["reason"]] += 1
            quarantined.append({"source": row.key, "reason": payload["reason"]})
    attributes = _attribute_counts(uses, elements)
    actions: Counter[str] = Counter()
    for (_, action, _), count in attributes.items():
        actions[action] += count
    profile = settings.profile
    files = {name: statuses[status] for name, status in _COUNTED.items()}
    return {
        "tool": TOOL,
        "edition": EDITION,
        "profile": profile_to_json(profile),
        "profile_digest": profile_digest(profile),
        "method": method(profile),
        "method_codes": [list(code) for code in method_codes(profile)],
        "dates": dates_modified(profile),
        "pixel_risk_allowed": settings.allow_pixel_risk,
        "files": {"in": sum(files.values()), **files},
        "patients": len(folders[0]),
        "studies": len(folders[1]),
        "series": len(folders[2]),
        "actions": dict(sorted(actions.items())),
        "attributes": [
            {"path": path, "action": action, "rule": rule, "count": count}
            for (path, action, rule), count in sorted(attributes.items())
        ],
        "quarantined": quarantined,
        "reasons": dict(sorted(reasons.items())),
    }


_COUNTED = {"written": WRITTEN, "quarantined": QUARANTINED, "not_dicom": NOT_DICOM}


def _attribute_counts(uses: Counter, elements: dict[str, list]) -> Counter:
    counts: Counter[tuple[str, str, str]] = Counter()
    for change_set, instances in uses.items():
        for path, action, rule, count in elements[change_set]:
            counts[path, action, rule] += count * instances
    return counts


def _audit_records(ledger: RunLedger, report: dict) -> Iterator[dict]:
    yield {"type": "run"} | {name: report[name] for name in ("tool", "edition", "profile", "profile_digest", "files")}
    for row in ledger.rows():
        if row.status == CHANGES:
            yield {"type": "changes", "id": row.key, "elements": json.loads(row.payload)}
    for row in ledger.rows_by_output():
        if row.status != CHANGES:
            yield _instance_record(row)


def _instance_record(row: LedgerRow) -> dict:
    record = json.loads(row.payload)
    record["type"], record["status"] = "instance", row.status
    if row.status == WRITTEN:
        record["output"] = row.output
    else:
        record["source"] = row.key
    return record


def _write_text(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.part")
    try:
        partial.write_text(text, encoding="utf-8", newline="\n")
        partial.replace(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise TargetError(f"{path}: {error.strerror}. Make room, then --resume finishes the run.") from error
