"""A new file appears complete or not at all, and what was there before stays until then."""

import pytest

from DicomSuiteLib.new_file import new_file


def test_file_takes_its_name_when_it_is_complete(tmp_path):
    path = tmp_path / "mask.nrrd"
    path.write_text("before")
    with new_file(path) as partial:
        partial.write_text("after")
        assert path.read_text() == "before"
        assert partial.name.startswith(".") and partial.name.endswith(".part")
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("mask.nrrd", "after")]


def test_failure_leaves_what_was_there_and_nothing_else(tmp_path):
    path = tmp_path / "mask.nrrd"
    path.write_text("before")
    with pytest.raises(ZeroDivisionError), new_file(path) as partial:
        partial.write_text("half")
        raise ZeroDivisionError
    assert [(found.name, found.read_text()) for found in tmp_path.iterdir()] == [("mask.nrrd", "before")]
