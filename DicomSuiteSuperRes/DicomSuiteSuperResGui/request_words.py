"""What the parameters ask of a super-resolution, for the plan and for the command line."""

from __future__ import annotations

from typing import Any

from DicomSuiteSuperResLib.super_resolution import Device, SuperResRequest


def requestOf(parameters: Any) -> SuperResRequest:
    """As the library has it."""
    return SuperResRequest(
        axis=parameters.axis.index,
        spacing=parameters.spacing if parameters.ownSpacing else None,
        back_projections=parameters.backProjections,
        device=Device(parameters.device.value),
        fast=parameters.fast,
    )


def requestWords(parameters: Any) -> tuple[str, ...]:
    """As the command line has it."""
    request = requestOf(parameters)
    words = ["--device", request.device, "--back-projections", str(request.back_projections)]
    if request.fast:
        words += ["--fast"]
    if request.axis is not None:
        words += ["--axis", parameters.axis.value]
    if request.spacing is not None:
        words += ["--spacing", repr(request.spacing)]
    return tuple(words)
