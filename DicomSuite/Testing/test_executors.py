"""Executors: same results anywhere, flat memory, and no process left whatever happens."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import pytest

from DicomSuiteLib.errors import describe_safely
from DicomSuiteLib.executors import BatchFailure, InlineExecutor, open_executor, run_batches
from DicomSuiteLib.tasks import Cancelled, CancelToken

WORK = '''
"""Work for worker processes, which have to be able to import it."""
import os
import time
from pathlib import Path


def square(batch):
    return [number * number for number in batch]


def square_slowly(batch):
    time.sleep(0.05)
    return square(batch)


def die_of_13(batch):
    if 13 in batch:
        os._exit(7)
    return square(batch)


def die_the_first_time(batch):
    number, folder = batch
    marker = Path(folder, str(number))
    if number == 4 and not marker.exists():
        marker.touch()
        os._exit(7)
    return number


def fail_of_13(batch):
    if 13 in batch:
        raise ArithmeticError("thirteen")
    return square(batch)


class TravelsBadly(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


def fail_badly(batch):
    raise TravelsBadly(1, 2)


def leave(batch):
    raise SystemExit(0)


def be_killed(batch):
    os.kill(os.getpid(), 9)


def enlarge(batch):
    return batch * 3


def own_pid(batch):
    return os.getpid()


def sleep_until_killed(batch):
    os.write(1, b"working\\n")
    time.sleep(600)
'''

SLEEPING_PARENT = """
import sys, threading
from DicomSuiteLib.executors import open_executor, run_batches
from DicomSuiteLib.tasks import Cancelled, CancelToken, cancel_on_signals
from work_for_executors import sleep_until_killed, square_slowly

if __name__ == "__main__":
    if sys.argv[1] == "spawn":
        threading.Thread(target=threading.Event().wait, daemon=True).start()
    function = square_slowly if sys.argv[2] == "short" else sleep_until_killed
    token = CancelToken()
    try:
        with cancel_on_signals(token), open_executor(2) as executor:
            batches = ([n] for n in range(10**6))
            for _ in run_batches(executor, function, batches, token=token, window=4):
                print("result", flush=True)
    except (Cancelled, KeyboardInterrupt) as error:
        sys.exit(type(error).__name__)
"""

needs_posix = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")


@pytest.fixture(scope="module", autouse=True)
def work(tmp_path_factory):
    """The module WORK, on sys.path for this process and its workers."""
    import importlib

    folder = tmp_path_factory.mktemp("work")
    (folder / "work_for_executors.py").write_text(WORK, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield importlib.import_module("work_for_executors")
    sys.path.remove(str(folder))
    del sys.modules["work_for_executors"]


def run_all(workers, function, batches, window=4):
    """Return {batch index: result} of a whole run."""
    with open_executor(workers) as executor:
        return dict(run_batches(executor, function, batches, token=CancelToken(), window=window))


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_results_do_not_depend_on_the_number_of_workers(work, workers):
    assert run_all(workers, work.square, [[n, n + 1] for n in range(20)]) == {
        n: [n * n, (n + 1) ** 2] for n in range(20)
    }


@pytest.mark.parametrize("workers", [1, 2])
def test_no_batches_give_no_results(work, workers):
    assert run_all(workers, work.square, []) == {}


def test_one_worker_is_this_process(work):
    assert run_all(1, work.own_pid, [[1]]) == {0: os.getpid()}


def test_two_workers_are_two_other_processes(work):
    with open_executor(2) as executor:
        calls = [executor.submit(work.square_slowly, [n]) for n in range(2)]
        calls += [executor.submit(work.own_pid, [])]
        assert calls[2].result() != os.getpid()


def test_one_worker_loads_no_threads_and_no_multiprocessing():
    script = (
        "import sys\n"
        "from DicomSuiteLib.executors import open_executor, run_batches\n"
        "from DicomSuiteLib.tasks import CancelToken\n"
        "with open_executor(1) as executor:\n"
        "    results = list(run_batches(executor, len, ['ab', 'c'], token=CancelToken(), window=4))\n"
        "assert results == [(0, 2), (1, 1)], results\n"
        "print(*sys.modules)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    finished = subprocess.run(
        [sys.executable, "-S", "-c", script], env=env, capture_output=True, text=True, check=True
    )
    assert {"concurrent", "multiprocessing", "threading", "logging"}.isdisjoint(finished.stdout.split())


@pytest.mark.parametrize(("workers", "most"), [(1, 1), (2, 3)])
def test_at_most_a_window_of_batches_is_taken_ahead(work, workers, most):
    taken = 0

    def batches():
        nonlocal taken
        for number in range(50):
            taken += 1
            yield [number]

    ahead = []
    with open_executor(workers) as executor:
        results = run_batches(executor, work.square, batches(), token=CancelToken(), window=3)
        for yielded, _ in enumerate(results):
            ahead.append(taken - yielded)
    assert taken == 50
    assert max(ahead) <= most


def test_window_below_one_is_refused(work):
    with pytest.raises(ValueError, match="window is 0"):
        list(run_batches(InlineExecutor(), work.square, [[1]], token=CancelToken(), window=0))


def test_batch_that_kills_its_worker_fails_alone(work):
    results = run_all(2, work.die_of_13, [[n, n + 1] for n in range(0, 40, 2)])
    failure = results.pop(6)
    assert isinstance(failure, BatchFailure)
    assert failure.batch == [12, 13]
    assert failure.reason.startswith("its worker process ended with exit code 7")
    assert results == {n: [(2 * n) ** 2, (2 * n + 1) ** 2] for n in range(20) if n != 6}


def test_item_at_fault_is_found_by_running_the_failed_batch_one_by_one_in_the_same_executor(work):
    results = {}
    with open_executor(2) as executor:
        batches = [[n, n + 1] for n in range(0, 40, 2)]
        for index, result in run_batches(executor, work.die_of_13, batches, token=CancelToken(), window=4):
            results[index] = result
            if isinstance(result, BatchFailure):
                items = [[item] for item in result.batch]
                alone = run_batches(executor, work.die_of_13, items, token=CancelToken(), window=2)
                results[index] = dict(alone)
    assert len(results) == 20
    assert results[6][0] == [144]
    assert results[6][1].batch == [13]


def test_batch_that_kills_its_worker_only_once_is_done_in_the_end(work, tmp_path):
    assert run_all(2, work.die_the_first_time, [(n, str(tmp_path)) for n in range(12)]) == {
        n: n for n in range(12)
    }
    assert os.listdir(tmp_path) == ["4"]


@pytest.mark.parametrize("workers", [1, 2])
def test_error_of_the_function_is_raised_here(work, workers):
    with pytest.raises(ArithmeticError, match="thirteen"):
        run_all(workers, work.fail_of_13, [[n] for n in range(20)])


def test_error_from_a_worker_tells_its_place_there(work):
    with pytest.raises(ArithmeticError) as caught:
        run_all(2, work.fail_of_13, [[13]])
    assert "work_for_executors.py" in describe_safely(caught.value)
    assert "in fail_of_13" in describe_safely(caught.value)
    assert "thirteen" not in describe_safely(caught.value)


def test_error_that_cannot_be_pickled_arrives_as_another(work):
    with pytest.raises(RuntimeError, match="TravelsBadly: 1 and 2"):
        run_all(2, work.fail_badly, [[1]])


@pytest.mark.parametrize(
    ("function", "cause"),
    [
        ("leave", "ended with exit code 0"),
        pytest.param("be_killed", "was killed by SIGKILL", marks=needs_posix),
    ],
)
def test_reason_of_a_failure_tells_how_the_worker_ended(work, function, cause):
    assert cause in run_all(2, getattr(work, function), [[1]])[0].reason


@needs_posix
def test_worker_that_dies_while_it_is_idle_is_replaced(work):
    with open_executor(2) as executor:
        pid = executor.submit(work.own_pid, []).result()
        os.kill(pid, signal.SIGKILL)
        time.sleep(0.1)
        assert executor.submit(work.own_pid, []).result() != pid


def test_results_larger_than_any_pipe_arrive(work):
    batches = [os.urandom(3_000_000) for _ in range(6)]
    assert run_all(2, work.enlarge, batches, window=6) == {n: batch * 3 for n, batch in enumerate(batches)}


@pytest.mark.parametrize(("workers", "most"), [(1, 3), (2, 3 + 4)])
def test_cancel_starts_nothing_new_and_loses_no_finished_result(work, workers, most):
    token = CancelToken()
    taken = []
    yielded = []

    def batches():
        for number in range(1000):
            taken.append(number)
            yield [number]

    with pytest.raises(Cancelled), open_executor(workers) as executor:
        for index, result in run_batches(executor, work.square_slowly, batches(), token=token, window=4):
            assert result == [index * index]
            yielded.append(index)
            if len(yielded) == 3:
                token.cancel()
    assert 3 <= len(yielded) <= most
    assert len(taken) <= most + 1


def test_cancel_before_the_start_runs_nothing(work):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        list(run_batches(InlineExecutor(), work.square, [[1]], token=token, window=1))


def test_run_that_is_given_up_leaves_the_executor_usable(work):
    with open_executor(2) as executor:
        batches = ([n] for n in range(100))
        for _ in run_batches(executor, work.square_slowly, batches, token=CancelToken(), window=8):
            break
        assert executor.submit(work.square, [3]).result() == [9]


@pytest.fixture
def start_parent():
    """Return a function that starts SLEEPING_PARENT in a process group of its own, already at work."""
    processes = []

    def start(method, length):
        process = subprocess.Popen(
            [sys.executable, "-c", SLEEPING_PARENT, method, length],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        processes.append(process)
        assert process.stdout.readline() in ("working\n", "result\n")
        return process

    yield start
    for process in processes:
        with contextlib.suppress(ProcessLookupError):  # as it should be
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def end_of_all(process):
    """Wait until no process holds the parent's output, so no worker is left; return (code, stderr)."""
    _, errors = process.communicate(timeout=10)
    return process.returncode, errors


@needs_posix
@pytest.mark.parametrize("method", ["fork", "spawn"])
@pytest.mark.parametrize("length", ["short", "long"])
def test_killed_parent_leaves_no_worker(start_parent, method, length):
    process = start_parent(method, length)
    process.kill()
    assert end_of_all(process)[0] == -signal.SIGKILL


@needs_posix
def test_interrupt_of_the_whole_group_ends_the_run_in_order(start_parent):
    process = start_parent("fork", "short")
    os.killpg(process.pid, signal.SIGINT)
    assert end_of_all(process) == (1, "Cancelled\n")


@needs_posix
def test_request_to_end_ends_workers_in_the_middle_of_their_work(start_parent):
    process = start_parent("fork", "long")
    os.killpg(process.pid, signal.SIGTERM)
    assert end_of_all(process) == (1, "KeyboardInterrupt\n")


@needs_posix
def test_second_interrupt_ends_workers_in_the_middle_of_their_work(start_parent):
    process = start_parent("fork", "long")
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.3)
    assert process.poll() is None
    os.killpg(process.pid, signal.SIGINT)
    assert end_of_all(process) == (1, "KeyboardInterrupt\n")
