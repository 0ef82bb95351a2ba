"""The volume node that a ray caster is given: with all voxels, or with fewer where memory would not do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from DicomSuiteLib.geometry import ImageGeometry
from DicomSuiteLib.slice_grid import SliceGrid
from DicomSuiteLib.volumes import Volume
from DicomSuiteRenderLib import render_memory
from DicomSuiteRenderLib.own_nodes import Role
from DicomSuiteRenderLib.prepared_volume import PreparedVolume
from DicomSuiteRenderLib.ray_caster import RayCaster, is_software_rendering
from DicomSuiteRenderLib.volume_copies import volume_copy


@dataclass(frozen=True)
class RenderRoom:
    """How large a volume may be: number of voxels in all, and along an axis."""

    most_voxels: int
    longest_edge: int

    @classmethod
    def of(cls, ray_caster: RayCaster, item_size: int, is_lit: bool, gpu_megabytes: int = 0) -> RenderRoom:
        """What there is on this machine now, for voxels of `item_size` bytes; 0 MB where the card's is not known."""
        is_software = is_software_rendering()
        usable = render_memory.usable_bytes(ray_caster, is_software, gpu_megabytes)
        most = usable // render_memory.bytes_per_voxel(ray_caster, item_size, is_lit)
        if is_software:
            most = min(most, render_memory.MOST_SOFTWARE_VOXELS)
        return cls(most, render_memory.LONGEST_TEXTURE)


def rendered_volume(volume_node: Any, prepared: PreparedVolume, room: RenderRoom) -> tuple[Any, tuple[str, ...]]:
    """Give the prepared volume's node, or a hidden copy that fits into `room`, with a notice of how much is left."""
    size = prepared.volume.grid.size
    factors = render_memory.shrink_factors(
        size, prepared.volume.grid.nominal_geometry.spacing, room.most_voxels, room.longest_edge
    )
    if factors == (1, 1, 1):
        return prepared.node, ()
    node, notice = volume_copy(
        Role.RENDERED_VOLUME,
        f"{prepared.content} shrunk {factors}",
        volume_node,
        prepared.node.GetTransformNodeID(),
        lambda: _shrunk(prepared.volume, factors),
    )
    return node, (notice,)


def _shrunk(volume: Volume, factors: render_memory.Size) -> tuple[Volume, str]:
    """Each voxel is the mean of those that it stands for, and in their middle; what is left over is cut off."""
    import SimpleITK

    small = SimpleITK.BinShrink(SimpleITK.GetImageFromArray(volume.voxels), factors)
    geometry = volume.grid.geometry
    grid = SliceGrid.from_geometry(
        ImageGeometry.from_axes(
            small.GetSize(), geometry.axes * np.array(factors), geometry.lps_from_ijk((np.array(factors) - 1) / 2)
        )
    )
    return Volume(SimpleITK.GetArrayFromImage(small), grid), _notice(geometry.size, grid.size)


def _notice(size: render_memory.Size, small: render_memory.Size) -> str:
    before, after = (" x ".join(map(str, lengths)) for lengths in (size, small))
    return (
        f"The volume is too large to render here: it is shown with {after} in place of {before} voxels. "
        "Slices and measurements keep them all."
    )
