"""Worker processes that can die without taking anything along, and never outlive the process they work for.

Why not concurrent.futures.ProcessPoolExecutor: when one of its workers dies, all calls fail and none is named
as the cause; its helper threads forbid to fork replacements; if a worker dies during a cancel it can hang
(Python 3.11); and after a `kill -9` of the parent its workers wait for ever.

Here the parent has no threads. It shares one socket pair with each worker, in which requests and answers
travel. In the worker a thread reads the requests, so that it notices, while the main thread works, that the
parent has ended and its end of the pair is closed.
"""

import multiprocessing
import os
import queue
import signal
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection, wait
from multiprocessing.context import BaseContext
from multiprocessing.process import BaseProcess
from typing import Any

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.executors import CALLS_PER_WORKER, Call, WorkerDied
from DicomSuiteLib.remote_call import answer, packed, unpacked


class ProcessExecutor:
    """Runs calls in up to `workers` processes, started as they are needed and replaced when they die.

    For one thread only. Workers ignore SIGINT: on Ctrl-C this process decides.
    """

    def __init__(self, workers: int) -> None:
        self.size = workers
        self._workers: list[_Worker] = []
        self._waiting: deque[tuple[Call, bytes]] = deque()

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Call:
        """Start a call; a module-level function, and arguments and a result that can be pickled."""
        call = Call(self)
        self._waiting.append((call, packed(function, arguments)))
        self._hand_out()
        return call

    def wait(self, timeout: float | None) -> None:
        """Take in answers; wait up to `timeout` seconds for the first (None: as long as it takes)."""
        busy = {worker.connection: worker for worker in self._workers if worker.calls}
        for connection in wait(busy, timeout):
            self._take_answer(busy[connection])
        self._hand_out()

    def withdraw(self, call: Call) -> bool:
        """Take back a call that no worker has yet; tell whether that was so."""
        before = len(self._waiting)
        self._waiting = deque(item for item in self._waiting if item[0] is not call)
        return len(self._waiting) < before

    def shutdown(self) -> None:
        """Drop the calls that no worker has yet, await the others, and end the workers."""
        self._waiting.clear()
        while any(worker.calls for worker in self._workers):
            self.wait(None)
        for worker in self._workers:
            worker.connection.close()
        for worker in self._workers:
            worker.process.join()
        self._workers.clear()

    def kill(self) -> None:
        """End the workers at once, in the middle of what they do."""
        self._waiting.clear()
        for worker in self._workers:
            worker.process.kill()
        for worker in self._workers:
            worker.process.join()
            worker.connection.close()
        self._workers.clear()

    def _hand_out(self) -> None:
        while self._waiting and (worker := self._free_worker()):
            call, request = self._waiting.popleft()
            worker.calls.append((call, request))
            try:
                worker.connection.send_bytes(request)
            except OSError:  # it has died
                worker.calls.pop()
                self._waiting.appendleft((call, request))
                self._take_last_answers(worker)

    def _free_worker(self) -> "_Worker | None":
        least_busy = min(self._workers, key=lambda worker: len(worker.calls), default=None)
        if least_busy is not None and not least_busy.calls:
            return least_busy
        if len(self._workers) < self.size:
            self._workers.append(_Worker([worker.connection for worker in self._workers]))
            return self._workers[-1]
        return least_busy if len(least_busy.calls) < CALLS_PER_WORKER else None

    def _take_answer(self, worker: "_Worker") -> None:
        try:
            answered = worker.connection.recv_bytes()
        except (EOFError, OSError):
            self._bury(worker)
            return
        call, _ = worker.calls.popleft()
        call.finish(*unpacked(answered))

    def _take_last_answers(self, worker: "_Worker") -> None:
        while worker in self._workers:
            self._take_answer(worker)

    def _bury(self, worker: "_Worker") -> None:
        """Remove a dead worker; the call it was at has failed, the one behind it waits again."""
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.join()
        if worker.calls:
            call, _ = worker.calls.popleft()
            call.finish(None, WorkerDied(_cause_of_death(worker.process.exitcode)))
        self._waiting.extendleft(reversed(worker.calls))


class _Worker:
    """A worker process, the parent's end of its socket, and the calls it has, in the order of the answers."""

    def __init__(self, parents_ends: list[Connection]) -> None:
        context = _process_context()
        self.connection, workers_end = context.Pipe()
        forked = context.get_start_method() == "fork"
        inherited = [*parents_ends, self.connection] if forked else []
        self.process: BaseProcess = context.Process(target=_work, args=(workers_end, inherited), daemon=True)
        self.calls: deque[tuple[Call, bytes]] = deque()
        try:
            with _interrupts_held():
                self.process.start()
        except OSError as error:
            self.connection.close()
            raise DicomSuiteError(
                f"a worker process cannot start ({error.strerror}); use fewer workers"
            ) from error
        finally:
            workers_end.close()


def _process_context() -> BaseContext:
    """Choose fork (quick) where it is safe, on Linux in a process without other threads; else spawn."""
    alone = sys.platform == "linux" and len(os.listdir("/proc/self/task")) == 1
    return multiprocessing.get_context("fork" if alone else "spawn")


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Block SIGINT here and, by inheritance, in the worker, which thus gets none before it ignores them."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    former = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, former)


def _cause_of_death(exit_code: int) -> str:
    if exit_code >= 0:
        return f"ended with exit code {exit_code}"
    if -exit_code in (number.value for number in signal.Signals):
        return f"was killed by {signal.Signals(-exit_code).name}"
    return f"was killed by signal {-exit_code}"


def _work(connection: Connection, inherited: list[Connection]) -> None:
    """Answer requests until the parent closes its end, of which a forked worker closes its copy first."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # not the parent's handler, which a fork brings along
    for parents_end in inherited:
        parents_end.close()
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, requests), daemon=True).start()
    while True:
        answered = answer(requests.get())
        try:
            connection.send_bytes(answered)
        except OSError:  # the parent has gone
            os._exit(0)


def _receive(connection: Connection, requests: queue.SimpleQueue) -> None:
    try:
        while True:
            requests.put(connection.recv_bytes())
    except (EOFError, OSError):  # the parent has gone, or needs no more work
        os._exit(0)
