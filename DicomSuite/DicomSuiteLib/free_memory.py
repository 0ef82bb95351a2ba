"""How much memory programs can still get."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class _Group:
    """Where a version of Linux's control groups, which limit containers, tells of memory."""

    limit: Path
    used: Path
    statistics: Path
    reclaimable: str
    """What of the used memory is a cache of files, which gives way, is called so in the statistics."""


_MEMORY_INFO = Path("/proc/meminfo")
_FOLDER = Path("/sys/fs/cgroup")
_GROUPS = (
    _Group(_FOLDER / "memory.max", _FOLDER / "memory.current", _FOLDER / "memory.stat", "inactive_file"),
    _Group(
        _FOLDER / "memory/memory.limit_in_bytes",
        _FOLDER / "memory/memory.usage_in_bytes",
        _FOLDER / "memory/memory.stat",
        "total_inactive_file",
    ),
)
"""Version 2, and version 1."""


def free_bytes() -> int | None:
    """Memory that programs can still get without others being swapped out; None where the system does not tell.

    In a container it is no more than what its limit leaves.
    """
    if sys.platform == "win32":
        return _free_on_windows()
    return _free_on_linux() if _MEMORY_INFO.exists() else None


def _free_on_linux() -> int | None:
    lines = dict(line.split(":", 1) for line in _MEMORY_INFO.read_text(encoding="ascii").splitlines() if ":" in line)
    if "MemAvailable" not in lines:
        return None
    limits = [free for group in _GROUPS if (free := _free_in(group)) is not None]
    return min([int(lines["MemAvailable"].split()[0]) << 10, *limits])


def _free_in(group: _Group) -> int | None:
    """What a container may still take; None where it has no limit."""
    try:
        limit, used, statistics = (
            path.read_text(encoding="ascii").strip() for path in (group.limit, group.used, group.statistics)
        )
    except OSError:
        return None
    if not limit.isdigit():
        return None
    cached = dict(line.split(" ", 1) for line in statistics.splitlines()).get(group.reclaimable, "0")
    return max(0, int(limit) - int(used) + int(cached))


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
