"""The models that come with DicomSuite."""

import sys

import numpy as np
import pytest
from scipy import ndimage

from DicomSuiteSuperResLib.bundled_models import FOLDER, bundled_models, load_bundled
from DicomSuiteSuperResLib.cubic_volume import cubic_voxels
from DicomSuiteSuperResLib.degrade import lower_resolution
from DicomSuiteSuperResLib.errors import ModelError
from DicomSuiteSuperResLib.models import Upsampling

MOST_BYTES = 3_000_000


def test_there_are_models_for_thick_slices_and_for_all_directions():
    usual, *others = bundled_models()
    assert usual.upsampling is Upsampling.THROUGH_PLANE and {2, 3, 4, 5, 6} <= set(usual.factors)
    assert any(model.upsampling is Upsampling.ISOTROPIC and 2 in model.factors for model in others)


def test_models_are_small():
    assert sum(model.file.stat().st_size for model in bundled_models()) <= MOST_BYTES


def test_every_model_has_a_card_and_every_card_a_model():
    assert {path.stem for path in FOLDER.glob("*.safetensors")} == {model.name for model in bundled_models()}


@pytest.mark.parametrize("fact", ["summary", "data", "licence", "degradation", "training", "figures"])
def test_cards_say_what_has_to_be_known(fact):
    assert all(model.card[fact] for model in bundled_models())


def test_models_are_listed_without_torch(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    bundled_models.cache_clear()
    assert bundled_models()


def test_an_unknown_name_is_refused_with_those_that_there_are():
    with pytest.raises(ModelError, match=bundled_models()[0].name):
        load_bundled("nothing")


@pytest.mark.parametrize("model", bundled_models(), ids=lambda model: model.name)
def test_every_factor_of_a_model_makes_tissue_sharper_than_cubic_interpolation_does(model):
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    torch.set_num_threads(1)
    loaded = load_bundled(model.name)
    assert (loaded.upsampling, loaded.factors) == (model.upsampling, model.factors)
    for factor in model.factors:
        steps = (factor, 1, 1) if model.upsampling is Upsampling.THROUGH_PLANE else (factor,) * 3
        truth = _tissue(tuple(24 * step if step > 1 else 48 for step in steps))
        coarse = lower_resolution(truth, [size // step for size, step in zip(truth.shape, steps, strict=True)])
        cubic = cubic_voxels(coarse, truth.shape)
        added = loaded.network(factor)(torch.from_numpy(coarse)[None, None]).numpy()[0, 0]
        assert np.mean((cubic + added - truth) ** 2) < 0.95 * np.mean((cubic - truth) ** 2)


def _tissue(shape: tuple[int, int, int]) -> np.ndarray:
    """Smooth regions with sharp borders, in three grey values."""
    noise = ndimage.gaussian_filter(np.random.default_rng(0).standard_normal(shape), 4)
    return np.digitize(noise, np.quantile(noise, (0.4, 0.8))).astype(np.float32) * 200
