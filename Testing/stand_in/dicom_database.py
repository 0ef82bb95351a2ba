"""ctkDICOMDatabase: the application's DICOM database, as far as the modules use it."""

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

from PySide6 import QtCore
from PySide6.QtCore import Property, Signal

from stand_in import dicom_tables
from stand_in.classes import stands_in
from stand_in.dicom_tables import KEYS
from stand_in.unpatched import raw
from stand_in.widgets.declared import stored

_IN_MEMORY = ":memory:"
_UIDS = ("SOPInstanceUID", "SeriesInstanceUID", "StudyInstanceUID")


@stands_in
class ctkDICOMDatabase(QtCore.QObject):
    """Patients, studies, series and instances, by database UID, Study, Series and SOP Instance UID."""

    opened = Signal()
    closed = Signal()
    databaseChanged = Signal()
    patientAdded = Signal(int, str, str, str)
    studyAdded = Signal(str)
    seriesAdded = Signal(str)
    instanceAdded = Signal(str)
    patientRemoved = Signal(str, str)
    studyRemoved = Signal(str)
    seriesRemoved = Signal(str)

    Inserted, NotInserted, Failed = 0, 1, 2
    tagsToPrecache = stored("QStringList", [])
    tagsToExcludeFromStorage = stored("QStringList", [])
    loadedSeriesInstanceUIDs = stored("QStringList", [])
    useShortStoragePath = stored(bool, True)

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._connection: sqlite3.Connection | None = None
        self._path = ""

    def openDatabase(self, path: str, connection_name: str = "") -> bool:
        was_open = self._get_open()
        self._close()
        self._path = path
        try:
            self._connection = dicom_tables.open_file(path)
        except sqlite3.Error:
            if was_open:
                raw(self, "closed").emit()
            return False
        raw(self, "opened").emit()
        return True

    def closeDatabase(self) -> None:
        self._close()
        raw(self, "closed").emit()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def initializeDatabase(self, schema: str = "") -> bool:
        """Empties the database."""
        dicom_tables.create(self._connection)
        self._changed()
        return True

    def schemaVersion(self) -> str:
        return "0.8.1"

    def schemaVersionLoaded(self) -> str:
        return "0.8.1"

    def _changed(self) -> None:
        """The real one notices the change of its file, so that its signal comes through the event loop too."""
        QtCore.QTimer.singleShot(0, self._announce_change)

    def _announce_change(self) -> None:
        raw(self, "databaseChanged").emit()

    def _column(self, query: str, *values: Any) -> list[str]:
        if self._connection is None:
            return []
        return ["" if value is None else str(value) for (value,) in self._connection.execute(query, values)]

    def _first(self, query: str, *values: Any) -> str:
        return next(iter(self._column(query, *values)), "")

    def patients(self) -> list[str]:
        return self._column("SELECT UID FROM Patients")

    def studiesForPatient(self, patient: str) -> list[str]:
        return self._column("SELECT StudyInstanceUID FROM Studies WHERE PatientsUID = ?", int(patient or 0))

    def seriesForStudy(self, study: str) -> list[str]:
        return self._column("SELECT SeriesInstanceUID FROM Series WHERE StudyInstanceUID = ?", study)

    def instancesForSeries(self, series: str, hits: int = -1) -> list[str]:
        found = self._column("SELECT SOPInstanceUID FROM Images WHERE SeriesInstanceUID = ?", series)
        return found[:hits] if hits > 0 else found

    def filesForSeries(self, series: str, hits: int = -1) -> list[str]:
        found = self._column("SELECT Filename FROM Images WHERE SeriesInstanceUID = ?", series)
        files = [self._absolute(name) for name in found]
        return files[:hits] if hits > 0 else files

    def allFiles(self) -> list[str]:
        return [self._absolute(name) for name in self._column("SELECT Filename FROM Images")]

    def fileForInstance(self, instance: str) -> str:
        name = self._first("SELECT Filename FROM Images WHERE SOPInstanceUID = ?", instance)
        return self._absolute(name) if name else ""

    def instanceForFile(self, path: str) -> str:
        return self._first("SELECT SOPInstanceUID FROM Images WHERE Filename = ?", self._stored_name(path))

    def seriesForFile(self, path: str) -> str:
        return self._first("SELECT SeriesInstanceUID FROM Images WHERE Filename = ?", self._stored_name(path))

    def studyForSeries(self, series: str) -> str:
        return self._first("SELECT StudyInstanceUID FROM Series WHERE SeriesInstanceUID = ?", series)

    def patientForStudy(self, study: str) -> str:
        return self._first("SELECT PatientsUID FROM Studies WHERE StudyInstanceUID = ?", study)

    def fieldForPatient(self, field: str, patient: str) -> str:
        return self._field("Patients", field, int(patient or 0))

    def fieldForStudy(self, field: str, study: str) -> str:
        return self._field("Studies", field, study)

    def fieldForSeries(self, field: str, series: str) -> str:
        return self._field("Series", field, series)

    def _field(self, table: str, field: str, key: Any) -> str:
        known = field in dicom_tables.fields(table)
        return self._first(f"SELECT {field} FROM {table} WHERE {KEYS[table]} = ?", key) if known else ""

    def nameForPatient(self, patient: str) -> str:
        return self.fieldForPatient("PatientsName", patient)

    def displayedNameForPatient(self, patient: str) -> str:
        family, _, given = self.nameForPatient(patient).partition("^")
        return f"{family}, {given.replace('^', ' ')}".strip(", ")

    def descriptionForStudy(self, study: str) -> str:
        return self.fieldForStudy("StudyDescription", study)

    def descriptionForSeries(self, series: str) -> str:
        return self.fieldForSeries("SeriesDescription", series)

    def patientsCount(self) -> int:
        return self._count("Patients")

    def studiesCount(self) -> int:
        return self._count("Studies")

    def seriesCount(self) -> int:
        return self._count("Series")

    def imagesCount(self) -> int:
        return self._count("Images")

    def _count(self, table: str) -> int:
        return int(self._first(f"SELECT COUNT(*) FROM {table}") or 0)

    def fileValue(self, path: str, *tag: Any) -> str:
        """A value as text, "" where there is none; ``tag`` is "gggg,eeee", or group and element."""
        if not path:
            return ""
        import pydicom

        key = pydicom.tag.Tag(*tag) if len(tag) > 1 else pydicom.tag.Tag(tag[0].replace(",", ""))
        try:
            dataset = pydicom.dcmread(path, specific_tags=[key], stop_before_pixels=True, force=True)
        except OSError:
            return ""
        return dicom_tables.as_text(dataset[key].value) if key in dataset else ""

    def instanceValue(self, instance: str, *tag: Any) -> str:
        return self.fileValue(self.fileForInstance(instance), *tag)

    def fileValueExists(self, path: str, *tag: Any) -> bool:
        return self.fileValue(path, *tag) != ""

    def instanceValueExists(self, instance: str, *tag: Any) -> bool:
        return self.instanceValue(instance, *tag) != ""

    def insert(
        self, path: str, store: bool = True, thumbnail: bool = True, hierarchy: bool = True, folder: str = ""
    ) -> None:
        """Adds a file, by default as a copy below the database; one without its UIDs is left out, as CTK leaves it."""
        import pydicom

        try:
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
        except (OSError, pydicom.errors.InvalidDicomError):
            return
        if all(dataset.get(uid) for uid in _UIDS) and not self.fileForInstance(str(dataset.SOPInstanceUID)):
            self._add(dataset, path, store)

    def _add(self, dataset: Any, path: str, store: bool) -> None:
        instance, series, study = (str(dataset[uid].value) for uid in _UIDS)
        patient = self._patient(dataset, study)
        if not self.patientForStudy(study):
            dicom_tables.insert(
                self._connection, "Studies", dicom_tables.row("Studies", dataset) | {"PatientsUID": patient}
            )
            raw(self, "studyAdded").emit(study)
        if not self.studyForSeries(series):
            dicom_tables.insert(self._connection, "Series", dicom_tables.row("Series", dataset))
            raw(self, "seriesAdded").emit(series)
        name = (
            self._copy(path, study, series, instance) if store and not self._get_in_memory() else os.path.abspath(path)
        )
        image = {"SOPInstanceUID": instance, "Filename": name, "SeriesInstanceUID": series}
        dicom_tables.insert(self._connection, "Images", image)
        self._connection.commit()
        raw(self, "instanceAdded").emit(instance)

    def _patient(self, dataset: Any, study: str) -> int:
        """The patient's number in the database; who has no ID is known by the study, who has no name by the ID."""
        values = dicom_tables.row("Patients", dataset)
        values["PatientID"] = values["PatientID"] or study
        values["PatientsName"] = values["PatientsName"] or values["PatientID"]
        found = self._first(
            "SELECT UID FROM Patients WHERE PatientID = ? AND PatientsName = ?",
            values["PatientID"],
            values["PatientsName"],
        )
        if found:
            return int(found)
        number = dicom_tables.insert(self._connection, "Patients", values)
        birth_date = values["PatientsBirthDate"] or ""
        raw(self, "patientAdded").emit(number, values["PatientID"], values["PatientsName"], birth_date)
        return number

    def _copy(self, path: str, study: str, series: str, instance: str) -> str:
        name = os.path.join("dicom", study, series, instance)
        target = Path(self._get_directory(), name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        return name

    def _absolute(self, name: str) -> str:
        return name if os.path.isabs(name) else os.path.join(self._get_directory(), name)

    def _stored_name(self, path: str) -> str:
        inside = os.path.join(self._get_directory(), "")
        return path[len(inside) :] if path.startswith(inside) and not self._get_in_memory() else path

    def updateDisplayedFields(self) -> None:
        """Fills in the counts that CTK's browser shows."""
        if self._connection is None:
            return
        for table, column, counted in (
            ("Patients", "DisplayedNumberOfStudies", "Studies WHERE PatientsUID = Patients.UID"),
            ("Studies", "DisplayedNumberOfSeries", "Series WHERE Series.StudyInstanceUID = Studies.StudyInstanceUID"),
            ("Series", "DisplayedCount", "Images WHERE Images.SeriesInstanceUID = Series.SeriesInstanceUID"),
        ):
            self._connection.execute(f"UPDATE {table} SET {column} = (SELECT COUNT(*) FROM {counted})")
        self._connection.execute("UPDATE Patients SET DisplayedPatientsName = PatientsName")
        self._connection.commit()
        self._changed()

    def removeSeries(self, series: str, clear_cached_tags: bool = False, cleanup: bool = True) -> bool:
        """Forgets a series, and deletes its files if they are the database's own copies."""
        study = self.studyForSeries(series)
        for name in self._column("SELECT Filename FROM Images WHERE SeriesInstanceUID = ?", series):
            if not os.path.isabs(name):
                Path(self._absolute(name)).unlink(missing_ok=True)
        self._connection.execute("DELETE FROM Images WHERE SeriesInstanceUID = ?", (series,))
        if cleanup:
            self._connection.execute("DELETE FROM Series WHERE SeriesInstanceUID = ?", (series,))
            if not self.seriesForStudy(study):
                self._remove_empty_study(study)
        self._connection.commit()
        raw(self, "seriesRemoved").emit(series)
        self._changed()
        return True

    def _remove_empty_study(self, study: str) -> None:
        patient = self.patientForStudy(study)
        self._connection.execute("DELETE FROM Studies WHERE StudyInstanceUID = ?", (study,))
        if patient and not self.studiesForPatient(patient):
            self._connection.execute("DELETE FROM Patients WHERE UID = ?", (int(patient),))

    def removeStudy(self, study: str, cleanup: bool = True) -> bool:
        for series in self.seriesForStudy(study):
            self.removeSeries(series)
        raw(self, "studyRemoved").emit(study)
        return True

    def removePatient(self, patient: str, cleanup: bool = True) -> bool:
        identifier, name = self.fieldForPatient("PatientID", patient), self.nameForPatient(patient)
        for study in self.studiesForPatient(patient):
            self.removeStudy(study)
        raw(self, "patientRemoved").emit(identifier, name)
        return True

    def _get_open(self) -> bool:
        return self._connection is not None

    def _get_in_memory(self) -> bool:
        return self._path == _IN_MEMORY

    def _get_filename(self) -> str:
        return self._path

    def _get_directory(self) -> str:
        return "" if self._get_in_memory() else os.path.dirname(os.path.abspath(self._path))

    isOpen = Property(bool, _get_open)
    isInMemory = Property(bool, _get_in_memory)
    databaseFilename = Property(str, _get_filename)
    databaseDirectory = Property(str, _get_directory)
    patientFieldNames = Property("QStringList", lambda self: dicom_tables.fields("Patients"))
    studyFieldNames = Property("QStringList", lambda self: dicom_tables.fields("Studies"))
    seriesFieldNames = Property("QStringList", lambda self: dicom_tables.fields("Series"))
