"""`dicomsuite preprocess`: each step alone and all together, on one and many inputs, good and bad."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import MRImageStorage

from dicom_slices import write_stack
from DicomSuiteLib import cli
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.registration import Registration
from DicomSuiteSuperResLib import prepared_volume
from DicomSuiteSuperResLib.preprocess_run import CONTENT_NAME, LEDGER_NAME
from moved_heads import known_move, moved_brain, moved_head, sagittal_grid

PATIENT = "DOE_JANE"
GRID, MOVE = sagittal_grid(), known_move()


@pytest.fixture
def known_registration(monkeypatch):
    """Registration has tests of its own, and takes seconds; so would millions of voxels in MNI space."""
    monkeypatch.setattr("DicomSuiteLib.head_template.MNI_GRID", sagittal_grid())
    for module in ("DicomSuiteSuperResLib.prepared_volume", "DicomSuiteSuperResLib.brain_mask"):
        monkeypatch.setattr(f"{module}.register", lambda *_: Registration(MOVE, 0.5))


def small(path: Path, shape=(12, 14, 16)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = sitk.GetImageFromArray(np.random.default_rng(2).integers(1, 900, shape).astype(np.int16))
    image.SetSpacing((0.9, 1.1, 2.0))
    image.SetMetaData("ITK_FileNotes", PATIENT)
    sitk.WriteImage(image, str(path))
    return path


def head(path: Path) -> Path:
    image = sitk.GetImageFromArray(moved_head(GRID, MOVE).voxels)
    GRID.set_on_sitk(image)
    path.parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(image, str(path))
    return path


def preprocess(inputs, out: Path, *options: str):
    """Run the command quietly; returns its exit code and the content of preprocess.json."""
    named = [str(path) for path in (inputs if isinstance(inputs, list) else [inputs])]
    code = cli.main(["preprocess", *named, "--out", str(out), "--progress", "none", *options])
    path = out / CONTENT_NAME
    return code, json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def written(content, number: int = 0) -> dict[str, str]:
    return {file["kind"]: file["file"] for file in content["outputs"][number]["files"]}


def test_all_steps_together(tmp_path, known_registration):
    options = ("--brain", "atlas", "--normalise", "white-stripe", "--register", "--pairs", "2")
    code, content = preprocess(head(tmp_path / "in" / "a.nii.gz"), tmp_path / "out", *options)
    assert code == 0
    files = written(content)
    folder = tmp_path / "out"
    assert set(files) == {
        "brain mask", "prepared", "transform", "registration", "registered", "high", "low", "pair",
    }  # fmt: skip
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == sorted(
        [*files.values(), CONTENT_NAME]
    )
    brain = moved_brain(GRID, MOVE)
    assert np.array_equal(read_volume(folder / files["brain mask"]).voxels > 0, brain)
    prepared = read_volume(folder / files["prepared"])
    assert not prepared.voxels[~brain].any()
    assert prepared.grid.geometry.is_close(GRID)
    low, high = (read_volume(folder / files[kind]) for kind in ("low", "high"))
    assert np.allclose(low.grid.geometry.corners, high.grid.geometry.corners, atol=1e-3)
    assert content["outputs"][0]["steps"]["normalisation"]["scale"] > 0


def test_nothing_asked_for_is_a_usage_error(tmp_path, capsys):
    assert preprocess(small(tmp_path / "a.nrrd"), tmp_path / "out")[0] == 2
    assert "--brain" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_white_stripe_without_the_brain_is_a_usage_error(tmp_path, capsys):
    assert preprocess(small(tmp_path / "a.nrrd"), tmp_path / "out", "--normalise", "white-stripe")[0] == 2
    assert "add --brain" in capsys.readouterr().err


def test_noise_of_magnitudes_and_a_shifted_scale_are_a_usage_error(tmp_path, capsys):
    options = ("--normalise", "z-score", "--pairs", "2", "--noise", "1")
    assert preprocess(small(tmp_path / "a.nrrd"), tmp_path / "out", *options)[0] == 2
    assert "leave one of them out" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["DOE_JANE.nii.gz", "DOE_JANE.nrrd", "DOE_JANE.nii"])
def test_anonymized_results_tell_no_name_anywhere(tmp_path, name):
    source = small(tmp_path / PATIENT / name)
    before = read_volume(source)
    code, content = preprocess(source, tmp_path / "out", "--anonymize")
    assert code == 0
    for path in (tmp_path / "out").iterdir():
        assert PATIENT not in path.name
        assert PATIENT.encode() not in path.read_bytes()
    after = tmp_path / "out" / written(content)["prepared"]
    assert PATIENT not in json.dumps([sitk.ReadImage(str(after)).GetMetaData(key) for key in _keys(after)])
    assert np.array_equal(read_volume(after).voxels, before.voxels)
    assert read_volume(after).grid.is_close(before.grid)
    assert any("face" in warning for warning in content["outputs"][0]["warnings"])


def _keys(path: Path) -> tuple[str, ...]:
    return sitk.ReadImage(str(path)).GetMetaDataKeys()


def test_bad_input_stops_no_other_and_is_told_without_its_folder(tmp_path, capsys):
    folder = tmp_path / PATIENT
    small(folder / "good.nrrd")
    (folder / "bad.nii.gz").write_bytes(b"no image")
    nan = np.full((8, 8, 8), np.nan, np.float32)
    nan[0] = 1
    sitk.WriteImage(sitk.GetImageFromArray(nan), str(folder / "nan.nrrd"))
    code, content = preprocess(folder, tmp_path / "out", "--normalise", "z-score")
    assert code == 3
    assert [output["input"] for output in content["outputs"]] == ["good.nrrd"]
    assert {entry["input"] for entry in content["refused"]} == {"bad.nii.gz", "nan.nrrd"}
    assert PATIENT not in json.dumps(content)


def test_step_that_fails_leaves_what_the_others_made(tmp_path):
    code, content = preprocess(
        small(tmp_path / "a.nrrd"), tmp_path / "out", "--normalise", "percentile", "--pairs", "9"
    )
    assert code == 3
    assert set(written(content)) == {"prepared"}
    assert content["refused"][0]["what"] == "pair"
    assert content["outputs"][0]["problems"] == content["refused"]


def test_failure_of_one_input_is_not_told_of_another_of_its_name(tmp_path):
    bad = small(tmp_path / "1" / "a.nrrd")
    bad.write_bytes(b"")
    code, content = preprocess([bad, small(tmp_path / "2" / "a.nrrd")], tmp_path / "out", "--normalise", "z-score")
    assert (code, len(content["refused"])) == (3, 1)
    assert content["outputs"][0]["problems"] == []


def test_two_runs_are_byte_for_byte_the_same(tmp_path):
    source = small(tmp_path / "a.nii.gz")
    contents = []
    for name in ("one", "two"):
        code, _ = preprocess(
            source, tmp_path / name, "--anonymize", "--pairs", "2", "--noise", "3", "--seed", "4", "--bias-field"
        )
        assert code == 0
        files = [path for path in (tmp_path / name).iterdir() if not path.name.startswith(".")]
        contents.append({path.name: path.read_bytes() for path in files})
    assert contents[0] == contents[1]


def test_resumed_run_does_only_what_is_missing(tmp_path, monkeypatch):
    folder = tmp_path / "in"
    small(folder / "a.nrrd")
    small(folder / "b.nrrd")
    preprocess(folder, tmp_path / "out", "--normalise", "z-score")
    (tmp_path / "out" / CONTENT_NAME).unlink()
    removed = next((tmp_path / "out").glob("2-*"))
    removed.unlink()
    (tmp_path / "out" / ".x.nrrd.part").write_bytes(b"left over")
    (tmp_path / "out" / ".y.part").mkdir()
    (tmp_path / "out" / ".y.part" / "transform.tfm").write_bytes(b"left over")
    normalised = []
    original = prepared_volume.normalise
    monkeypatch.setattr(prepared_volume, "normalise", lambda *a: normalised.append(1) or original(*a))
    code, content = preprocess(folder, tmp_path / "out", "--normalise", "z-score", "--resume")
    assert (code, len(content["outputs"]), len(normalised)) == (0, 2, 1)
    assert removed.exists()
    assert not list((tmp_path / "out").glob(".*.part"))
    assert (tmp_path / "out" / LEDGER_NAME).exists()


def test_resuming_with_other_settings_is_refused(tmp_path, capsys):
    source = small(tmp_path / "a.nrrd")
    preprocess(source, tmp_path / "out", "--normalise", "z-score")
    assert preprocess(source, tmp_path / "out", "--normalise", "percentile", "--resume")[0] == 1
    assert "other settings" in capsys.readouterr().err


def test_dicom_files_come_on_standard_input(tmp_path, monkeypatch):
    files = write_stack(tmp_path / PATIENT, [4.0 * k for k in range(6)], SOPClassUID=MRImageStorage, Modality="MR")
    listed = "\n".join(map(str, files)).encode()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(listed)))
    code, content = preprocess("-", tmp_path / "out", "--pairs", "2", "--axis", "all", "--profile", "k-space")
    assert code == 0
    assert written(content)["low"] == "1-MR-low.nrrd"
    assert PATIENT not in json.dumps(content)


def test_progress_never_goes_back_and_ends_whole(tmp_path, capsys):
    small(tmp_path / "in" / "a.nrrd")
    small(tmp_path / "in" / "b.nrrd", shape=(1, 14, 16))
    options = ["--normalise", "z-score", "--pairs", "2", "--progress", "json"]
    assert cli.main(["preprocess", str(tmp_path / "in"), "--out", str(tmp_path / "out"), *options]) == 3
    captured = capsys.readouterr()
    reports = [json.loads(line) for line in captured.err.splitlines()]
    done = [report["done"] for report in reports]
    assert done == sorted(done)
    assert reports[-1]["done"] == reports[-1]["total"]
    assert set(json.loads(captured.out)["result"]) == {"schema", "outputs", "refused"}


def test_output_inside_the_inputs_is_refused(tmp_path, capsys):
    source = small(tmp_path / "a.nrrd")
    assert preprocess(source.parent, tmp_path / "out", "--anonymize")[0] == 2
    assert "inside" in capsys.readouterr().err
