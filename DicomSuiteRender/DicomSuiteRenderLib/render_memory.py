"""How large a volume may be for a ray caster: what it takes, what there is, and by how much it must shrink."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

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

_MEMORY_INFO = Path("/proc/meminfo")
_GROUP_LIMIT, _GROUP_USE = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")


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
    return int(free_bytes() * SHARE_OF_FREE)


def free_bytes() -> int:
    """Memory that programs can still get without others being swapped out."""
    if sys.platform == "win32":
        return _free_on_windows()
    free = _free_on_linux() if _MEMORY_INFO.exists() else None
    if free is None:
        # macOS does not tell; much of what is in use there can be had back.
        free = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2
    return free


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


def _free_on_linux() -> int | None:
    lines = dict(line.split(":", 1) for line in _MEMORY_INFO.read_text(encoding="ascii").splitlines() if ":" in line)
    if "MemAvailable" not in lines:
        return None
    free = int(lines["MemAvailable"].split()[0]) << 10
    return min(free, _free_in_group() or free)


def _free_in_group() -> int | None:
    """What a container may still take; None where it has no limit."""
    try:
        limit, used = (path.read_text(encoding="ascii").strip() for path in (_GROUP_LIMIT, _GROUP_USE))
    except OSError:
        return None
    return max(0, int(limit) - int(used)) if limit.isdigit() else None


def _free_on_windows() -> int:
    import ctypes

    class MemoryStatus(ctypes.Structure):
        """Win32's MEMORYSTATUSEX."""

        _fields_ = (
            ("length", ctypes.c_ulong),
            ("load", ctypes.c_ulong),
            *((name, ctypes.c_ulonglong) for name in ("total", "free", "total_page", "free_page", "total_virtual")),
            ("free_virtual", ctypes.c_ulonglong),
            ("free_extended", ctypes.c_ulonglong),
        )

    status = MemoryStatus(length=ctypes.sizeof(MemoryStatus))
    ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.free)
