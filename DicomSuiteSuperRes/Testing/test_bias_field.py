"""Brightness that was laid over a head is found and taken away."""

import numpy as np
import pytest

from DicomSuiteLib.head_template import bundled_template
from DicomSuiteLib.tasks import Cancelled, CancelToken
from DicomSuiteSuperResLib import bias_field as bias_field_module
from DicomSuiteSuperResLib.bias_field import bias_field, without_bias_field
from DicomSuiteSuperResLib.errors import SuperResError

SPACING = (3.0, 3.0, 3.0)


@pytest.fixture
def few_iterations(monkeypatch):
    monkeypatch.setattr(bias_field_module, "ITERATIONS", (30, 10))


def shaded(template) -> tuple[np.ndarray, np.ndarray]:
    """The template's head, half as bright again on one side as on the other; and that shade."""
    shade = np.linspace(0.8, 1.2, template.head.grid.columns, dtype=np.float32)
    return template.head.voxels * shade, np.broadcast_to(shade, template.head.voxels.shape)


def test_shade_is_found_within_the_brain(few_iterations):
    template = bundled_template()
    voxels, shade = shaded(template)
    brain = template.brain > 0.5
    unshaded = bias_field(template.head.voxels.astype(np.float32), SPACING, brain)
    found = bias_field(voxels, SPACING, brain) / unshaded
    left = (found / shade)[brain]
    assert found.shape == voxels.shape
    assert left.std() / left.mean() < 0.5 * shade[brain].std() / shade[brain].mean()


def test_result_is_the_volume_divided_by_the_field_and_the_same_every_time(few_iterations):
    voxels, _ = shaded(bundled_template())
    field = bias_field(voxels, SPACING)
    assert field.min() > 0
    assert np.array_equal(without_bias_field(voxels, SPACING), voxels / field)


def test_empty_volume_is_refused():
    with pytest.raises(SuperResError, match="too little"):
        bias_field(np.zeros((30, 30, 30), np.int16), SPACING)


def test_cancel_stops_it(few_iterations):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        bias_field(shaded(bundled_template())[0], SPACING, token=token)
