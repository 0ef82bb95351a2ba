"""Calls on a cluster of a scheduler and workers: same answers, lost workers, poison, cancel, and silent logs."""

import gc
import logging
import os
import sys

import pytest

pytest.importorskip("distributed")

from dask_cluster import dask_cluster, write_tls_settings
from DicomSuiteLib import cluster_check, dask_executor
from DicomSuiteLib.cluster_check import check_cluster, check_outcome
from DicomSuiteLib.dask_executor import ClusterError
from DicomSuiteLib.dask_worker import answered_alone, programs
from DicomSuiteLib.errors import UsageError
from DicomSuiteLib.executors import BatchFailure, open_executor, run_batches
from DicomSuiteLib.missing_package import MissingPackageError
from DicomSuiteLib.remote_call import packed, unpacked
from DicomSuiteLib.tasks import Cancelled, CancelToken

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

WORK = '''
"""Work for a cluster's workers, which have to be able to import it."""
import os
import threading
import time

at_work = threading.Semaphore()


def square(batch):
    return [number * number for number in batch]


def square_slowly(batch):
    time.sleep(0.02)
    return square(batch)


def own_pid(batch):
    time.sleep(0.02)
    return os.getpid()


def die_of_13(batch):
    if 13 in batch:
        os._exit(7)
    return square(batch)


def fail_of(secret):
    raise ValueError(f"no good: {secret}")


def refuse_company(batch):
    assert at_work.acquire(blocking=False), "another call runs in this process"
    time.sleep(0.02)
    at_work.release()
    return square(batch)
'''


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The module WORK, on sys.path for this process and the workers."""
    import importlib

    folder = tmp_path_factory.mktemp("work")
    (folder / "work_for_clusters.py").write_text(WORK, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("work_for_clusters")
    sys.path.remove(str(folder))
    del sys.modules["work_for_clusters"]


@pytest.fixture(scope="module")
def cluster(work, tmp_path_factory):
    """A scheduler and two workers, one of which has two threads."""
    with dask_cluster(tmp_path_factory.mktemp("cluster") / "here", workers=1) as cluster:
        cluster.add_workers(1, "--nthreads", "2")
        yield cluster


@pytest.fixture(autouse=True)
def no_client_is_left():
    """Collect dask's clients that could not connect or close: done while another one starts, it waits for ever."""
    yield
    gc.collect()


def run_all(address, function, batches):
    """Return {batch index: result} of a whole run."""
    with open_executor(1, address) as executor:
        return dict(run_batches(executor, function, batches, token=CancelToken()))


def test_answers_are_those_of_the_calls(work, cluster):
    batches = [[n, n + 1] for n in range(20)]
    assert run_all(cluster.address, work.square, batches) == dict(enumerate(map(work.square, batches)))


def test_every_worker_takes_part(work, cluster):
    pids = set(run_all(cluster.address, work.own_pid, [[n] for n in range(20)]).values())
    assert pids == {worker.pid for worker in cluster.workers}


def test_scheduler_can_be_named_by_its_file(work, cluster):
    assert run_all(str(cluster.file), work.square, [[3]]) == {0: [9]}


def test_worker_with_threads_makes_one_call_at_a_time(work, cluster):
    batches = [[n] for n in range(12)]
    assert run_all(cluster.address, work.refuse_company, batches) == {n: [n * n] for n in range(12)}


def test_error_of_a_call_is_raised_and_no_log_holds_what_it_was_given(work, cluster):
    with pytest.raises(ValueError, match="no good: DOE") as caught, open_executor(1, cluster.address) as executor:
        executor.submit(work.fail_of, "DOE^JANE").result()
    assert "in a worker process" in caught.value.__notes__[0]
    assert "DOE" not in cluster.log.read_text(encoding="utf-8", errors="replace")


def test_cancel_starts_nothing_new_and_leaves_the_cluster_usable(work, cluster):
    token, yielded = CancelToken(), []
    with pytest.raises(Cancelled), open_executor(1, cluster.address) as executor:
        for index, result in run_batches(executor, work.square_slowly, ([n] for n in range(1000)), token=token):
            assert result == [index * index]
            yielded.append(index)
            token.cancel()
    assert 1 <= len(yielded) <= 5
    assert run_all(cluster.address, work.square, [[2]]) == {0: [4]}


def test_killed_worker_loses_no_batch(work, cluster):
    cluster.add_workers(1)
    extra, results = cluster.workers.pop(), {}
    with open_executor(1, cluster.address) as executor:
        for index, result in run_batches(executor, work.square_slowly, ([n] for n in range(60)), token=CancelToken()):
            results[index] = result
            if len(results) == 10:
                extra.kill()
                extra.wait()
    assert results == {n: [n * n] for n in range(60)}


def test_batch_that_kills_its_worker_twice_fails_alone(work, tmp_path):
    with dask_cluster(tmp_path / "poisoned", workers=3) as cluster:
        results = run_all(cluster.address, work.die_of_13, [[n] for n in range(10, 20)])
    failure = results.pop(3)
    assert failure == BatchFailure([13], failure.reason)
    assert "ended each time while it ran on the cluster" in failure.reason
    assert results == {n - 10: [n * n] for n in range(10, 20) if n != 13}


def test_cluster_that_has_lost_every_worker_is_given_up(work, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_executor, "ABANDONED_S", 1.0)
    with dask_cluster(tmp_path / "lost", workers=1) as cluster, open_executor(1, cluster.address) as executor:
        cluster.workers[0].kill()
        with pytest.raises(ClusterError, match="it has no workers left. Start it again, then"):
            for _ in range(2):  # the dying worker may have taken the first
                executor.submit(work.square, [1]).exception()


def test_scheduler_that_has_gone_ends_the_run(work, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_executor, "ABANDONED_S", 1.0)
    monkeypatch.setattr(dask_executor, "CONNECT_S", 2.0)
    with dask_cluster(tmp_path / "gone", workers=1) as cluster, open_executor(1, cluster.address) as executor:
        executor.submit(work.square, [1]).result()
        cluster.close()
        with pytest.raises(ClusterError, match="repeat the command with --resume"):
            executor.submit(work.square, [1]).result()


def test_scheduler_that_hangs_ends_the_run(work, tmp_path, monkeypatch):
    monkeypatch.setattr(dask_executor, "ABANDONED_S", 1.0)
    monkeypatch.setattr(dask_executor, "CLOSE_S", 0.5)
    with (
        dask_cluster(tmp_path / "hung", workers=1) as cluster,
        pytest.raises(ClusterError, match="does not answer any more"),
        open_executor(1, cluster.address) as executor,
    ):
        executor.submit(work.square, [1]).result()
        cluster.hang_scheduler()
        executor.submit(work.square, [1]).result()


def test_cluster_without_workers_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(dask_executor, "CONNECT_S", 1.0)
    with (
        dask_cluster(tmp_path / "empty", workers=0) as cluster,
        pytest.raises(ClusterError, match="has no workers"),
        open_executor(1, cluster.address),
    ):
        pass


def test_missing_package_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingPackageError, match=r"distributed is missing.*dicomsuite\[cluster\]"):
        dask_executor.DaskExecutor("tcp://127.0.0.1:1")


@pytest.mark.parametrize(
    ("address", "error", "message"),
    [
        ("tcp://127.0.0.1:1", ClusterError, "no dask scheduler answers"),
        ("tcp://127.0.0.1", ClusterError, "no dask scheduler answers"),
        ("nowhere.json", UsageError, "neither the address of a dask scheduler"),
    ],
)
def test_address_without_scheduler_is_refused(monkeypatch, address, error, message):
    monkeypatch.setattr(dask_executor, "CONNECT_S", 0.5)
    with pytest.raises(error, match=message), open_executor(1, address):
        pass


@pytest.mark.parametrize(
    ("address", "warns"),
    [
        ("tcp://10.0.0.7:8786", True),
        ("tcp://head:8786", True),
        ("tls://10.0.0.7:8786", False),
        ("tcp://localhost:8786", False),
        ("tcp://127.0.0.1:8786", False),
        ("tcp://[::1]:8786", False),
    ],
)
def test_unencrypted_network_is_warned_of(caplog, address, warns):
    with caplog.at_level(logging.WARNING):
        dask_executor._warn_of_readers(address)
    assert ("unencrypted" in caplog.text) == warns


def test_tls_is_as_dask_is_configured(work, tmp_path, monkeypatch):
    pytest.importorskip("cryptography")
    import dask

    settings = write_tls_settings(tmp_path)
    with dask_cluster(tmp_path / "encrypted", workers=1, settings=settings) as cluster:
        assert cluster.address.startswith("tls://")
        names = {name.removeprefix("DASK_").replace("__", ".").lower(): path for name, path in settings.items()}
        with dask.config.set(names):
            assert run_all(cluster.address, work.square, [[3]]) == {0: [9]}
        monkeypatch.setattr(dask_executor, "CONNECT_S", 1.0)
        with pytest.raises(ClusterError, match="no dask scheduler answers"), open_executor(1, cluster.address):
            pass


# Whether a cluster is fit for a run


def test_cluster_that_shares_programs_and_folders_is_fit(cluster, tmp_path):
    (tmp_path / "sample").write_bytes(b"sample")
    (tmp_path / "out").mkdir()
    with open_executor(1, cluster.address) as executor:
        check_cluster(executor, str(tmp_path / "sample"), str(tmp_path / "out"))
    assert list((tmp_path / "out").iterdir()) == []


def test_worker_without_the_program_gets_no_work_and_no_secret(work, tmp_path):
    hidden = tmp_path / "hidden" / "DicomSuiteLib"
    hidden.mkdir(parents=True)
    (hidden / "__init__.py").write_text("raise ImportError", encoding="utf-8")
    with dask_cluster(tmp_path / "bare", workers=1, path=[str(hidden.parent)]) as cluster:
        with open_executor(1, cluster.address) as executor:
            with pytest.raises(ClusterError, match="has no DicomSuite that it can import"):
                check_cluster(executor, "", "")
            with pytest.raises(ClusterError, match="has no DicomSuite, or another version"):
                executor.submit(work.fail_of, "DOE^JANE").result()
        assert "DOE" not in cluster.log.read_text(encoding="utf-8", errors="replace")


def test_worker_with_another_version_does_no_work(work):
    request = packed(work.square, ([3],))
    assert unpacked(answered_alone(request, programs())) == ([9], None)
    assert answered_alone(request, programs() | {"pydicom": "9.9"}) is None


class Workers:
    """An executor whose workers all give one answer."""

    def __init__(self, answer):
        self._answer = answer

    def everywhere(self, function, *arguments):
        """One worker's answer; its own where it is asked for its programs."""
        return {"tcp://10.0.0.7:1": function() if not arguments else self._answer(*arguments)}


def test_other_version_is_refused_by_name(monkeypatch):
    here = programs()
    monkeypatch.setattr(cluster_check, "programs", lambda: here | {"pydicom": "9.9"})
    workers = Workers(None)
    workers.everywhere = lambda function: {"tcp://10.0.0.7:1": here}
    with pytest.raises(ClusterError, match=r"10.0.0.7:1 has pydicom .* this computer 9.9"):
        check_cluster(workers, "", "")


def test_worker_that_reads_another_file_is_refused(tmp_path):
    (tmp_path / "sample").write_bytes(b"sample")
    with pytest.raises(ClusterError, match="does not read .*sample as this computer does"):
        check_cluster(Workers(lambda path: ""), str(tmp_path / "sample"), "")


@pytest.mark.parametrize("answer", [None, "a file that is not there", OSError()])
def test_worker_that_cannot_write_into_the_output_folder_is_refused(tmp_path, answer):
    with pytest.raises(ClusterError, match="cannot write into"):
        check_cluster(Workers(lambda folder, mark: answer), "", str(tmp_path))
    assert list(tmp_path.iterdir()) == []


def test_worker_that_joined_late_and_sees_other_folders_is_noticed(tmp_path):
    (tmp_path / "there").write_bytes(b"")
    there, gone = str(tmp_path / "there"), str(tmp_path / "gone")
    check_outcome([gone], [there])
    for unread, written in (([gone, there], []), ([], [gone])):
        with pytest.raises(ClusterError, match="does not see the same folders"):
            check_outcome(unread, written)
