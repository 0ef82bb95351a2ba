"""The studies of a DICOM database, read bit by bit, so that a large one blocks nobody."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol


class DicomDatabase(Protocol):
    """What is asked of the application's database; patients have numbers, studies and series their UIDs."""

    def patients(self) -> Iterable[str]: ...
    def studiesForPatient(self, patient: str) -> Iterable[str]: ...
    def seriesForStudy(self, study: str) -> Iterable[str]: ...
    def filesForSeries(self, series: str) -> Iterable[str]: ...
    def fieldForPatient(self, field: str, patient: str) -> str: ...
    def fieldForStudy(self, field: str, study: str) -> str: ...
    def fieldForSeries(self, field: str, series: str) -> str: ...


@dataclass(frozen=True)
class Study:
    """One study as a list shows it; `date` is YYYY-MM-DD or "", `modalities` are sorted."""

    uid: str
    patient_name: str
    patient_id: str
    date: str
    description: str
    modalities: tuple[str, ...]
    series: tuple[str, ...]


def read_studies(database: DicomDatabase) -> Iterator[Study]:
    """Yield every study; each step makes a few queries, so that the caller can pause between them."""
    for patient in database.patients():
        name = readable_name(database.fieldForPatient("PatientsName", patient))
        patient_id = database.fieldForPatient("PatientID", patient)
        for study in database.studiesForPatient(patient):
            series = tuple(database.seriesForStudy(study))
            modalities = {database.fieldForSeries("Modality", uid) for uid in series}
            yield Study(
                uid=study,
                patient_name=name,
                patient_id=patient_id,
                date=readable_date(database.fieldForStudy("StudyDate", study)),
                description=database.fieldForStudy("StudyDescription", study),
                modalities=tuple(sorted(filter(None, modalities))),
                series=series,
            )


def files_of(database: DicomDatabase, study: Study) -> list[str]:
    """Return the paths of the study's files."""
    return [path for series in study.series for path in database.filesForSeries(series)]


def size_on_disk(paths: Iterable[str]) -> int:
    """Bytes of those files that exist."""
    total = 0
    for path in paths:
        try:
            total += os.stat(path).st_size
        except OSError:  # it was moved or deleted; the database still lists it
            continue
    return total


def readable_name(value: str) -> str:
    """A person name (PS3.5 6.2.1.1) as people write it: its first group, `Family, Given Middle`."""
    family, *others = value.partition("=")[0].split("^")
    given = " ".join(filter(None, others[:2]))
    return f"{family}, {given}" if family and given else family or given


def readable_date(value: str) -> str:
    """YYYY-MM-DD of a date in that form or the standard's, YYYYMMDD; any other text as it is."""
    return f"{value[:4]}-{value[4:6]}-{value[6:]}" if len(value) == 8 and value.isdecimal() else value


def readable_size(size: int) -> str:
    """Return e.g. `1.2 GB`; 1 GB is 10^9 bytes, as disks are sold."""
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}" if value < 999.5 else f"{value:.0f} {unit}"
