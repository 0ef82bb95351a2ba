"""`dicomsuite train-superres`: from a folder of volumes to a model file."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from DicomSuiteLib.cli import main  # noqa: E402
from DicomSuiteLib.tasks import Cancelled, CancelToken  # noqa: E402
from DicomSuiteSuperResLib import training_run  # noqa: E402
from DicomSuiteSuperResLib.models import Upsampling  # noqa: E402
from DicomSuiteSuperResLib.own_checkpoint import read_checkpoint  # noqa: E402
from DicomSuiteSuperResLib.training_examples import PatchSize  # noqa: E402
from DicomSuiteSuperResLib.training_run import TrainingRequest, train  # noqa: E402


@pytest.fixture(autouse=True)
def small(monkeypatch):
    """Patches so small that a step takes no time."""
    patches = {Upsampling.THROUGH_PLANE: PatchSize(6, 8), Upsampling.ISOTROPIC: PatchSize(6, 6)}
    monkeypatch.setattr(training_run, "PATCHES", patches)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Two volumes with edges in all directions."""
    path = tmp_path_factory.mktemp("subjects")
    for name, seed in (("ann", 0), ("bob", 1)):
        generator = np.random.default_rng(seed)
        voxels = np.kron(generator.integers(0, 1000, (10, 10, 10)), np.ones((4, 4, 4))).astype(np.int16)
        sitk.WriteImage(sitk.GetImageFromArray(voxels), path / f"{name}.nii.gz")
    return path


def trained(folder: Path, out: Path, *words: str) -> int:
    return main(["train-superres", str(folder), "--out", str(out), "--factors", "2", "--progress", "none", *words])


def weights(path: Path) -> list[np.ndarray]:
    network = read_checkpoint(path).network(2)
    return [value.numpy() for value in network.state_dict().values()]


def test_a_model_is_written_with_its_card_and_measured_on_who_was_held_out(folder, tmp_path, capsys):
    out = tmp_path / "mine.safetensors"
    words = ("--steps", "2", "--hold-out", "bob", "--data", "one head", "--licence", "CC0")
    assert trained(folder, out, *words) == 0
    model = read_checkpoint(out)
    assert (model.identity.name, model.upsampling, model.factors) == ("mine", Upsampling.THROUGH_PLANE, (2,))
    assert (model.scope.data, model.scope.licence) == ("one head", "CC0")
    card = json.loads((tmp_path / "mine.json").read_text())
    assert (card["subjects"], card["training"]["steps"], card["data"]) == (1, 2, "one head")
    assert [gain["noise"] for gain in card["gain_over_cubic_db"]] == [0.0, 0.02]
    assert "dB over cubic" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.json", "mine.safetensors"]


def test_neither_card_nor_model_names_subjects_or_folders(folder, tmp_path):
    trained(folder, tmp_path / "m.safetensors", "--steps", "1", "--hold-out", "bob")
    written = (tmp_path / "m.json").read_bytes() + (tmp_path / "m.safetensors").read_bytes()
    assert not any(word.encode() in written for word in ("ann", "bob", folder.name, str(tmp_path)))


def test_the_same_seed_and_steps_give_the_same_bytes_another_seed_others(folder, tmp_path):
    for number, seed in enumerate("001"):
        (tmp_path / str(number)).mkdir()
        trained(folder, tmp_path / str(number) / "m.safetensors", "--steps", "2", "--seed", seed)
    first, second, third = ((tmp_path / str(number) / "m.safetensors").read_bytes() for number in range(3))
    assert first == second != third


def test_training_moves_the_network_away_from_the_linear_filter(folder, tmp_path):
    trained(folder, tmp_path / "m.safetensors", "--steps", "3")
    head = read_checkpoint(tmp_path / "m.safetensors").network(2).network.heads["2"].weight
    assert float(head.abs().max()) > 0


def test_an_isotropic_model_can_be_trained(folder, tmp_path):
    assert trained(folder, tmp_path / "m.safetensors", "--steps", "1", "--kind", "isotropic") == 0
    assert read_checkpoint(tmp_path / "m.safetensors").upsampling is Upsampling.ISOTROPIC


def test_an_interrupted_training_goes_on_and_ends_as_if_it_had_not_been(folder, tmp_path):
    def request(out: str, **more) -> TrainingRequest:
        return TrainingRequest(folder, tmp_path / out / "m.safetensors", factors=(2,), steps=4, **more)

    for name in ("whole", "parts"):
        (tmp_path / name).mkdir()
    train(request("whole"), lambda spent: None, CancelToken())
    token = CancelToken()
    with pytest.raises(Cancelled):
        train(request("parts"), lambda spent: token.cancel() if spent >= 0.5 else None, token)
    assert not (tmp_path / "parts" / "m.safetensors").exists()
    card = train(request("parts", resume=True), lambda spent: None, CancelToken())
    assert card["training"]["steps"] == 4
    for one, other in zip(*(weights(tmp_path / name / "m.safetensors") for name in ("whole", "parts")), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("content", [b"no state", b"\x80\x02no pickle.", b"PK\x03\x04no archive", b""])
def test_a_state_that_is_damaged_is_refused(folder, tmp_path, capsys, content):
    (tmp_path / "m.safetensors.training").write_bytes(content)
    assert trained(folder, tmp_path / "m.safetensors", "--steps", "1", "--resume") == 1
    assert "remove it to begin anew" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("--hold-out", "bob"), ("--seed", "1")])
def test_a_training_is_only_resumed_as_it_was_begun(folder, tmp_path, capsys, words):
    out = tmp_path / "m.safetensors"
    token = CancelToken()
    with pytest.raises(Cancelled):
        train(TrainingRequest(folder, out, factors=(2,), steps=2), lambda spent: token.cancel(), token)
    assert trained(folder, out, "--steps", "2", "--resume", *words) == 1
    assert "with other volumes" in capsys.readouterr().err
    assert trained(folder, out, "--steps", "2") == 2
    assert "go on with it by --resume" in capsys.readouterr().err
    assert trained(folder, out, "--steps", "2", "--resume") == 0


@pytest.mark.parametrize("name", ["m.safetensors", "m.json"])
def test_what_is_there_already_is_not_overwritten(folder, tmp_path, capsys, name):
    (tmp_path / name).write_text("mine")
    assert trained(folder, tmp_path / "m.safetensors", "--steps", "1", "--resume") == 2
    assert f"{name} is there already" in capsys.readouterr().err
    assert (tmp_path / name).read_text() == "mine"


def test_a_folder_that_cannot_be_written_to_is_told_before_volumes_are_read(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training_run, "read_subjects", lambda _: pytest.fail("volumes were read"))
    (tmp_path / "file").touch()
    assert trained(tmp_path, tmp_path / "file" / "m.safetensors", "--steps", "1") == 2
    assert "cannot be used for the model" in capsys.readouterr().err


@pytest.mark.parametrize("words", [
    ("--factors", "7"), ("--minutes", "0"), ("--minutes", "nan"), ("--minutes", "inf"), ("--steps", "0"),
    ("--out", "model.pt"), ("--seed", "-1"), ("--seed", str(2**32)),
])  # fmt: skip
def test_what_cannot_be_trained_is_a_mistake_of_usage(folder, tmp_path, words):
    assert trained(folder, tmp_path / "m.safetensors", *words) == 2


def test_a_folder_without_volumes_is_refused(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert trained(tmp_path / "empty", tmp_path / "m.safetensors", "--steps", "1") != 0
    assert "name other folders" in capsys.readouterr().err
