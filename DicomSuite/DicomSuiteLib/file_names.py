"""Names of files made from what a mask or a segment is called."""

import re

LONGEST_PART = 80
"""Bytes (UTF-8): a name made of a mask's and a segment's stays below the 255 that file systems allow."""


def file_name(words: str) -> str:
    """The words, cut to `LONGEST_PART`, with "_" for whatever a file system, a shell or a web address could misread.

    May be empty.
    """
    plain = re.sub(r"[^\w.+-]+", "_", words).strip("._")
    return plain.encode()[:LONGEST_PART].decode(errors="ignore").rstrip("._")
