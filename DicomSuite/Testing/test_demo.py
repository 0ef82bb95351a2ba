"""`dicomsuite demo`: it does what it says, and never deletes what it did not write."""

import contextlib
import io
import json
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import pydicom
import pytest

from copied_study import copied_study
from DicomSuiteLib import cli
from DicomSuiteLib.demo_command import count_strings


@dataclass(frozen=True)
class Again:
    """A demo that has run a second time in its folder: its exit code, what it said, and the key before and after."""

    code: int
    said: str
    keys: tuple[bytes, bytes]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, int]:
    """The folder of a demo that has run, and its exit code."""
    out = tmp_path_factory.mktemp("demo") / "my demo"
    return out, cli.main(["demo", str(out)])


@pytest.fixture(scope="module")
def again(finished: tuple[Path, int]) -> Again:
    out, _ = finished
    key_file = out / "secret" / "key"
    before, said = key_file.read_bytes(), io.StringIO()
    with contextlib.redirect_stdout(said):
        code = cli.main(["demo", str(out)])
    return Again(code, said.getvalue(), (before, key_file.read_bytes()))


def test_demo_ends_well_and_leaves_no_planted_string(finished, tmp_path):
    out, code = finished
    planted = copied_study(tmp_path / "same study").planted
    assert code == 0
    assert count_strings(out / "source", planted) > 1000
    assert count_strings(out / "deidentified", planted) == 0


def test_demo_writes_all_but_the_burned_in_capture(finished):
    out, _ = finished
    written = [pydicom.dcmread(path) for path in (out / "deidentified").rglob("*.dcm")]
    assert sorted({dataset.Modality for dataset in written}) == ["CT", "RTSTRUCT"]
    assert len(written) == len(list((out / "source").rglob("*.dcm"))) - 1
    assert {dataset.PatientIdentityRemoved for dataset in written} == {"YES"}


def test_structure_set_still_resolves_to_the_ct(finished):
    out, _ = finished
    written = [pydicom.dcmread(path) for path in (out / "deidentified").rglob("*.dcm")]
    images = {dataset.SOPInstanceUID for dataset in written if dataset.Modality == "CT"}
    (structures,) = (dataset for dataset in written if dataset.Modality == "RTSTRUCT")
    referenced = {
        item.ReferencedSOPInstanceUID
        for roi in structures.ROIContourSequence
        for contour in roi.ContourSequence
        for item in contour.ContourImageSequence
    }
    assert referenced == images


def test_contours_of_the_copy_and_the_mask_of_the_original_meet_on_the_copy(finished):
    out, _ = finished
    content = json.loads((out / "overlay" / "alignment.json").read_text(encoding="utf-8"))
    assert [mask["verdict"] for mask in content["masks"]] == ["placed", "placed"]
    (pair,) = json.loads((out / "overlay" / "comparison.json").read_text(encoding="utf-8"))["rows"]
    assert pair["dice"] > 0.98
    assert (out / "overlay" / "report.html").is_file()


def test_demo_ends_with_pictures_of_the_copy_that_name_nobody(finished, tmp_path):
    out, _ = finished
    content = json.loads((out / "pictures" / "render.json").read_text(encoding="utf-8"))
    assert content["refused"] == []
    kinds = {"slice", "mode", "turntable"} if find_spec("slicer") else {"slice"}
    assert {picture["kind"] for picture in content["pictures"]} == kinds
    assert (out / "pictures" / "report.html").is_file()
    assert count_strings(out / "pictures", copied_study(tmp_path / "same study").planted) == 0


def test_demo_names_its_figures_and_its_places(finished, again):
    out, _ = finished
    assert again.code == 0, "an earlier demo may be run again"
    assert "41 written, 1 quarantined" in again.said
    assert "ultrasound" in again.said
    assert ", 0 in the de-identified copy" in again.said
    for name in ("report.html", "report.json"):
        assert str(out / "deidentified" / name) in again.said
        assert (out / "deidentified" / name).is_file()


def test_same_key_is_kept_when_the_demo_runs_again(again):
    assert again.code == 0
    assert again.keys[0] == again.keys[1]


def test_folder_of_the_user_is_deidentified_and_only_read(tmp_path, capsys):
    study = copied_study(tmp_path / "mine")
    before = {path: path.read_bytes() for path in study.dicom_files}
    code = cli.main(["demo", str(tmp_path / "out"), "--input", str(study.folder)])
    assert code == 3, "the capture is refused"
    assert {path: path.read_bytes() for path in study.dicom_files} == before
    assert count_strings(tmp_path / "out" / "deidentified", study.planted) == 0
    assert "none to search for" in capsys.readouterr().out


def test_folder_with_other_files_is_refused_and_left_alone(tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("mine")
    assert cli.main(["demo", str(tmp_path)]) == 1
    assert "not empty" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("given", ["out", "out/source", "."])
def test_input_that_overlaps_the_output_is_refused_before_anything_is_deleted(tmp_path, capsys, given):
    study = copied_study(tmp_path / "out" / "source")
    (tmp_path / "out" / "DICOMSUITE-DEMO.txt").write_text("an earlier demo")
    assert cli.main(["demo", str(tmp_path / "out"), "--input", str(tmp_path / given)]) == 2
    assert "inside one another" in capsys.readouterr().err
    assert all(path.is_file() for path in study.dicom_files)


def test_link_in_place_of_a_demo_folder_is_not_followed_when_deleting(tmp_path, capsys):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "scan.dcm").write_bytes(b"x")
    out = tmp_path / "out"
    out.mkdir()
    (out / "DICOMSUITE-DEMO.txt").write_text("an earlier demo")
    (out / "source").symlink_to(precious, target_is_directory=True)
    assert cli.main(["demo", str(out)]) == 1
    assert (precious / "scan.dcm").is_file()
    assert "name another folder" in capsys.readouterr().err


def test_missing_input_folder_is_named(tmp_path, capsys):
    assert cli.main(["demo", str(tmp_path / "out"), "--input", str(tmp_path / "nowhere")]) == 2
    assert "nowhere" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_counting_finds_every_spelling_in_contents_and_file_names(tmp_path):
    (tmp_path / "Zoë.bin").write_bytes("x Zoë".encode("latin-1") + "Zoë".encode())
    (tmp_path / "report.json").write_text(json.dumps({"name": "Zoë"}), encoding="utf-8")
    assert count_strings(tmp_path, ("Zoë",)) == 4
