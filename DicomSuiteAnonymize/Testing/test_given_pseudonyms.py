"""Pseudonyms that the user gives: what they become, what is refused before a run, and what a run refuses."""

from pathlib import Path

import pytest
from pydicom import dcmread

from anonymize_runs import KEY, anonymize, read_report, refused, tree, write_key
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.crosswalks.given_pseudonyms import KEYED, GivenPatient, ListedPseudonyms, read_pseudonyms
from DicomSuiteAnonymizeLib.errors import AnonymizeError
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN, Scope, TagEdit
from DicomSuiteAnonymizeLib.profiles.profile_file import write_profile
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteAnonymizeLib.verification.verify import verify

DATES = ("--profile", "research")


def table(folder: Path, *lines: str, heading: str = "id_old,id_new", encoding: str = "utf-8") -> Path:
    path = folder / "pseudonyms.csv"
    path.write_text("\n".join((heading, *lines)) + "\n", encoding=encoding)
    return path


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two patients with a slice each."""
    for number in (1, 2):
        write_slice(
            tmp_path / f"source/{number}.dcm", PatientID=f"4711-{number}", PatientName=f"Quill{number}^Ada",
            StudyDate="20200131", StudyInstanceUID=f"1.2.3.{number}", SeriesInstanceUID=f"1.2.3.{number}.1",
        )  # fmt: skip
    return tmp_path / "source"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return write_key(tmp_path / "key")


def outputs(target: Path) -> dict[str, str]:
    """Study date by patient's folder, of files that have one."""
    found = {}
    for path in sorted(target.rglob("*.dcm")):
        dataset = dcmread(path)
        folder = path.relative_to(target).parts[0]
        assert dataset.PatientID == folder == str(dataset.PatientName)
        found[folder] = dataset.get("StudyDate", "")
    return found


def test_given_pseudonym_is_id_name_and_folder_and_others_are_keyed(source: Path, tmp_path: Path, key_file: Path):
    given = table(tmp_path, "4711-1,SITE7-001,-31", heading="id_old,id_new,date_offset")
    assert anonymize(source, tmp_path / "out", key_file, "--pseudonyms", given, *DATES).code == 0
    keyed = Pseudonyms(KEY)
    other = keyed.patient(b"id\x004711-2").decode()
    found = outputs(tmp_path / "out")
    assert found.keys() == {"SITE7-001", other}
    assert found["SITE7-001"] == "20191231"
    assert found[other] < "20200131"
    assert read_report(tmp_path / "out")["pseudonyms"] == "given, else keyed"
    assert verify(tmp_path / "out", [source], lambda done, total: None).findings == ()


def test_patient_that_the_table_lacks_is_refused_where_asked_for(source: Path, tmp_path: Path, key_file: Path):
    given = table(tmp_path, "4711-1,SITE7-001")
    end = anonymize(source, tmp_path / "out", key_file, "--pseudonyms", given, "--unknown-patients", "quarantine")
    assert end.code == 3
    assert outputs(tmp_path / "out").keys() == {"SITE7-001"}
    assert refused(key_file) == {"2.dcm": "the patient is not in the table of given pseudonyms"}


def test_keyed_offset_stays_where_none_is_given(tmp_path: Path):
    given = read_pseudonyms(table(tmp_path, "4711-1,SITE7-001"))
    assert ListedPseudonyms(KEY, given).date_offset(b"id\x004711-1") == Pseudonyms(KEY).date_offset(b"id\x004711-1")


@pytest.mark.parametrize("name", ["QUILLON-001", "SITE7-ada", "S-4711-1x"])
def test_files_are_refused_whose_pseudonym_tells_the_name_or_the_id(tmp_path: Path, key_file: Path, name: str):
    write_slice(tmp_path / "source/1.dcm", PatientID="4711-1x", PatientName="Quillon^Ada")
    given = table(tmp_path, f"4711-1x,{name}")
    assert anonymize(tmp_path / "source", tmp_path / "out", key_file, "--pseudonyms", given).code == 3
    assert "holds a part of the name" in refused(key_file)["1.dcm"]


@pytest.mark.parametrize(
    ("lines", "heading", "message"),
    [
        (("A1,S1", "A1,S2"), "id_old,id_new", "line 3: the id_old has a pseudonym already"),
        (("A1,S1", "A2,s1"), "id_old,id_new", "line 3: line 2 has the same id_new"),
        (("A1,A2", "A2,S2"), "id_old,id_new", "line 2: id_new is also an id_old"),
        (("A1,A1",), "id_old,id_new", "line 2: id_new is also an id_old"),
        (("A1,../S1",), "id_old,id_new", "line 2: id_new must have 1 to 64"),
        (("A1,",), "id_old,id_new", "line 2: id_new must have 1 to 64"),
        (("A1," + "S" * 65,), "id_old,id_new", "line 2: id_new must have 1 to 64"),
        (("A1,con",), "id_old,id_new", "line 2: id_new must have 1 to 64"),
        (("A1,S1.",), "id_old,id_new", "line 2: id_new must have 1 to 64"),
        (("A1,Report.html",), "id_old,id_new", "line 2: id_new must have 1 to 64"),
        (("A1,S^1",), "id_old,id_new", "line 2: id_new must have 1 to 64"),
        ((",S1",), "id_old,id_new", "line 2: id_old must be"),
        (("Ä1,S1",), "id_old,id_new", "line 2: id_old must be"),
        (("A1,S1,0",), "id_old,id_new,date_offset", "line 2: date_offset must be"),
        (("A1,S1,1.5",), "id_old,id_new,date_offset", "line 2: date_offset must be"),
        (("A1,S1,99999",), "id_old,id_new,date_offset", "line 2: date_offset must be"),
        (("A1,S1,9",), "id_old,id_new", "line 2: has more cells than columns"),
        ((), "id_old,id_new", "the table is empty"),
        (("A1,S1",), "old,new", "the first line must name the columns"),
        (("A1,S1,S2",), "id_old,id_new,id_new", "the first line must name the columns"),
    ],
)
def test_table_that_cannot_be_used_is_refused_without_quoting_it(tmp_path: Path, lines, heading, message):
    path = table(tmp_path, *lines, heading=heading)
    with pytest.raises(AnonymizeError) as refusal:
        read_pseudonyms(path)
    said = str(refusal.value)
    assert said.startswith(f"Pseudonyms {path}")
    assert message in said
    assert not any(cell in said.partition("line")[2] for cell in ("A1", "A2", "S1", "S2"))


def test_tables_from_spreadsheets_are_read(tmp_path: Path):
    path = table(tmp_path, "A1; S1 ;-3", ";;", " ;", "", heading="id_old;id_new;date_offset", encoding="utf-8-sig")
    assert read_pseudonyms(path).patients == (GivenPatient(b"id\0A1", b"S1", -3),)
    assert read_pseudonyms(path).unknown == KEYED


def test_run_is_resumed_with_the_same_table_only(source: Path, tmp_path: Path, key_file: Path):
    given = table(tmp_path, "4711-1,SITE7-001")
    assert anonymize(source, tmp_path / "out", key_file, "--pseudonyms", given).code == 0
    before = tree(tmp_path / "out")
    assert anonymize(source, tmp_path / "out", key_file, "--pseudonyms", given, "--resume").code == 0
    assert tree(tmp_path / "out") == before
    other = table(tmp_path, "4711-1,SITE7-002")
    assert anonymize(source, tmp_path / "out", key_file, "--pseudonyms", other, "--resume").code == 2


def test_two_workers_give_the_same_tree(source: Path, tmp_path: Path, key_file: Path):
    given = "--pseudonyms", table(tmp_path, "4711-1,SITE7-001,12", heading="id_old,id_new,date_offset")
    for workers in ("1", "2"):
        end = anonymize(source, tmp_path / workers, key_file, *given, *DATES, "--workers", workers)
        assert end.code == 0
    assert tree(tmp_path / "1") == tree(tmp_path / "2")


def test_edit_for_one_patient_holds_under_either_pseudonym(source: Path, tmp_path: Path, key_file: Path):
    keyed = Pseudonyms(KEY).patient(b"id\x004711-1").decode()
    edits = tuple(
        TagEdit((tag,), Action.REPLACE, "TYPED", Scope.PATIENT, target)
        for tag, target in ((0x00081030, keyed), (0x0008103E, "SITE7-001"))
    )
    write_profile(BUILT_IN["basic"].but(name="mine", edits=edits), tmp_path / "profile.json")
    given = "--pseudonyms", table(tmp_path, "4711-1,SITE7-001"), "--profile-file", tmp_path / "profile.json"
    assert anonymize(source, tmp_path / "out", key_file, *given).code == 0
    (mine,) = (tmp_path / "out" / "SITE7-001").rglob("*.dcm")
    dataset = dcmread(mine)
    assert (dataset.StudyDescription, dataset.SeriesDescription) == ("TYPED", "TYPED")


def test_unknown_patients_need_a_table(source: Path, tmp_path: Path, key_file: Path):
    end = anonymize(source, tmp_path / "out", key_file, "--unknown-patients", "quarantine")
    assert end.code == 2
    assert not (tmp_path / "out").exists()
