"""A volume as 3D wants it: even slices, every voxel a number, and no table where that is in the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volume_nodes import volume_of_node
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib.errors import RenderError
from DicomSuiteRenderLib.even_slices import with_even_slices
from DicomSuiteRenderLib.outside_air import without_outside_air
from DicomSuiteRenderLib.own_nodes import Role
from DicomSuiteRenderLib.volume_copies import remove_stale_copies, volume_copy, volume_state

TableRemoval = Callable[[Volume], Volume]
"""Gives the volume back without the table; RenderError where it cannot tell which that is."""


@dataclass(frozen=True, eq=False)
class PreparedVolume:
    """What is to be rendered, at full resolution.

    Parameters
    ----------
    node : the user's volume node, or a hidden copy of it
    volume : its voxels where they lie before the parent transforms of `node`; they must not be written to
    content : names what the voxels are and where they lie
    notices : what the user should know, in words
    """

    node: Any
    volume: Volume
    content: str
    notices: tuple[str, ...] = ()


def prepared_volume(volume_node: Any, remove_table: TableRemoval | None, keeps_air: bool = True) -> PreparedVolume:
    """Give the volume node itself, or a hidden copy: with even slices, without gaps, without the table if asked for.

    Voxels that hold no number become the lowest one. Where the table cannot be told from the patient it stays, with a
    notice. MR and PET show none, so nothing is removed from what is known not to be CT. Unless it `keeps_air`, a CT
    loses the air around the patient together with the table: for what looks for the lowest values.

    Raises
    ------
    RenderError
        If there is nothing that could be rendered in 3D.
    VolumeError
        As for `volume_of_node`.
    """
    volume = _renderable(volume_node)
    transform = volume_node.GetParentTransformNode()
    moves_slices = transform is not None and not transform.IsTransformToWorldLinear()
    if not moves_slices:
        volume = _before_transforms(volume, volume_node)
    if volume.modality not in ("CT", ""):
        remove_table = None
    state = volume_state(volume_node, volume)
    remove_stale_copies(volume_node, state)
    content = f"{state} {'without' if remove_table else 'with'} table{'' if keeps_air else ', without air'}"
    has_gaps = not np.isfinite(volume.voxels).all()
    if remove_table is None and not has_gaps and not moves_slices:
        return PreparedVolume(volume_node, volume, content)
    # What moves the slices is done once and for all: the ray casters would take seconds each time.
    transform_id = None if moves_slices else volume_node.GetTransformNodeID()
    copy, notice = volume_copy(
        Role.PREPARED_VOLUME, content, volume_node, transform_id, lambda: _prepared(volume, remove_table, keeps_air)
    )
    prepared = replace(_before_transforms(volume_of_node(copy), copy), modality=volume.modality)
    return PreparedVolume(copy, prepared, content, (notice,) if notice else ())


def without_gaps(voxels: NDArray) -> NDArray:
    """The voxels with the lowest number there is for those that hold none (NaN, infinity).

    Raises
    ------
    RenderError
        If no voxel holds a number.
    """
    is_number = np.isfinite(voxels)
    if is_number.all():
        return voxels
    if not is_number.any():
        raise RenderError("No voxel of the volume holds a number; load it again, or repeat what computed it.")
    return np.where(is_number, voxels, voxels[is_number].min())


def _renderable(volume_node: Any) -> Volume:
    if volume_node is None or volume_node.GetScene() is None:
        raise RenderError("There is no volume to render; load or choose one.")
    if volume_node.IsA("vtkMRMLLabelMapVolumeNode"):
        raise RenderError("A labelmap has no grey values to render; import it as a segmentation to see it in 3D.")
    volume = volume_of_node(volume_node)
    if min(volume.voxels.shape) < 2:
        size = " x ".join(map(str, volume.grid.size))
        raise RenderError(
            f"The volume has {size} voxels; 3D needs two or more along every axis. Look at it in a slice view."
        )
    return volume


def _before_transforms(volume: Volume, volume_node: Any) -> Volume:
    """Where the node's own matrix puts it; its parent transforms then move the picture, too."""
    return replace(volume, grid=SliceGrid.from_geometry(ImageGeometry.from_volume_node(volume_node)))


def _prepared(volume: Volume, remove_table: TableRemoval | None, keeps_air: bool) -> tuple[Volume, str]:
    """The volume as it should be, and what the user should know about it."""
    gaps = volume.voxels.size - np.count_nonzero(np.isfinite(volume.voxels))
    notices = []
    if gaps:
        total = volume.voxels.size
        notices.append(f"{gaps:,} of {total:,} voxels hold no number (NaN); they look like the lowest value.")
    volume = with_even_slices(replace(volume, voxels=without_gaps(volume.voxels)))
    if remove_table is not None:
        try:
            volume = remove_table(volume)
        except RenderError as error:
            notices.append(f"The table was not removed. {error}")
        if not keeps_air:
            volume = without_outside_air(volume)
    return volume, " ".join(notices)
