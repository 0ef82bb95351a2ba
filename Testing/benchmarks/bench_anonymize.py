"""How much CPU de-identification costs, against a plain copy and other tools, in one run on this machine.

    python Testing/benchmarks/bench_anonymize.py [--datasets ct j2k mr] [--tools …] [--runs 5]
    python Testing/benchmarks/bench_anonymize.py --workers

Each tool is one child process that de-identifies a whole folder; its CPU time is user + system of the process
and its children. The tools take turns, so that a busy moment of the machine hits all of them. Ends with PASS
or FAIL for every target, and with exit code 1 if one was missed.
"""

from __future__ import annotations

import argparse
import compileall
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from anonymize_inputs import CT, JPEG_2000, MR, Collection, generated, many_small_files

REPOSITORY = Path(__file__).resolve().parents[2]
OURS = "dicomsuite"
COPY = "cp -r"
GDCMANON = "gdcmanon"
PYTHON_PEERS = ("dicom-anonymizer", "dicognito")

CPU_LIMITS = {CT.name: 2.5, JPEG_2000.name: 4.5, MR.name: 2.5}
"""Most CPU time, as a multiple of the copy's."""
PYTHON_PEER_FACTOR = 10.0
"""How many times less CPU than each of the Python peers."""
WORKERS_GAIN = 1.7
"""Least wall-clock gain of two workers over one; needs two idle processors, and a file system that lets two processes
create files at the same time (TMPDIR=/dev/shm)."""
SCALE = 20_000


@dataclass(frozen=True)
class Tool:
    """`command(source, target)` is the command line; `missing` says why it cannot run, "" if it can."""

    name: str
    command: Callable[[Path, Path], list[str]]
    missing: str = ""
    makes_target: bool = True


@dataclass(frozen=True)
class Cost:
    """What one run of a tool took, in seconds; `failure` is "" if it wrote every file."""

    cpu_s: float
    wall_s: float
    failure: str = ""


def main() -> int:
    """Run what the command line asks for; 0 if every target was met."""
    args = _parse_arguments()
    with tempfile.TemporaryDirectory(prefix="dicomsuite-bench-") as work:
        workplace = Path(work)
        _compile_modules()
        if args.workers:
            verdicts = compare_workers(workplace, args.runs)
        else:
            chosen = [one for one in (CT, JPEG_2000, MR) if one.name in args.datasets]
            tools = [tool for tool in available_tools(workplace) if tool.name in (*args.tools, OURS, COPY)]
            verdicts = [
                verdict for one in chosen for verdict in compare_tools(one, tools, workplace, args.runs)
            ]
    print()
    for met, text in verdicts:
        print(f"{'PASS' if met else 'FAIL'}  {text}")
    return 0 if all(met for met, _ in verdicts) else 1


def available_tools(workplace: Path) -> list[Tool]:
    """The copy, the peers and DicomSuite, in the order in which they take turns."""
    gdcmanon = shutil.which("gdcmanon")
    openssl = shutil.which("openssl")
    certificate = workplace / "certificate.pem"
    no_gdcmanon = "" if gdcmanon else "gdcmanon is not installed (Debian: libgdcm-tools)"
    if gdcmanon and not openssl:
        no_gdcmanon = "openssl, which makes gdcmanon's certificate, is not installed"
    elif gdcmanon:
        _make_certificate(openssl, certificate)
    gdcm_options = ["-e", "-r", "-c", str(certificate)]
    key_file = workplace / "key"
    return [
        Tool(COPY, lambda source, target: ["cp", "-r", str(source), str(target)]),
        Tool(
            GDCMANON,
            lambda source, target: [gdcmanon, *gdcm_options, "-i", str(source), "-o", str(target)],
            no_gdcmanon,
            makes_target=False,
        ),
        Tool(
            "dicom-anonymizer",
            lambda source, target: [_script("dicom-anonymizer"), str(source), str(target)],
            ""
            if _script("dicom-anonymizer")
            else "dicom-anonymizer is not installed (pip install dicom-anonymizer)",
            makes_target=False,
        ),
        Tool(
            "dicognito",
            lambda source, target: [sys.executable, "-m", "dicognito", "-q", "-o", str(target), str(source)],
            _missing_module("dicognito"),
        ),
        Tool(OURS, lambda source, target: dicomsuite_command(source, target, key_file, workers=1)),
    ]


def dicomsuite_command(
    source: Path, target: Path, key_file: Path, *, workers: int, progress: str = "none"
) -> list[str]:
    """The command line of this project's own tool."""
    options = ["--key-file", str(key_file), "--workers", str(workers), "--progress", progress]
    return [sys.executable, "-m", "DicomSuiteLib.cli", "anonymize", str(source), str(target), *options]


def measure(tool: Tool, source: Path, workplace: Path, expected_files: int) -> Cost:
    """Run `tool` once as a child process into a fresh folder, which is deleted afterwards.

    A copy made and deleted just before leaves free memory in the same state for every tool: on a virtual machine
    the first touch of memory that the host has taken back costs more than anything measured here.
    """
    target = workplace / "target"
    shutil.copytree(source, target)
    shutil.rmtree(target)
    if not tool.makes_target:
        target.mkdir()
    with (workplace / "output.log").open("w+b") as log:
        started = time.perf_counter()
        child = subprocess.Popen(tool.command(source, target), stdout=log, stderr=log, env=_environment())
        _, status, usage = os.wait4(child.pid, 0)
        wall_s = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        log.seek(0)
        last_words = log.read().decode("utf-8", "replace").strip().splitlines()[-1:]
    written = sum(len(_images(files)) for _, _, files in os.walk(target))
    shutil.rmtree(target, ignore_errors=True)
    failure = ""
    if child.returncode or written < expected_files:
        failure = (
            f"exit code {child.returncode}, {written} of {expected_files} files; {' '.join(last_words)[:80]}"
        )
    return Cost(usage.ru_utime + usage.ru_stime, wall_s, failure)


def compare_tools(
    collection: Collection, tools: Sequence[Tool], workplace: Path, runs: int
) -> list[tuple[bool, str]]:
    """Let all tools take turns on `collection`, print the table, and return a verdict for each target."""
    source = generated(collection)
    _read_through(source)
    costs: dict[str, list[Cost]] = {tool.name: [] for tool in tools if not tool.missing}
    for _ in range(runs):
        for tool in tools:
            if not tool.missing:
                costs[tool.name].append(measure(tool, source, workplace, collection.count))
    size = sum(path.stat().st_size for path in source.rglob("*.dcm")) / 1e6
    print(f"\n{collection.name}: {collection.count} files, {size:.0f} MB, median of {runs} runs")
    print(f"  {'tool':<18}{'CPU s':>8}{'x cp':>8}{'wall s':>8}{'ms/file':>9}")
    cpu = {}
    for tool in tools:
        failure = tool.missing or next((cost.failure for cost in costs[tool.name] if cost.failure), "")
        if failure:
            print(f"  {tool.name:<18}{failure}")
            continue
        cpu[tool.name] = median(cost.cpu_s for cost in costs[tool.name])
        wall_s = median(cost.wall_s for cost in costs[tool.name])
        per_file = cpu[tool.name] / collection.count * 1e3
        ratio = cpu[tool.name] / cpu[COPY]
        print(f"  {tool.name:<18}{cpu[tool.name]:>8.2f}{ratio:>8.1f}{wall_s:>8.2f}{per_file:>9.2f}")
    return _cpu_verdicts(collection.name, cpu)


def _cpu_verdicts(name: str, cpu: dict[str, float]) -> list[tuple[bool, str]]:
    """One verdict per target of `name`; tools that did not run are compared with no more."""
    if OURS not in cpu or COPY not in cpu:
        return [(False, f"{name}: {OURS} did not finish")]
    ours, copied = cpu[OURS], cpu[COPY]
    limit = CPU_LIMITS[name]
    verdicts = [(ours <= limit * copied, f"{name}: {ours / copied:.2f} x cp (at most {limit})")]
    if GDCMANON in cpu:
        verdicts.append((ours < cpu[GDCMANON], f"{name}: {ours / cpu[GDCMANON]:.2f} x gdcmanon (below 1)"))
    for peer in PYTHON_PEERS:
        if peer in cpu:
            gain = cpu[peer] / ours
            verdicts.append(
                (gain >= PYTHON_PEER_FACTOR, f"{name}: {gain:.1f} times less than {peer} (at least 10)")
            )
    return verdicts


def compare_workers(workplace: Path, runs: int) -> list[tuple[bool, str]]:
    """Wall-clock gain of two workers over one, for a job that takes longer than starting and reporting."""
    key_file = workplace / "key"
    collection = many_small_files(SCALE)
    source = generated(collection)
    _read_through(source)
    wall: dict[int, list[float]] = {1: [], 2: []}
    for _ in range(runs):
        for workers, seconds in wall.items():
            tool = Tool(
                OURS,
                lambda source, target, n=workers: dicomsuite_command(source, target, key_file, workers=n),
            )
            cost = measure(tool, source, workplace, collection.count)
            if cost.failure:
                return [(False, f"{collection.name}, {workers} workers: {cost.failure}")]
            seconds.append(cost.wall_s)
    one, two = median(wall[1]), median(wall[2])
    print(f"{collection.name}: 1 worker {one:.2f} s, 2 workers {two:.2f} s (median of {runs} runs)")
    return [(one / two >= WORKERS_GAIN, f"{collection.name}: 2 workers {one / two:.2f} x (at least 1.7)")]


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--datasets", nargs="+", choices=list(CPU_LIMITS), default=list(CPU_LIMITS))
    parser.add_argument(
        "--tools", nargs="+", choices=(GDCMANON, *PYTHON_PEERS), default=(GDCMANON, *PYTHON_PEERS)
    )
    parser.add_argument(
        "--runs", type=int, default=5, help="rounds; the median counts (default: %(default)s)"
    )
    parser.add_argument("--workers", action="store_true", help="compare one worker with two instead")
    return parser.parse_args()


def _make_certificate(openssl: str, certificate: Path) -> None:
    """The self-signed certificate that gdcmanon encrypts the original values with."""
    subject = ["-subj", "/CN=benchmark", "-days", "1"]
    private_key = ["-newkey", "rsa:2048", "-nodes", "-keyout", str(certificate.with_name("private.pem"))]
    command = [openssl, "req", "-x509", *private_key, *subject, "-out", str(certificate)]
    subprocess.run(command, check=True, capture_output=True)


def _script(name: str) -> str | None:
    return shutil.which(name, path=Path(sys.executable).parent) or shutil.which(name)


def _missing_module(name: str) -> str:
    from importlib.util import find_spec

    return "" if find_spec(name) else f"{name} is not installed (pip install {name})"


def _compile_modules() -> None:
    """Byte code as an installed package has it: what the peers have must not be missing here."""
    for folder in ("DicomSuite", "DicomSuiteAnonymize"):
        compileall.compile_dir(REPOSITORY / folder, quiet=1)


def _environment() -> dict[str, str]:
    """The children's environment: this checkout comes first."""
    folders = (REPOSITORY / "DicomSuite", REPOSITORY / "DicomSuiteAnonymize")
    inherited = os.environ.get("PYTHONPATH", "")
    return os.environ | {"PYTHONPATH": os.pathsep.join([*map(str, folders), *filter(None, [inherited])])}


def _images(names: list[str]) -> list[str]:
    return [name for name in names if not name.endswith((".json", ".jsonl", ".html", ".txt"))]


def _read_through(folder: Path) -> None:
    """Bring the files into the page cache, so that the first tool does not pay for the disk."""
    for path in folder.rglob("*.dcm"):
        path.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
