"""The texts of a tree of the DICOM database: patients, their studies, and their series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from slicer.i18n import tr as _

from DicomSuiteLib.study_list import readable_date, readable_name

PatientRow = tuple[str, list[tuple[str, list[tuple[str, str]]]]]
"""A patient's text with those of the studies; a study's with those of the series and their UIDs."""


def read_patients(database) -> Iterator[PatientRow]:
    """Each patient's text with those of its studies, by date, and series, by number; each step makes a few queries."""
    for patient in database.patients():
        name = readable_name(database.fieldForPatient("PatientsName", patient)) or _("(no name)")
        patientId = database.fieldForPatient("PatientID", patient)
        studies = sorted((_studyText(database, study), study) for study in database.studiesForPatient(patient))
        yield (f"{name} ({patientId})" if patientId else name), [
            (text, [(_seriesText(database, uid), uid) for uid in _byNumber(database, database.seriesForStudy(study))])
            for text, study in studies
        ]


def _byNumber(database, series: Iterable[str]) -> list[str]:
    def number(uid: str) -> tuple[bool, int, str]:
        text = database.fieldForSeries("SeriesNumber", uid).strip()
        return not text.isdecimal(), int(text) if text.isdecimal() else 0, uid

    return sorted(series, key=number)


def _studyText(database, study: str) -> str:
    date = readable_date(database.fieldForStudy("StudyDate", study)) or _("(no date)")
    return "  ".join(filter(None, (date, database.fieldForStudy("StudyDescription", study))))


def _seriesText(database, series: str) -> str:
    fields = [database.fieldForSeries(name, series) for name in ("Modality", "SeriesNumber", "SeriesDescription")]
    return "  ".join(filter(None, fields)) or series
