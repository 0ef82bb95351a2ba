"""A whole run: what is counted, what the output tree depends on, and what it never holds."""

import json
import os
import random
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from anonymize_runs import (
    KEY,
    Ended,
    anonymize,
    audit_records,
    ended,
    read_report,
    refused,
    start_anonymize,
    tree,
    write_key,
    write_series,
)
from copied_study import copied_study
from dicom_slices import write_slice, write_stack
from DicomSuiteAnonymizeLib import run as run_module
from DicomSuiteAnonymizeLib.keys import Pseudonyms
from DicomSuiteAnonymizeLib.sources import FolderSources
from DicomSuiteLib.demo_command import count_strings
from DicomSuiteLib.synthetic_study import SyntheticStudy

OTHER_KEY = bytes(range(32, 64))
REPORTS = {"report.json", "report.html", "audit.jsonl"}


@dataclass(frozen=True)
class Finished:
    """A synthetic study with awkward neighbours, and the run that de-identified it."""

    study: SyntheticStudy
    source_before: dict[str, str]
    target: Path
    key_file: Path
    end: Ended

    @property
    def source(self) -> Path:
        """What the run read."""
        return self.study.folder


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("run")
    study = copied_study(folder / "source")
    add_neighbours(study)
    before = tree(study.folder)
    key_file = write_key(folder / "key")
    end = anonymize(study.folder, folder / "out", key_file)
    return Finished(study, before, folder / "out", key_file, end)


def add_neighbours(study: SyntheticStudy) -> None:
    """A second copy, the same header with other pixels, an empty file and a letter."""
    first = study.ct_files[0]
    shutil.copy(first, study.folder / "second copy of 001.dcm")
    content = bytearray(first.read_bytes())
    content[-5000] ^= 1
    (study.folder / "other pixels of 001.dcm").write_bytes(content)
    (study.folder / "empty of 001.dcm").touch()
    (study.folder / "letter of 001.txt").write_text("Dear patient,", encoding="utf-8")


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def dicom_below(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*.dcm"))


# What is counted


def test_every_file_is_written_quarantined_or_not_dicom(finished: Finished) -> None:
    counts = read_report(finished.target)["files"]
    assert counts["in"] == len(files_below(finished.source)) == 47
    assert counts["in"] == counts["written"] + counts["quarantined"] + counts["not_dicom"]
    assert counts["written"] == len(dicom_below(finished.target)) == 43
    assert counts["not_dicom"] == 2


def test_quarantined_files_are_listed_with_their_paths_for_the_user_alone(finished: Finished) -> None:
    reasons = refused(finished.key_file)
    assert reasons["empty of 001.dcm"] == "empty: the file has 0 bytes"
    assert reasons["capture.dcm"].startswith("pixel risk: ")
    assert len(reasons) == 2
    (listing,) = finished.key_file.parent.glob("runs/*/quarantined.csv")
    assert stat.S_IMODE(listing.stat().st_mode) == 0o600
    assert str(listing) in finished.end.output


def test_summary_and_reports_agree(finished: Finished) -> None:
    assert "47 files: 43 written, 2 quarantined, 2 not DICOM" in finished.end.output
    run_record = audit_records(finished.target, "run")[0]
    assert run_record["files"] == read_report(finished.target)["files"]
    instances = audit_records(finished.target, "instance")
    written = sorted(record["output"] for record in instances if record["status"] == "written")
    assert written == [path.relative_to(finished.target).as_posix() for path in dicom_below(finished.target)]
    assert len(instances) == 47


def test_each_written_instance_names_the_changes_made_to_it(finished: Finished) -> None:
    defined = {record["id"] for record in audit_records(finished.target, "changes")}
    instances = audit_records(finished.target, "instance")
    assert {record["changes"] for record in instances if record["status"] == "written"} == defined


# What never gets out, and never changes


def test_neither_names_nor_reports_nor_the_summary_lead_back_to_the_source(finished: Finished) -> None:
    patient_folder = finished.study.mask_file.parent
    names = ("of 001", "structures.dcm", "capture.dcm", "lesion.nrrd", patient_folder.name, str(finished.source))
    traces = (*finished.study.planted, *names)
    assert count_strings(finished.source, traces) > 1000
    assert count_strings(finished.target, traces) == 0
    assert not [trace for trace in traces if trace in finished.end.output + finished.end.errors]


def test_output_tree_is_made_of_pseudonyms_and_reports(finished: Finished) -> None:
    names = {path.relative_to(finished.target).as_posix() for path in files_below(finished.target)}
    code = "[0-9A-HJKMNP-TV-Z]"
    pattern = rf"DS-{code}{{12}}/ST-{code}{{12}}/SE-{code}{{12}}/IM-{code}{{16}}(-[23])?\.dcm"
    assert {name for name in names if not re.fullmatch(pattern, name)} == REPORTS


def test_sources_stay_as_they_were(finished: Finished) -> None:
    assert tree(finished.source) == finished.source_before


# What the output depends on


def test_two_workers_on_a_copy_in_another_order_give_the_same_tree(finished: Finished, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    for path in sorted(files_below(finished.source), reverse=True):
        place = copy / path.relative_to(finished.source)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, place)
    key_file = write_key(tmp_path / "key")
    assert ended(start_anonymize(copy, tmp_path / "out", key_file, "--workers", "2")).code == 3
    assert tree(tmp_path / "out") == tree(finished.target)
    if shutil.which("diff"):
        compared = subprocess.run(["diff", "-r", tmp_path / "out", finished.target], capture_output=True, check=False)
        assert (compared.returncode, compared.stdout) == (0, b"")


@pytest.mark.parametrize("seed", range(3))
def test_order_and_size_of_batches_do_not_matter(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    in_order = FolderSources.entries

    def shuffled(*arguments: object) -> list:
        entries = list(in_order(*arguments))
        random.Random(seed).shuffle(entries)
        return entries

    monkeypatch.setattr(FolderSources, "entries", shuffled)
    monkeypatch.setattr(run_module, "BATCH", 1 + 6 * seed)
    anonymize(finished.source, tmp_path / "out", finished.key_file)
    assert tree(tmp_path / "out") == tree(finished.target)


def test_same_key_gives_the_same_bytes_again(finished: Finished, tmp_path: Path) -> None:
    assert anonymize(finished.source, tmp_path / "out", write_key(tmp_path / "key")).code == 3
    assert tree(tmp_path / "out") == tree(finished.target)


def test_another_key_shares_neither_names_nor_uids(finished: Finished, tmp_path: Path) -> None:
    anonymize(finished.source, tmp_path / "out", write_key(tmp_path / "key", OTHER_KEY))
    theirs, ours = dicom_below(tmp_path / "out"), dicom_below(finished.target)
    assert len(theirs) == len(ours)
    assert not name_parts(theirs, tmp_path / "out") & name_parts(ours, finished.target)
    assert not uids(theirs) & uids(ours)
    assert len(uids(ours)) == len(uids(theirs)) > 43


def name_parts(files: list[Path], folder: Path) -> set[str]:
    return {part for path in files for part in path.relative_to(folder).parts}


def uids(files: list[Path]) -> set[str]:
    """Every UID in the data sets that the standard does not define."""
    found = {uid for path in files for uid in uids_of(dcmread(path))}
    return {uid for uid in found if not uid.startswith("1.2.840.10008.")}


def uids_of(dataset: Dataset) -> Iterator[str]:
    yield dataset.file_meta.MediaStorageSOPInstanceUID
    for element in dataset.iterall():
        if element.VR == "UI" and element.value:
            yield from element.value if element.VM > 1 else [element.value]


# Files with equal headers


def test_copies_and_other_pixels_under_one_header_are_all_written(finished: Finished) -> None:
    first = dcmread(finished.study.ct_files[0])
    same_instance = [
        path
        for path in dicom_below(finished.target)
        if dcmread(path, specific_tags=["SOPInstanceUID"]).SOPInstanceUID
        == Pseudonyms(KEY).uid(first.SOPInstanceUID.encode()).decode()
    ]
    assert [path.stem[19:] for path in same_instance] == ["-2", "-3", ""]
    pixels = [dcmread(path).PixelData for path in same_instance]
    assert pixels.count(first.PixelData) == 2
    assert len(set(pixels)) == 2


def test_many_copies_are_numbered_by_content_not_by_name(tmp_path: Path) -> None:
    original = write_slice(tmp_path / "first" / "a.dcm").read_bytes()
    contents = [original[:-1] + bytes([number]) for number in range(40)]
    for folder, order in (("forth", contents), ("back", contents[::-1])):
        (tmp_path / folder).mkdir()
        for number, content in enumerate(order):
            (tmp_path / folder / f"{number:02d}.dcm").write_bytes(content)
        key_file = write_key(tmp_path / f"key {folder}")
        assert anonymize(tmp_path / folder, tmp_path / f"out {folder}", key_file).code == 0
    outputs = tree(tmp_path / "out forth"), tree(tmp_path / "out back")
    assert len(set(outputs[0].values())) == 40 + len(REPORTS)
    dicom = [{name: digest for name, digest in output.items() if name.endswith(".dcm")} for output in outputs]
    assert dicom[0] == dicom[1]


# Options


def test_zip_holds_the_same_files_and_the_same_bytes_each_time(finished: Finished, tmp_path: Path) -> None:
    archives = []
    for workers in ("1", "2"):
        target = tmp_path / workers
        process = start_anonymize(
            finished.source, target, write_key(tmp_path / f"key {workers}"), "--zip", "--workers", workers
        )
        assert ended(process).code == 3
        assert {path.name for path in target.iterdir()} == REPORTS | {"dicom.zip"}
        archives.append(target / "dicom.zip")
    assert archives[0].read_bytes() == archives[1].read_bytes()
    with zipfile.ZipFile(archives[0]) as archive:
        assert archive.testzip() is None
        archive.extractall(tmp_path / "unpacked")
    expected = {name: digest for name, digest in tree(finished.target).items() if name not in REPORTS}
    assert tree(tmp_path / "unpacked") == expected


def test_dry_run_counts_the_same_and_writes_nothing(finished: Finished, tmp_path: Path) -> None:
    before = tree(finished.source)
    end = anonymize(finished.source, tmp_path / "out", tmp_path / "none" / "key", "--dry-run")
    assert end.code == 3
    assert "47 files: 43 would be written, 2 quarantined, 2 not DICOM" in end.output
    actions = read_report(finished.target)["actions"]
    assert all(f"  {action}  {count:>9}\n" in end.output for action, count in actions.items())
    assert list(tmp_path.iterdir()) == []
    assert tree(finished.source) == before


def test_dry_run_leaves_the_state_of_other_runs_alone(finished: Finished, tmp_path: Path) -> None:
    before = tree(finished.key_file.parent)
    anonymize(finished.source, finished.target, finished.key_file, "--dry-run")
    assert tree(finished.key_file.parent) == before
    assert tree(finished.target)


def write_profile(path: Path, **edit: str) -> Path:
    content = {"schema": "dicomsuite-profile-1", "name": "test", "edits": [edit]}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def test_renumbering_follows_the_position_not_the_name(tmp_path: Path) -> None:
    heights = [5.0, 0.0, 10.0, 7.5, 2.5]
    write_stack(tmp_path / "source", heights)
    profile = write_profile(tmp_path / "profile.json", attribute="InstanceNumber", action="renumber", value="100")
    key_file = write_key(tmp_path / "key")
    assert anonymize(tmp_path / "source", tmp_path / "out", key_file, "--profile-file", profile).code == 0
    images = [dcmread(path) for path in dicom_below(tmp_path / "out")]
    numbers = {float(image.ImagePositionPatient[2]): int(image.InstanceNumber) for image in images}
    assert numbers == {0.0: 100, 2.5: 101, 5.0: 102, 7.5: 103, 10.0: 104}


@pytest.mark.parametrize("scope", ["patient", "study", "series"])
def test_edit_of_one_scope_touches_nothing_else(tmp_path: Path, scope: str) -> None:
    for number in range(4):
        write_slice(
            tmp_path / "source" / f"{number}.dcm",
            PatientID=f"P{number // 2}",
            StudyInstanceUID=f"1.2.3.{number // 2}",
            SeriesInstanceUID=f"1.2.3.{number // 2}.{number}",
        )
    place = {"patient": "PatientID", "study": "StudyInstanceUID", "series": "SeriesInstanceUID"}[scope]
    key_file = write_key(tmp_path / "key")
    assert anonymize(tmp_path / "source", tmp_path / "before", key_file).code == 0
    images = map(dcmread, dicom_below(tmp_path / "before"))
    last_series = Pseudonyms(KEY).uid(b"1.2.3.1.3").decode()
    (target,) = [image[place].value for image in images if image.SeriesInstanceUID == last_series]
    profile = write_profile(
        tmp_path / "profile.json",
        attribute="StudyDescription",
        action="replace",
        value="Knee",
        scope=scope,
        target=target,
    )
    assert anonymize(tmp_path / "source", tmp_path / "out", key_file, "--profile-file", profile).code == 0
    images = [dcmread(path) for path in dicom_below(tmp_path / "out")]
    changed = [image for image in images if image.get("StudyDescription") == "Knee"]
    assert len(changed) == (1 if scope == "series" else 2)
    assert {image[place].value for image in changed} == {target}


def test_file_digests_of_the_audit_trail_are_those_of_the_files(finished: Finished, tmp_path: Path) -> None:
    target = tmp_path / "out"
    anonymize(finished.source, target, finished.key_file, "--audit-hash", "file")
    written = [record for record in audit_records(target, "instance") if record["status"] == "written"]
    digests = tree(target)
    assert {record["output"]: record["sha256_out"] for record in written} == {
        name: digest for name, digest in digests.items() if name not in REPORTS
    }
    assert {record["sha256_in"] for record in written} <= set(finished.source_before.values())
    assert {record["hashed"] for record in written} == {"file"}


def test_several_sources_go_into_one_output(tmp_path: Path) -> None:
    write_slice(tmp_path / "a" / "1.dcm")
    write_slice(tmp_path / "b" / "1.dcm")
    key_file = write_key(tmp_path / "key")
    assert anonymize([tmp_path / "a", tmp_path / "b"], tmp_path / "out", key_file).code == 0
    assert read_report(tmp_path / "out")["files"]["written"] == 2


# Exit codes and refusals


def test_exit_code_is_0_when_everything_is_written(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 3)
    end = anonymize(tmp_path / "source", tmp_path / "out", write_key(tmp_path / "key"))
    assert (end.code, end.errors) == (0, "")


def test_exit_code_is_3_when_files_were_refused(finished: Finished) -> None:
    assert (finished.end.code, finished.end.errors) == (3, "")


@pytest.mark.parametrize(
    ("target", "key_file", "message"),
    [
        ("source", "key/key", "lies in the source"),
        ("source/out", "key/key", "lies in the source"),
        ("link to source/out", "key/key", "lies in the source"),
        (".", "key/key", "lies in the output folder"),
        ("out", "out/key", "would be handed on with it"),
        ("out", "source/key", "where nothing is written"),
        ("used", "key/key", "is not empty"),
        ("used/file", "key/key", "is a file"),
    ],
)
def test_places_that_cannot_be_meant_are_usage_errors(tmp_path: Path, target: str, key_file: str, message: str) -> None:
    write_series(tmp_path / "source", 1)
    (tmp_path / "link to source").symlink_to("source")
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    write_key(tmp_path / "key")
    before = tree(tmp_path)
    end = anonymize(tmp_path / "source", tmp_path / target, tmp_path / key_file)
    assert end.code == 2
    assert message in end.errors
    assert {name: tree(tmp_path)[name] for name in before} == before
    assert {name for name in tree(tmp_path).keys() - before.keys() if not name.startswith("key/")} == set()


@pytest.mark.parametrize("other", ["source/inner", "link"])
def test_source_that_another_includes_is_a_usage_error(tmp_path: Path, other: str) -> None:
    write_series(tmp_path / "source" / "inner", 1)
    (tmp_path / "link").symlink_to("source")
    end = anonymize([tmp_path / "source", tmp_path / other], tmp_path / "out", write_key(tmp_path / "key"))
    assert end.code == 2
    assert "once" in end.errors or "only one of them" in end.errors
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "options", [["--workers", "0"], ["--profile", "none"], ["--retain", "everything"], ["--no-such-option"]]
)
def test_wrong_options_are_usage_errors(tmp_path: Path, options: list[str]) -> None:
    write_series(tmp_path / "source", 1)
    end = anonymize(tmp_path / "source", tmp_path / "out", tmp_path / "key" / "key", *options)
    assert end.code == 2
    assert end.errors
    assert {path.name for path in tmp_path.iterdir()} == {"source"}


def test_source_that_does_not_exist_is_a_usage_error(tmp_path: Path) -> None:
    end = anonymize(tmp_path / "nowhere", tmp_path / "out", tmp_path / "key")
    assert end.code == 2
    assert "does not exist" in end.errors
    assert list(tmp_path.iterdir()) == []


# The key file


def test_key_is_created_for_its_owner_alone_and_used_again(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 2)
    key_file = tmp_path / "new" / "folder" / "key"
    for target in ("first", "second"):
        assert anonymize(tmp_path / "source", tmp_path / target, key_file).code == 0
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert tree(tmp_path / "first") == tree(tmp_path / "second")


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX")
def test_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 1)
    key_file = write_key(tmp_path / "key")
    key_file.chmod(0o640)
    end = anonymize(tmp_path / "source", tmp_path / "out", key_file)
    assert end.code == 1
    assert "can be read by other users: run `chmod 600" in end.errors
    assert not (tmp_path / "out").exists()


def test_file_that_is_no_key_is_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 1)
    key_file = write_key(tmp_path / "key")
    key_file.write_text("not hexadecimal", encoding="ascii")
    end = anonymize(tmp_path / "source", tmp_path / "out", key_file)
    assert end.code == 1
    assert "is not a DicomSuite key" in end.errors
    assert not (tmp_path / "out").exists()


# A file that brings its process down

DIE_AT_POISON = """
import os, signal, sys
from DicomSuiteAnonymizeLib import instance_task
from DicomSuiteLib import cli

rewrite = instance_task.rewrite

def rewrite_or_die(source, engine, rank):
    if os.readlink(f"/proc/self/fd/{source.descriptor}").endswith("00005.dcm"):
        os.kill(os.getpid(), signal.SIGKILL)
    return rewrite(source, engine, rank)

instance_task.rewrite = rewrite_or_die
sys.exit(cli.main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs workers that are forked")
def test_file_that_kills_its_worker_is_the_only_one_refused(tmp_path: Path) -> None:
    write_series(tmp_path / "source", 40)
    key_file = write_key(tmp_path / "key")
    words = ["anonymize", tmp_path / "source", tmp_path / "out", "--key-file", key_file, "--workers", "2"]
    command = [sys.executable, "-c", DIE_AT_POISON, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3, done.stderr
    reasons = refused(key_file)
    assert reasons.keys() == {"00005.dcm"}
    assert "was killed by SIGKILL" in reasons["00005.dcm"]
    assert len(dicom_below(tmp_path / "out")) == 39
