"""`dicomsuite superres`: what one command makes of many volumes, how it ends, and what bad inputs do."""

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from pydicom.uid import MRImageStorage
from scipy import ndimage

from dicom_slices import write_stack
from DicomSuiteLib import cli
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteSuperResLib import superres_run
from DicomSuiteSuperResLib.chosen_model import ModelChoice
from DicomSuiteSuperResLib.models import DERIVED, ModelScope, Upsampling
from DicomSuiteSuperResLib.superres_run import CONTENT_NAME, LEDGER_NAME, REPORT_NAME, TABLE_NAME
from DicomSuiteSuperResLib.volume_metrics import compare

pytest.importorskip("torch")
pytest.importorskip("safetensors")

PATIENT = "DOE_JANE"
SHAPE = (8, 20, 18)
"""Slices, rows, columns of thick volumes."""
SPACING = (1.0, 1.0, 4.0)
"""mm along i, j, k."""
FACTOR = 4


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A small network with random weights."""
    import torch

    from DicomSuiteSuperResLib.own_checkpoint import write_checkpoint
    from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler

    torch.set_num_threads(1)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = ResidualUpsampler(NetworkShape(Upsampling.THROUGH_PLANE, (2, FACTOR), width=4, blocks=1))
    path = tmp_path_factory.mktemp("model") / "small.safetensors"
    write_checkpoint(path, network, "small", "1", ModelScope())
    return path


def texture(seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 1)
    return np.rint(500 + 150 * noise / noise.std()).astype(np.int16)


def image(path: Path, voxels: np.ndarray, spacing=SPACING, origin=(-10.0, 5.0, 20.0), is_vector: bool = False) -> Path:
    """Write an image whose first voxel's outer corner lies at `origin`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = sitk.GetImageFromArray(voxels, isVector=is_vector)
    if written.GetDimension() == 3:
        written.SetSpacing(spacing)
        written.SetOrigin([start + step / 2 for start, step in zip(origin, spacing, strict=True)])
    sitk.WriteImage(written, str(path))
    return path


def series(folder: Path) -> list[Path]:
    return write_stack(
        folder, [4.0 * k for k in range(6)], SOPClassUID=MRImageStorage, Modality="MR", Rows=16, Columns=16,
        SeriesNumber=1, InstitutionName="Hospital",
    )  # fmt: skip


def superres(inputs, out: Path, model: Path | str, *options: str):
    """Run the command quietly; returns its exit code and the content of superres.json."""
    named = [str(path) for path in (inputs if isinstance(inputs, list) else [inputs])]
    words = ["superres", *named, "--out", str(out), "--model", str(model), "--progress", "none", *options]
    code = cli.main(words)
    path = out / CONTENT_NAME
    return code, json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def batch(model, tmp_path_factory):
    """A folder of a patient with two image files, a series and a broken file, super-resolved with a report."""
    folder = tmp_path_factory.mktemp("batch")
    source = folder / PATIENT
    image(source / "t2.nii.gz", texture(1).astype(np.float32))
    image(source / PATIENT / "flair.nrrd", texture(2))
    series(source / "series")
    (source / "cut.nrrd").write_bytes((source / PATIENT / "flair.nrrd").read_bytes()[:1500])
    before = contents(source)
    code, content = superres(source, folder / "out", model, "--report")
    assert contents(source) == before
    return folder / "out", code, content


def test_every_volume_of_a_folder_is_super_resolved_and_a_bad_one_is_told(batch):
    out, code, content = batch
    assert code == 3
    assert [entry["input"] for entry in content["outputs"]] == ["flair.nrrd", "t2.nii.gz", "series 4 (MR, 6 images)"]
    assert [entry["file"] for entry in content["outputs"]] == [
        "1-flair-superres.nrrd", "3-t2-superres.nii.gz", "4-MR-superres.nrrd",
    ]  # fmt: skip
    ((name, reason),) = [(entry["input"], entry["reason"]) for entry in content["refused"]]
    assert name == "cut.nrrd"
    assert "damaged, cut short" in reason
    for entry in content["outputs"]:
        volume = read_volume(out / entry["file"])
        assert list(volume.grid.size) == entry["size"]
        assert volume.grid.geometry.spacing == pytest.approx(entry["spacing"], abs=1e-4)


def test_result_has_the_box_and_the_type_of_its_input(batch):
    out, _, _ = batch
    flair, t2 = (read_volume(out / name) for name in ("1-flair-superres.nrrd", "3-t2-superres.nii.gz"))
    assert flair.voxels.shape == (SHAPE[0] * FACTOR, *SHAPE[1:])
    assert flair.voxels.dtype == np.int16
    assert t2.voxels.dtype == np.float32
    low = np.array((-10.0, 5.0, 20.0))
    high = low + np.array(SHAPE[::-1]) * SPACING
    for volume in (flair, t2):
        assert volume.grid.geometry.corners.min(axis=0) == pytest.approx(low, abs=1e-5)
        assert volume.grid.geometry.corners.max(axis=0) == pytest.approx(high, abs=1e-5)


def test_everything_written_is_listed_and_nothing_names_the_patient(batch):
    out, _, content = batch
    written = set(contents(out))
    listed = {name for entry in content["outputs"] for name in entry["files"]}
    assert written == {*listed, *content["files"], CONTENT_NAME, LEDGER_NAME}
    for name, data in contents(out).items():
        assert PATIENT not in name
        assert PATIENT.encode() not in data
        assert b"Hospital" not in data and b"Doe^Jane" not in data


def test_report_stands_alone_tells_that_results_are_derived_and_shows_reformats(batch):
    out, _, content = batch
    text = (out / REPORT_NAME).read_text(encoding="utf-8")
    assert DERIVED in text
    assert text.count("data:image/png;base64,") == sum(len(entry["pictures"]) for entry in content["outputs"]) == 6
    assert "cut.nrrd: no result" in text


def test_table_has_a_row_for_every_result(batch):
    out, _, _ = batch
    with (out / TABLE_NAME).open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["number"] for row in rows] == ["1", "3", "4"]
    assert rows[0]["size"] == "18 x 20 x 32"
    assert rows[0]["super-resolved psnr_db"] == ""


def test_model_is_named_with_its_digest(batch, model):
    import hashlib

    _, _, content = batch
    digest = hashlib.sha256(model.read_bytes()).hexdigest()
    assert content["model"] == {"name": "small", "version": "1", "sha256": digest}


def test_two_runs_write_the_same_bytes(model, tmp_path):
    source = image(tmp_path / "a.nrrd", texture())
    runs = []
    for name in ("one", "two"):
        superres(source, tmp_path / name, model, "--report", "--back-projections", "1")
        content = contents(tmp_path / name)
        runs.append({name: data for name, data in content.items() if name.endswith((".nrrd", ".png"))})
    assert len(runs[0]) == 3
    assert runs[0] == runs[1]


@pytest.mark.parametrize(
    ("options", "size", "axis"),
    [
        (("--factor", "2"), [18, 20, 16], "k"),
        (("--spacing", "1.6"), [18, 20, 20], "k"),
        (("--axis", "i", "--factor", "2"), [36, 20, 8], "i"),
    ],
)
def test_grid_is_the_one_that_was_asked_for(model, tmp_path, options, size, axis):
    _, content = superres(image(tmp_path / "a.nrrd", texture()), tmp_path / "out", model, *options)
    (entry,) = content["outputs"]
    assert (entry["size"], entry["axis"]) == (size, axis)


def test_format_can_be_chosen(model, tmp_path):
    _, content = superres(image(tmp_path / "a.nrrd", texture()), tmp_path / "out", model, "--format", "nifti")
    assert content["outputs"][0]["file"] == "1-a-superres.nii.gz"


def test_what_speaks_against_relying_on_a_result_stands_in_it_and_is_told_before(model, tmp_path, capsys):
    source = image(tmp_path / "mask.nrrd", (texture() > 500).astype(np.int16))
    _, content = superres(source, tmp_path / "out", model)
    (entry,) = content["outputs"]
    sidecar = json.loads((tmp_path / "out" / "1-mask-superres.json").read_text(encoding="utf-8"))
    for warnings in (entry["warnings"], sidecar["warnings"]):
        assert sum("as in a mask" in warning for warning in warnings) == 1
    capsys.readouterr()
    cli.main(["superres", str(source), "--estimate", "--model", str(model)])
    assert "as in a mask" in capsys.readouterr().out


# Against a reference


@pytest.fixture
def pair(tmp_path):
    """Thin slices, and the thick ones that are their means."""
    thin = texture(5, (SHAPE[0] * FACTOR, *SHAPE[1:]))
    reference = image(tmp_path / "thin" / "a.nrrd", thin, (1.0, 1.0, 1.0))
    thick = np.rint(thin.reshape(SHAPE[0], FACTOR, *SHAPE[1:]).mean(axis=1)).astype(np.int16)
    return image(tmp_path / "thick" / "a.nrrd", thick), reference


def test_results_are_measured_against_a_reference_beside_cubic_interpolation(model, tmp_path, pair):
    thick, reference = pair
    code, content = superres(thick, tmp_path / "out", model, "--compare", str(reference), "--report")
    assert code == 0
    (entry,) = content["outputs"]
    expected = compare(read_volume(reference), read_volume(tmp_path / "out" / entry["file"]))
    assert entry["metrics"]["super-resolved"]["psnr_db"] == pytest.approx(expected.whole.psnr)
    assert entry["metrics"]["super-resolved"]["ssim"] == pytest.approx(expected.whole.ssim)
    assert entry["metrics"]["cubic"]["psnr_db"] > 15
    with (tmp_path / "out" / "1-a-metrics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (1 + SHAPE[0] * FACTOR)
    text = (tmp_path / "out" / REPORT_NAME).read_text(encoding="utf-8")
    assert "<svg" in text and "Edge sharpness" in text


def test_references_in_a_folder_belong_to_the_inputs_of_their_name(model, tmp_path, pair):
    thick, reference = pair
    other = image(thick.parent / "b.nrrd", texture())
    code, content = superres([thick, other], tmp_path / "out", model, "--compare", str(reference.parent))
    assert code == 3
    assert [bool(entry["metrics"]) for entry in content["outputs"]] == [True, False]
    (refused,) = content["refused"]
    assert (refused["input"], refused["what"]) == ("b.nrrd", "comparison")
    assert "No reference is called like b.nrrd" in refused["reason"]


def test_reference_on_another_grid_is_refused_and_the_result_kept(model, tmp_path, pair):
    thick, reference = pair
    code, content = superres(thick, tmp_path / "out", model, "--compare", str(reference), "--factor", "2")
    assert code == 3
    assert "do not lie on the same grid" in content["refused"][0]["reason"]
    assert (tmp_path / "out" / content["outputs"][0]["file"]).exists()


def test_reference_that_cannot_be_read_is_told_without_its_place(model, tmp_path, pair):
    thick, reference = pair
    named = tmp_path / PATIENT
    named.mkdir()
    (named / "a.nrrd").write_bytes(reference.read_bytes()[:900])
    code, content = superres(thick, tmp_path / "out", model, "--compare", str(named / "a.nrrd"))
    assert code == 3
    (refused,) = content["refused"]
    assert "The reference cannot be read" in refused["reason"]
    assert PATIENT not in json.dumps(content)


# As DICOM


def test_derived_series_joins_the_study_of_its_source(model, tmp_path):
    files = series(tmp_path / "series")
    other = image(tmp_path / "a.nrrd", texture())
    code, content = superres([files[0].parent, other], tmp_path / "out", model, "--dicom", "--factor", "2")
    assert code == 3
    entries = {entry["input"]: entry for entry in content["outputs"]}
    assert [(entry["input"], entry["what"]) for entry in content["refused"]] == [("a.nrrd", "DICOM series")]
    assert entries["a.nrrd"]["dicom"] is None
    derived = read_volume(tmp_path / "out" / entries["series 2 (MR, 6 images)"]["dicom"])
    acquired = read_volume(files[0].parent)
    assert derived.voxels.shape == (12, 16, 16)
    assert derived.frame_of_reference_uid == acquired.frame_of_reference_uid
    assert derived.grid.geometry.corners == pytest.approx(acquired.grid.geometry.corners, abs=1e-3)


# Bad inputs


def test_bad_inputs_are_refused_with_their_reasons_and_stop_nothing(model, tmp_path):
    source = tmp_path / "source"
    image(source / "good.nrrd", texture())
    image(source / "2d.nrrd", texture()[0])
    image(source / "rgb.nrrd", np.stack([texture()] * 3, axis=-1).astype(np.uint8), is_vector=True)
    image(source / "nan.nrrd", np.where(texture() > 800, np.nan, texture()).astype(np.float32))
    image(source / "single.nrrd", texture()[:1])
    image(source / "4d.nrrd", np.stack([texture()] * 2))
    (source / "empty.nrrd").write_bytes(b"")
    code, content = superres(source, tmp_path / "out", model)
    assert code == 3
    assert [entry["input"] for entry in content["outputs"]] == ["good.nrrd"]
    reasons = {entry["input"]: entry["reason"] for entry in content["refused"]}
    expected = {
        "2d.nrrd": "2 dimensions", "rgb.nrrd": "3 values a voxel", "nan.nrrd": "not finite", "4d.nrrd": "4 dimensions",
        "single.nrrd": "single slice", "empty.nrrd": "damaged, cut short",
    }  # fmt: skip
    assert reasons.keys() == expected.keys()
    for name, words in expected.items():
        assert words in reasons[name]


def test_memory_that_does_not_suffice_is_told_and_the_next_input_treated(model, tmp_path, monkeypatch):
    original = superres_run.super_resolve

    def short_of_memory(volume, *args):
        if volume.voxels.shape[0] == 9:
            raise MemoryError
        return original(volume, *args)

    monkeypatch.setattr(superres_run, "super_resolve", short_of_memory)
    inputs = [image(tmp_path / "a.nrrd", texture(0, (9, 20, 18))), image(tmp_path / "b.nrrd", texture())]
    code, content = superres(inputs, tmp_path / "out", model)
    assert code == 3
    assert "not enough memory" in content["refused"][0]["reason"]
    assert [entry["input"] for entry in content["outputs"]] == ["b.nrrd"]


def test_an_unexpected_error_is_told_by_its_kind_alone_and_the_next_input_treated(model, tmp_path, monkeypatch, capsys):
    original = superres_run.super_resolve

    def mistaken(volume, *args):
        if volume.voxels.shape[0] == 9:
            raise IndexError(PATIENT)
        return original(volume, *args)

    monkeypatch.setattr(superres_run, "super_resolve", mistaken)
    inputs = [image(tmp_path / "a.nrrd", texture(0, (9, 20, 18))), image(tmp_path / "b.nrrd", texture())]
    code, content = superres(inputs, tmp_path / "out", model)
    assert code == 3
    assert "IndexError" in content["refused"][0]["reason"]
    assert [entry["input"] for entry in content["outputs"]] == ["b.nrrd"]
    assert PATIENT not in json.dumps(content) + capsys.readouterr().err


def test_wrong_model_files_end_the_run_before_a_folder_is_made(tmp_path, capsys):
    source = image(tmp_path / "a.nrrd", texture())
    (tmp_path / "model.pt").write_text("no model")
    code, content = superres(source, tmp_path / "out", tmp_path / "model.pt")
    assert (code, content) == (1, None)
    assert "is no model that is understood" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


# Mistakes in the call


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["a.nrrd"], "--out is missing"),
        (["--out", "out"], "No input is named"),
        (["missing.nrrd", "--out", "out"], "missing.nrrd does not exist"),
        (["a.nrrd", "--out", "out", "--model", "bicubic"], "neither a model's file nor a bundled model"),
        (["a.nrrd", "--out", "out", "--compare", "thin.nrrd"], "thin.nrrd does not exist"),
        (["a.nrrd", "--out", "out", "--argument", "act=print()"], "NAME=VALUE"),
        ([".", "--out", "out"], "lies inside"),
        (["a.nrrd", "--out", "out", "--tile", "15"], "a tile has 16 or more"),
        (["a.nrrd", "--out", "out", "--back-projections", "101"], "from 0 to 100"),
    ],
)
def test_mistakes_in_the_call_are_told_before_anything_is_written(
    model, tmp_path, monkeypatch, capsys, words, message
):
    image(tmp_path / "a.nrrd", texture())
    monkeypatch.chdir(tmp_path)
    if "--model" not in words:
        words = [*words, "--model", str(model)]
    assert cli.main(["superres", *words, "--progress", "none"]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_folder_that_holds_something_is_not_written_to(model, tmp_path):
    source = image(tmp_path / "a.nrrd", texture())
    image(tmp_path / "out" / "mine.nrrd", texture())
    assert superres(source, tmp_path / "out", model)[0] == 2
    assert superres(source, tmp_path / "out", model, "--resume")[0] == 2
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["mine.nrrd"]


# Interrupted, resumed, watched


@pytest.fixture
def three(tmp_path):
    return [image(tmp_path / f"{name}.nrrd", texture(number)) for number, name in enumerate("abc")]


def test_resumed_run_does_what_is_left_and_equals_an_uninterrupted_one(model, tmp_path, monkeypatch, three):
    out = tmp_path / "out"
    original, treated = superres_run.super_resolve, []

    def watched(volume, *args):
        treated.append(volume.files[0].name)
        if len(treated) == 2:
            raise KeyboardInterrupt
        return original(volume, *args)

    monkeypatch.setattr(superres_run, "super_resolve", watched)
    assert superres(three, out, model)[0] == 130
    assert {name for name in contents(out) if name.endswith(".nrrd")} == {"1-a-superres.nrrd"}
    (out / ".1-a-superres.nrrd.part").write_bytes(b"left over")
    (out / ".1-a-dicom.part").mkdir()
    (out / ".1-a-dicom.part" / "00001.dcm").write_bytes(b"left over")
    code, content = superres(three, out, model, "--resume")
    assert code == 0
    assert treated == ["a.nrrd", "b.nrrd", "b.nrrd", "c.nrrd"]
    superres(three, tmp_path / "afresh", model)
    afresh = contents(tmp_path / "afresh")
    resumed = contents(out)
    assert resumed.keys() == afresh.keys()
    assert not (out / ".1-a-dicom.part").exists()
    assert all(resumed[name] == afresh[name] for name in afresh if name.endswith(".nrrd"))
    assert [entry["number"] for entry in content["outputs"]] == [1, 2, 3]


def test_resumed_run_tries_again_what_was_refused_and_what_has_gone(model, tmp_path, three):
    out = tmp_path / "out"
    kept = three[1].read_bytes()
    three[1].write_bytes(b"")
    assert superres(three, out, model)[0] == 3
    (out / "3-c-superres.nrrd").unlink()
    assert superres(three, out, model, "--resume")[0] == 3
    assert (out / "3-c-superres.nrrd").exists()
    three[1].write_bytes(kept)
    assert superres(three, out, model, "--resume")[0] == 1  # another input is another run


def test_run_with_other_settings_is_not_resumed(model, tmp_path, capsys, three):
    superres(three, tmp_path / "out", model)
    assert superres(three, tmp_path / "out", model, "--resume", "--factor", "2")[0] == 1
    assert "other settings" in capsys.readouterr().err


def test_progress_only_grows_and_reaches_the_end(model, tmp_path, capsys, three):
    words = ["superres", *map(str, three), "--out", str(tmp_path / "out"), "--model", str(model), "--progress", "json"]
    assert cli.main(words) == 0
    captured = capsys.readouterr()
    told = [json.loads(line) for line in captured.err.splitlines()]
    assert all(before["done"] <= after["done"] for before, after in zip(told, told[1:], strict=False))
    assert (told[-1]["done"], told[-1]["outputs"], told[-1]["refused"]) == (told[-1]["total"], 3, 0)
    assert set(json.loads(captured.out)["result"]) == {"schema", "derived", "model", "outputs", "refused", "files"}


def test_interrupt_between_steps_leaves_no_unfinished_file(model, tmp_path, monkeypatch):
    source = image(tmp_path / "a.nrrd", texture())
    original = superres_run.super_resolve

    def interrupted(volume, model, request, progress, token):
        token.cancel()
        return original(volume, model, request, progress, token)

    monkeypatch.setattr(superres_run, "super_resolve", interrupted)
    assert superres(source, tmp_path / "out", model)[0] == 130
    assert set(contents(tmp_path / "out")) == {LEDGER_NAME}


# Without a run


def test_files_can_be_named_on_standard_input(model, tmp_path, monkeypatch):
    files = series(tmp_path / "series")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("\n".join(map(str, files)).encode())))
    code, content = superres("-", tmp_path / "out", model)
    assert code == 0
    assert [entry["input"] for entry in content["outputs"]] == ["series 1 (MR, 6 images)"]


def test_estimate_tells_the_size_and_writes_nothing(model, tmp_path, capsys):
    source = image(tmp_path / "a.nrrd", texture())
    assert cli.main(["superres", str(source), "--estimate", "--model", str(model), "--factor", "2"]) == 0
    assert "a.nrrd: 18 x 20 x 16 voxels of 1 x 1 x 2 mm" in capsys.readouterr().out
    assert [path.name for path in tmp_path.iterdir()] == ["a.nrrd"]


def test_bundled_models_are_listed_and_estimated_without_being_loaded(tmp_path, capsys, monkeypatch):
    assert cli.main(["superres", "--model", "list"]) == 0
    listed = capsys.readouterr().out
    assert "through-plane, factors 2, 3, 4, 5, 6" in listed
    assert "isotropic" in listed
    monkeypatch.setattr(ModelChoice, "load", None)
    source = image(tmp_path / "a.nrrd", texture())
    assert cli.main(["superres", str(source), "--estimate"]) == 0
    assert "18 x 20 x 32 voxels" in capsys.readouterr().out
