"""A network tile by tile equals the network in one pass, within the memory that there is."""

from __future__ import annotations

import math
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from DicomSuiteLib.tasks import Cancelled, CancelToken  # noqa: E402
from DicomSuiteSuperResLib.errors import ModelError, SuperResError  # noqa: E402
from DicomSuiteSuperResLib.head_box import whole_box  # noqa: E402
from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, Normalisation, Upsampling  # noqa: E402
from DicomSuiteSuperResLib.super_resolution import Device  # noqa: E402
from DicomSuiteSuperResLib.torch_device import Place, chosen_device, has_matrix_units, place_for  # noqa: E402
from DicomSuiteSuperResLib.torch_edsr import Edsr  # noqa: E402
from DicomSuiteSuperResLib.torch_forward import bytes_per_voxel  # noqa: E402
from DicomSuiteSuperResLib.torch_passes import MOST_READ, USERS_TILE_BYTES, passes_for  # noqa: E402
from DicomSuiteSuperResLib.torch_tiles import NetworkInput, NetworkOutput, apply_network  # noqa: E402
from random_networks import random_model  # noqa: E402

SAME = 1e-4
"""Of the range of values: how far tiles may be from one pass."""
SHAPE = (9, 31, 42)
PACKINGS = ((1, 1, 1), (1, 2, 2))
FULL = 10**6


@pytest.fixture(autouse=True)
def one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def users(module: torch.nn.Module, **use) -> LoadedModel:
    use = {"normalisation": Normalisation.NONE, **use}
    return LoadedModel(ModelIdentity("own", "", ""), Upsampling.REFINING, (1,), lambda _: module.eval(), **use)


def applied(model: LoadedModel, factors=(1, 1, 1), side=None, region=None, shape=SHAPE, **more) -> NetworkOutput:
    source = np.random.default_rng(1).random(shape, dtype=np.float32)
    high = tuple(np.multiply(shape, factors))
    given = NetworkInput(
        source, (1.0, 1.0, 1.0), region or whole_box(shape), lambda: np.full(high, 0.25, np.float32), factors
    )
    progress, token = more.get("progress", lambda _: None), more.get("token", CancelToken())
    return apply_network(model, max(factors), given, Device.CPU, side, progress, token)


@pytest.mark.parametrize("packed", PACKINGS, ids=str)
@pytest.mark.parametrize("upsampling", [Upsampling.THROUGH_PLANE, Upsampling.ISOTROPIC])
def test_tiles_and_beams_equal_one_pass(packed, upsampling, monkeypatch: pytest.MonkeyPatch) -> None:
    model = random_model(upsampling, packed=packed)
    factors = (3, 1, 1) if upsampling is Upsampling.THROUGH_PLANE else (3, 3, 3)
    full = applied(model, factors, FULL)
    assert len(full.tiling.tiles) == 1
    assert np.ptp(full.values) > 1
    monkeypatch.setattr("DicomSuiteSuperResLib.torch_streaming.POSITIONS_AT_ONCE", 1)
    streamed = applied(model, factors)
    monkeypatch.setattr("DicomSuiteSuperResLib.torch_passes.CROSS_SECTION", 16**2)
    beams = applied(model, factors)
    assert len(beams.tiling.tiles) > 1
    tiles = applied(model, factors, 13)
    assert len(tiles.tiling.tiles) > 6
    for other in (streamed, beams, tiles):
        assert np.abs(other.values - full.values).max() <= SAME * np.ptp(full.values)


def test_packed_networks_pass_over_odd_sizes_padded_alike() -> None:
    model = random_model()
    source = np.random.default_rng(1).random(SHAPE, dtype=np.float32)
    padded = np.pad(source, ((0, 1), (0, 1), (0, 0)), mode="edge")
    with torch.inference_mode():
        whole = model.network(2)(torch.from_numpy(padded)[None, None])[0, 0, :18, :31].numpy()
    assert np.abs(applied(model, (2, 1, 1)).values - 0.25 - whole).max() <= SAME * np.ptp(whole)


def as_edsr_of_16_blocks(features: int, *steps: tuple[int, int, int]) -> tuple[LoadedModel, torch.nn.Module]:
    """What takes as much memory, and looks as far, as those that users have; here with one block, of zeros."""
    with torch.device("meta"):
        network = Edsr(1, 1, features, 1, 3, steps, 1.0, True)
    network = network.to_empty(device="cpu").eval().requires_grad_(False)
    for weights in network.parameters():
        weights.zero_()
    return users(network, halo=(35 + len(steps),) * 3), network


@pytest.mark.parametrize(
    ("features", "steps", "exact"),
    [
        (64, ((2, 2, 2),), False),
        (64, ((3, 3, 3),), False),
        (64, ((2, 2, 2), (2, 2, 2)), False),
        (64, ((4, 1, 1),), True),
        (256, ((2, 1, 1),), False),
    ],
    ids=str,
)
@pytest.mark.parametrize("side", [None, 64])
def test_a_network_that_looks_far_around_is_given_few_parts_within_the_memory(features, steps, exact, side) -> None:
    model, network = as_edsr_of_16_blocks(features, *steps)
    shape, place = (38, 256, 256), Place(torch.device("cpu"), torch.float32)
    tiling = next(passes_for(model, network, place, side).tilings(whole_box(shape), shape))
    assert tiling.overlap is not exact
    assert len(tiling.tiles) < 200
    assert tiling.cost < MOST_READ
    assert math.prod(tiling.largest) * bytes_per_voxel(network, 1, place) <= USERS_TILE_BYTES


def test_windows_where_exact_tiles_cost_too_much_are_told_and_come_near(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(3)
    model = users(Edsr(1, 1, 4, 4, 3, [(1, 1, 1)], 0.3, True), halo=(12, 12, 12), adds_to_cubic=True)
    whole = applied(model, shape=(8, 64, 64))
    assert len(whole.tiling.tiles) == 1 and not whole.warnings
    memory = 8 * 30 * 30 * bytes_per_voxel(model.network(1), 1, whole.place)
    monkeypatch.setattr("DicomSuiteSuperResLib.torch_passes.USERS_TILE_BYTES", memory)
    windows = applied(model, shape=(8, 64, 64))
    assert windows.tiling.overlap and windows.tiling.largest == (8, 30, 30)
    (words,) = windows.warnings
    assert "8 x 30 x 30" in words and "blended" in words
    assert np.abs(windows.values - whole.values).mean() < 0.05 * np.ptp(whole.values)


def test_region_sees_what_lies_around_it_and_changes_nothing_outside() -> None:
    model, region = random_model(), (slice(0, 9), slice(10, 20), slice(5, 42))
    full, part = applied(model, (2, 1, 1)), applied(model, (2, 1, 1), region=region)
    assert np.all(part.values[:, :10] == 0.25) and np.all(part.values[:, 20:] == 0.25)
    fade = np.minimum(np.arange(10) + 0.5, 9.5 - np.arange(10)) / 8  # over a margin of 8 mm from either side
    wanted = fade[:, None] * (full.values[:, 10:20, 13:] - 0.25)
    assert np.abs(part.values[:, 10:20, 13:] - 0.25 - wanted).max() <= SAME * np.ptp(full.values)


def test_two_runs_give_the_same_bytes() -> None:
    first, second = (applied(random_model(), (3, 1, 1)).values for _ in range(2))
    assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("window", [(16, 16, 16), (8, 32, 20), (48, 48, 48)], ids=str)
def test_blended_windows_of_what_changes_nothing_change_nothing(window) -> None:
    output = applied(users(torch.nn.Identity(), window=window), shape=(20, 31, 42))
    source = np.random.default_rng(1).random((20, 31, 42), dtype=np.float32)
    assert np.abs(output.values - source).max() < 1e-5


def test_values_are_scaled_for_the_model_and_back() -> None:
    seen = []

    class Watch(torch.nn.Module):
        def forward(self, values):
            seen.append(values.numpy())
            return values

    for normalisation in Normalisation:
        output = applied(users(Watch(), window=(16, 32, 48), normalisation=normalisation))
        source = np.random.default_rng(1).random(SHAPE, dtype=np.float32)
        assert np.abs(output.values - source).max() < 1e-5
    none, _unit, extent, z_score = seen
    assert none.max() < 1 and extent.min() == 0 and extent.max() == 1
    assert abs(z_score.mean()) < 1.5 and z_score.min() < -1


class Greedy(torch.nn.Module):
    """Asks, beyond so many voxels, for more memory than any machine has."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.most = most
        self.layer = torch.nn.Identity()

    def forward(self, values):
        if values.numel() > self.most:
            torch.empty(2**50)
        return self.layer(values)


def test_tiles_are_halved_where_memory_runs_out() -> None:
    shape = (24, 24, 24)
    told = []
    model = users(Greedy(7000), halo=(0, 0, 0))
    output = applied(model, shape=shape, progress=told.append)
    assert len(output.tiling.tiles) == 2
    assert told == sorted(told) and told[-1] == 1
    output = applied(users(Greedy(60**3)), shape=(12, 80, 64))
    assert output.tiling.largest == (48, 48, 48)


@pytest.mark.parametrize("use", [{"halo": (0, 0, 0)}, {"window": (16, 16, 16)}, {}], ids=str)
def test_too_little_memory_for_anything_is_said_in_words(use) -> None:
    with pytest.raises(SuperResError, match="memory does not suffice"):
        applied(users(Greedy(8**3), **use))


def test_running_out_of_a_real_limit_ends_in_words() -> None:
    child = subprocess.run([sys.executable, "-c", LIMITED], capture_output=True, text=True, timeout=100)
    assert child.returncode == 0, child.stderr
    assert "tiles shrunk" in child.stdout
    assert child.stdout.count("SuperResError The memory does not suffice") == 2
    assert "voxels needs about" in child.stdout


LIMITED = """
import resource, sys
import numpy as np, torch
from pathlib import Path
from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.tasks import CancelToken
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResLib.errors import SuperResError
from DicomSuiteSuperResLib.super_resolve import super_resolve
from DicomSuiteSuperResLib.head_box import whole_box
from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, Normalisation, Upsampling
from DicomSuiteSuperResLib.super_resolution import Device
from DicomSuiteSuperResLib.torch_tiles import NetworkInput, apply_network

class Wide(torch.nn.Module):
    def __init__(self, width):
        super().__init__()
        self.width = width
    def forward(self, values):
        return values.expand(-1, self.width, -1, -1, -1).clone()[:, :1]

torch.set_num_threads(1)
shape = (64, 64, 64)
source = np.ones(shape, np.float32)

def run(width):
    model = LoadedModel(ModelIdentity("", "", ""), Upsampling.REFINING, (1,), lambda _: Wide(width),
        normalisation=Normalisation.NONE)
    given = NetworkInput(source, (1.0,) * 3, whole_box(shape), source.copy, (1, 1, 1))
    return apply_network(model, 1, given, Device.CPU, None, lambda _: None, CancelToken())

run(1)
used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000,) * 2)
if run(200).tiling.largest[0] < 96:
    print("tiles shrunk")

def failing(work):
    try:
        work()
    except SuperResError as error:
        print(type(error).__name__, error)

failing(lambda: run(200_000))
upright = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
grid = SliceGrid.from_geometry(ImageGeometry((400, 400, 90), (1, 1, 4), (0, 0, 0), upright))
volume = Volume(np.zeros((90, 400, 400), np.int8), grid)
model = LoadedModel(ModelIdentity("", "", ""), Upsampling.REFINING, (1,), lambda _: Wide(1))
failing(lambda: super_resolve(volume, model))
"""


def test_a_run_is_stopped_between_two_layers() -> None:
    token = CancelToken()

    class Stops(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.before, self.after = torch.nn.Identity(), torch.nn.Identity()

        def forward(self, values):
            values = self.before(values)
            token.cancel()
            self.after(values)
            raise AssertionError("the layer after the stop has run")

    with pytest.raises(Cancelled):
        applied(users(Stops(), window=(16, 32, 48)), token=token)


def test_a_model_of_another_factor_is_refused_in_words() -> None:
    with pytest.raises(ModelError, match="its factor or dimensions are others"):
        applied(users(torch.nn.Upsample(scale_factor=2), window=(16, 32, 48)))


def test_a_model_that_gives_no_numbers_is_refused_in_words() -> None:
    class Broken(torch.nn.Module):
        def forward(self, values):
            return values / 0

    with pytest.raises(ModelError, match="no finite numbers"):
        applied(users(Broken(), window=(16, 32, 48)))


def test_a_bundled_network_that_gives_no_numbers_is_refused_in_words() -> None:
    model = random_model()
    model.network(2).network.heads["2"].weight.fill_(torch.nan)
    with pytest.raises(ModelError, match="no finite numbers"):
        applied(model, (2, 1, 1))


@pytest.mark.parametrize("error", [RuntimeError, TypeError, type("Fail", (Exception,), {})])
def test_a_model_that_fails_on_the_volume_is_refused_in_words(error) -> None:
    class Fails(torch.nn.Module):
        def forward(self, values):
            raise error("sizes of tensors must match")

    with pytest.raises(ModelError, match="fails when it is applied.*sizes of tensors must match"):
        applied(users(Fails(), window=(16, 32, 48)))
    with pytest.raises(ModelError, match="fails when it is applied"):
        applied(users(Fails(), halo=(1, 1, 1)))


def test_the_network_is_left_on_the_processor_as_it_was() -> None:
    model = random_model()
    before = [weights.clone() for weights in model.network(2).parameters()]
    applied(model, (2, 1, 1))
    for old, new in zip(before, model.network(2).parameters(), strict=True):
        assert new.device.type == "cpu" and torch.equal(old, new)
        assert not new.requires_grad


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_a_device_that_is_not_there_is_refused_in_words() -> None:
    with pytest.raises(SuperResError, match="cuda is not there"):
        chosen_device(Device.CUDA)
    assert chosen_device(Device.CPU).type == "cpu"


def test_half_precision_is_tried_only_on_processors_made_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    model, cpu = random_model(), torch.device("cpu")
    times = {torch.float32: 3.0, torch.bfloat16: 1.0}
    monkeypatch.setattr("DicomSuiteSuperResLib.torch_device._seconds", lambda *given: times[given[-1]])
    monkeypatch.setattr("DicomSuiteSuperResLib.torch_device.has_matrix_units", lambda: False)
    assert place_for(cpu, model.network(2), model).dtype is torch.float32
    monkeypatch.setattr("DicomSuiteSuperResLib.torch_device.has_matrix_units", lambda: True)
    assert place_for(cpu, model.network(2), model).dtype is torch.bfloat16
    times[torch.bfloat16] = 2.5
    assert place_for(cpu, model.network(2), model) == Place(cpu, torch.float32)
    assert place_for(cpu, model.network(2), replace(model, window=(96, 96, 96))).dtype is torch.float32


def test_matrix_units_are_told_by_the_processor() -> None:
    assert has_matrix_units() in (True, False)
