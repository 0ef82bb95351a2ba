"""Whether de-identification keeps its pace and its memory over 2,000 studies, on this machine and on a cluster.

    python Testing/benchmarks/bench_scale.py [--studies 2000] [--workers 2] [--rounds 3] [--cluster]

The studies, 10 small files each in a folder of its own, are generated once and kept for later runs. Run it on a quiet
machine. Ends with PASS or FAIL for every target, and with exit code 1 if one was missed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from anonymize_inputs import CACHE, generated, many_small_files
from pydicom import dcmread
from watched_run import WatchedRun, watch

REPOSITORY = Path(__file__).resolve().parents[2]
FILES_PER_STUDY = 10
STEADY_RATE = 0.9
"""Least rate over the last tenth of the files, as a fraction of the rate over the first tenth."""
GROWTH_MB = 20.0
"""Most by which the memory of all processes together may grow from the second to the last tenth of the files, however
many they are: the ledger's page cache fills up to 16 MB."""
PROCESS_MEMORY_MB = 300.0

STUDY_UID = b"1.2.826.0.1.3680043.10.999.1.100000"
SERIES_UID = b"1.2.826.0.1.3680043.10.999.2.100000"
INSTANCE_UID = b"1.2.826.0.1.3680043.10.999.3.1000000"
PATIENT_ID = b"MRN100000X"


@dataclass(frozen=True)
class Target:
    """A target, and whether it was met."""

    is_met: bool
    text: str


def main() -> int:
    """Run what the command line asks for; 0 if every target was met."""
    args = _parse_arguments()
    source = many_studies(args.studies)
    _read_through(source)
    with tempfile.TemporaryDirectory(prefix="dicomsuite-bench-") as work:
        workplace = Path(work)
        runs = [_run(source, workplace, ["--workers", str(args.workers)], n) for n in range(args.rounds)]
        targets = _judged(f"{args.workers} workers", runs, args.studies * FILES_PER_STUDY)
        if args.cluster:
            targets += _on_cluster(source, workplace, args)
    print()
    for target in targets:
        print(f"{'PASS' if target.is_met else 'FAIL'}  {target.text}")
    return 0 if all(target.is_met for target in targets) else 1


def many_studies(count: int) -> Path:
    """A folder with `count` studies of FILES_PER_STUDY files; complete or absent at any moment."""
    folder = CACHE / f"studies-{count}"
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        model = _model_file(partial)
        for study in range(count):
            _write_study(partial / f"{study:05d}", study, model)
        partial.rename(folder)
    return folder


def _model_file(folder: Path) -> bytes:
    """A small image whose identifiers have the lengths of all the others."""
    image = dcmread(next(generated(many_small_files(1)).glob("*.dcm")))
    image.PatientID = PATIENT_ID.decode()
    image.StudyInstanceUID, image.SeriesInstanceUID = STUDY_UID.decode(), SERIES_UID.decode()
    image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = INSTANCE_UID.decode()
    folder.mkdir(parents=True)
    path = folder / "model"
    image.save_as(path)
    content = path.read_bytes()
    path.unlink()
    return content


def _write_study(folder: Path, study: int, model: bytes) -> None:
    folder.mkdir()
    number = b"%d" % (100_000 + study)
    for placeholder in (STUDY_UID, SERIES_UID, PATIENT_ID):
        model = model.replace(placeholder, placeholder.replace(b"100000", number))
    for place in range(FILES_PER_STUDY):
        instance = b"%d" % (1_000_000 + study * FILES_PER_STUDY + place)
        content = model.replace(INSTANCE_UID, INSTANCE_UID.replace(b"1000000", instance))
        (folder / f"{place:02d}.dcm").write_bytes(content)


def _run(source: Path, workplace: Path, where: list[str], number: int) -> WatchedRun:
    """One run into a folder of its own, of which the first stays for comparison."""
    target = workplace / f"{where[0].strip('-')}-{number}"
    words = ["anonymize", str(source), str(target), "--key-file", str(workplace / "key"), "--progress", "json", *where]
    run = watch([sys.executable, "-m", "DicomSuiteLib.cli", *words], _environment())
    if run.exit_code:
        raise SystemExit(f"the run ended with exit code {run.exit_code}")
    if number:
        shutil.rmtree(target)
    return run


def _judged(name: str, runs: list[WatchedRun], files: int) -> list[Target]:
    """The table of the runs, and the targets for their medians."""
    print(f"\n{name}: {files} files")
    print(
        f"  {'files/s: first tenth':>22}{'last':>7}{'ratio':>7}{'CPU ms/file: first':>20}{'last':>7}"
        f"{'MB: second tenth':>18}{'last':>7}{'process':>9}"
    )
    for run in runs:
        first, last, early, late = run.rate(0, 0.1), run.rate(0.9, 1), run.largest_mb(0.1, 0.2), run.largest_mb(0.9, 1)
        print(
            f"  {first:>22.0f}{last:>7.0f}{last / first:>7.2f}{run.cpu_ms(0, 0.1):>20.2f}{run.cpu_ms(0.9, 1):>7.2f}"
            f"{early:>18.0f}{late:>7.0f}{run.peak_mb:>9.0f}"
        )
    pace = median(run.rate(0.9, 1) / run.rate(0, 0.1) for run in runs)
    growth = median(run.largest_mb(0.9, 1) - run.largest_mb(0.1, 0.2) for run in runs)
    peak = max(run.peak_mb for run in runs)
    return [
        Target(pace >= STEADY_RATE, f"{name}: last tenth at {pace:.2f} of the first's rate (at least {STEADY_RATE})"),
        Target(growth <= GROWTH_MB, f"{name}: memory grows by {growth:.0f} MB (at most {GROWTH_MB:.0f})"),
        Target(peak < PROCESS_MEMORY_MB, f"{name}: {peak:.0f} MB in a process (below {PROCESS_MEMORY_MB:.0f})"),
    ]


def _on_cluster(source: Path, workplace: Path, args: argparse.Namespace) -> list[Target]:
    """The same on a dask cluster of this machine, and whether its tree equals the local one."""
    sys.path.insert(0, str(REPOSITORY / "Testing"))
    from dask_cluster import dask_cluster

    folders = [str(REPOSITORY / name) for name in ("DicomSuite", "DicomSuiteAnonymize")]
    with dask_cluster(workplace / "cluster", args.workers, folders) as cluster:
        runs = [_run(source, workplace, ["--dask", cluster.address], n) for n in range(args.rounds)]
    targets = _judged(f"cluster of {args.workers} workers", runs, args.studies * FILES_PER_STUDY)
    compared = subprocess.run(["diff", "-r", workplace / "workers-0", workplace / "dask-0"], check=False)
    return [*targets, Target(compared.returncode == 0, "diff -r finds nothing between cluster and local run")]


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=2000, help="(default: %(default)s)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="the median counts (default: %(default)s)")
    parser.add_argument("--cluster", action="store_true", help="also on a dask cluster of as many workers")
    return parser.parse_args()


def _environment() -> dict[str, str]:
    """The children's environment: this checkout comes first."""
    folders = [str(REPOSITORY / name) for name in ("DicomSuite", "DicomSuiteAnonymize")]
    inherited = os.environ.get("PYTHONPATH", "")
    return os.environ | {"PYTHONPATH": os.pathsep.join([*folders, *filter(None, [inherited])])}


def _read_through(folder: Path) -> None:
    """Bring the files into the page cache, so that the first run does not pay for the disk."""
    for path in folder.rglob("*.dcm"):
        path.read_bytes()


if __name__ == "__main__":
    sys.exit(main())
