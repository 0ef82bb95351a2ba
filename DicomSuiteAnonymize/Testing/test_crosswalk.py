"""The crosswalk: what a run stores in it, who may read it, and that nothing is lost however a run ends."""

from __future__ import annotations

import csv
import shutil
import sqlite3
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from anonymize_runs import KEY, anonymize, tree, write_key, write_series
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib import run as run_module
from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_error import CrosswalkError
from DicomSuiteAnonymizeLib.instance_task import FileTask, TaskSettings, process_batch
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteLib import cli
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.run_ledger import RunLedger

OTHER_KEY = bytes(range(32, 64))
TABLES = ("instances.csv", "patients.csv", "uids.csv", "values.csv")
RESEARCH = ("--profile", "research")
NAME, PATIENT_ID, ACCESSION = "Quillfeather^Rosalind", "MRN-4711", "ACC-998877"


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    return write_key(tmp_path / "key")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three slices of one patient."""
    for number in range(3):
        write_slice(
            tmp_path / f"source/{number}.dcm", PatientID=PATIENT_ID, PatientName=NAME, PatientBirthDate="19501231",
            AccessionNumber=ACCESSION, StudyDate="20200131", InstanceNumber=number,
        )  # fmt: skip
    return tmp_path / "source"


def command(*words: object) -> int:
    return cli.main([*map(str, words), "--progress", "none"])


def exported(crosswalk: Path, key_file: Path, folder: Path) -> dict[str, list[list[str]]]:
    """Rows of the tables without their headings."""
    assert command("crosswalk", "export", crosswalk, folder, "--key-file", key_file) == 0
    return {name: rows(folder / name)[1:] for name in TABLES}


def rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def crosswalk_beside(key_file: Path) -> Path:
    return key_file.with_name("crosswalk.sqlite")


def test_tables_hold_every_way_back(source: Path, tmp_path: Path, key_file: Path):
    assert anonymize(source, tmp_path / "out", key_file, "--crosswalk", *RESEARCH).code == 0
    tables = exported(crosswalk_beside(key_file), key_file, tmp_path / "tables")
    (patient,) = tables["patients.csv"]
    assert patient == [PATIENT_ID, next(path.name for path in (tmp_path / "out").iterdir() if path.is_dir())]
    assert rows(tmp_path / "tables/patients.csv")[0] == rows(tmp_path / "tables/uids.csv")[0] == ["id_old", "id_new"]
    assert len(tables["uids.csv"]) == 3 + 3  # instances; study, series, frame of reference
    assert len(tables["instances.csv"]) == 3
    assert {(row[5], row[6]) for row in tables["instances.csv"]} == {(NAME, "19501231")}
    of = {row[0]: row[1] for row in tables["values.csv"]}
    assert of["(0008,0050)"] == ACCESSION
    assert of[f"{patient[1]} (0008,0020)"] == "20200131"


def test_output_is_the_same_with_and_without_a_crosswalk(source: Path, tmp_path: Path, key_file: Path):
    anonymize(source, tmp_path / "without", key_file, *RESEARCH)
    anonymize(source, tmp_path / "with", key_file, "--crosswalk", *RESEARCH)
    assert tree(tmp_path / "with") == tree(tmp_path / "without")


def test_two_workers_store_what_one_stores(tmp_path: Path, key_file: Path):
    write_series(tmp_path / "source", 200)
    tables = []
    for workers in ("1", "2"):
        file = tmp_path / f"{workers}.sqlite"
        end = anonymize(tmp_path / "source", tmp_path / workers, key_file, "--crosswalk", file, "--workers", workers)
        assert end.code == 0
        tables.append(exported(file, key_file, tmp_path / f"tables {workers}"))
    assert tables[0] == tables[1]


def test_batch_notes_the_same_whatever_its_process_did_before(source: Path, tmp_path: Path):
    settings = TaskSettings(BUILT_IN["research"], KEY, str(tmp_path / "out"), noted=True)
    tasks = [FileTask(str(path), path.name) for path in sorted(source.iterdir())]
    first = process_batch(settings, tasks).notes
    assert process_batch(settings, tasks).notes == first
    assert len(first.instances) == 3
    assert process_batch(settings._replace(noted=False), tasks).notes is None


def test_refused_files_are_no_instances_of_the_crosswalk(source: Path, tmp_path: Path, key_file: Path):
    write_slice(source / "risk.dcm", PatientID="OTHER-1", BurnedInAnnotation="YES", StudyInstanceUID="1.2.3")
    assert anonymize(source, tmp_path / "out", key_file, "--crosswalk").code == 3
    tables = exported(crosswalk_beside(key_file), key_file, tmp_path / "tables")
    assert len(tables["instances.csv"]) == 3
    assert [row[0] for row in tables["patients.csv"]] == [PATIENT_ID]


# who may read it


def test_crosswalk_and_its_tables_are_the_owners_alone(source: Path, tmp_path: Path, key_file: Path):
    anonymize(source, tmp_path / "out", key_file, "--crosswalk")
    exported(crosswalk_beside(key_file), key_file, tmp_path / "tables")
    for path in (crosswalk_beside(key_file), *(tmp_path / "tables" / name for name in TABLES)):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.skipif(sys.platform == "win32", reason="file modes of POSIX")
def test_crosswalk_that_others_can_read_is_refused(source: Path, tmp_path: Path, key_file: Path):
    anonymize(source, tmp_path / "out", key_file, "--crosswalk")
    crosswalk_beside(key_file).chmod(0o644)
    with pytest.raises(CrosswalkError, match="can be read by other users"):
        Crosswalk(crosswalk_beside(key_file), KEY)


def test_other_key_and_other_files_are_refused_by_name(source: Path, tmp_path: Path, key_file: Path):
    anonymize(source, tmp_path / "out", key_file, "--crosswalk")
    path = crosswalk_beside(key_file)
    with pytest.raises(CrosswalkError, match=f"{path} belongs to another key"):
        Crosswalk(path, OTHER_KEY)
    with pytest.raises(CrosswalkError, match="no such file"):
        Crosswalk(tmp_path / "absent", KEY)
    RunLedger(tmp_path / "ledger", "settings").close()
    with pytest.raises(CrosswalkError, match="is not a crosswalk"):
        Crosswalk(tmp_path / "ledger", KEY, encrypted=False)
    (tmp_path / "text").write_text("no database", encoding="utf-8")
    (tmp_path / "text").chmod(0o600)
    with pytest.raises(CrosswalkError, match="is damaged"):
        Crosswalk(tmp_path / "text", KEY, encrypted=False)


def test_crosswalk_lies_neither_in_the_output_nor_in_a_source(source: Path, tmp_path: Path, key_file: Path):
    for place in (tmp_path / "out/c.sqlite", source / "c.sqlite", tmp_path):
        assert anonymize(source, tmp_path / "out", key_file, "--crosswalk", place).code == 2
    assert not (tmp_path / "out").exists()
    assert len(list(source.iterdir())) == 3


def test_other_users_run_with_another_key_does_not_write_into_it(source: Path, tmp_path: Path, key_file: Path):
    anonymize(source, tmp_path / "out", key_file, "--crosswalk")
    before = crosswalk_beside(key_file).read_bytes()
    other = write_key(tmp_path / "other", OTHER_KEY)
    end = anonymize(source, tmp_path / "out 2", other, "--crosswalk", crosswalk_beside(key_file))
    assert end.code == 1
    assert "belongs to another key" in end.errors
    assert crosswalk_beside(key_file).read_bytes() == before
    assert not list((tmp_path / "out 2").rglob("*.dcm"))


# encryption


def test_encrypted_crosswalk_holds_no_original(source: Path, tmp_path: Path, key_file: Path):
    pytest.importorskip("cryptography")
    end = anonymize(source, tmp_path / "out", key_file, "--encrypt-crosswalk", *RESEARCH)
    assert end.code == 0, end.errors
    content = crosswalk_beside(key_file).read_bytes()
    originals = ("Quillfeather", PATIENT_ID, ACCESSION, "20200131", "1.2.826")
    assert not [original for original in originals if original.encode() in content]
    anonymize(source, tmp_path / "open", key_file, "--crosswalk", tmp_path / "open.sqlite", *RESEARCH)
    assert PATIENT_ID.encode() in (tmp_path / "open.sqlite").read_bytes()
    sealed = exported(crosswalk_beside(key_file), key_file, tmp_path / "tables")
    assert sealed == exported(tmp_path / "open.sqlite", key_file, tmp_path / "open tables")


def test_altered_or_moved_entries_are_noticed(source: Path, tmp_path: Path, key_file: Path):
    pytest.importorskip("cryptography")
    anonymize(source, tmp_path / "out", key_file, "--encrypt-crosswalk")
    path = crosswalk_beside(key_file)
    connection = sqlite3.connect(path)
    (first, sealed), (second, _) = connection.execute("SELECT new, original FROM uid ORDER BY new LIMIT 2")
    with connection:
        connection.execute("UPDATE uid SET original = ? WHERE new = ?", (sealed, second))
    connection.close()
    with Crosswalk(path, KEY) as crosswalk:
        assert crosswalk.old_uid(first.encode())
        with pytest.raises(CrosswalkError, match="damaged or was altered"):
            crosswalk.old_uid(second.encode())


def test_open_crosswalk_does_not_become_an_encrypted_one(source: Path, tmp_path: Path, key_file: Path):
    pytest.importorskip("cryptography")
    anonymize(source, tmp_path / "out", key_file, "--crosswalk")
    end = anonymize(source, tmp_path / "out 2", key_file, "--encrypt-crosswalk")
    assert end.code == 1
    assert "is not encrypted" in end.errors


def test_without_cryptography_encryption_is_refused_before_anything_is_written(tmp_path: Path, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "cryptography"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "cryptography", None)
    with pytest.raises(MissingPackageError, match=r"dicomsuite\[crosswalk\]"):
        Crosswalk(tmp_path / "c.sqlite", KEY, encrypted=True)
    assert not (tmp_path / "c.sqlite").exists()


# interruptions


class Stopped(BaseException):
    """What ends the process at a moment of the test's choice."""


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(run_module, "BATCH", 1)
    yield


def test_run_that_stops_as_soon_as_a_file_is_known_as_finished_loses_nothing(
    source: Path, tmp_path: Path, key_file: Path, small_batches, monkeypatch
):
    file = "--crosswalk", tmp_path / "c.sqlite"
    stop_at_record(monkeypatch, 3)  # of the two before, one tells of the files that cannot be read
    with pytest.raises(Stopped):
        anonymize(source, tmp_path / "out", key_file, *file)
    monkeypatch.undo()
    assert 0 < len(list((tmp_path / "out").rglob("*.dcm"))) < 3
    assert anonymize(source, tmp_path / "out", key_file, *file, "--resume").code == 0
    whole = "--crosswalk", tmp_path / "whole.sqlite"
    anonymize(source, tmp_path / "whole", key_file, *whole)
    assert exported(file[1], key_file, tmp_path / "t1") == exported(whole[1], key_file, tmp_path / "t2")


def test_resumed_run_needs_the_crosswalk_that_it_began_with(
    source: Path, tmp_path: Path, key_file: Path, small_batches, monkeypatch
):
    stop_at_record(monkeypatch, 3)
    with pytest.raises(Stopped):
        anonymize(source, tmp_path / "out", key_file, "--crosswalk")
    monkeypatch.undo()
    crosswalk_beside(key_file).unlink()
    end = anonymize(source, tmp_path / "out", key_file, "--crosswalk", "--resume")
    assert end.code == 1
    assert "what the interrupted run stored is not in it" in end.errors


def test_crosswalk_of_a_run_that_was_killed_while_it_stored_can_be_read(source: Path, tmp_path: Path, key_file: Path):
    anonymize(source, tmp_path / "out", key_file, "--crosswalk")
    written = exported(crosswalk_beside(key_file), key_file, tmp_path / "tables")
    copy = tmp_path / "copy.sqlite"
    connection = sqlite3.connect(crosswalk_beside(key_file), isolation_level=None)
    connection.execute("PRAGMA cache_size = 5")  # so that half of what follows is in the file
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO uid VALUES (?, '1.2.3')", ((f"9.{number}",) for number in range(20_000)))
    for suffix in ("", "-journal"):
        shutil.copy(f"{crosswalk_beside(key_file)}{suffix}", f"{copy}{suffix}")
    connection.close()
    assert exported(copy, key_file, tmp_path / "tables 2") == written


def stop_at_record(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Stop when the ledger has its `number`th record on disk."""
    record, calls = RunLedger.record, []

    def stopping(ledger: RunLedger, results) -> None:
        record(ledger, results)
        calls.append(1)
        if len(calls) == number:
            raise Stopped

    monkeypatch.setattr(RunLedger, "record", stopping)


# tables into a crosswalk


def test_imported_tables_make_an_equal_crosswalk(tmp_path: Path, key_file: Path):
    write_slice(
        tmp_path / "source/1.dcm", SpecificCharacterSet="ISO_IR 100", PatientName="Núñez^Zoë", PatientID="",
        AccessionNumber="hex:1", StudyDate="20200131",
    )  # fmt: skip
    write_slice(
        tmp_path / "source/2.dcm", SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientID="J1",
        PatientName="Yamada^Tarou=山田^太郎=やまだ^たろう", AccessionNumber="A\r1",
    )  # fmt: skip
    anonymize(tmp_path / "source", tmp_path / "out", key_file, "--crosswalk", *RESEARCH)
    tables = exported(crosswalk_beside(key_file), key_file, tmp_path / "tables")
    assert {row[5] for row in tables["instances.csv"]} == {"Núñez^Zoë", "Yamada^Tarou=山田^太郎=やまだ^たろう"}
    copy = tmp_path / "copy.sqlite"
    assert command("crosswalk", "import", copy, tmp_path / "tables", "--key-file", key_file) == 0
    assert exported(copy, key_file, tmp_path / "tables 2") == tables
    with Crosswalk(crosswalk_beside(key_file), KEY) as one, Crosswalk(copy, KEY) as other:
        assert list(one.instances()) == list(other.instances())


@pytest.mark.parametrize(
    "content", ["id_old\nA\n", "id_old,id_new\nA\n", "id_old,id_new\nhex:zz,B\n"]
)
def test_tables_that_are_not_understood_are_refused_by_line(tmp_path: Path, key_file: Path, content: str, capsys):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables/uids.csv").write_text(content, encoding="utf-8")
    assert command("crosswalk", "import", tmp_path / "c.sqlite", tmp_path / "tables", "--key-file", key_file) == 1
    assert "uids.csv" in capsys.readouterr().err.splitlines()[-1]


def test_import_needs_a_table(tmp_path: Path, key_file: Path):
    assert command("crosswalk", "import", tmp_path / "c.sqlite", tmp_path / "key", "--key-file", key_file) == 1
