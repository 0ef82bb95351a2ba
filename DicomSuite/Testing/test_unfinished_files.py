"""What a killed command has left behind goes; what is another's stays."""

from DicomSuiteLib.unfinished_files import remove_unfinished_files


def test_only_hidden_part_files_and_folders_are_removed_at_any_depth(tmp_path):
    inner = tmp_path / "a" / "b"
    (inner / ".series.part" / "deep").mkdir(parents=True)
    (inner / ".series.part" / "deep" / "1.dcm").touch()
    (inner / "theirs.part").mkdir()
    for name in (".x.dcm.part", "x.part", ".x.dcm", "x.dcm"):
        (inner / name).touch()
    remove_unfinished_files(tmp_path)
    assert sorted(file.name for file in inner.iterdir()) == [".x.dcm", "theirs.part", "x.dcm", "x.part"]


def test_without_an_output_nothing_is_removed(tmp_path, monkeypatch):
    (tmp_path / ".x.part").touch()
    monkeypatch.chdir(tmp_path)
    remove_unfinished_files("")
    assert (tmp_path / ".x.part").exists()
