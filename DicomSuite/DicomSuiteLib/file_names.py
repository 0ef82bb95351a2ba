"""Names of files: made from what a mask or a segment is called, and told without their folders."""

from __future__ import annotations

import os
import re
from pathlib import Path

LONGEST_PART = 80
"""Bytes (UTF-8): a name made of a mask's and a segment's stays below the 255 that file systems allow."""


def file_name(words: str) -> str:
    """The words, cut to `LONGEST_PART`, with "_" for whatever a file system, a shell or a web address could misread.

    May be empty.
    """
    plain = re.sub(r"[^\w.+-]+", "_", words).strip("._")
    return plain.encode()[:LONGEST_PART].decode(errors="ignore").rstrip("._")


def without_folders(text: str, *folders: Path) -> str:
    """A message with the files in `folders` by their names alone: folders are often called after patients."""
    starts = {os.path.join(folder, "") for folder in folders if folder.name}  # "." and "/" tell nothing
    longest_first = map(re.escape, sorted(starts, key=len, reverse=True))  # one folder may lie inside another
    no_part_of_a_name = r"(?!\B\w)"
    return re.sub(f"{no_part_of_a_name}(?:{'|'.join(longest_first)})", "", text)
