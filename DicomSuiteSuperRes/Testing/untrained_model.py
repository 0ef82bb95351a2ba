"""A model whose weights are random: it does nothing useful, but all that a trained one does."""

from __future__ import annotations

from collections.abc import Sequence

from DicomSuiteSuperResLib.models import LoadedModel, ModelIdentity, ModelScope, Upsampling


def untrained_model(
    upsampling: Upsampling = Upsampling.THROUGH_PLANE, factors: Sequence[int] = (2, 3, 4, 5, 6), seed: int = 0
) -> LoadedModel:
    """Give a small `LoadedModel`, the same for the same seed."""
    import torch

    from DicomSuiteSuperResLib.torch_network import NetworkShape, ResidualUpsampler, loaded_model

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = ResidualUpsampler(NetworkShape(upsampling, tuple(factors), (1, 2, 2), width=8, blocks=1))
    return loaded_model(network, ModelIdentity("untrained", "0", "0" * 64), ModelScope())
