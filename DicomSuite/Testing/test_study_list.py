"""The list of studies: read bit by bit, in words that people use."""

import pytest

from DicomSuiteLib.study_list import (
    Study,
    files_of,
    read_studies,
    readable_date,
    readable_name,
    readable_size,
    size_on_disk,
)


class Database:
    """The questions that the list asks, counted; two patients with one and two studies."""

    fields = {
        "1": {"PatientsName": "Doe^Jane", "PatientID": "A1"},
        "2": {"PatientsName": "", "PatientID": "B2"},
        "1.1": {"StudyDate": "20240229", "StudyDescription": "Chest"},
        "2.1": {"StudyDate": "2023-01-05"},
        "1.1.1": {"Modality": "MR"},
        "1.1.2": {"Modality": "CT"},
        "1.1.3": {"Modality": "CT"},
    }
    asked = 0

    def _below(self, parent):
        self.asked += 1
        children = {"1": ["1.1"], "2": ["2.1", "2.2"], "1.1": ["1.1.1", "1.1.2", "1.1.3"], "2.1": ["2.1.1"]}
        return tuple(children.get(parent, ()))

    def _field(self, name, of):
        self.asked += 1
        return self.fields.get(of, {}).get(name, "")

    studiesForPatient = seriesForStudy = _below
    fieldForPatient = fieldForStudy = fieldForSeries = _field

    def patients(self):
        return ("1", "2")

    def filesForSeries(self, series):
        return (f"/{series}/a.dcm", f"/{series}/b.dcm")


def test_each_study_is_described_once():
    first, second, third = read_studies(Database())
    assert first == Study("1.1", "Doe, Jane", "A1", "2024-02-29", "Chest", ("CT", "MR"), ("1.1.1", "1.1.2", "1.1.3"))
    assert second == Study("2.1", "", "B2", "2023-01-05", "", (), ("2.1.1",))
    assert third.series == ()


def test_one_step_asks_only_for_what_it_yields():
    database = Database()
    next(read_studies(database))
    assert database.asked <= 12


def test_files_of_all_series_belong_to_the_study():
    study = next(read_studies(Database()))
    assert len(files_of(Database(), study)) == 6


def test_size_leaves_out_files_that_are_gone(tmp_path):
    (tmp_path / "a").write_bytes(b"x" * 1000)
    assert size_on_disk([str(tmp_path / "a"), str(tmp_path / "gone")]) == 1000


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("Doe^Jane^Mary^Dr^Jr", "Doe, Jane Mary"),
        ("Doe", "Doe"),
        ("^Jane", "Jane"),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou"),
        ("", ""),
    ],
)
def test_name_is_written_as_people_do(value, shown):
    assert readable_name(value) == shown


def test_date_is_readable_in_both_forms():
    assert [readable_date(text) for text in ("20240229", "2024-02-29", "", "c. 1990")] == [
        "2024-02-29",
        "2024-02-29",
        "",
        "c. 1990",
    ]


@pytest.mark.parametrize(
    ("size", "shown"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1 kB"),
        (1_234_567, "1.23 MB"),
        (999_900_000, "1000 MB"),
        (5 * 10**12, "5 TB"),
    ],
)
def test_size_has_three_digits_and_a_unit(size, shown):
    assert readable_size(size) == shown
