"""Messages tell files by their names alone, wherever those lie."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from DicomSuiteLib.file_names import without_folders

names = st.sampled_from(["a", "ab", "b", "DOE JANE", "DOE", "d.o+e", "(1)", "ä"])
folders = st.lists(names, min_size=1, max_size=4).map(lambda parts: Path(*parts))
placed_folders = st.one_of(folders, folders.map(lambda folder: Path("/") / folder))


@given(st.lists(placed_folders, min_size=1, max_size=5))
def test_files_are_told_by_their_names_however_their_folders_lie_in_each_other(places):
    for place in places:
        path = os.path.join(place, "t2.nrrd")
        assert without_folders(f"{path} cannot be read ({path})", *places) == "t2.nrrd cannot be read (t2.nrrd)"


@given(st.text(), st.lists(placed_folders, max_size=3))
def test_words_that_are_no_paths_stay(text, places):
    words = text.replace("/", " ").replace(os.sep, " ")
    assert without_folders(words, *places) == words


@pytest.mark.parametrize(
    ("text", "folder"),
    [
        ("/data/DOE2/a.nrrd", "/data/DOE"),  # the beginning of another's name
        ("/data/a.nrrd", "a"),  # its end
        ("/a.nrrd and ./a.nrrd", "/"),
        ("../a.nrrd", "."),
    ],
)
def test_folders_that_only_look_alike_stay(text, folder):
    assert without_folders(text, Path(folder)) == text
