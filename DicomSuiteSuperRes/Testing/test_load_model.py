"""Users' models: every way to save one is read, and nothing in a file runs."""

from __future__ import annotations

import io
import pickle
import re
import struct
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.load_model import load_model
from DicomSuiteSuperResLib.models import LoadedModel, Normalisation, Upsampling
from users_models import CreatesFile, monai_network, saved, small_unet, with_prefix, write_bundle, zipped

torch = pytest.importorskip("torch")
pytest.importorskip("monai")

UNET = {"_target_": "UNet", "spatial_dims": 3, "in_channels": 1, "out_channels": 1, "channels": [4, 8], "strides": [2]}


SMALL = (8, 8, 8)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """For networks as small as these, threads wait for each other longer than they compute."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def output(network: Any, size: tuple[int, int, int] = SMALL) -> Any:
    volume = torch.from_numpy(np.random.default_rng(5).random((1, 1, *size), np.float32))
    with torch.inference_mode():
        return network(volume)


def assert_same(model: LoadedModel, network: Any, size: tuple[int, int, int] = SMALL) -> None:
    assert torch.equal(output(model.network(model.factors[0]), size), output(network, size))


def edsr(steps: tuple[tuple[int, int, int], ...], features: int = 8, res_scale: float = 1.0) -> Any:
    from DicomSuiteSuperResLib.torch_edsr import Edsr

    torch.manual_seed(2)
    return Edsr(1, 1, features, 2, 3, steps, res_scale, True).eval()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda weights: weights,
        lambda weights: {"state_dict": with_prefix(weights, "module.")},
        lambda weights: {"epoch": 3, "model_state_dict": weights, "optimizer": {"state": {0: torch.zeros(3)}}},
        lambda weights: {"state_dict": with_prefix(weights, "_orig_mod.model.") | {"loss.weight": torch.zeros(1)}},
        lambda weights: {"params": {n: w * 0 for n, w in weights.items()}, "params_ema": weights},
        lambda weights: {name: weight.double() for name, weight in weights.items()},
    ],
    ids=["plain", "data parallel", "with optimiser", "compiled, in Lightning", "moving average", "double"],
)
def test_weights_are_found_wherever_a_checkpoint_keeps_them(wrap: Callable[[Any], Any], tmp_path: Path) -> None:
    network = small_unet(num_res_units=2)
    model = load_model(saved(tmp_path / "my model.ckpt", wrap(network.state_dict())))
    assert_same(model, network)
    assert (model.upsampling, model.factors, model.multiple) == (Upsampling.REFINING, (1,), 2)
    assert model.identity.name == "my model"
    assert re.fullmatch("[0-9a-f]{64}", model.identity.sha256)


@pytest.mark.parametrize(
    ("name", "arguments", "multiple"),
    [
        ("SwinUNETR", {"feature_size": 12, "depths": (1, 1, 2, 1)}, 32),
        ("SwinUNETR", {"feature_size": 12, "use_v2": True, "patch_norm": True, "qkv_bias": False}, 32),
        ("SegResNet", {}, 8),
        ("SegResNet", {"init_filters": 16, "blocks_down": (1, 2), "blocks_up": (1,), "upsample_mode": "deconv"}, 2),
        ("SegResNet", {"norm": "batch", "blocks_down": (1, 1), "blocks_up": (2,), "upsample_mode": "pixelshuffle"}, 2),
        ("UNet", {"spatial_dims": 3, "channels": (4, 8, 8, 8), "strides": (2, 2, 2), "kernel_size": 5}, 8),
        ("UNet", {"spatial_dims": 3, "channels": (4, 8), "strides": (2,), "norm": "batch", "bias": False}, 2),
    ],
)
def test_network_is_rebuilt_from_its_weights_alone(
    name: str, arguments: dict[str, Any], multiple: int, tmp_path: Path
) -> None:
    network = monai_network(name, **arguments)
    model = load_model(saved(tmp_path / "model.pt", network.state_dict()))
    assert model.multiple == multiple
    assert not any(weight.requires_grad for weight in model.network(1).parameters())
    size = (32, 32, 64) if name == "SwinUNETR" else (16, 16, 16)
    assert torch.allclose(output(model.network(1), size), output(network, size), atol=1e-5)


def test_old_swin_unetr_with_img_size_is_shown_windows_of_that_size(tmp_path: Path) -> None:
    path = saved(tmp_path / "old.pt", monai_network("SwinUNETR", feature_size=12).state_dict())
    assert load_model(path).window == (96, 96, 96)
    assert load_model(path, architecture="swinunetr", arguments={"img_size": 64}).window == (64, 64, 64)
    with pytest.raises(ModelError, match="multiple of 32"):
        load_model(path, arguments={"img_size": 80})


def test_what_weights_do_not_tell_is_taken_from_the_user(tmp_path: Path) -> None:
    network = small_unet(channels=(4, 8, 8), strides=(2, 1), act="relu")
    path = saved(tmp_path / "model.pt", network.state_dict())
    with pytest.raises(ModelError, match="do not tell its activation"):
        load_model(path)
    model = load_model(path, architecture="unet", arguments={"act": "relu", "strides": (2, 1)})
    assert_same(model, network)
    assert model.multiple == 2


def test_use_of_a_model_is_taken_from_the_user(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.pt", small_unet().state_dict())
    said = {"normalisation": "z-score", "adds_to_cubic": True, "window": 32}
    model = load_model(path, arguments=said)
    assert (model.normalisation, model.adds_to_cubic, model.window) == (Normalisation.ZSCORE, True, (32, 32, 32))
    assert load_model(path).normalisation is Normalisation.UNIT
    with pytest.raises(ModelError, match="no normalisation"):
        load_model(path, arguments={"normalisation": "log"})


@pytest.mark.parametrize(
    ("steps", "upsampling", "factor"),
    [
        (((2, 2, 2),), Upsampling.ISOTROPIC, 2),
        (((2, 2, 2), (2, 2, 2)), Upsampling.ISOTROPIC, 4),
        (((3, 3, 3),), Upsampling.ISOTROPIC, 3),
        (((4, 1, 1),), Upsampling.THROUGH_PLANE, 4),
    ],
)
def test_edsr_tells_its_factor_and_its_halo(
    steps: tuple[tuple[int, int, int], ...], upsampling: Upsampling, factor: int, tmp_path: Path
) -> None:
    network = edsr(steps)
    model = load_model(saved(tmp_path / "edsr.pt", network.state_dict()))
    assert (model.upsampling, model.factors) == (upsampling, (factor,))
    assert_same(model, network)


def test_voxels_beyond_the_halo_of_an_edsr_change_nothing(tmp_path: Path) -> None:
    model = load_model(saved(tmp_path / "edsr.pt", edsr(((2, 2, 2), (2, 2, 2))).state_dict()))
    reach = model.halo[0]
    near, far = torch.zeros(1, 1, 2 * reach + 1, 8, 8), torch.zeros(1, 1, 2 * reach + 3, 8, 8)
    far[0, 0, [0, -1]] = 1e3
    with torch.inference_mode():
        network = model.network(4)
        middle, same = network(near)[0, 0, 4 * reach :][:4], network(far)[0, 0, 4 * (reach + 1) :][:4]
        assert torch.allclose(middle, same, atol=1e-6)


def test_wide_edsr_scales_its_residuals_as_published(tmp_path: Path) -> None:
    wide = edsr(((2, 1, 1),), features=72, res_scale=0.1)
    assert_same(load_model(saved(tmp_path / "wide.pt", wide.state_dict())), wide)


def test_weights_of_8_bits_are_read(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    weights = {name: weight.to(torch.float8_e4m3fn) for name, weight in edsr(((2, 1, 1),)).state_dict().items()}
    safetensors.save_file(weights, tmp_path / "model.safetensors")
    expected = edsr(((2, 1, 1),))
    expected.load_state_dict({name: weight.float() for name, weight in weights.items()})
    assert_same(load_model(tmp_path / "model.safetensors"), expected)


def test_safetensors_of_a_known_network_are_read(tmp_path: Path) -> None:
    safetensors = pytest.importorskip("safetensors.torch")
    network = small_unet(num_res_units=1)
    safetensors.save_file(with_prefix(network.state_dict(), "net."), tmp_path / "model.safetensors")
    assert_same(load_model(tmp_path / "model.safetensors"), network)


@pytest.mark.parametrize("protocol", [2, 4], ids=["as torch.save does", "plain pickle"])
@pytest.mark.parametrize("name", ["model.pt", "model.pth", "model.ckpt", "model.safetensors", "model.onnx"])
def test_malicious_pickle_never_runs(name: str, protocol: int, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    content = {"state_dict": small_unet().state_dict(), "evil": CreatesFile(marker)}
    path = tmp_path / name
    if protocol == 2:
        saved(path, content)
    else:
        path.write_bytes(pickle.dumps(content, protocol))
    with pytest.raises(ModelError, match="holds more than weights|damaged"):
        load_model(path)
    assert not marker.exists()


def test_malicious_pickle_would_run_if_it_were_trusted(tmp_path: Path) -> None:
    torch.load(saved(tmp_path / "model.pt", CreatesFile(tmp_path / "marker")), weights_only=False)
    assert (tmp_path / "marker").exists()


def test_checkpoint_is_not_opened_by_a_torch_that_could_run_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = saved(tmp_path / "model.pt", small_unet().state_dict())
    monkeypatch.setattr(torch, "__version__", "2.5.1+cpu")
    with pytest.raises(ModelError, match="Update PyTorch"):
        load_model(path)


def test_what_stands_in_the_way_of_reading_a_checkpoint_is_named(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.ckpt", {"state_dict": {}, "hyper_parameters": Path("x")})
    with pytest.raises(ModelError, match="pathlib"):
        load_model(path)


@pytest.mark.parametrize("bundle", ["folder", "zip", "zip with a folder"])
def test_bundle_is_read(bundle: str, tmp_path: Path) -> None:
    configuration = {
        "imports": ["$import os"],
        "channels": [4, 8],
        "network_def": UNET | {"_target_": "monai.networks.nets.UNet", "channels": "@channels", "dropout": 0.2},
        "network": "$@network_def.to('cpu')",
        "preprocessing": {
            "_target_": "Compose",
            "transforms": [{"_target_": "LoadImaged"}, {"_target_": "NormalizeIntensityd", "nonzero": True}],
        },
    }
    network = small_unet()
    path = write_bundle(tmp_path / "bundle", configuration, network, name="Thinner", version="1.2", copyright="MIT")
    if bundle != "folder":
        path = zipped(path, tmp_path / "bundle.zip", "thinner" if "folder" in bundle else "")
    model = load_model(path)
    assert_same(model, network)
    assert (model.identity.name, model.identity.version, model.scope.licence) == ("Thinner", "1.2", "MIT")
    assert model.normalisation is Normalisation.ZSCORE


@pytest.mark.parametrize(
    ("configuration", "words"),
    [
        ({"network_def": UNET | {"channels": "$__import__('os').mkdir('marker') or (4, 8)"}}, "would have to be run"),
        ({"network_def": UNET | {"act": ["$1"]}}, "would have to be run"),
        ({"network_def": UNET | {"strides": "@nowhere"}}, "would have to be run"),
        ({"a": "$1", "network_def": UNET | {"strides": "@a"}}, "would have to be run"),
        ({"network_def": "$__import__('os').mkdir('marker')"}, "would have to be run"),
        ({"network_def": {"_target_": "os.mkdir", "path": "marker"}}, "os.mkdir.*never imported"),
        ({"network_def": {"_target_": "evil.UNet"}}, "evil.UNet.*never imported"),
        ({"network_def": {"_target_": "DenseNet121"}}, "DenseNet121.*only swinunetr"),
        ({"network_def": UNET | {"channels": [8, 16]}}, "its weights say channels=\\(4, 8\\)"),
        ({"network_def": UNET | {"spatial_dims": 2}}, "its weights say spatial_dims=3"),
        ({"network_def": UNET | {"colour": 2}}, "'colour' is no argument of it"),
        ({"postprocessing": {}}, "describes no network"),
    ],
)
def test_bundle_that_would_have_to_be_run_or_does_not_fit_is_refused(
    configuration: dict[str, Any], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write_bundle(tmp_path / "bundle", configuration, small_unet())
    with pytest.raises(ModelError, match=words):
        load_model(path)
    assert not Path("marker").exists()


def test_bundle_without_weights_or_with_torchscript_as_weights_is_refused(tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "bundle", {"network_def": UNET}, small_unet())
    with zipfile.ZipFile(path / "models" / "model.pt", "a") as archive:
        archive.writestr("archive/constants.pkl", b"")
    with pytest.raises(ModelError, match="TorchScript"):
        load_model(path)
    (path / "models" / "model.pt").unlink()
    with pytest.raises(ModelError, match="has no weights"):
        load_model(path)


def test_damaged_weights_in_an_archive_are_named_by_the_bundle(tmp_path: Path) -> None:
    folder = write_bundle(tmp_path / "bundle", {"network_def": UNET}, small_unet())
    (folder / "models" / "model.pt").write_bytes(b"\x80\x02}q\x00(X\x05")
    with pytest.raises(ModelError, match=re.escape(f"{tmp_path / 'thin.zip'}: models/model.pt is damaged")):
        load_model(zipped(folder, tmp_path / "thin.zip"))


def test_yaml_bundle_is_read_as_plain_data(tmp_path: Path) -> None:
    yaml = pytest.importorskip("yaml")
    path = write_bundle(tmp_path / "bundle", {}, small_unet())
    (path / "configs" / "inference.json").unlink()
    written = path / "configs" / "inference.yaml"
    written.write_text(yaml.safe_dump({"network_def": UNET}))
    assert_same(load_model(path), small_unet())
    apply = "network_def: !!python/object/apply:os.mkdir [marker]"
    for evil in (apply, "a: &a [1]\nnetwork_def: *a", "{", "when: 2024-13-45", "when: !!timestamp x", "a: !!int +"):
        written.write_text(evil)
        with pytest.raises(ModelError, match="more than plain YAML"):
            load_model(path)
    written.write_text(yaml.safe_dump({"network_def": UNET | {5: 3}}))
    with pytest.raises(ModelError, match="'5' is no argument of it"):
        load_model(path)


@pytest.mark.parametrize("name", ["inference", "metadata"])
@pytest.mark.parametrize("packed", [False, True])
def test_configuration_that_unpacks_to_more_than_any_is_refused(name: str, packed: bool, tmp_path: Path) -> None:
    path = write_bundle(tmp_path / "bundle", {"network_def": UNET}, small_unet())
    (path / "configs" / f"{name}.json").write_text('{"a":[' + "[]," * 400_000 + "0]}")
    with pytest.raises(ModelError, match=f"{name}.json has more than 1000000 bytes"):
        load_model(zipped(path, tmp_path / "bundle.zip") if packed else path)


def test_damaged_archive_of_a_bundle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bundle.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("configs/inference.json", '{"network_def": "' + "abcdefgh" * 500 + '"}')
    content = path.read_bytes()
    start = content.index(b"inference.json") + len("inference.json") + 5
    path.write_bytes(content[:start] + b"\xff" * 20 + content[start + 20 :])
    with pytest.raises(ModelError, match="inference.json cannot be read"):
        load_model(path)


@pytest.fixture
def traced() -> Callable[[Any], Any]:
    def trace(network: Any) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.jit.trace(network, torch.zeros(1, 1, 8, 8, 8), check_trace=False)

    return trace


def test_torchscript_runs_by_explicit_choice_only(traced: Callable[[Any], Any], tmp_path: Path) -> None:
    network = edsr(((2, 2, 2),))
    traced(network).save(tmp_path / "model.pt")
    with pytest.raises(ModelError, match="a program that runs with all your rights"):
        load_model(tmp_path / "model.pt")
    model = load_model(tmp_path / "model.pt", allow_torchscript=True)
    assert (model.upsampling, model.factors, model.halo) == (Upsampling.ISOTROPIC, (2,), None)
    loaded = model.network(2)
    assert torch.allclose(output(loaded), output(network), atol=1e-6)
    loaded.register_forward_pre_hook(lambda *_: None)  # inference hangs hooks into every layer
    assert loaded.double()(torch.zeros(1, 1, 4, 4, 4, dtype=torch.float64)).dtype == torch.float64


def test_torchscript_for_pictures_is_refused(traced: Callable[[Any], Any], tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(torch.nn.Conv2d(1, 1, 3)).save(tmp_path / "flat.ts")
    with pytest.raises(ModelError, match="Is it a model for volumes"):
        load_model(tmp_path / "flat.ts", allow_torchscript=True)


@pytest.mark.parametrize("dimensions", [2, 3])
def test_onnx_is_computed_by_onnxruntime(dimensions: int, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    path = tmp_path / "model.onnx"
    free = [f"size {axis}" for axis in range(dimensions)]
    onnx.save(_scaling_model(onnx, [1, 1, *free]), path)
    if dimensions == 2:
        with pytest.raises(ModelError, match="for images of 2 dimensions"):
            load_model(path)
        return
    model = load_model(path)
    assert (model.upsampling, model.window, model.multiple) == (Upsampling.REFINING, None, 32)
    assert torch.equal(output(model.network(1)), 2 * output(torch.nn.Identity()))
    onnx.save(_scaling_model(onnx, [1, 1, 16, 24, 32]), path)
    assert load_model(path).window == (16, 24, 32)
    onnx.save(_scaling_model(onnx, [1, 1, 3000, 3000, 3000]), path)
    with pytest.raises(ModelError, match="512 a side are possible"):
        load_model(path)
    onnx.save(_scaling_model(onnx, [1, 3, *free]), path)
    with pytest.raises(ModelError, match="3 values a voxel"):
        load_model(path)
    path.write_bytes(b"\x08\x07nonsense")
    with pytest.raises(ModelError, match="damaged"):
        load_model(path)


def _scaling_model(onnx: Any, shape: list[int | str]) -> Any:
    """A network that doubles its input."""
    kinds = onnx.helper, onnx.TensorProto.FLOAT
    helper, number = kinds
    ends = [helper.make_tensor_value_info(name, number, shape) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Add", ["x", "x"], ["y"])], "graph", ends[:1], ends[1:])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"spatial_dims": 2}, "for images of 2 dimensions"),
        ({"out_channels": 14}, "gives 14 values a voxel"),
    ],
)
def test_network_for_other_than_volumes_of_one_value_is_refused(
    arguments: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = saved(tmp_path / "model.pt", small_unet(**arguments).state_dict())
    with pytest.raises(ModelError, match=words):
        load_model(path)


def _without(weights: dict[str, Any], name: str) -> dict[str, Any]:
    return {own: weight for own, weight in weights.items() if own != name}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda weights: _without(weights, "model.2.conv.bias"), "model.2.conv.bias"),
        (lambda weights: weights | {"model.9.weight": torch.zeros(1)}, "do not belong to it: model.9.weight"),
        (lambda weights: weights | {"model.2.conv.bias": torch.zeros(3)}, "another shape: model.2.conv.bias"),
        (lambda weights: weights | {"model.2.conv.bias": torch.tensor([torch.nan])}, "NaN"),
        (lambda weights: {"fc.weight": torch.zeros(1)}, "not those of a network that can be built here"),
        (lambda weights: [1, 2, 3], "holds no weights, but a list"),
    ],
)
def test_weights_that_do_not_fit_are_named(change: Callable[[Any], Any], words: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "model.pt", change(small_unet().state_dict()))
    with pytest.raises(ModelError, match=words):
        load_model(path)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"head.0.bias": torch.zeros(8).to_sparse()}, "no plain arrays of numbers.*: head.0.bias"),
        ({"head.0.bias": torch.empty(8, device="meta")}, "no plain arrays"),
        ({"head.0.bias": torch.zeros(8, dtype=torch.complex64)}, "no plain arrays"),
        ({"tail.0.0.weight": torch.zeros(4, 0, 3, 3, 3)}, "no plain arrays"),
        ({"tail.0.0.weight": torch.zeros(1).expand(80_000, 20_000, 3, 3, 3)}, "no plain arrays"),
        ({"tail.0.0.weight": torch.zeros(5)}, "cannot be built with these weights"),
        ({"tail.1.weight": torch.tensor(1.0)}, "cannot be built with these weights"),
    ],
)
def test_weights_that_are_no_arrays_of_a_network_are_refused(
    change: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = saved(tmp_path / "model.pt", edsr(((2, 1, 1),)).state_dict() | change)
    with pytest.raises(ModelError, match=words):
        load_model(path)


def test_a_small_file_that_asks_for_a_large_network_takes_no_memory(tmp_path: Path) -> None:
    weights = {"convInit.conv.weight": torch.zeros(30_000, 1, 3, 3, 3)}
    weights["conv_final.2.conv.weight"] = torch.zeros(1, 30_000, 1, 1, 1)
    weights |= {f"down_layers.{level}.1.conv1.conv.weight": torch.zeros(1) for level in range(4)}
    with pytest.raises(ModelError, match="of its weights are missing"):
        load_model(saved(tmp_path / "model.pt", weights))


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.pt", b"", "no model that is understood"),
        ("a.pt", b"hello", "no model that is understood"),
        ("a.h5", b"\x89HDF\r\n\x1a\n rest", "Keras"),
        ("a.safetensors", struct.pack("<Q", 90) + b'{"a":', "cut short"),
        ("a.safetensors", struct.pack("<Q", 2) + b"{}", "holds no weights"),
        ("a.pth", b"\x80\x02}q\x00(X\x05", "damaged"),
    ],
)
def test_file_that_is_no_model_is_named_with_what_is_wrong(
    name: str, content: bytes, words: str, tmp_path: Path
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelError, match=words) as raised:
        load_model(tmp_path / name)
    assert name in str(raised.value)


def test_checkpoint_cut_short_anywhere_is_damaged(tmp_path: Path) -> None:
    whole = saved(tmp_path / "whole.pt", small_unet().state_dict()).read_bytes()
    path = tmp_path / "cut.pt"
    for share in (0.1, 0.5, 0.9, 0.999):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ModelError, match="damaged|no model"):
            load_model(path)


def test_missing_file_folder_without_bundle_and_other_archive_are_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("readme.txt", "")
    refused = {tmp_path / "none.pt": "cannot be read", tmp_path: "no MONAI bundle", tmp_path / "a.zip": "neither"}
    for path, words in refused.items():
        with pytest.raises(ModelError, match=words):
            load_model(path)


def test_archive_that_unpacks_to_more_than_any_model_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("DicomSuiteSuperResLib.model_file.LARGEST", 2000)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(100_000))
    (tmp_path / "bomb.pt").write_bytes(packed.getvalue())
    (tmp_path / "large.pt").write_bytes(b"\x80" + bytes(5000))
    for name in ("bomb.pt", "large.pt"):
        with pytest.raises(ModelError, match="GiB"):
            load_model(tmp_path / name)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"channels": (8, 16)}, "its weights say channels"),
        ({"layers": 3}, "'layers' is no argument of it"),
        ({"act": print}, "is a builtin_function"),
        ({"act": "$print()"}, "would have to be run"),
        ({"strides": (0,)}, "no whole numbers"),
        ({"strides": None}, "no whole numbers"),
        ({"strides": (2, 2, 2, 2), "img_size": 3}, "'img_size' is no argument of it"),
        ({"window": "ab"}, "Of the argument 'window', its size 'ab'"),
        ({"adds_to_cubic": "no"}, "neither True nor False"),
        ({"window": 33}, "multiple of 2"),
        ({"window": 10**6}, "whole numbers of voxels up to"),
        ({"strides": (10**6,)}, "multiples of 1000000 voxels"),
        ({"strides": []}, "cannot be built with these"),
        ({"act": ("prelu", {"num_parameters": -1})}, "cannot be built with these"),
        ({"act": 5}, "cannot be built with these"),
        ({"norm": ("group", {"num_groups": 0})}, "cannot be built with these"),
    ],
)
def test_argument_that_contradicts_the_weights_or_is_no_literal_is_refused(
    arguments: dict[str, Any], words: str, tmp_path: Path
) -> None:
    path = saved(tmp_path / "model.pt", small_unet().state_dict())
    with pytest.raises(ModelError, match=words):
        load_model(path, arguments=arguments)


@pytest.mark.parametrize("scale", ["abc", None, float("nan"), (1, 2)])
def test_scale_of_an_edsr_must_be_a_number(scale: Any, tmp_path: Path) -> None:
    path = saved(tmp_path / "model.pt", edsr(((2, 1, 1),)).state_dict())
    with pytest.raises(ModelError, match="res_scale"):
        load_model(path, arguments={"res_scale": scale})


def test_own_model_is_read_as_such(tmp_path: Path) -> None:
    pytest.importorskip("safetensors")
    from DicomSuiteSuperResLib.models import ModelScope
    from DicomSuiteSuperResLib.own_checkpoint import write_checkpoint
    from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler

    path = tmp_path / "own.safetensors"
    network = ResidualUpsampler(NetworkShape(Upsampling.THROUGH_PLANE, (2, 3), width=4, blocks=1))
    write_checkpoint(path, network, "thin", "1", ModelScope(modalities=("MR",)))
    model = load_model(path)
    assert (model.identity.name, model.factors, model.scope.modalities) == ("thin", (2, 3), ("MR",))
    with pytest.raises(ModelError, match="needs no argument 'strides'"):
        load_model(path, arguments={"strides": 2})


def test_unknown_architecture_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "model.pt", small_unet().state_dict())
    with pytest.raises(ModelError, match="'resnet50' is no network that is known"):
        load_model(path, architecture="resnet50")
    with pytest.raises(ModelError, match="not those of a network"):
        load_model(path, architecture="edsr")
