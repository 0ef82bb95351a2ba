"""Networks built as the bundled ones are, with random weights that change every value a lot."""

from __future__ import annotations

from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, ModelScope, Upsampling


def random_model(
    upsampling: Upsampling = Upsampling.THROUGH_PLANE,
    factors: tuple[int, ...] = (2, 3, 4, 5, 6),
    packed: tuple[int, int, int] = (1, 2, 2),
) -> LoadedModel:
    """A small one, always the same."""
    import torch

    from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler, loaded_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        network = ResidualUpsampler(NetworkShape(upsampling, factors, packed, width=8, blocks=2))
        for head in network.heads.values():
            torch.nn.init.normal_(head.weight, std=0.1)
        for linear in network.filters.values():
            torch.nn.init.normal_(linear.kernels, std=0.02)
    return loaded_model(network, ModelIdentity("random", "0", "0" * 64), ModelScope())
