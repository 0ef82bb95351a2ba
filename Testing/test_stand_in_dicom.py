"""The DICOM database answers as ctkDICOMDatabase does, with what the files say."""

import pytest

from application import processEvents, slicer, standInOnly
from copied_study import copied_study

pytestmark = standInOnly()

from DICOMLib import DICOMUtils  # noqa: E402


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    return copied_study(tmp_path_factory.mktemp("study") / "source")


@pytest.fixture
def database(tmp_path, study):
    with DICOMUtils.TemporaryDICOMDatabase(str(tmp_path / "database")) as database:
        assert DICOMUtils.importDicom(study.folder, database)
        yield database


def series_by_modality(database):
    return {database.fieldForSeries("Modality", uid): uid for uid in DICOMUtils.allSeriesUIDsInDatabase(database)}


def test_patients_studies_series_and_instances_are_found(database, study):
    (patient,) = database.patients()
    (study_uid,) = database.studiesForPatient(patient)
    series = database.seriesForStudy(study_uid)
    assert patient == "1"
    assert database.studyForSeries(series[0]) == study_uid
    assert database.patientForStudy(study_uid) == patient
    assert sum(len(database.filesForSeries(uid)) for uid in series) == len(study.dicom_files)
    assert len(database.filesForSeries(series[0], 1)) == 1
    assert isinstance(series, tuple)


def test_fields_have_ctks_names_and_forms(database):
    import pydicom

    path = database.allFiles()[0]
    dataset = pydicom.dcmread(path, stop_before_pixels=True)
    (patient,) = database.patients()
    series, study_uid = database.seriesForFile(path), str(dataset.StudyInstanceUID)
    date = str(dataset.StudyDate)
    assert database.nameForPatient(patient) == str(dataset.PatientName)
    assert database.fieldForPatient("PatientID", patient) == str(dataset.PatientID)
    assert database.fieldForStudy("StudyDate", study_uid) == f"{date[:4]}-{date[4:6]}-{date[6:]}"
    assert database.descriptionForSeries(series) == str(dataset.SeriesDescription)
    assert database.fieldForSeries("SeriesNumber", series) == str(dataset.SeriesNumber)
    assert database.fieldForSeries("NoSuchField", series) == ""
    assert database.fileValue(path, "0010,0020") == database.fileValue(path, 0x10, 0x20) == str(dataset.PatientID)
    assert database.instanceValue(str(dataset.SOPInstanceUID), "0008,0060") == dataset.Modality
    assert database.fileValue(path, "0009,0001") == ""


def test_what_is_not_there_is_empty(database):
    assert database.filesForSeries("1.2.3") == ()
    assert database.studiesForPatient("99") == ()
    assert database.fileForInstance("1.2.3") == ""
    assert database.nameForPatient("99") == ""
    assert database.fileValue("/no/such/file", "0010,0020") == ""


def test_a_linked_file_stays_where_it_is_and_a_stored_one_is_copied(database, study, tmp_path):
    assert all(path.startswith(str(study.folder)) for path in database.allFiles())
    with DICOMUtils.TemporaryDICOMDatabase(str(tmp_path / "copies")) as copies:
        source = str(study.dicom_files[0])
        copies.insert(source)
        assert copies.allFiles()[0].startswith(copies.databaseDirectory)
        copies.removeSeries(copies.seriesForFile(copies.allFiles()[0]))
        assert copies.patients() == ()
    assert study.dicom_files[0].exists()


def test_signals_tell_what_was_added_and_removed(tmp_path, study):
    added, changed, removed = [], [], []
    with DICOMUtils.TemporaryDICOMDatabase(str(tmp_path / "signals")) as database:
        database.connect("seriesAdded(QString)", added.append)
        database.connect("databaseChanged()", lambda: changed.append(1))
        database.connect("seriesRemoved(QString)", removed.append)
        DICOMUtils.importDicom(study.folder, database)
        processEvents()
        assert sorted(added) == sorted(DICOMUtils.allSeriesUIDsInDatabase(database))
        assert changed
        database.removePatient(database.patients()[0])
        assert sorted(removed) == sorted(added)
        for signal, slot in (("seriesAdded(QString)", added.append), ("seriesRemoved(QString)", removed.append)):
            database.disconnect(signal, slot)
        database.disconnect("databaseChanged()")


def test_a_temporary_database_gives_the_former_one_back(tmp_path):
    before = slicer.dicomDatabase.databaseDirectory
    with DICOMUtils.TemporaryDICOMDatabase(str(tmp_path / "inner")) as database:
        assert database is slicer.dicomDatabase
        assert database.databaseDirectory == str(tmp_path / "inner")
    assert slicer.dicomDatabase.databaseDirectory == before
    assert slicer.dicomDatabase.isOpen


def test_a_series_is_loaded_as_a_volume(database):
    ct = series_by_modality(database)["CT"]
    (node_id,) = DICOMUtils.loadSeriesByUID([ct])
    node = slicer.mrmlScene.GetNodeByID(node_id)
    assert slicer.util.arrayFromVolume(node).shape[0] == len(database.filesForSeries(ct))
    assert node.GetAttribute("DICOM.instanceUIDs").split() == list(database.instancesForSeries(ct))
    slicer.mrmlScene.Clear(0)


def test_series_to_load_must_be_a_list():
    with pytest.raises(ValueError, match="list"):
        DICOMUtils.loadSeriesByUID(("1.2.3",))


def test_files_that_are_no_dicom_are_left_out(tmp_path, database):
    (tmp_path / "notes.txt").write_text("no DICOM")
    before = database.imagesCount()
    database.insert(str(tmp_path / "notes.txt"))
    assert database.imagesCount() == before
