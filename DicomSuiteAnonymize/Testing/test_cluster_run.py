"""Runs on a dask cluster: the tree of a local run, byte by byte, also where a worker is killed in the middle."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

pytest.importorskip("distributed")

from anonymize_runs import KEY, Ended, anonymize, ended, start_anonymize, tree, write_key, write_series
from dask_cluster import DaskCluster, dask_cluster
from DicomSuiteAnonymizeLib import run as run_module
from DicomSuiteAnonymizeLib.instance_task import BatchResult, FileTask, TaskSettings
from DicomSuiteLib.executors import open_executor
from DicomSuiteLib.synthetic_study import write_synthetic_study

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

FILES = 900


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> DaskCluster:
    with dask_cluster(tmp_path_factory.mktemp("cluster") / "here", workers=2) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources with copies, other pixels under one header, files to refuse and a letter; and what a local run makes."""
    folder = tmp_path_factory.mktemp("place")
    first = write_series(folder / "source" / "series", FILES)[0]
    study = write_synthetic_study(folder / "source" / "study")
    content = first.read_bytes()
    (folder / "source" / "copy.dcm").write_bytes(content)
    (folder / "source" / "other pixels.dcm").write_bytes(content[:-1] + b"\x07")
    (folder / "source" / "truncated.dcm").write_bytes(content[:-3])
    (folder / "source" / "letter.txt").write_text("Dear patient,", encoding="utf-8")
    assert study.folder.is_dir()
    assert anonymize(folder / "source", folder / "local", write_key(folder / "key")).code == 3
    return folder


def same_tree(folder: Path, other: Path) -> bool:
    """Whether nothing differs, as `diff -r` sees it where there is one."""
    if shutil.which("diff") is None:
        return tree(folder) == tree(other)
    return subprocess.run(["diff", "-r", folder, other], capture_output=True, check=False).returncode == 0


def start_on(cluster: DaskCluster, place: Path, target: Path, *options: str) -> subprocess.Popen[str]:
    """A run on the cluster; progress as JSON."""
    words = "--dask", cluster.address, "--progress", "json", *options
    return start_anonymize(place / "source", target, place / "key" / "key", *words)


def wait_for_files(target: Path, process: subprocess.Popen[str]) -> None:
    while not any(target.rglob("IM-*.dcm")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)


def test_cluster_makes_the_tree_of_a_local_run(cluster: DaskCluster, place: Path, tmp_path: Path) -> None:
    end = ended(start_on(cluster, place, tmp_path / "out"))
    assert end.code == 3
    assert same_tree(tmp_path / "out", place / "local")
    assert json.loads(end.errors.splitlines()[-1])["workers"] == 2


def test_sources_may_be_named_from_the_current_folder(
    cluster: DaskCluster, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    end = anonymize(Path("source"), tmp_path / "out", place / "key" / "key", "--dask", cluster.file)
    assert end.code == 3
    assert same_tree(tmp_path / "out", place / "local")


def test_killing_a_worker_in_the_middle_loses_nothing(cluster: DaskCluster, place: Path, tmp_path: Path) -> None:
    cluster.add_workers(1)
    victim = cluster.workers.pop()
    process = start_on(cluster, place, tmp_path / "out")
    wait_for_files(tmp_path / "out", process)
    victim.kill()
    victim.wait()
    assert process.poll() is None
    assert ended(process).code == 3
    assert same_tree(tmp_path / "out", place / "local")


def test_scheduler_that_dies_is_told_in_our_words_and_the_run_goes_on_with_another(
    cluster: DaskCluster, place: Path, tmp_path: Path
) -> None:
    target, key_file = tmp_path / "out", place / "key" / "key"
    with dask_cluster(tmp_path / "dying", workers=1) as dying:
        process = start_anonymize(place / "source", target, key_file, "--dask", dying.address)
        wait_for_files(target, process)
        dying.kill_scheduler()
        end = ended(process)
    assert (end.code, end.output) == (1, "")
    (message,) = end.errors.splitlines()  # nothing of dask's beside it
    assert message.startswith(f"dicomsuite: {dying.address}: the cluster is lost, its scheduler does not answer")
    assert "repeat the command with --resume" in message
    assert len(tree(target)) < len(tree(place / "local"))
    assert ended(start_on(cluster, place, target, "--resume")).code == 3
    assert same_tree(target, place / "local")


def test_worker_that_does_not_see_the_sources_ends_the_run_and_refuses_no_file(
    cluster: DaskCluster, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process_batch = run_module.process_batch

    def process(settings: TaskSettings, tasks: list[FileTask]) -> BatchResult:
        return process_batch(settings, [task._replace(path=f"{task.path} elsewhere") for task in tasks])

    key_file, address = place / "key" / "key", ("--dask", cluster.address)
    monkeypatch.setattr(run_module, "process_batch", process)
    monkeypatch.setattr(run_module, "open_executor", lambda workers, cluster: open_executor(1))
    monkeypatch.setattr(run_module.Run, "_check_cluster", lambda *arguments: None)
    end = anonymize(place / "source", tmp_path / "out", key_file, *address)
    assert end.code == 1
    assert "does not see the same folders" in end.errors
    monkeypatch.undo()
    assert anonymize(place / "source", tmp_path / "out", key_file, *address, "--resume").code == 3
    assert same_tree(tmp_path / "out", place / "local")


def stopped(cluster: DaskCluster, place: Path, folder: Path, number: int) -> tuple[Path, Ended]:
    """A run that got the signal while files were left to do: where it writes, and how it ended.

    On a busy computer the signal may come when all is done; then another run is started.
    """
    for attempt in range(5):
        process = start_on(cluster, place, folder / str(attempt))
        wait_for_files(folder / str(attempt), process)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        end = ended(process)
        told = [json.loads(line) for line in end.errors.splitlines() if line.startswith("{")]
        if not told or told[-1]["done"] < told[-1]["total"]:
            return folder / str(attempt), end
    raise AssertionError("every run had done all before the signal came")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_that_was_stopped_is_resumed(cluster: DaskCluster, place: Path, tmp_path: Path, number: int) -> None:
    target, end = stopped(cluster, place, tmp_path, number)
    assert end.code == 130, end.errors
    assert len(tree(target)) < len(tree(place / "local"))
    assert ended(start_on(cluster, place, target, "--resume")).code == 3
    assert same_tree(target, place / "local")


def test_folder_is_followed_on_a_cluster_as_well(cluster: DaskCluster, place: Path, tmp_path: Path) -> None:
    key_file, followed = place / "key" / "key", ("--watch", "--settle", "0.1", "--idle", "0")
    end = anonymize(place / "source", tmp_path / "out", key_file, "--dask", cluster.address, *followed)
    assert end.code == 3
    assert same_tree(tmp_path / "out", place / "local")


def test_neither_key_nor_names_are_in_the_clusters_logs_or_scratch_space(cluster: DaskCluster, place: Path) -> None:
    traces = (KEY.hex(), str(KEY)[2:-1], str(place), "truncated.dcm", "IM-")
    for path in (path for path in cluster.log.parent.rglob("*") if path.is_file()):
        content = path.read_text(encoding="utf-8", errors="replace")
        assert not [trace for trace in traces if trace in content], path
