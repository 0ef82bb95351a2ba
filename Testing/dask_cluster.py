"""A dask cluster on this computer, as separate processes: a scheduler, and workers that can be killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

STARTED_S = 60.0
"""How long a process of the cluster may take to start on a busy machine."""


class DaskCluster:
    """Its scheduler file, logs and scratch space lie in `folder`; `path` is what its processes import from.

    `settings` are of dask, as environment variables; with those of `write_tls_settings` it speaks TLS.
    """

    def __init__(self, folder: Path, path: list[str], settings: Mapping[str, str]) -> None:
        self.file = folder / "scheduler.json"
        self.log = folder / "cluster.log"
        self.workers: list[subprocess.Popen[bytes]] = []
        self._started = 0
        self._folder = folder
        self._environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(path),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
            "DASK_TEMPORARY_DIRECTORY": str(folder),
            **settings,
        }
        protocol = ["--protocol", "tls"] if settings else []
        options = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self.file)]
        self._scheduler = self._start("scheduler", *options, *protocol)
        self.address = ""

    def wait_for_scheduler(self) -> None:
        """Wait until it has told its address."""
        self._wait_for(lambda: self.file.exists() and self.file.read_text(encoding="utf-8").rstrip().endswith("}"))
        self.address = json.loads(self.file.read_text(encoding="utf-8"))["address"]

    def add_workers(self, count: int, *options: str) -> None:
        """Start worker processes with one thread each; nobody starts one again that dies."""
        for _ in range(count):
            fixed = ["--scheduler-file", str(self.file), "--no-dashboard", "--no-nanny"]
            self.workers.append(self._start("worker", *fixed, *options))
            self._started += 1
        self._wait_for(lambda: self._log_text().count("Registered to:") == self._started)

    def kill_scheduler(self) -> None:
        """End the scheduler at once; the workers look for it."""
        self._scheduler.kill()
        self._scheduler.wait()

    def hang_scheduler(self) -> None:
        """Let the scheduler do nothing any more, while its connections stay open."""
        self._scheduler.send_signal(signal.SIGSTOP)

    def close(self) -> None:
        """End every process."""
        for process in (*self.workers, self._scheduler):
            process.kill()
        for process in (*self.workers, self._scheduler):
            process.wait()

    def _start(self, kind: str, *options: str) -> subprocess.Popen[bytes]:
        threads = [] if kind == "scheduler" or "--nthreads" in options else ["--nthreads", "1"]
        with open(self.log, "ab") as log:
            command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *options, *threads]
            return subprocess.Popen(command, env=self._environment, cwd=self._folder, stdout=log, stderr=log)

    def _log_text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")

    def _wait_for(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + STARTED_S
        while not condition():
            assert time.monotonic() < deadline, self._log_text()
            time.sleep(0.05)


@contextlib.contextmanager
def dask_cluster(
    folder: Path, workers: int = 2, path: list[str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[DaskCluster]:
    """A cluster of `workers` processes in the folder, ended at the end."""
    folder.mkdir()
    cluster = DaskCluster(folder, sys.path if path is None else path, settings or {})
    try:
        cluster.wait_for_scheduler()
        cluster.add_workers(workers)
        yield cluster
    finally:
        cluster.close()


def write_tls_settings(folder: Path) -> dict[str, str]:
    """Settings with which a cluster and its clients speak TLS; its certificates are written into the folder."""
    from distributed.security import Security

    made = Security.temporary()
    settings = {"CA_FILE": made.tls_ca_file}
    for role in ("scheduler", "worker", "client"):
        settings[f"{role}__CERT".upper()] = getattr(made, f"tls_{role}_cert")
        settings[f"{role}__KEY".upper()] = getattr(made, f"tls_{role}_key")
    for name, content in settings.items():
        (folder / name).write_text(content, encoding="ascii")
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(folder / name) for name in settings}
