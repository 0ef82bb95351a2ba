"""What the bundled models' network is built to be, whatever its weights."""

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from DicomSuiteSuperResLib.linear_start import WIDTH  # noqa: E402
from DicomSuiteSuperResLib.models import Upsampling  # noqa: E402
from DicomSuiteSuperResLib.torch_network import NetworkShape, OneFactor, ResidualUpsampler, pack, unpack  # noqa: E402

SHAPES = (
    NetworkShape(Upsampling.THROUGH_PLANE, (2, 3), (1, 2, 2), width=4, blocks=1),
    NetworkShape(Upsampling.ISOTROPIC, (2,), (2, 2, 2), width=4, blocks=1),
)


def random_network(shape: NetworkShape) -> ResidualUpsampler:
    """All weights random, the linear filters too."""
    torch.manual_seed(0)
    network = ResidualUpsampler(shape)
    generator = np.random.default_rng(0)
    for factor in shape.factors:
        kernels = generator.standard_normal(network.filters[str(factor)].kernels[:, 0].shape)
        kernels -= kernels.mean(axis=(1, 2, 3), keepdims=True)
        network.begin_with(factor, kernels.astype(np.float32))
        torch.nn.init.normal_(network.heads[str(factor)].weight)
    return network.eval().requires_grad_(False)


def coarse(*size: int) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(1).standard_normal((1, 1, *size)).astype(np.float32))


@pytest.mark.parametrize("shape", SHAPES, ids=["through-plane", "isotropic"])
@pytest.mark.parametrize(("scale", "offset"), [(3.0, 0.0), (0.01, -5.0), (1000.0, 2000.0)])
def test_scale_and_offset_of_the_values_do_not_matter(shape, scale, offset):
    network, values = OneFactor(random_network(shape), 2), coarse(8, 8, 8)
    expected = scale * network(values)
    tolerance = 1e-4 * float(expected.abs().max()) + 1e-5 * abs(offset)
    torch.testing.assert_close(network(scale * values + offset), expected, rtol=0, atol=tolerance)


@pytest.mark.parametrize("shape", SHAPES, ids=["through-plane", "isotropic"])
def test_nothing_is_added_to_a_constant_up_to_the_edge(shape):
    added = OneFactor(random_network(shape), 2)(torch.full((1, 1, 8, 8, 8), 1000.0))
    assert float(added.abs().max()) < 0.05


@pytest.mark.parametrize(("shape", "factor", "size"), [(SHAPES[0], 3, (24, 10, 12)), (SHAPES[1], 2, (16, 20, 24))])
def test_the_output_is_finer_by_the_factor_where_the_model_upsamples(shape, factor, size):
    assert OneFactor(random_network(shape), factor)(coarse(8, 10, 12)).shape == (1, 1, *size)


@pytest.mark.parametrize("shape", SHAPES, ids=["through-plane", "isotropic"])
def test_nothing_beyond_the_halo_is_looked_at(shape):
    network, values = OneFactor(random_network(shape), 2), coarse(40, 40, 40)
    changed = values.clone()
    changed[:, :, 20, 20, 20] += 1
    difference = (network(changed) - network(values))[0, 0].numpy()
    for axis, (reach, step) in enumerate(zip(shape.halo, shape.steps(2), strict=True)):
        others = tuple(other for other in range(3) if other != axis)
        places = np.flatnonzero(np.abs(difference).max(axis=others) > 1e-5) // step
        assert 20 - reach <= places.min() < places.max() <= 20 + reach


def test_packing_is_undone():
    values = coarse(4, 6, 8)
    assert torch.equal(unpack(pack(values, (1, 2, 2)), (1, 2, 2)), values)
    assert pack(values, (1, 2, 2)).shape == (1, 4, 4, 3, 4)
    assert torch.equal(pack(values, (1, 2, 2))[0, :, 1, 1, 1], values[0, 0, 1, 2:4, 2:4].reshape(4))


def test_outputs_are_put_where_the_voxels_lie_that_they_stand_for():
    network = ResidualUpsampler(SHAPES[0]).eval()
    kernels = np.zeros((2, WIDTH, WIDTH, WIDTH), np.float32)
    kernels[0, 2, 2, 2], kernels[1, 2, 2, 2] = 10, 20
    network.begin_with(2, kernels)
    values = coarse(4, 6, 6)
    added = network(values, 2).detach()
    torch.testing.assert_close(added[:, :, 0::2], 10 * values)
    torch.testing.assert_close(added[:, :, 1::2], 20 * values)


def test_a_shape_comes_back_from_json():
    assert [NetworkShape.from_json(shape.as_json()) for shape in SHAPES] == list(SHAPES)
