"""A file that appears complete or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Give a hidden temporary path beside `path` to write to; it takes the name of `path` when the block ends well.

    The temporary name ends in ".part", by which a cancelled run's leftovers are known. When the block fails it is
    removed, and what was at `path` before stays.
    """
    partial = path.with_name(f".{path.name}.part")
    try:
        yield partial
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
