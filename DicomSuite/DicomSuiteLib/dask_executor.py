"""Calls on a cluster: the executor whose workers are those of a dask.distributed scheduler.

Dask hands the calls out, and runs again elsewhere what a lost worker had.

Scheduler and workers log calls that they cannot unpack, byte by byte, and the arguments of calls that fail. So that
no key and no file name gets into these logs, dask is given functions without arguments that it can always unpack and
that never fail: what they hold is unpacked by DicomSuite on a worker, after it has compared the versions.
"""

from __future__ import annotations

import logging
import os
import queue
import time
import uuid
from contextlib import suppress
from ipaddress import ip_address

from DicomSuiteLib.dask_worker import programs
from DicomSuiteLib.errors import DicomSuiteError, UsageError, is_debugging
from DicomSuiteLib.executors import POLL_S, Call, WorkerDied
from DicomSuiteLib.missing_package import missing_package
from DicomSuiteLib.remote_call import packed, unpacked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from distributed import Client, Future

CONNECT_S = 10.0
"""How long the scheduler, and its first worker, may take to answer."""
ABANDONED_S = 60.0
"""How long a cluster may be without any worker, e.g. while they start again, or its scheduler without an answer, before
the run is given up."""
COUNT_AGE_S = 1.0
"""How old the number of workers may be."""
CLOSE_S = 5.0
_FOREIGN_LOGS = ("distributed", "tornado", "asyncio")
"""Packages that print tracebacks of their own when a cluster goes; these frighten people and may hold values."""


class ClusterError(DicomSuiteError):
    """The cluster cannot be reached, is not fit for the run, or has gone; the run can go on later."""


class DaskExecutor:
    """Runs calls in the workers of the scheduler at `address`, e.g. tcp://host:8786, or in a scheduler file.

    For one thread only. A worker process makes one call at a time, however many threads it has. TLS is as dask's own
    configuration says. Raises ClusterError where there is no such cluster, or it has no worker; MissingPackageError.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self._client = _connected(address)
        _warn_of_readers(self._client.scheduler.address)
        self._programs = programs()
        self._ended: queue.SimpleQueue[Future] = queue.SimpleQueue()
        self._calls: dict[str, tuple[Call, Future]] = {}
        self._size, self._counted = 0, 0.0  # workers, when
        self._last_seen = time.monotonic()  # any worker
        try:
            self._client.wait_for_workers(1, timeout=CONNECT_S)
        except TimeoutError:
            self.kill()
            raise ClusterError(
                f"{address}: the cluster has no workers. Start some with `dask worker {address} --nthreads 1`."
            ) from None

    @property
    def size(self) -> int:
        """Worker processes of the cluster at the moment, at least 1."""
        self._count()
        return max(self._size, 1)

    def submit(self, function: Callable[..., Any], /, *arguments: Any) -> Call:
        """Start a call; a module-level function, and arguments and a result that can be pickled."""
        call = Call(self)
        key = f"dicomsuite-{uuid.uuid4().hex}"
        future = self._client.submit(_sealed(packed(function, arguments), self._programs), key=key, pure=False)
        self._calls[key] = call, future
        future.add_done_callback(self._ended.put)
        return call

    def wait(self, timeout: float | None) -> None:
        """Take in answers; wait up to `timeout` seconds for the first (None: as long as it takes).

        Raises ClusterError where the cluster has gone.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._calls:
            left = POLL_S if deadline is None else min(max(deadline - time.monotonic(), 0), POLL_S)
            try:
                self._take(self._ended.get(timeout=left) if left else self._ended.get_nowait())
            except queue.Empty:
                self._check_workers()
                if deadline is not None and time.monotonic() >= deadline:
                    return
                continue
            while not self._ended.empty():
                self._take(self._ended.get())
            return

    def withdraw(self, call: Call) -> bool:
        """Return False: the cluster has the call."""
        return False

    def everywhere(self, function: Callable[..., Any], /, *arguments: Any) -> dict[str, Any]:
        """Call a function that raises nothing once in every worker, beside what it does; the results by its address.

        In place of the result of a worker that cannot import the function is the error.
        """
        return self._client.run(function, *arguments, on_error="return")

    def shutdown(self) -> None:
        """Await the calls under way, and let go of the cluster."""
        try:
            while self._calls:
                self.wait(None)
        finally:
            self._let_go()

    def kill(self) -> None:
        """Let go of the cluster at once; what a worker does it finishes, and nobody looks at it."""
        self._calls.clear()
        self._let_go()

    def _let_go(self) -> None:
        with suppress(TimeoutError):  # a scheduler that hangs; its end of the connection is its own
            self._client.close(CLOSE_S)

    def _take(self, future: Future) -> None:
        from distributed import KilledWorker

        call, _ = self._calls.pop(future.key)
        try:
            answered = future.result(timeout=ABANDONED_S)
        except KilledWorker:
            call.finish(None, WorkerDied("ended each time while it ran on the cluster"))
            return
        except Exception as error:  # the answer is lost: dask says so with several kinds of errors
            raise self._lost("its scheduler does not answer any more") from error
        if answered is None:
            raise self._lost("a worker has joined it that has no DicomSuite, or another version")
        call.finish(*unpacked(answered))

    def _check_workers(self) -> None:
        self._count()
        if self._size:
            self._last_seen = time.monotonic()
        elif time.monotonic() - self._last_seen > ABANDONED_S:
            raise self._lost("it has no workers left")

    def _count(self) -> None:
        now = time.monotonic()
        if now - self._counted < COUNT_AGE_S:
            return
        try:
            self._size = len(self._client.nthreads(callback_timeout=ABANDONED_S))
            self._counted = now
        except (OSError, ValueError, TimeoutError) as error:  # as dask's lost connections present themselves
            raise self._lost("its scheduler does not answer any more") from error

    def _lost(self, what: str) -> ClusterError:
        self._calls.clear()
        return ClusterError(
            f"{self.address}: the cluster is lost, {what}. Start it again, then repeat the command with --resume: what "
            "is done is not done again."
        )


def _sealed(request: bytes, programs: dict[str, str]) -> Callable[[], bytes | None]:
    """A call whose answer is None where it meets a worker with other programs."""

    def call() -> bytes | None:  # local, thus pickled with its code: unpacking it needs no DicomSuite
        try:
            from DicomSuiteLib.dask_worker import answered_alone
        except ImportError:
            return None
        return answered_alone(request, programs)

    return call


def _connected(address: str) -> Client:
    try:
        from distributed import Client
    except ImportError:
        raise missing_package("distributed", "Running on a cluster", "cluster") from None
    if not is_debugging():
        _silence(_FOREIGN_LOGS)
    options = {"timeout": CONNECT_S, "set_as_default": False, "name": "dicomsuite"}
    try:
        if "://" in address:
            return Client(address, **options)
        if os.path.isfile(address):
            return Client(scheduler_file=address, **options)
    except (OSError, ValueError, TypeError) as error:
        raise ClusterError(
            f"{address}: no dask scheduler answers ({type(error).__name__}). Check the address, and that it runs."
        ) from error
    raise UsageError(f"{address} is neither the address of a dask scheduler, e.g. tcp://host:8786, nor its file.")


def _silence(packages: tuple[str, ...]) -> None:
    """Let nothing that these packages log be printed in this process any more: what matters comes as an error of ours.

    A cluster that goes is told of by threads that outlive the executor, up to the end of the process.
    """
    parts = {name for name in logging.root.manager.loggerDict if name.partition(".")[0] in packages}
    for logger in map(logging.getLogger, parts.union(packages)):
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False


def _warn_of_readers(address: str) -> None:
    """Say so where calls, and with them the key, are readable on a network."""
    scheme, _, place = address.partition("://")
    if scheme == "tcp" and not _is_this_computer(place.rpartition(":")[0].strip("[]")):
        logging.getLogger(__name__).warning(
            "%s: the key and the names of the files pass the network unencrypted. Use a tls:// address where others "
            "share it.", address,
        )  # fmt: skip


def _is_this_computer(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:  # a name
        return host == "localhost"
