"""What super-resolving some inputs would give and cost, without doing it."""

from __future__ import annotations

from typing import Any

from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteSuperResLib.chosen_model import ModelChoice
from DicomSuiteSuperResLib.domain_check import domain_warnings
from DicomSuiteSuperResLib.find_inputs import FoundInput, FoundInputs
from DicomSuiteSuperResLib.models import LoadedModel
from DicomSuiteSuperResLib.output_plan import OutputPlan, Scaling, plan
from DicomSuiteSuperResLib.super_resolution import SuperResRequest


def estimate(inputs: FoundInputs, choice: ModelChoice, request: SuperResRequest) -> dict[str, Any]:
    """Plan every input; a bundled model is not loaded, so that this needs no torch, and says nothing of its scope."""
    model = choice.bundled or choice.load()
    outputs = []
    refused = [{"input": name, "reason": reason} for name, reason in inputs.unreadable]
    for found in inputs.volumes:
        try:
            outputs.append(_estimate(found, model, request))
        except DicomSuiteError as error:
            refused.append({"input": found.words, "reason": found.tellable(str(error))})
    return {"outputs": outputs, "refused": refused}


def _estimate(found: FoundInput, model: Scaling, request: SuperResRequest) -> dict[str, Any]:
    volume = found.read()
    planned = plan(volume.grid, model, request, volume.voxels.itemsize)
    doubts = domain_warnings(volume, model, planned) if isinstance(model, LoadedModel) else ()
    return {
        "input": found.words,
        "size": planned.size,
        "spacing": planned.spacing,
        "axis": "ijk"[planned.axis],
        "factor": planned.factor,
        "memory_bytes": planned.memory_bytes,
        "seconds": planned.seconds,
        "warnings": [*volume.notes, *planned.notes, *doubts],
        "words": _words(planned),
    }


def _words(planned: OutputPlan) -> str:
    size = " x ".join(map(str, planned.size))
    spacing = " x ".join(f"{length:.3g}" for length in planned.spacing)
    memory, seconds = planned.memory_bytes / 1e6, planned.seconds
    return f"{size} voxels of {spacing} mm, {memory:.0f} MB of memory, about {seconds:.0f} s on the processor"
