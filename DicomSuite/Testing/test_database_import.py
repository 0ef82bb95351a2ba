"""Importing a folder into the DICOM database: copies, told how far it is and what was new, stopped when asked."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from application import processEvents, slicer, waitUntil
from ct_volumes import write_ct_series
from DicomSuiteGui.database_import import DatabaseImport
from panel_places import database_of

SLICES = 30
TIMEOUT_S = 60


@pytest.fixture
def series(tmp_path: Path) -> Iterator[Path]:
    """A series that lies in a folder, and an empty database."""
    folder = tmp_path / "series"
    write_ct_series(folder, (SLICES, 8, 8))
    with database_of(tmp_path / "database"):
        yield folder


def test_copies_are_imported_and_it_is_told_how_far_it_is_and_what_was_new(series: Path) -> None:
    importing, percents, ends = DatabaseImport(), [], []
    importing.progressed.connect(percents.append)
    importing.ended.connect(lambda *counts: ends.append(counts))
    importing.start(series)
    waitUntil(lambda: ends, TIMEOUT_S)
    assert ends == [(1, SLICES)]
    assert percents == sorted(percents) and percents[-1] == 100
    (file, *others) = [Path(path) for path in slicer.dicomDatabase.allFiles()]
    assert len(others) == SLICES - 1 and file.is_file() and not file.is_relative_to(series)
    importing.start(series)
    waitUntil(lambda: len(ends) == 2, TIMEOUT_S)
    assert ends[-1] == (0, 0)


def test_import_that_is_stopped_tells_nothing_more(series: Path) -> None:
    importing, told = DatabaseImport(), []
    importing.progressed.connect(told.append)
    importing.ended.connect(lambda *counts: told.append(counts))
    importing.start(series)
    importing.stop()
    told.clear()
    processEvents(0.3)
    assert told == []
