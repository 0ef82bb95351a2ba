"""Which render mode shows a volume in a view: noted in the scene, so that it is still known when that was loaded."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

from DicomSuiteRenderLib.mode_files import mode_from_fields, mode_to_fields
from DicomSuiteRenderLib.own_nodes import Role, own_nodes
from DicomSuiteRenderLib.render_mode import RenderMode
from DicomSuiteRenderLib.volume_casting import property_node
from DicomSuiteRenderLib.window_level import VoiFunction, WindowLevel

_MODE = "DicomSuiteRender.Mode"
_CROP = "DicomSuiteRender.CropBox"


@dataclass(frozen=True)
class AppliedMode:
    """What was asked for.

    Parameters
    ----------
    mode : as it was given, its values in its own scale
    window : the display window that they were relative to
    crop : vtkMRMLMarkupsROINode outside of which nothing is shown; None: everything is
    """

    mode: RenderMode
    window: WindowLevel
    crop: Any = None


def applied_mode(volume_node: Any, view_node: Any) -> AppliedMode | None:
    """The mode that was applied last; None where there was none, or after a reset."""
    nodes = own_nodes(Role.VOLUME_PROPERTY, volume_node, view_node)
    text = nodes[0].GetAttribute(_MODE) if nodes else None
    if not text:
        return None
    noted = json.loads(text)
    window = noted["window"]
    return AppliedMode(
        mode_from_fields(noted["mode"], noted["key"]),
        WindowLevel(window["level"], window["width"], VoiFunction(window["function"])),
        nodes[0].GetNodeReference(_CROP),
    )


def note_applied_mode(applied: AppliedMode, volume_node: Any, view_node: Any) -> None:
    """Remember what was applied."""
    node = property_node(volume_node, view_node)
    noted = {"key": applied.mode.key, "mode": mode_to_fields(applied.mode), "window": asdict(applied.window)}
    node.SetAttribute(_MODE, json.dumps(noted))
    node.SetNodeReferenceID(_CROP, applied.crop and applied.crop.GetID())
