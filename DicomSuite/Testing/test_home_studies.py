"""The studies of the home module: real database, real table, real buttons."""

import sys
import types
from pathlib import Path

import pytest

from application import EventLoopGap, processEvents, qt, slicer, waitUntil
from DicomSuiteGui import dicom_database, studies_panel
from DicomSuiteGui.quick_actions import MANY_SERIES, QuickActionsPanel
from DicomSuiteGui.studies_panel import DATE, MODALITIES, PATIENT, SERIES, SIZE, StudiesPanel
from DicomSuiteLib.study_list import read_studies
from panel_places import own_database

STUDIES = 3


@pytest.fixture(scope="module")
def database(tmp_path_factory):
    with own_database(tmp_path_factory.mktemp("studies"), STUDIES) as database:
        yield database


@pytest.fixture
def panel():
    measureSizes = qt.QCheckBox()
    measureSizes.checked = True
    panel = StudiesPanel(measureSizes)
    panel.measureSizes = measureSizes
    panel.widget.show()
    yield panel
    panel.close()
    panel.widget.hide()


@pytest.fixture
def filled(panel, database):
    panel.activate()
    waitUntil(lambda: not panel.isReading)
    return panel


@pytest.fixture
def target(monkeypatch):
    """A module that takes series, and the record of what it was given; no main window is needed."""
    given = []
    module = types.SimpleNamespace(useSeries=lambda series: given.append(series))
    monkeypatch.setattr(slicer.util, "moduleNames", lambda: ["DicomSuiteAnonymize", "DicomSuiteRender"])
    monkeypatch.setattr(slicer.util, "selectModule", given.append)
    monkeypatch.setattr(slicer.util, "getModuleWidget", lambda name: module)
    return given


def cells(panel, column):
    model = panel.table.model()
    return [model.index(row, column).data(qt.Qt.DisplayRole) for row in range(model.rowCount())]


def select(panel, *rows):
    panel.table.clearSelection()
    model = panel.table.selectionModel()
    for row in rows:
        flags = qt.QItemSelectionModel.Select | qt.QItemSelectionModel.Rows
        model.select(panel.table.model().index(row, 0), flags)


def test_every_study_is_a_row_that_says_what_it_is(filled, database):
    expected = sorted(read_studies(database), key=lambda study: study.date, reverse=True)
    assert len(expected) == STUDIES
    assert cells(filled, PATIENT) == [study.patient_name for study in expected]
    assert cells(filled, DATE) == [study.date for study in expected]
    assert cells(filled, MODALITIES) == [", ".join(study.modalities) for study in expected]
    assert cells(filled, SERIES) == [str(len(study.series)) for study in expected]
    assert expected[0].modalities == ("CT", "RTSTRUCT", "US")


def test_sizes_appear_by_and_by_and_only_where_they_are_wanted(filled):
    waitUntil(lambda: all(cells(filled, SIZE)))
    assert all(text.endswith(("kB", "MB")) for text in cells(filled, SIZE))
    filled.measureSizes.click()
    assert filled.table.isColumnHidden(SIZE)
    filled.measureSizes.click()
    assert not filled.table.isColumnHidden(SIZE)


def test_search_finds_names_ids_dates_and_modalities(filled, database):
    study = filled.selectedStudies() or list(read_studies(database))[1:2]
    for text in (study[0].patient_name.upper(), study[0].patient_id, study[0].date):
        filled.searchBox.text = text
        assert cells(filled, DATE) == [study[0].date]
    filled.searchBox.text = "rtstruct"
    assert len(cells(filled, DATE)) == STUDIES
    filled.searchBox.text = "no such thing"
    assert cells(filled, DATE) == []
    assert filled.message.visible and filled.message.text
    assert not filled.openDicomButton.visible


def test_columns_sort_by_what_they_mean(filled):
    waitUntil(lambda: all(cells(filled, SIZE)))
    filled.table.sortByColumn(DATE, qt.Qt.AscendingOrder)
    assert cells(filled, DATE) == sorted(cells(filled, DATE))
    filled.table.sortByColumn(PATIENT, qt.Qt.AscendingOrder)
    assert cells(filled, PATIENT) == sorted(cells(filled, PATIENT), key=str.casefold)


def test_selection_survives_a_change_of_the_database(filled, database):
    from DICOMLib import DICOMUtils

    select(filled, 1)
    (chosen,) = filled.selectedStudies()
    gone = cells(filled, DATE)[0]
    (uid,) = [study.uid for study in read_studies(database) if study.date == gone]
    folder = Path(database.filesForSeries(database.seriesForStudy(uid)[0])[0]).parents[1]
    database.removeStudy(uid)
    waitUntil(lambda: len(cells(filled, DATE)) == STUDIES - 1)
    assert [study.uid for study in filled.selectedStudies()] == [chosen.uid]
    DICOMUtils.importDicom(str(folder), database)
    waitUntil(lambda: len(cells(filled, DATE)) == STUDIES)
    assert [study.uid for study in filled.selectedStudies()] == [chosen.uid]


def test_empty_database_explains_itself_and_leads_to_the_dicom_module(panel, tmp_path, monkeypatch):
    opened = []
    monkeypatch.setattr(slicer.util, "selectModule", opened.append)
    with own_database(tmp_path, 0):
        panel.activate()
        waitUntil(lambda: not panel.isReading)
        assert panel.message.visible and panel.openDicomButton.visible
        panel.openDicomButton.click()
        panel.deactivate()
    assert opened == ["DICOM"]


def test_no_database_explains_itself(panel, tmp_path):
    with own_database(tmp_path, 0):
        slicer.dicomDatabase.closeDatabase()
        panel.activate()
        waitUntil(lambda: not panel.isReading)
        assert panel.message.visible and panel.openDicomButton.visible
        panel.deactivate()


class ManyStudies:
    """Answers like a database of `count` studies; signals are of no concern here."""

    isOpen = True

    def __init__(self, count):
        self.count = count

    def connect(self, _signal, _slot):
        return True

    disconnect = connect

    def patients(self):
        return tuple(map(str, range(self.count)))

    def studiesForPatient(self, patient):
        return (f"{patient}.1",)

    def seriesForStudy(self, study):
        return (f"{study}.1", f"{study}.2")

    def filesForSeries(self, _series):
        return (__file__,)

    def fieldForPatient(self, _field, patient):
        return f"Phantom^{patient}"

    fieldForStudy = fieldForSeries = fieldForPatient


def test_large_database_never_holds_up_the_windows(panel, monkeypatch):
    """The best of three: on a busy machine the system itself may hold up a program for a tenth of a second."""
    gaps = []
    for _ in range(3):
        monkeypatch.setattr(studies_panel, "dicomDatabase", lambda: ManyStudies(0))
        panel.activate()
        waitUntil(lambda: not cells(panel, PATIENT), timeout=60)
        monkeypatch.setattr(studies_panel, "dicomDatabase", lambda: ManyStudies(2000))
        with EventLoopGap() as gap:
            panel.activate()
            waitUntil(lambda: not panel.isReading, timeout=60)
            waitUntil(lambda: panel.table.model().index(0, SIZE).data(qt.Qt.DisplayRole), timeout=60)
        assert len(cells(panel, PATIENT)) == 2000
        gaps.append(gap.seconds)
        if gap.seconds < 0.1:
            return
    raise AssertionError(gaps)


def test_nothing_is_read_after_the_panel_was_left(panel, monkeypatch):
    monkeypatch.setattr(studies_panel, "dicomDatabase", lambda: ManyStudies(5000))
    panel.activate()
    waitUntil(lambda: cells(panel, PATIENT))
    panel.deactivate()
    before = len(cells(panel, PATIENT))
    processEvents(0.1)
    assert len(cells(panel, PATIENT)) == before < 5000


def test_actions_say_why_they_cannot_be_used(filled, target):
    actions = QuickActionsPanel(filled)
    anonymize, superRes = actions.buttons["DicomSuiteAnonymize"], actions.buttons["DicomSuiteSuperRes"]
    assert not anonymize.enabled and "Select" in anonymize.toolTip
    assert not superRes.enabled and "not installed" in superRes.toolTip
    select(filled, 0)
    assert anonymize.enabled and "De-identify" in anonymize.toolTip
    assert not superRes.enabled
    select(filled)
    assert not anonymize.enabled


def test_anonymize_gets_the_series_of_every_selected_study_without_loading_them(filled, target):
    actions = QuickActionsPanel(filled)
    select(filled, 0, 2)
    nodes = slicer.mrmlScene.GetNumberOfNodes()
    actions.buttons["DicomSuiteAnonymize"].click()
    series = [uid for study in filled.selectedStudies() for uid in study.series]
    assert target == ["DicomSuiteAnonymize", series]
    assert len(series) == 6
    assert slicer.mrmlScene.GetNumberOfNodes() == nodes


def test_render_gets_the_series_after_they_were_loaded(filled, target, monkeypatch):
    loaded = []
    monkeypatch.setitem(sys.modules, "DICOMLib", loader(lambda series: loaded.append((series, list(target)))))
    actions = QuickActionsPanel(filled)
    select(filled, 1)
    actions.buttons["DicomSuiteRender"].click()
    series = list(filled.selectedStudies()[0].series)
    assert loaded == [(series, [])]
    assert target == ["DicomSuiteRender", series]


def test_many_series_are_only_loaded_after_a_question(panel, target, monkeypatch):
    loaded = []
    monkeypatch.setattr(studies_panel, "dicomDatabase", lambda: ManyStudies(MANY_SERIES))
    monkeypatch.setattr(slicer.util, "confirmOkCancelDisplay", lambda *_texts, **_options: False)
    monkeypatch.setitem(sys.modules, "DICOMLib", loader(loaded.append))
    panel.activate()
    waitUntil(lambda: not panel.isReading)
    actions = QuickActionsPanel(panel)
    panel.table.selectAll()
    actions.buttons["DicomSuiteRender"].click()
    assert (loaded, target) == ([], [])


def loader(function):
    return types.SimpleNamespace(DICOMUtils=types.SimpleNamespace(loadSeriesByUID=function))


def test_database_is_let_go_when_the_module_is_left(filled, database):
    filled.deactivate()
    database.databaseChanged()
    processEvents(dicom_database.SETTLE_MS / 1000 + 0.1)
    assert len(cells(filled, DATE)) == STUDIES  # reading without a database would have emptied the table
