"""The tables of the DICOM database: ctkDICOMDatabase's own names and types, in SQLite."""

import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

_PATIENT = {
    "PatientsName": "PatientName",
    "PatientID": "PatientID",
    "PatientsBirthDate": "PatientBirthDate",
    "PatientsBirthTime": "PatientBirthTime",
    "PatientsSex": "PatientSex",
    "PatientsComments": "PatientComments",
}
_STUDY = {
    "StudyInstanceUID": "StudyInstanceUID",
    "StudyID": "StudyID",
    "StudyDate": "StudyDate",
    "StudyTime": "StudyTime",
    "StudyDescription": "StudyDescription",
    "AccessionNumber": "AccessionNumber",
    "ModalitiesInStudy": "ModalitiesInStudy",
    "InstitutionName": "InstitutionName",
    "ReferringPhysician": "ReferringPhysicianName",
    "PerformingPhysiciansName": "PerformingPhysicianName",
}
_SERIES = {
    "SeriesInstanceUID": "SeriesInstanceUID",
    "StudyInstanceUID": "StudyInstanceUID",
    "SeriesNumber": "SeriesNumber",
    "SeriesDate": "SeriesDate",
    "SeriesTime": "SeriesTime",
    "SeriesDescription": "SeriesDescription",
    "Modality": "Modality",
    "BodyPartExamined": "BodyPartExamined",
    "FrameOfReferenceUID": "FrameOfReferenceUID",
    "AcquisitionNumber": "AcquisitionNumber",
    "ContrastAgent": "ContrastBolusAgent",
    "ScanningSequence": "ScanningSequence",
    "EchoNumber": "EchoNumbers",
    "TemporalPosition": "TemporalPositionIdentifier",
}
_COMPUTED = {
    "Patients": ("PatientsAge", "InsertTimestamp", "DisplayedPatientsName", "DisplayedNumberOfStudies"),
    "Studies": ("PatientsUID", "InsertTimestamp", "DisplayedNumberOfSeries"),
    "Series": ("InsertTimestamp", "DisplayedCount"),
}
ATTRIBUTES = {"Patients": _PATIENT, "Studies": _STUDY, "Series": _SERIES}
"""For each table, the DICOM keyword that a column is filled from."""

KEYS = {"Patients": "UID", "Studies": "StudyInstanceUID", "Series": "SeriesInstanceUID"}
_NUMBERS = {"SeriesNumber", "AcquisitionNumber", "EchoNumber", "TemporalPosition"}
_DATE_LENGTH = 8


def fields(table: str) -> list[str]:
    """The columns of a table."""
    first = ["UID"] if table == "Patients" else []
    return [*first, *ATTRIBUTES[table], *_COMPUTED[table]]


def create(connection: sqlite3.Connection) -> None:
    """Empties the database."""
    for table in (*ATTRIBUTES, "Images"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for table, key in KEYS.items():
        columns = [column for column in fields(table) if column != key]
        kind = "INTEGER PRIMARY KEY AUTOINCREMENT" if table == "Patients" else "TEXT PRIMARY KEY"
        connection.execute(f"CREATE TABLE {table} ({key} {kind}, {', '.join(columns)})")
    connection.execute("CREATE TABLE Images (SOPInstanceUID TEXT PRIMARY KEY, Filename TEXT, SeriesInstanceUID TEXT)")
    connection.commit()


def open_file(path: str) -> sqlite3.Connection:
    """Opens a database and makes its tables where they are not there yet."""
    new = path == ":memory:" or not Path(path).exists()
    connection = sqlite3.connect(path)
    if new:
        create(connection)
    return connection


def row(table: str, dataset: Any) -> dict[str, Any]:
    """One row's columns from a pydicom data set: dates as ISO text, numbers as int, all else as text."""
    values = {column: _value(column, keyword, dataset) for column, keyword in ATTRIBUTES[table].items()}
    return values | {"InsertTimestamp": datetime.now().isoformat(timespec="milliseconds")}


def insert(connection: sqlite3.Connection, table: str, values: dict[str, Any]) -> int:
    """Adds a row and returns its number."""
    marks = ", ".join("?" * len(values))
    cursor = connection.execute(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({marks})", tuple(values.values()))
    return cursor.lastrowid


def _value(column: str, keyword: str, dataset: Any) -> Any:
    text = as_text(dataset.get(keyword))
    if column.endswith("Date"):
        return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == _DATE_LENGTH and text.isdigit() else None
    return int(text or 0) if column in _NUMBERS and (text or "0").lstrip("-").isdigit() else text


def as_text(value: Any) -> str:
    """A value as DICOM writes it: several values with a backslash between them."""
    if value is None:
        return ""
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return "\\".join(str(item) for item in value)
    return str(value)
