"""A CSV file that its owner alone can read."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from DicomSuiteLib.output_file import output_file


def write_private_table(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Write the rows below a heading, with mode 0600; how many there were. Raises OutputError.

    Names of files that are no valid text keep their bytes.
    """
    count = 0
    with output_file(path) as partial:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="utf-8", errors="surrogateescape", newline="") as file:
            table = csv.writer(file)
            table.writerow(columns)
            for row in rows:
                table.writerow(row)
                count += 1
    return count
