"""The volume rendering presets of Slicer as render modes, with the technique that Slicer leaves to the user."""

from __future__ import annotations

import re
from pathlib import Path

from DicomSuiteLib.scene import module_logic
from DicomSuiteRenderLib.render_mode import RenderMode, Technique
from DicomSuiteRenderLib.volume_property import look_of

_PRESETS = "presets.xml"
_PREFIX = "slicer-"
_OF_PROJECTION = re.compile(r"\bMIP\b")


def application_presets() -> tuple[RenderMode, ...]:
    """Every preset that Slicer's Volume Rendering module offers, in its order; none where there is no Slicer.

    A preset called MIP becomes one; all others are composites, the X-ray included, whose opacities add up.

    Raises
    ------
    MissingPackageError
        As for `DicomSuiteLib.scene.mrml_scene`.
    """
    logic = module_logic("VolumeRendering")
    # The logic reports an error for a file that is not there; slicer-core comes without it.
    if not (Path(logic.GetModuleShareDirectory()) / _PRESETS).is_file():
        return ()
    scene = logic.GetPresetsScene()
    nodes = scene.GetNodesByClass("vtkMRMLVolumePropertyNode")
    nodes.UnRegister(None)
    return tuple(_mode(nodes.GetItemAsObject(number)) for number in range(nodes.GetNumberOfItems()))


def _mode(property_node: object) -> RenderMode:
    name = property_node.GetName()
    technique = Technique.MAXIMUM if _OF_PROJECTION.search(name) else Technique.COMPOSITE
    key = _PREFIX + re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return RenderMode(key, name, look_of(property_node.GetVolumeProperty(), technique))
