"""How large a volume may be for a ray caster: what it takes, what there is, and by how much it must shrink."""

from __future__ import annotations

import math
import os

from DicomSuiteLib.free_memory import free_bytes
from DicomSuiteLib.geometry import Vector3
from DicomSuiteRenderLib.ray_caster import RayCaster

Size = tuple[int, int, int]

LIT_CPU_BYTES = 3
"""For each voxel, vtkFixedPointVolumeRayCastMapper holds the direction (2 bytes) and the length of the gradient."""
CPU_BYTES = 1
"""For each voxel without light: a table of the least and largest values of blocks, generously."""
MOST_GPU_BYTES = 4
"""OpenGL's largest scalar texel; doubles become floats."""

SHARE_OF_FREE = 0.5
"""How much of the free memory a picture may take: the rest is for the surfaces and for everybody else."""
GPU_BYTES = 2 << 30
"""Of a graphics card that nobody has told the size of (Slicer: View Controllers, GPU memory); most have more."""
LONGEST_TEXTURE = 2048
"""Edge of a 3D texture that every graphics card can hold which runs OpenGL 4."""
MOST_SOFTWARE_VOXELS = 1 << 28
"""512 x 512 x 1024: what two processor cores still turn in seconds, and light in five."""


def bytes_per_voxel(ray_caster: RayCaster, item_size: int, is_lit: bool) -> int:
    """What a ray caster takes for one voxel of `item_size` bytes, besides the volume itself."""
    if ray_caster is RayCaster.GPU:
        return min(item_size, MOST_GPU_BYTES)
    return LIT_CPU_BYTES if is_lit else CPU_BYTES


def usable_bytes(ray_caster: RayCaster, is_software: bool, gpu_megabytes: int = 0) -> int:
    """What a picture may take: of the graphics card's memory, or of the machine's where software draws.

    `gpu_megabytes` is the size of the card's memory, 0 where it is not known.
    """
    if ray_caster is RayCaster.GPU and not is_software:
        return gpu_megabytes << 20 or GPU_BYTES
    free = free_bytes()
    if free is None:
        # macOS does not tell; much of what is in use there can be had back.
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return int(free * SHARE_OF_FREE)


def shrink_factors(size: Size, spacing: Vector3, most_voxels: int, longest_edge: int) -> Size:
    """Whole numbers of voxels along i, j, k that must become one; the finest axes give way first."""
    factors = [max(1, math.ceil(length / longest_edge)) for length in size]
    while math.prod(_shrunk(size, factors)) > most_voxels:
        candidates = [axis for axis in range(3) if size[axis] // (factors[axis] + 1) >= 2]
        if not candidates:
            break
        factors[min(candidates, key=lambda axis: spacing[axis] * factors[axis])] += 1
    return tuple(factors)


def _shrunk(size: Size, factors: list[int]) -> list[int]:
    return [length // factor for length, factor in zip(size, factors, strict=True)]
