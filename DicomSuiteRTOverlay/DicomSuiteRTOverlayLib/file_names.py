"""Names of files made from what a mask or a segment is called."""

import re


def file_name(words: str) -> str:
    """The words with "_" for whatever a file system, a shell or a web address could misread; may be empty."""
    return re.sub(r"[^\w.+-]+", "_", words).strip("._")
