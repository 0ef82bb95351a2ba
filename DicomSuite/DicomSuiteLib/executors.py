"""Where calls run: in this process, in worker processes or on a cluster, one call or a long row of batches.

An executor has a size (in workers), submit(), wait() and shutdown(); what submit() returns has the methods of a
Future that a single thread needs. `run_batches` feeds an executor a few batches ahead, so that memory stays flat
however long the input is, and survives workers that die.
"""

from __future__ import annotations

from collections import namedtuple
from contextlib import contextmanager

TYPE_CHECKING = False  # typing is not imported: see the start-up budget in test_cli.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TypeAlias

    from DicomSuiteLib.dask_executor import DaskExecutor
    from DicomSuiteLib.tasks import CancelToken
    from DicomSuiteLib.worker_processes import ProcessExecutor

    Executor: TypeAlias = "InlineExecutor | ProcessExecutor | DaskExecutor"

POLL_S = 0.1
"""How soon a cancel that came from another thread is noticed."""
CALLS_PER_WORKER = 2
"""One to work on, and one so that the worker need not wait while the process that hands out is busy."""


class WorkerDied(Exception):
    """The worker process ended before it answered; the message says how."""


class BatchFailure(namedtuple("BatchFailure", ("batch", "reason"))):
    """In place of a result: this batch brings its worker process down whenever it runs."""

    __slots__ = ()


class Call:
    """A call given to an executor."""

    def __init__(self, executor: Executor) -> None:
        self._executor = executor
        self._done = False
        self._result: Any = None
        self._error: Exception | None = None

    def finish(self, result: Any, error: Exception | None) -> None:
        """Note how the call ended; for its executor."""
        self._done, self._result, self._error = True, result, error

    def done(self) -> bool:
        """Tell whether the call is known to have ended."""
        return self._done

    def exception(self) -> Exception | None:
        """Wait for the end; return what the call raised, WorkerDied if it had no chance to, or None."""
        while not self._done:
            self._executor.wait(None)
        return self._error

    def result(self) -> Any:
        """Wait for the end; return what the call returned, or raise what `exception` returns."""
        if self.exception() is not None:
            raise self._error
        return self._result

    def cancel(self) -> bool:
        """Take the call back if no worker has it yet; tell whether that was so."""
        return self._executor.withdraw(self)


class InlineExecutor:
    """Runs each call at once in the calling process; loads neither threads nor multiprocessing."""

    size = 1

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Call:
        """Run the call and return how it ended."""
        call = Call(self)
        try:
            call.finish(function(*arguments), None)
        except Exception as error:
            call.finish(None, error)
        return call

    def wait(self, timeout: float | None) -> None:
        """Do nothing: every call has ended."""

    def withdraw(self, call: Call) -> bool:
        """Return False: every call has ended."""
        return False

    def shutdown(self) -> None:
        """Do nothing: there is no worker."""


@contextmanager
def open_executor(workers: int, cluster: str = "") -> Iterator[Executor]:
    """Provide an executor for `workers` processes; for one, or fewer, calls run in this process.

    With `cluster`, the address or the file of a dask scheduler, calls run in its workers instead.

    At the end calls that a worker has are awaited and the others dropped; after a KeyboardInterrupt, or when the
    generator around it is closed, nothing is awaited. No worker outlives the block, nor this process if that is killed;
    a cluster's workers live on, and finish the call that they have.
    """
    if workers <= 1 and not cluster:
        yield InlineExecutor()
        return
    executor = _open_cluster(cluster) if cluster else _open_processes(workers)
    try:
        yield executor
    except (KeyboardInterrupt, GeneratorExit):
        executor.kill()
        raise
    finally:
        executor.shutdown()


def _open_processes(workers: int) -> ProcessExecutor:
    from DicomSuiteLib.worker_processes import ProcessExecutor

    return ProcessExecutor(workers)


def _open_cluster(address: str) -> DaskExecutor:
    from DicomSuiteLib.dask_executor import DaskExecutor

    return DaskExecutor(address)


def run_batches(
    executor: Executor,
    function: Callable[[Any], Any],
    batches: Iterable[Any],
    *,
    token: CancelToken,
    window: int | None = None,
) -> Iterator[tuple[int, Any]]:
    """Yield (index of the batch, function(batch)) as batches finish, at most `window` of them under way.

    Without a window, two for each worker that the executor has at the moment.

    `function` is a pure module-level function. What it raises is raised here. A batch whose worker process
    dies runs again with nothing beside it; if the worker dies again, a BatchFailure is yielded for it. So a
    batch may run twice, and the first time may stop anywhere.

    After a cancel no batch starts; results of those that still finish are yielded, then Cancelled is raised.
    """
    if window is not None and window < 1:
        raise ValueError(f"window is {window}; at least one batch must be under way")
    flight = _Flight(executor, function, token)
    try:
        for index, batch in enumerate(batches):
            if token.cancelled:
                break
            flight.launch(index, batch)
            yield from flight.land(0)
            while flight.is_full(window or CALLS_PER_WORKER * executor.size):
                yield from flight.land(POLL_S)
        while flight.is_under_way:
            yield from flight.land(POLL_S)
    finally:
        flight.withdraw()
    token.raise_if_cancelled()


class _Flight:
    """The batches that are under way on an executor, and those that came down with their worker."""

    def __init__(self, executor: Executor, function: Callable[[Any], Any], token: CancelToken) -> None:
        self._executor = executor
        self._function = function
        self._token = token
        self._pending: dict[Call, tuple[int, Any]] = {}
        self._crashed: list[tuple[int, Any]] = []

    @property
    def is_under_way(self) -> bool:
        return bool(self._pending or self._crashed)

    def is_full(self, window: int) -> bool:
        """Tell whether to land first; after a crash all batches land, so that it can be repeated alone."""
        return bool(self._crashed) or len(self._pending) >= window

    def launch(self, index: int, batch: Any) -> None:
        self._pending[self._executor.submit(self._function, batch)] = (index, batch)

    def land(self, timeout: float) -> Iterator[tuple[int, Any]]:
        """Wait up to `timeout` seconds for results and yield those that are there."""
        if self._token.cancelled:
            self.withdraw()
        if self._pending:
            self._executor.wait(timeout)
        for call in [call for call in self._pending if call.done()]:
            index, batch = self._pending.pop(call)
            if isinstance(call.exception(), WorkerDied):
                self._crashed.append((index, batch))
            else:
                yield index, call.result()
        if self._crashed and not self._pending:
            yield from self._repeat_crashed()

    def withdraw(self) -> None:
        """Take back every batch that no worker has yet."""
        for call in list(self._pending):
            if call.cancel():
                del self._pending[call]

    def _repeat_crashed(self) -> Iterator[tuple[int, Any]]:
        suspects, self._crashed = self._crashed, []
        for index, batch in suspects:
            if self._token.cancelled:
                return
            call = self._executor.submit(self._function, batch)
            error = call.exception()
            if isinstance(error, WorkerDied):
                reason = f"its worker process {error}, also with no other work beside it"
                yield index, BatchFailure(batch, reason)
            else:
                yield index, call.result()
