"""What `dicomsuite preprocess` has made of a volume, read from its files and put into the scene."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import slicer
from slicer.i18n import tr as _

from DicomSuiteLib.geometry import LPS_FROM_RAS, FloatArray
from DicomSuiteLib.read_volume import read_volume
from DicomSuiteLib.volume_nodes import node_of_volume
from DicomSuiteLib.volumes import Volume
from DicomSuiteSuperResGui.derived_nodes import addDerivedVolume, placeBeside
from DicomSuiteSuperResGui.only_output import onlyOutput
from DicomSuiteSuperResLib.preprocess_options import OutputKind
from DicomSuiteSuperResLib.transform_file import read_transform

_VOLUMES = (OutputKind.PREPARED, OutputKind.BRAIN_MASK, OutputKind.REGISTERED, OutputKind.HIGH, OutputKind.LOW)


@dataclass(frozen=True, eq=False)
class Prepared:
    """What was made: volumes by their kind, the affine map from template to patient (LPS mm), what is to be told."""

    volumes: Mapping[OutputKind, Volume]
    patientFromTemplate: FloatArray | None
    warnings: tuple[str, ...]


def readPrepared(facts: Mapping[str, Any], folder: Path) -> Prepared:
    """Read the files that the command reports; raises why there are none. Touches neither Qt nor MRML."""
    output = onlyOutput(facts)
    files = {OutputKind(file["kind"]): folder / file["file"] for file in output["files"]}
    transform = files.get(OutputKind.TRANSFORM)
    problems = tuple(f"{problem['what']}: {problem['reason']}" for problem in output["problems"])
    return Prepared(
        {kind: read_volume(path) for kind, path in files.items() if kind in _VOLUMES},
        None if transform is None else read_transform(transform),
        (*problems, *output["warnings"]),
    )


def addPrepared(prepared: Prepared, source: Any) -> list[Any]:
    """Put it all into the scene, beside its source; returns the nodes, first what is worked on next.

    Raises
    ------
    VolumeError
        As for `node_of_volume`.
    """
    nodes = []
    names = {
        OutputKind.PREPARED: _("{name} prepared"),
        OutputKind.LOW: _("{name} thick"),
        OutputKind.BRAIN_MASK: _("{name} brain mask"),
        OutputKind.REGISTERED: _("{name} in template space"),
    }
    for kind, words in names.items():
        if kind in prepared.volumes:
            nodes.append(_add(kind, prepared.volumes[kind], words.format(name=source.GetName()), source))
    if prepared.patientFromTemplate is not None:
        name = _("{name} to template").format(name=source.GetName())
        nodes.append(_addTransform(prepared.patientFromTemplate, name, source))
    return nodes


def _add(kind: OutputKind, volume: Volume, name: str, source: Any) -> Any:
    match kind:
        case OutputKind.BRAIN_MASK:
            return _addMask(volume, name, source)
        case OutputKind.REGISTERED:  # it lies elsewhere than its source, and is not moved with it
            return node_of_volume(volume, name)
        case OutputKind.LOW:
            return addDerivedVolume(volume, name, source)
        case _:
            node = addDerivedVolume(volume, name, source)
            node.GetScalarVolumeDisplayNode().SetAutoWindowLevel(True)  # its values may be on another scale
            return node


def _addMask(volume: Volume, name: str, source: Any) -> Any:
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", slicer.mrmlScene.GenerateUniqueName(name))
    slicer.util.updateVolumeFromArray(node, np.asarray(volume.voxels > 0, np.uint8))
    volume.grid.nominal_geometry.set_on_volume_node(node)
    node.CreateDefaultDisplayNodes()
    placeBeside(source, node)
    return node


def _addTransform(patientFromTemplate: FloatArray, name: str, source: Any) -> Any:
    """A transform that lays the source over the template when it is applied to it."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode", slicer.mrmlScene.GenerateUniqueName(name))
    matrix = LPS_FROM_RAS @ np.linalg.inv(patientFromTemplate) @ LPS_FROM_RAS
    node.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(matrix))
    placeBeside(source, node)
    return node
