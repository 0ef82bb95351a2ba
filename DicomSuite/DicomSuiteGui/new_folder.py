"""Names of folders for results: each run has its own, and none is written over another."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

_MOST_OF_ONE_SECOND = 1000


def newFolder(parent: Path, kind: str) -> Path:
    """A folder in `parent` that does not exist yet; its name tells of what kind and when, and of nobody."""
    name = f"{kind}-{datetime.now():%Y%m%d-%H%M%S}"
    candidates = (parent / (name if number == 1 else f"{name}-{number}") for number in range(1, _MOST_OF_ONE_SECOND))
    return next(path for path in candidates if not path.exists())
