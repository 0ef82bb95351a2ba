"""``DICOMLib.DICOMUtils``: imports into the DICOM database, and loads series from it as scalar volumes."""

import os
import tempfile

import ctk
import qt
import SimpleITK
import slicer

loaded = []
"""The stand-in's own: the lists of series that ``loadSeriesByUID`` was asked for."""


def importDicom(dicomDataDir, dicomDatabase=None, copyFiles=False):
    indexer = ctk.ctkDICOMIndexer()
    indexer.addDirectory(slicer.dicomDatabase if dicomDatabase is None else dicomDatabase, str(dicomDataDir), copyFiles)
    indexer.waitForImportFinished()
    return True


def openDatabase(databaseDir):
    return os.path.isdir(databaseDir) and slicer.dicomDatabase.openDatabase(databaseDir + "/ctkDICOM.sql")


def clearDatabase(dicomDatabase=None):
    database = slicer.dicomDatabase if dicomDatabase is None else dicomDatabase
    for patient in database.patients():
        database.removePatient(patient)


def openTemporaryDatabase(directory=None):
    """Returns the folder of the database that was open before."""
    folder = directory or tempfile.mkdtemp(prefix="DICOMDatabase", dir=slicer.app.temporaryPath)
    if not os.path.isabs(folder):
        folder = os.path.join(slicer.app.temporaryPath, folder)
    os.makedirs(folder, exist_ok=True)
    settings = qt.QSettings()
    original = settings.value(slicer.dicomDatabaseDirectorySettingsKey)
    settings.setValue(slicer.dicomDatabaseDirectorySettingsKey, folder)
    openDatabase(folder)
    slicer.dicomDatabase.initializeDatabase()
    return original


def closeTemporaryDatabase(originalDatabaseDir, cleanup=True):
    if slicer.dicomDatabase.isOpen:
        if cleanup:
            slicer.dicomDatabase.initializeDatabase()
        slicer.dicomDatabase.closeDatabase()
    if originalDatabaseDir is None:
        return True
    qt.QSettings().setValue(slicer.dicomDatabaseDirectorySettingsKey, originalDatabaseDir)
    return openDatabase(originalDatabaseDir) if os.path.isdir(originalDatabaseDir) else True


class TemporaryDICOMDatabase:
    """``with TemporaryDICOMDatabase() as database:`` makes an empty database the application's."""

    def __init__(self, directory=None):
        self.temporaryDatabaseDir = directory
        self.originalDatabaseDir = None

    def __enter__(self):
        self.originalDatabaseDir = openTemporaryDatabase(self.temporaryDatabaseDir)
        return slicer.dicomDatabase

    def __exit__(self, type, value, traceback):
        closeTemporaryDatabase(self.originalDatabaseDir)


def allSeriesUIDsInDatabase(database=None):
    database = slicer.dicomDatabase if database is None else database
    studies = [study for patient in database.patients() for study in database.studiesForPatient(patient)]
    return [series for study in studies for series in database.seriesForStudy(study)]


def seriesUIDsForFiles(files):
    return {series for series in map(slicer.dicomDatabase.seriesForFile, files) if series}


def loadSeriesByUID(seriesUIDs, messages=None, progressCallback=None, enabledPluginClassNames=None):
    """Loads each series as one scalar volume through SimpleITK; returns the IDs of the nodes."""
    if not isinstance(seriesUIDs, list):
        raise ValueError("SeriesUIDs must contain a list")
    if not seriesUIDs:
        raise ValueError("No series UIDs given")
    if not slicer.dicomDatabase.isOpen:
        raise OSError("DICOM module or database cannot be accessed")
    loaded.append(list(seriesUIDs))
    return [_loadVolume(series) for series in seriesUIDs if slicer.dicomDatabase.filesForSeries(series)]


def _loadVolume(series):
    reader = SimpleITK.ImageSeriesReader()
    files = _sortedBySlice(slicer.dicomDatabase.filesForSeries(series))
    reader.SetFileNames(files)
    image = reader.Execute()
    path = os.path.join(tempfile.mkdtemp(dir=slicer.app.temporaryPath), "series.nrrd")
    SimpleITK.WriteImage(image, path)
    description = slicer.dicomDatabase.descriptionForSeries(series)
    number = slicer.dicomDatabase.fieldForSeries("SeriesNumber", series)
    node = slicer.util.loadVolume(path, {"name": f"{number}: {description}"})
    node.SetAttribute("DICOM.instanceUIDs", " ".join(map(slicer.dicomDatabase.instanceForFile, files)))
    return node.GetID()


def _sortedBySlice(files):
    """Files in the order of their position along the normal of the slices."""
    import numpy
    import pydicom

    def distance(path):
        header = pydicom.dcmread(
            path, stop_before_pixels=True, specific_tags=["ImageOrientationPatient", "ImagePositionPatient"]
        )
        if "ImagePositionPatient" not in header:
            return 0.0
        axes = numpy.reshape(numpy.asarray(header.get("ImageOrientationPatient", (1, 0, 0, 0, 1, 0)), float), (2, 3))
        return float(numpy.dot(numpy.cross(*axes), numpy.asarray(header.ImagePositionPatient, float)))

    return sorted(files, key=distance)


def loadPatientByUID(patientUID, messages=None, progressCallback=None, enabledPluginClassNames=None):
    studies = slicer.dicomDatabase.studiesForPatient(str(patientUID))
    series = [uid for study in studies for uid in slicer.dicomDatabase.seriesForStudy(study)]
    if not series:
        raise OSError(f"No series found in patient with DICOM database UID {patientUID}")
    return loadSeriesByUID(series, messages, progressCallback, enabledPluginClassNames)
