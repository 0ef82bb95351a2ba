"""Hidden copies of a volume node with other voxels, kept until the volume changes."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from DicomSuiteLib.node_roles import remove_with_companions
from DicomSuiteLib.volume_nodes import image_data
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.own_nodes import Role, new_own_node, own_nodes

_CONTENT = "DicomSuiteRender.Content"
"""What a copy was made of: as long as it is the same, the copy is good."""
_NOTICE = "DicomSuiteRender.Notice"

_SESSION = uuid.uuid4().hex
"""VTK's times of modification mean nothing in another process."""

_COPY = "Volume to render"
"""The name of every copy: that of the volume may tell who it is of."""


def volume_state(volume_node: Any, volume: Volume) -> str:
    """Names what a volume is now: another name once its voxels or its place have changed."""
    return f"{_SESSION} {volume_node.GetImageData().GetMTime()} {hash(volume.grid)}"


def remove_stale_copies(volume_node: Any, state: str) -> None:
    """Take copies out of the scene that were not made of the volume as it is now."""
    for role in (Role.PREPARED_VOLUME, Role.RENDERED_VOLUME):
        for node in own_nodes(role, volume_node, None):
            if not node.GetAttribute(_CONTENT).startswith(state):
                remove_with_companions(node)


def volume_copy(
    role: Role, content: str, volume_node: Any, transform_id: str | None, make: Callable[[], tuple[Volume, str]]
) -> tuple[Any, str]:
    """The copy of a role that holds `content`, and a notice, made if it is not there.

    `content` begins with `volume_state`. `make` returns a volume with even slices, and the notice or "". The copy is
    neither listed nor saved with the scene.
    """
    kept = (node for node in own_nodes(role, volume_node, None) if node.GetAttribute(_CONTENT) == content)
    node = next(kept, None) or _new_copy(role, content, volume_node, *make())
    node.SetAndObserveTransformNodeID(transform_id)
    return node, node.GetAttribute(_NOTICE) or ""


def _new_copy(role: Role, content: str, volume_node: Any, volume: Volume, notice: str) -> Any:
    node = new_own_node("vtkMRMLScalarVolumeNode", _COPY, role, volume_node, None)
    node.SetSaveWithScene(False)
    node.SetAndObserveImageData(image_data(volume.voxels))
    volume.grid.geometry.set_on_volume_node(node)
    node.SetAttribute(_CONTENT, content)
    node.SetAttribute(_NOTICE, notice)
    return node
