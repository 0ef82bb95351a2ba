"""A crosswalk that cannot be used ends a command with words that name it, and nothing is half written."""

from __future__ import annotations

import csv
import random
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from anonymize_runs import KEY, anonymize, write_key
from broken_runs import needs_posix, without_privileges
from dicom_slices import write_slice
from DicomSuiteAnonymizeLib.crosswalks import crosswalk as crosswalk_module
from DicomSuiteAnonymizeLib.crosswalks.crosswalk import Crosswalk
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_error import CrosswalkError
from DicomSuiteAnonymizeLib.crosswalks.crosswalk_notes import Notes, OriginalSubject, OriginalValue
from DicomSuiteLib import cli

VARIANTS = 60
NAME = "Quillfeather^Rosalind"
MORE = Notes(
    [(b"2.25.9", b"1.2.9")],
    [OriginalValue("(0008,0050)", b"A9", b"4711", b"")],
    [(b"2.25.8", OriginalSubject(b"DS-1", b"1", b"2", b"4711", b"Quill", b"", b"", 3))],
)
OPEN, SEALED = "open", "sealed"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six files of three patients, de-identified with an open and with an encrypted crosswalk."""
    pytest.importorskip("cryptography")
    folder = tmp_path_factory.mktemp("place")
    key_file = write_key(folder / "key")
    for number in range(6):
        write_slice(
            folder / f"source/{number}.dcm", PatientID=f"MRN-{number // 2}", PatientName=NAME, StudyDate="20200131",
            AccessionNumber=f"ACC-{number}", SOPInstanceUID=f"1.2.3.{number}", StudyInstanceUID=f"1.2.3.{number // 2}",
        )  # fmt: skip
    for kind, more in ((OPEN, ()), (SEALED, ("--encrypt-crosswalk",))):
        options = ("--crosswalk", folder / f"{kind}.sqlite", "--profile", "research", *more)
        assert anonymize(folder / "source", folder / f"out {kind}", key_file, *options).code == 0
    return folder


@pytest.fixture
def key_file(place: Path) -> Path:
    return place / "key" / "key"


@pytest.fixture
def path(place: Path, tmp_path: Path) -> Path:
    """The open crosswalk, to be damaged."""
    return Path(shutil.copy(place / "open.sqlite", tmp_path / "crosswalk.sqlite"))


def use(path: Path) -> None:
    """All that commands do with a crosswalk."""
    with Crosswalk(path, KEY) as crosswalk:
        crosswalk.check()
    with Crosswalk(path, KEY, encrypted=False) as crosswalk:
        crosswalk.begin_run("settings", resumed=False)
        crosswalk.record(MORE)


def change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(statement)


def command(*words: object) -> int:
    return cli.main([*map(str, words), "--progress", "none"])


def damaged(content: bytes, chance: random.Random) -> bytes:
    """A few bytes replaced, a run of them zeroed, or the rest cut off."""
    how, new = chance.randrange(4), bytearray(content)
    if how == 0:
        return content[: chance.randrange(1, len(content))]
    if how == 1:
        start = chance.randrange(len(new))
        new[start : start + 2000] = bytes(len(new[start : start + 2000]))
    for _ in range(4 if how == 2 else 200):
        new[chance.randrange(0 if how == 2 else 100, len(new))] = chance.randrange(256)
    return bytes(new)


@pytest.mark.parametrize("kind", [OPEN, SEALED])
def test_whatever_is_damaged_the_file_is_named_and_no_value_shown(place: Path, tmp_path: Path, kind: str):
    content, chance, refused = (place / f"{kind}.sqlite").read_bytes(), random.Random(7), 0
    path = tmp_path / "crosswalk.sqlite"
    for _ in range(VARIANTS):
        path.write_bytes(damaged(content, chance))
        path.chmod(0o600)
        (tmp_path / "crosswalk.sqlite-journal").unlink(missing_ok=True)
        try:
            use(path)
        except CrosswalkError as error:
            assert str(path) in str(error)
            assert not [value for value in ("Quill", "MRN", "ACC-", "2.25.", "1.2.3") if value in str(error)]
            refused += 1
    assert refused > VARIANTS / 2


@pytest.mark.parametrize(
    "values",
    [
        "uid SET original = 7", "uid SET original = 'text'", "uid SET new = x'00ff'",
        "uid SET new = char(9786)", "value SET original = 'text'", "value SET original = x'5b5b'",
        "value SET domain = x'ff'", "subject SET original = 'text'",
        "subject SET original = x'ff00'", "subject SET original = CAST('[1, 2]' AS BLOB)",
        "subject SET original = CAST('{}' AS BLOB)", "subject SET original = CAST('3' AS BLOB)",
        "subject SET study = x'ff'", "instance SET uid = char(9786)",
    ],
)  # fmt: skip
def test_values_of_another_type_are_damage(path: Path, values: str):
    change(path, f"UPDATE OR REPLACE {values}")
    with pytest.raises(CrosswalkError, match=f"{path} is damaged or was altered. Put a copy in its place"):
        use(path)


@pytest.mark.parametrize("table", ["uid", "value", "subject", "instance", "run", "crosswalk"])
def test_table_that_has_gone_is_damage(path: Path, table: str):
    change(path, f"DROP TABLE {table}")
    with pytest.raises(CrosswalkError, match="is damaged or was altered"):
        use(path)


def test_later_version_is_told_with_its_number(path: Path):
    change(path, "PRAGMA user_version = 7")
    with pytest.raises(
        CrosswalkError, match=r"another version of DicomSuite \(crosswalk version 7, this one reads 1\)"
    ):
        Crosswalk(path, KEY)


def test_database_of_another_program_stays_as_it_is(tmp_path: Path):
    path = tmp_path / "studies.sqlite"
    change(path, "CREATE TABLE study (name TEXT)")
    path.chmod(0o600)
    content = path.read_bytes()
    for encrypted in (None, False, True):
        with pytest.raises(CrosswalkError, match="is not a crosswalk of DicomSuite. Name another file"):
            Crosswalk(path, KEY, encrypted=encrypted)
    assert path.read_bytes() == content


def test_encrypted_crosswalk_of_another_key_is_told(place: Path):
    with pytest.raises(CrosswalkError, match="belongs to another key. Name that key with --key-file"):
        Crosswalk(place / "sealed.sqlite", bytes(32))


# what commands leave


def test_commands_end_before_they_write_anything(place: Path, path: Path, tmp_path: Path, key_file: Path, capsys):
    change(path, "UPDATE subject SET original = 'text' WHERE id = 3")
    words = ("--key-file", key_file)
    for action in (
        ("crosswalk", "export", path, tmp_path / "new"),
        ("reidentify", place / "out open", tmp_path / "new", "--crosswalk", path, "--workers", "1"),
    ):
        assert command(*action, *words) == 1
        assert f"{path} is damaged or was altered" in capsys.readouterr().err
        assert not (tmp_path / "new").exists()


def test_run_ends_before_a_file_is_written(place: Path, path: Path, tmp_path: Path, key_file: Path):
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    end = anonymize(place / "source", tmp_path / "out", key_file, "--crosswalk", path)
    assert (end.code, f"{path} is damaged" in end.errors) == (1, True), end.errors
    assert not list((tmp_path / "out").rglob("*"))
    path.write_bytes(content)
    assert anonymize(place / "source", tmp_path / "out", key_file, "--crosswalk", path).code == 0


# what the disk and other programs refuse


def test_full_disk_stores_nothing_of_a_batch(path: Path):
    with Crosswalk(path, KEY, encrypted=False) as crosswalk:
        before = list(crosswalk.uids())
        pages = crosswalk._connection.execute("PRAGMA page_count").fetchone()[0]
        crosswalk._connection.execute(f"PRAGMA max_page_count = {pages + 2}")
        with pytest.raises(CrosswalkError, match="the disk is full. Free some space, then repeat the command"):
            crosswalk.record(MORE._replace(uids=[(b"2.25.%d" % n, b"1.2.%d" % n) for n in range(9000)]))
        assert list(crosswalk.uids()) == before


def test_crosswalk_that_another_program_holds_is_told(path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(crosswalk_module, "BUSY_TIMEOUT_S", 0.05)
    with closing(sqlite3.connect(path, isolation_level=None)) as other, Crosswalk(path, KEY, encrypted=False) as own:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CrosswalkError, match="is in use by another program. Wait for it or stop it"):
            own.record(MORE)
        other.execute("ROLLBACK")
        own.record(MORE)


@needs_posix
def test_read_only_crosswalk_is_read_and_not_written(place: Path, path: Path, tmp_path: Path, key_file: Path):
    def run(*words: object) -> tuple[int, str]:
        started = [sys.executable, "-m", "DicomSuiteLib.cli", *map(str, words), "--progress", "none"]
        done = subprocess.run(without_privileges(started), capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr

    kept = tmp_path / "kept"
    kept.mkdir()
    path = path.rename(kept / path.name)
    path.chmod(0o400)
    kept.chmod(0o500)
    try:
        new, words = tmp_path / "new", ("--key-file", key_file, "--crosswalk", path, "--workers", "1")
        code, errors = run("anonymize", place / "source", new, *words)
        assert (code, f"{path}: Permission denied" in errors) == (1, True), errors
        assert not list(new.rglob("*"))
        assert run("reidentify", place / "out open", new, *words) == (0, "")
        path.chmod(0o600)  # the folder takes no journal
        code, errors = run("anonymize", place / "source", tmp_path / "other", *words)
        assert (code, "or its folder cannot be written" in errors) == (1, True), errors
        assert not list((tmp_path / "other").rglob("*.dcm"))
    finally:
        kept.chmod(0o700)


# tables that were cut


@pytest.fixture
def tables(place: Path, tmp_path: Path, key_file: Path) -> Path:
    assert command("crosswalk", "export", place / "open.sqlite", tmp_path / "tables", "--key-file", key_file) == 0
    return tmp_path / "tables"


@pytest.mark.parametrize("left_out", [1, 2, 3, 9, 25])
def test_table_that_was_cut_leaves_the_crosswalk_as_it_was(
    tables: Path, path: Path, key_file: Path, left_out: int, capsys
):
    for name in ("patients.csv", "uids.csv", "values.csv"):  # read before the damaged one
        with (tables / name).open("a", encoding="utf-8", newline="") as file:
            csv.writer(file).writerow(["NEW"] * (4 if name == "values.csv" else 2))
    content = (tables / "instances.csv").read_bytes()
    (tables / "instances.csv").write_bytes(content[:-left_out] if left_out > 2 else content[: -2 - left_out])
    before = path.read_bytes()
    new = path.with_name("new.sqlite")
    for crosswalk in (path, new):
        assert command("crosswalk", "import", crosswalk, tables, "--key-file", key_file) == 1
        last = capsys.readouterr().err.splitlines()[-1]
        assert f"{tables / 'instances.csv'}, line 7: " in last
        assert "nothing of it is in the crosswalk" in last
    assert path.read_bytes() == before
    assert not new.exists()


def test_import_is_all_or_nothing(tables: Path, path: Path, monkeypatch: pytest.MonkeyPatch):
    from DicomSuiteAnonymizeLib.crosswalks.crosswalk_tables import import_tables

    with Crosswalk(path, KEY, encrypted=False) as crosswalk:
        crosswalk._connection.execute("DELETE FROM uid")
        crosswalk._connection.execute("DROP TABLE value")
        with pytest.raises(CrosswalkError):
            import_tables(crosswalk, tables)
        assert not list(crosswalk.uids())
