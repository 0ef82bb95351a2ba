"""Our own model files."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")

from DicomSuiteSuperResLib.errors import ModelError  # noqa: E402
from DicomSuiteSuperResLib.models import ModelScope, Upsampling  # noqa: E402
from DicomSuiteSuperResLib.own_checkpoint import HEADER_KEY, is_own_checkpoint, read_checkpoint, write_checkpoint  # noqa: E402
from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler  # noqa: E402

SHAPE = NetworkShape(Upsampling.THROUGH_PLANE, (2, 4), (1, 2, 2), width=4, blocks=1)
SCOPE = ModelScope(("MR",), (2.0, 6.0), (0.7, 1.0), "slice profiles", "three heads", "CC0")


@pytest.fixture
def written(tmp_path):
    """A network and the file that it was written to."""
    torch.manual_seed(1)
    network = ResidualUpsampler(SHAPE)
    torch.nn.init.normal_(network.heads["4"].weight)
    path = tmp_path / "model.safetensors"
    write_checkpoint(path, network, "mine", "3", SCOPE)
    return network, path


def test_a_model_comes_back_as_it_was_written(written):
    network, path = written
    model = read_checkpoint(path)
    values = torch.from_numpy(np.random.default_rng(0).random((1, 1, 6, 8, 8), dtype=np.float32))
    expected = network(values, 4).detach()
    tolerance = 5e-3 * float(expected.abs().max())
    torch.testing.assert_close(model.network(4)(values), expected, rtol=0, atol=tolerance)
    assert (model.identity.name, model.identity.version, len(model.identity.sha256)) == ("mine", "3", 64)
    assert (model.upsampling, model.factors, model.scope) == (Upsampling.THROUGH_PLANE, (2, 4), SCOPE)
    assert (model.halo, model.multiple, model.adds_to_cubic) == (SHAPE.halo, 2, True)


def test_what_is_read_wants_no_gradient(written):
    assert not any(weight.requires_grad for weight in read_checkpoint(written[1]).network(2).parameters())


def test_the_same_network_gives_the_same_bytes(written, tmp_path):
    network, path = written
    write_checkpoint(tmp_path / "again.safetensors", network, "mine", "3", SCOPE)
    assert (tmp_path / "again.safetensors").read_bytes() == path.read_bytes()


def change_facts(path, **changes) -> None:
    """Write a file again that says something else of itself."""
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file

    with safe_open(path, framework="np") as file:
        facts = {**json.loads(file.metadata()[HEADER_KEY]), **changes}
    save_file(load_file(path), path, {HEADER_KEY: json.dumps(facts)})


def test_another_version_is_refused_and_still_known_as_ours(written):
    change_facts(written[1], format=99)
    assert is_own_checkpoint(written[1])
    with pytest.raises(ModelError, match="another version"):
        read_checkpoint(written[1])


@pytest.mark.parametrize("change", [
    {"shape": {}}, {"shape": [1]},
    {"shape": {**SHAPE.as_json(), "width": 5}}, {"shape": {**SHAPE.as_json(), "packed": 3}},
    {"scope": {"colour": "red"}}, {"name": None, "scope": None}, {"name": 5}, {"version": 1.0}, {"scope": {"data": 7}},
    {"scope": {"modalities": 5}}, {"scope": {"modalities": [5]}}, {"scope": {"thick_spacing": "ab"}},
    {"scope": {"thick_spacing": [3, 2]}}, {"scope": {"fine_spacing": [1, float("nan")]}},
])  # fmt: skip
def test_a_file_that_contradicts_itself_is_refused(written, change):
    change_facts(written[1], **change)
    with pytest.raises(ModelError, match="damaged"):
        read_checkpoint(written[1])


@pytest.mark.parametrize("larger", [
    {"width": 8000}, {"blocks": 10**9}, {"packed": [64, 64, 64]}, {"factors": [10**6]}, {"factors": []},
    {"factors": [0, 2]}, {"blocks": float("inf")}, {"width": 512, "blocks": 64, "packed": [8, 8, 8]},
])  # fmt: skip
def test_a_small_file_that_asks_for_a_large_network_takes_no_memory(written, larger):
    change_facts(written[1], shape={**SHAPE.as_json(), **larger})
    with pytest.raises(ModelError, match="damaged"):
        read_checkpoint(written[1])


def test_weights_that_are_no_numbers_are_refused(written, tmp_path):
    network = written[0]
    network.blocks[0].first.weight.data.fill_(torch.nan)
    write_checkpoint(tmp_path / "nan.safetensors", network, "mine", "3", SCOPE)
    with pytest.raises(ModelError, match="nan.safetensors holds weights that are no finite numbers"):
        read_checkpoint(tmp_path / "nan.safetensors")


def test_what_a_file_says_of_itself_can_be_printed(written):
    change_facts(written[1], name="a\x1b[2J", version="\ud800", scope={"modalities": ["\x07"]})
    model = read_checkpoint(written[1])
    told = model.identity.name + model.identity.version + model.scope.modalities[0]
    assert told.isprintable()


def test_a_truncated_file_is_refused(written):
    written[1].write_bytes(written[1].read_bytes()[:500])
    with pytest.raises(ModelError, match="cut short"):
        read_checkpoint(written[1])


def test_weights_of_others_are_not_ours(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(3)}, tmp_path / "other.safetensors")
    assert not is_own_checkpoint(tmp_path / "other.safetensors")
    with pytest.raises(ModelError):
        read_checkpoint(tmp_path / "other.safetensors")


def test_loading_a_bundled_model_does_not_import_the_compiler_of_torch() -> None:
    """That takes seconds, and crashed where VTK had loaded Mesa's LLVM."""
    program = (
        "import sys; from DicomSuiteSuperResLib.bundled_models import bundled_models, load_bundled; "
        "[load_bundled(model.name) for model in bundled_models()]; sys.exit('torch._dynamo' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, timeout=120).returncode == 0


def test_outlining_a_users_network_does_not_import_it_either() -> None:
    pytest.importorskip("monai")
    program = (
        "import sys; from DicomSuiteSuperResLib.torch_without_memory import without_memory; "
        "from monai.networks.nets import SwinUNETR; before = 'torch._dynamo' in sys.modules\n"
        "with without_memory():\n"
        "    SwinUNETR(in_channels=1, out_channels=1, feature_size=12)\n"
        "sys.exit('torch._dynamo' in sys.modules and not before)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run([sys.executable, "-c", program], env=environment, timeout=120).returncode == 0
