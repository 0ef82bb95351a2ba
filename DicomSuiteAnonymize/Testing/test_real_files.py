"""Real files of many makers and encodings: each is written whole, or refused with its reason."""

from __future__ import annotations

import json
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import md5, sha256
from importlib.util import find_spec
from pathlib import Path

import pydicom
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from DicomSuiteAnonymizeLib.instance_task import NOT_DICOM, QUARANTINED, WRITTEN, FileTask, TaskSettings, process_batch
from DicomSuiteAnonymizeLib.profiles.profile import BUILT_IN
from DicomSuiteLib import cli
from rewriting import KEY
from validators import accepted_by_dcmftest, findings, in_parallel, reads_every_file

PROFILES = ("basic", "research", "teaching")
PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)

REFUSED = {
    "DICOMDIR": "a DICOMDIR",
    "DICOMDIR-bigEnd": "a DICOMDIR",
    "DICOMDIR-empty.dcm": "a DICOMDIR",
    "DICOMDIR-implicit": "a DICOMDIR",
    "DICOMDIR-nooffset": "broken: (0004,1220)",
    "DICOMDIR-nopatient": "a DICOMDIR",
    "DICOMDIR-reordered": "a DICOMDIR",
    "MR_truncated.dcm": "truncated: (7FE0,0010) claims 8192 bytes, but only 8130 follow",
    "chrJapMulti.dcm": "truncated: an image without its pixel data",
    "chrJapMultiExplicitIR6.dcm": "truncated: an image without its pixel data",
    "chrKoreanMulti.dcm": "truncated: an image without its pixel data",
    "SC_rgb_jpeg.dcm": "the data set is not in explicit VR little endian",
    "emri_small_jpeg_2k_lossless_too_short.dcm": "truncated: the compressed pixel data has no end",
    "empty_charset_LEI.dcm": "no SOP Class UID",
    "meta_missing_tsyntax.dcm": "no SOP Class UID",
    "nested_priv_SQ.dcm": "no SOP Class UID",
    "rtplan_truncated.dcm": "truncated: (300A,00B0) claims 976 bytes, but only 711 follow",
}
"""The only files that may be refused, and how their reasons begin."""


@dataclass(frozen=True)
class Pair:
    """A source and what was written for it."""

    source: Path
    output: Path


def folders() -> list[Path]:
    """pydicom's own data, and those of pydicom-data where it is installed."""
    found = [Path(pydicom.__file__).parent / "data"]
    more = find_spec("data_store")
    if more is not None and more.origin:
        found.append(Path(more.origin).parent / "data")
    return found


def files() -> list[Path]:
    return sorted(path for folder in folders() for path in folder.rglob("*") if path.is_file())


@pytest.fixture(scope="module")
def trees(tmp_path_factory) -> dict[str, Path]:
    """The command line's output folder by profile; each run ends with exit code 3, since some files are refused."""
    root = tmp_path_factory.mktemp("trees")
    (root / "key").write_text(KEY.hex() + "\n")
    (root / "key").chmod(0o600)
    for profile in PROFILES:
        options = ["--profile", profile, "--workers", "1", "--progress", "none", "--key-file", str(root / "key")]
        command = ["anonymize", *map(str, folders()), str(root / profile), "--allow-pixel-risk", *options]
        assert cli.main(command) == 3
    return {profile: root / profile for profile in PROFILES}


@pytest.fixture(scope="module")
def outputs(tmp_path_factory) -> Path:
    """Folder with a folder for each profile."""
    return tmp_path_factory.mktemp("outputs")


@pytest.fixture(scope="module")
def results(outputs) -> dict[str, list]:
    """Rows of the task that the command line runs, with sources as keys and one output name each, by profile."""
    found = {}
    for profile in PROFILES:
        target = outputs / profile
        settings = TaskSettings(BUILT_IN[profile], KEY, str(target), allow_pixel_risk=True)
        tasks = [FileTask(str(path), str(path), None, number) for number, path in enumerate(files(), 2)]
        found[profile] = [row._replace(output=str(target / row.output)) for row in process_batch(settings, tasks)[0]]
    return found


@pytest.fixture(scope="module")
def pairs(results) -> dict[str, list[Pair]]:
    return {
        profile: [Pair(Path(row.key), Path(row.output)) for row in rows if row.status == WRITTEN]
        for profile, rows in results.items()
    }


@pytest.fixture(scope="module")
def source_findings(pairs) -> dict[Path, Counter[str]]:
    """What dciodvfy says of the sources."""
    sources = [pair.source for pair in pairs["basic"]]
    return dict(zip(sources, in_parallel(lambda file: findings("dciodvfy", [file]), sources), strict=True))


def all_elements(dataset: Dataset) -> Iterator:
    for element in dataset:
        yield element
        if element.VR == "SQ":
            for item in element.value:
                yield from all_elements(item)


def pixel_digests(path: Path) -> dict[int, str]:
    """MD5 of the values as they stand in the file (fragments with their headers where compressed)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = dcmread(path, force=True)
    return {tag: md5(dataset.get_item(tag).value).hexdigest() for tag in PIXELS if tag in dataset}


@pytest.mark.parametrize("profile", PROFILES)
def test_every_file_is_written_or_refused_with_a_known_reason_or_is_not_dicom(profile, results):
    assert len(results[profile]) == len(files())
    refused = {
        Path(row.key): json.loads(row.payload)["reason"] for row in results[profile] if row.status == QUARANTINED
    }
    unknown = {
        path.name: reason for path, reason in refused.items() if not reason.startswith(REFUSED.get(path.name, "?"))
    }
    assert unknown == {}


def test_what_is_called_not_dicom_is_not_a_dicom_file_for_pydicom_either(results):
    others = [row.key for row in results["basic"] if row.status == NOT_DICOM]
    assert others
    for path in others:
        with pytest.raises(InvalidDicomError):
            dcmread(path)


@pytest.mark.parametrize("profile", PROFILES)
def test_the_command_line_counts_every_file_and_writes_what_was_checked(profile, trees, results, pairs):
    report = json.loads((trees[profile] / "report.json").read_text())
    statuses = Counter(row.status for row in results[profile])
    assert report["files"] == {
        "in": len(files()),
        "written": statuses[WRITTEN],
        "quarantined": statuses[QUARANTINED],
        "not_dicom": statuses[NOT_DICOM],
    }
    assert sum(report["reasons"].values()) == statuses[QUARANTINED]
    in_tree = Counter(sha256(path.read_bytes()).hexdigest() for path in trees[profile].rglob("*.dcm"))
    assert in_tree == Counter(sha256(pair.output.read_bytes()).hexdigest() for pair in pairs[profile])


@pytest.mark.parametrize("profile", PROFILES)
def test_every_written_file_is_read_completely_by_pydicom(profile, pairs):
    for pair in pairs[profile]:
        dataset = dcmread(pair.output)
        assert sum(1 for _ in all_elements(dataset)) > 3
        assert dataset.get("SOPInstanceUID", "") in ("", dataset.file_meta.MediaStorageSOPInstanceUID)
        assert dataset.PatientIdentityRemoved == "YES"


@pytest.mark.parametrize("profile", PROFILES)
def test_pixel_data_are_unchanged(profile, pairs):
    with_pixels = 0
    for pair in pairs[profile]:
        expected = pixel_digests(pair.source)
        with_pixels += bool(expected)
        assert pixel_digests(pair.output) == expected, pair.source.name
    assert with_pixels > 100


@pytest.mark.parametrize("profile", PROFILES)
def test_dcmftest_accepts_the_output_of_every_source_that_it_accepts(profile, pairs):
    accepted = accepted_by_dcmftest([pair.source for pair in pairs[profile]])
    expected = {pair.output for pair in pairs[profile] if pair.source in accepted}
    assert len(expected) > 100
    assert expected <= accepted_by_dcmftest([pair.output for pair in pairs[profile]])


@pytest.mark.parametrize("profile", PROFILES)
def test_dciodvfy_finds_no_error_that_the_source_did_not_have(profile, pairs, source_findings):
    after = in_parallel(lambda pair: findings("dciodvfy", [pair.output]), pairs[profile])
    added = {
        pair.source.name: new
        for pair, found in zip(pairs[profile], after, strict=True)
        if (new := found - source_findings[pair.source])
    }
    assert added == {}


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("reader", ["dcmdump", "gdcmdump"])
def test_other_readers_read_every_output(reader, profile, outputs, results):
    assert reads_every_file(reader, outputs / profile)
