"""What `dicomsuite inspect` says about series: a table for people, JSON for programs, PHI if asked for."""

from __future__ import annotations

import json
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from DicomSuiteLib.printable import printable
from DicomSuiteLib.series import Series, SeriesScan
from DicomSuiteLib.series_files import Instance
from DicomSuiteLib.stacks import Stack

TERMINAL_WIDTH = 100

COLUMNS = ("Patient", "Study", "Series", "Modality", "Files", "Size", "Spacing mm", "Slope/intercept")
RIGHT_ALIGNED = frozenset({"Patient", "Study", "Series", "Files"})
NOTHING = "-"

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NumberedSeries:
    """A series with numbers for names: that of its patient, and that of its study among the patient's."""

    patient: int
    study: int
    series: Series


def scan_as_text(scan: SeriesScan, show_phi: bool) -> str:
    """Return a table of the series, what is irregular below each, and what could not be read."""
    numbered = number_series(scan.series)
    rows = [_rows(entry) for entry in numbered]
    widths = _widths([COLUMNS, *(row for of_series in rows for row in of_series)])
    lines = [_aligned(COLUMNS, widths), "  ".join("-" * width for width in widths)] if rows else []
    previous = None
    for entry, of_series in zip(numbered, rows, strict=True):
        if show_phi and (entry.patient, entry.study) != previous:
            lines += _identity_lines(entry)
        previous = entry.patient, entry.study
        lines += [_aligned(row, widths) for row in of_series]
        if show_phi and (description := entry.series.instances[0].series_description):
            lines += _wrapped("    ", f'"{printable(description)}"')
        for irregularity in entry.series.irregularities:
            lines += _wrapped("    ! ", irregularity.message)
    lines += ["", *_summary(scan, show_phi)]
    return "\n".join(lines) + "\n"


def scan_as_json(scan: SeriesScan, show_phi: bool) -> str:
    """Return the same facts, in full precision, as one JSON object."""
    unreadable = [
        {"reason": bad.reason, **({"path": str(bad.path)} if show_phi else {})} for bad in scan.unreadable
    ]
    content = {
        "series": [_series_fields(entry, show_phi) for entry in number_series(scan.series)],
        "not_dicom": len(scan.not_dicom),
        "dicomdirs": len(scan.dicomdirs),
        "unreadable": unreadable,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def number_series(series: Sequence[Series]) -> list[NumberedSeries]:
    """Number patients and each one's studies, in the order given.

    A patient is known by ID, else by name; a study that has neither counts as a patient of its own.
    """
    patients: dict[tuple[str, str, str], int] = {}
    studies: dict[int, dict[str, int]] = defaultdict(dict)
    numbered = []
    for one in series:
        patient = patients.setdefault(_identity(one.instances[0]), len(patients) + 1)
        study = studies[patient].setdefault(one.study_uid, len(studies[patient]) + 1)
        numbered.append(NumberedSeries(patient, study, one))
    return numbered


def _identity(first: Instance) -> tuple[str, str, str]:
    if first.patient_id:
        return first.patient_id, "", ""
    return "", first.patient_name, "" if first.patient_name else first.study_uid


def _rows(entry: NumberedSeries) -> list[Row]:
    """One row per series, and a further one for each other size or spacing that its stacks have."""
    series = entry.series
    number = series.instances[0].series_number
    volumes = _distinct_volumes(series.stacks) or [(NOTHING, NOTHING)]
    head = (
        str(entry.patient),
        str(entry.study),
        NOTHING if number is None else str(number),
        printable(series.modality) or NOTHING,
        str(len(series.files)),
    )
    first, *others = volumes
    rows = [(*head, *first, _rescale(series))]
    return rows + [("",) * len(head) + volume + ("",) for volume in others]


def _distinct_volumes(stacks: Sequence[Stack]) -> list[tuple[str, str]]:
    counts = Counter((_size(stack), _spacing(stack)) for stack in stacks)
    return [(f"{n} of {size}" if n > 1 else size, spacing) for (size, spacing), n in counts.items()]


def _size(stack: Stack) -> str:
    first = stack.frames[0]
    return f"{first.columns} x {first.rows} x {len(stack.frames)}"


def _spacing(stack: Stack) -> str:
    """Spacing along i, j, k; k is "?" where slices are uneven, and left out where they have no position."""
    if stack.geometry is not None:
        return " x ".join(f"{mm:.4g}" for mm in stack.geometry.spacing)
    first = stack.frames[0]
    if first.pixel_spacing is None:
        return NOTHING
    between_rows, between_columns = first.pixel_spacing
    in_plane = f"{between_columns:.4g} x {between_rows:.4g}"
    return f"{in_plane} x ?" if first.is_placed else in_plane


def _rescale(series: Series) -> str:
    if series.rescale is not None:
        return "{:.6g} / {:.6g}".format(*series.rescale)
    is_mixed = any(frame.rescale for stack in series.stacks for frame in stack.frames)
    return "varies" if is_mixed else NOTHING


def _identity_lines(entry: NumberedSeries) -> Iterator[str]:
    first = entry.series.instances[0]
    patient = f"{first.patient_name or NOTHING}, ID {first.patient_id or NOTHING}"
    study = f"{first.study_date or NOTHING}, {first.study_description or NOTHING}"
    yield from _wrapped("", printable(f"Patient {entry.patient}: {patient}; study {entry.study}: {study}"))


def _widths(rows: Sequence[Row]) -> list[int]:
    return [max(map(len, column)) for column in zip(*rows, strict=True)]


def _aligned(row: Row, widths: Sequence[int]) -> str:
    cells = [
        cell.rjust(width) if name in RIGHT_ALIGNED else cell.ljust(width)
        for name, cell, width in zip(COLUMNS, row, widths, strict=True)
    ]
    return "  ".join(cells).rstrip()


def _wrapped(lead: str, text: str) -> list[str]:
    return textwrap.wrap(text, TERMINAL_WIDTH, initial_indent=lead, subsequent_indent=" " * len(lead))


def _summary(scan: SeriesScan, show_phi: bool) -> Iterator[str]:
    files = sum(len(series.files) for series in scan.series)
    yield (
        f"{len(scan.series)} series in {files} files; {len(scan.not_dicom)} not DICOM, "
        f"{len(scan.dicomdirs)} DICOMDIR, {len(scan.unreadable)} unreadable"
    )
    if show_phi:
        yield from (f"unreadable: {printable(str(bad.path))}: {bad.reason}" for bad in scan.unreadable)
        return
    reasons = Counter(bad.reason for bad in scan.unreadable)
    yield from (f"unreadable: {count} x {reason}" for reason, count in reasons.most_common())
    yield "Names, IDs, dates, descriptions and paths are hidden; --show-phi shows them."


def _series_fields(entry: NumberedSeries, show_phi: bool) -> dict[str, Any]:
    series = entry.series
    first = series.instances[0]
    slope, intercept = series.rescale or (None, None)
    fields = {
        "patient": entry.patient,
        "study": entry.study,
        "series_number": first.series_number,
        "modality": series.modality,
        "files": len(series.files),
        "stacks": [_stack_fields(stack) for stack in series.stacks],
        "rescale_slope": slope,
        "rescale_intercept": intercept,
        "irregularities": [
            {"kind": irregularity.kind.value, "message": irregularity.message, "values": irregularity.values}
            for irregularity in series.irregularities
        ],
    }
    return fields | _identifying_fields(series) if show_phi else fields


def _stack_fields(stack: Stack) -> dict[str, Any]:
    geometry = stack.geometry
    return {
        "columns": stack.frames[0].columns,
        "rows": stack.frames[0].rows,
        "frames": len(stack.frames),
        "spacing_mm": geometry and geometry.spacing,
        "origin_lps_mm": geometry and geometry.origin,
        "directions_lps": geometry and geometry.directions,
    }


def _identifying_fields(series: Series) -> dict[str, Any]:
    first = series.instances[0]
    return {
        "patient_name": first.patient_name,
        "patient_id": first.patient_id,
        "study_date": first.study_date,
        "study_description": first.study_description,
        "series_description": first.series_description,
        "study_uid": series.study_uid,
        "series_uid": series.series_uid,
        "paths": [str(path) for path in series.files],
    }
