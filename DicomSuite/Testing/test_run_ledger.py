"""The run ledger: survives kills, refuses what is not its own, stays readable."""

import os
import sqlite3
import stat
import subprocess
import sys
import threading
from collections import Counter

import pytest

from DicomSuiteLib.run_ledger import LedgerError, LedgerRow, RunLedger

BATCH = 7

RECORD_UNTIL_KILLED = f"""
import sys
from itertools import count
from DicomSuiteLib.run_ledger import RunLedger

ledger = RunLedger(sys.argv[1], "settings")
first = len(ledger.done())
for batch in count(first // {BATCH}):
    ledger.record((f"{{batch * {BATCH} + n:064x}}", "written", "", "{{}}") for n in range({BATCH}))
    print(batch, flush=True)
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run.sqlite"


def row(number, status="written", payload="{}"):
    return LedgerRow(f"{number:064x}", status, f"a/{number}.dcm", payload)


def fill(path, rows):
    with RunLedger(path, "settings") as ledger:
        ledger.record(rows)


def test_run_goes_on_with_what_was_recorded(path):
    fill(path, [row(2), row(1, status="quarantined", payload='{"reason":"é"}')])
    with RunLedger(path, "settings") as ledger:
        assert list(ledger.rows()) == [row(1, status="quarantined", payload='{"reason":"é"}'), row(2)]
        assert ledger.counts() == {"quarantined": 1, "written": 1}


def test_same_item_again_replaces_its_row(path):
    fill(path, [row(1, status="quarantined")])
    fill(path, [row(1), row(1)])
    with RunLedger(path, "settings") as ledger:
        assert list(ledger.rows()) == [row(1)]


def test_rows_come_in_order_of_the_keys_whatever_the_order_of_work(path):
    fill(path, [row(number) for number in (5, 1, 4, 2, 3)])
    with RunLedger(path, "settings") as ledger:
        assert [each.output for each in ledger.rows()] == [f"a/{number}.dcm" for number in (1, 2, 3, 4, 5)]


def test_rows_of_one_status_come_in_order_of_the_keys(path):
    fill(path, [row(3), row(2, status="quarantined"), row(4, status="quarantined"), row(1, status="quarantined")])
    with RunLedger(path, "settings") as ledger:
        assert [each.key[-1] for each in ledger.rows_with_status("quarantined")] == ["1", "2", "4"]
        assert list(ledger.rows_with_status("lost")) == []


@pytest.mark.parametrize(("outputs", "equal"), [(["a", "b"], False), (["", "", "a"], False), (["a", "b", "a"], True)])
def test_equal_outputs_are_noticed(path, outputs, equal):
    fill(path, [row(number)._replace(output=output) for number, output in enumerate(outputs)])
    with RunLedger(path, "settings") as ledger:
        assert ledger.has_equal_outputs() is equal


def test_rows_by_output_bring_equal_outputs_together(path):
    rows = [row(1), row(2)._replace(output="b"), row(3)._replace(output="a"), row(4)._replace(output="b")]
    fill(path, rows)
    with RunLedger(path, "settings") as ledger:
        assert [(each.output, each.key[-1]) for each in ledger.rows_by_output()] == [
            ("a", "3"),
            ("a/1.dcm", "1"),
            ("b", "2"),
            ("b", "4"),
        ]


def test_rows_can_be_read_while_others_are_recorded(path):
    fill(path, [row(number) for number in range(100)])
    with RunLedger(path, "settings") as ledger:
        for each in ledger.rows():
            ledger.record([each._replace(status="verified")])
        assert ledger.counts() == {"verified": 100}


def test_done_looks_up_by_key(path):
    with RunLedger(path, "settings") as ledger:
        done = ledger.done()
        assert row(1).key not in done
        ledger.record([row(1), row(2)])
        assert done[row(1).key] == row(1)
        assert done.get("unknown") is None
        assert list(done) == [row(1).key, row(2).key]
        assert len(done) == 2
        with pytest.raises(KeyError):
            done["unknown"]


def test_batch_whose_results_fail_half_way_is_not_recorded_at_all(path):
    def results():
        yield row(2)
        raise PermissionError

    with RunLedger(path, "settings") as ledger:
        ledger.record([row(1)])
        with pytest.raises(PermissionError):
            ledger.record(results())
        ledger.record([row(3)])
        assert list(ledger.done()) == [row(1).key, row(3).key]


def test_other_settings_are_refused_and_the_ledger_stays(path):
    fill(path, [row(1)])
    with pytest.raises(LedgerError, match=r"run\.sqlite: belongs to a run with other settings; repeat"):
        RunLedger(path, "other settings")
    with RunLedger(path, "settings") as ledger:
        assert list(ledger.rows()) == [row(1)]


def test_without_fingerprint_a_ledger_is_read_and_never_written(path):
    fill(path, [row(1)])
    with RunLedger(path) as ledger:
        assert ledger.fingerprint == "settings"
        assert list(ledger.rows()) == [row(1)]
        with pytest.raises(LedgerError, match="can be written"):
            ledger.record([row(2)])


def test_without_fingerprint_no_ledger_is_created(path):
    with pytest.raises(LedgerError, match=r"run\.sqlite: .*cannot be opened"):
        RunLedger(path)
    assert not path.exists()


def test_others_can_read_while_the_run_writes(path):
    with RunLedger(path, "settings") as ledger:
        ledger.record([row(1)])

        def results():
            yield row(2)
            with RunLedger(path) as reader:  # in the middle of the writer's transaction
                yield row(3, payload=str(list(reader.done())))

        ledger.record(results())
        assert ledger.done()[row(3).key].payload == str([row(1).key])


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_the_owner_can_read_the_ledger_and_its_log(path):
    with RunLedger(path, "settings") as ledger:
        ledger.record([row(1)])
        modes = {name: stat.S_IMODE((path.parent / name).stat().st_mode) for name in os.listdir(path.parent)}
    assert modes == {"run.sqlite": 0o600, "run.sqlite-wal": 0o600, "run.sqlite-shm": 0o600}


def test_closed_ledger_is_one_file(path):
    fill(path, [row(1)])
    assert os.listdir(path.parent) == ["run.sqlite"]


def test_path_with_spaces_and_other_signs(tmp_path):
    path = tmp_path / "Größe 100% #1?" / "run & co.sqlite"
    path.parent.mkdir()
    fill(path, [row(1)])
    with RunLedger(path) as ledger:
        assert list(ledger.rows()) == [row(1)]


def test_killed_run_keeps_every_batch_it_had_recorded(path):
    recorded = -1
    for _ in range(3):
        command = [sys.executable, "-c", RECORD_UNTIL_KILLED, str(path)]
        env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as process:
            for _ in range(50):
                recorded = int(process.stdout.readline())
            process.kill()
            for line in process.stdout:
                recorded = int(line or recorded)
    with RunLedger(path, "settings") as ledger:
        keys = list(ledger.done())
        assert ledger._value("PRAGMA integrity_check") == "ok"
    assert len(keys) % BATCH == 0
    assert len(keys) // BATCH in (recorded + 1, recorded + 2)  # killed between a commit and its report
    assert keys == [f"{number:064x}" for number in range(len(keys))]


@pytest.mark.parametrize("rest", ["empty file", "log mode set"])
def test_kill_in_the_first_moments_does_not_spoil_the_next_start(path, rest):
    path.touch()
    if rest == "log mode set":
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.close()
    fill(path, [row(1)])
    with RunLedger(path, "settings") as ledger:
        assert list(ledger.rows()) == [row(1)]


def test_two_starts_at_once_agree_on_one_ledger(path):
    outcomes = Counter()

    def start(fingerprint):
        try:
            with RunLedger(path, fingerprint):
                outcomes["opened"] += 1
        except LedgerError as error:
            outcomes["other settings" if "other settings" in str(error) else str(error)] += 1

    threads = [threading.Thread(target=start, args=(f"settings {number % 2}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes == {"opened": 3, "other settings": 3}


@pytest.mark.parametrize("content", [b"patient list\n" * 1000, b"SQLite format 3\0" + b"\xff" * 5000])
def test_file_that_is_no_database_is_refused_and_left_as_it_is(path, content):
    path.write_bytes(content)
    for fingerprint in ("settings", None):
        with pytest.raises(LedgerError, match=r"run\.sqlite: is damaged or not a run ledger; delete it"):
            RunLedger(path, fingerprint)
    assert path.read_bytes() == content


def test_database_of_another_program_is_refused_and_left_as_it_is(path):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE study (name TEXT)")
    connection.close()
    content = path.read_bytes()
    with pytest.raises(LedgerError, match="is not a run ledger; choose another place"):
        RunLedger(path, "settings")
    assert path.read_bytes() == content


def test_damage_in_the_middle_is_told(path):
    fill(path, (row(number, payload="x" * 500) for number in range(2000)))
    content = bytearray(path.read_bytes())
    content[8192:-8192] = os.urandom(len(content) - 16384)
    path.write_bytes(content)
    with pytest.raises(LedgerError, match="is damaged"), RunLedger(path, "settings") as ledger:
        list(ledger.rows())


def test_ledger_of_a_later_version_is_refused(path):
    fill(path, [])
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LedgerError, match="another version of DicomSuite"):
        RunLedger(path, "settings")


def test_item_that_is_forgotten_leaves_no_row(path):
    with RunLedger(path, "settings") as ledger:
        ledger.record([row(1), row(2)])
        ledger.forget([row(1)[0], "never there"])
        assert list(ledger.rows()) == [row(2)]


def test_full_disk_is_told_and_what_was_recorded_stays(path):
    with RunLedger(path, "settings") as ledger:
        ledger.record([row(1)])
        ledger._connection.execute("PRAGMA max_page_count = 20")
        with pytest.raises(LedgerError, match="the disk is full; free some space, then resume"):
            ledger.record(row(number, payload="x" * 1000) for number in range(2, 1000))
        assert list(ledger.rows()) == [row(1)]


def test_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(LedgerError, match=r"nowhere.*cannot be opened"):
        RunLedger(tmp_path / "nowhere" / "run.sqlite", "settings")


def test_ledger_locked_by_another_program_is_told(path, monkeypatch):
    monkeypatch.setattr("DicomSuiteLib.run_ledger.BUSY_TIMEOUT_S", 0.05)
    with RunLedger(path, "settings") as ledger:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerError, match="another program is using the run ledger"):
            ledger.record([row(1)])
        other.close()
        ledger.record([row(1)])
