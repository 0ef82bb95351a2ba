"""A list of files in place of folders, and the line of facts that a program reads at the end."""

import io
import json
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from anonymize_runs import Ended, anonymize, read_report, refused, tree, write_key, write_series

Listed = Callable[..., Ended]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Four slices in nested folders, and a neighbour that no list names."""
    first, second, third, fourth = write_series(tmp_path / "source", 4)
    inner = tmp_path / "source" / "deep" / "er"
    inner.mkdir(parents=True)
    third.rename(inner / third.name)
    fourth.rename(inner / "with space and\nnewline.dcm")
    return tmp_path / "source"


@pytest.fixture
def listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Listed:
    """Runs on the list of `paths`, each followed by `end`, that stands on standard input; into `out`, with `key`."""

    def run(paths: Iterable[Path], *options: str, end: bytes = b"\0") -> Ended:
        content = b"".join(os.fsencode(path) + end for path in paths)
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        key_file = tmp_path / "key" / "key"
        if not key_file.exists():
            write_key(key_file.parent)
        return anonymize(Path("-"), tmp_path / "out", key_file, *options)

    return run


def files_of(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_list_of_a_folders_files_gives_the_tree_of_the_folder(source: Path, tmp_path: Path, listed: Listed) -> None:
    key_file = write_key(tmp_path / "key")
    assert anonymize(source, tmp_path / "expected", key_file).code == 0
    assert listed(files_of(source)).code == 0
    assert tree(tmp_path / "out") == tree(tmp_path / "expected")


def test_only_what_is_listed_is_read_and_each_file_once(source: Path, tmp_path: Path, listed: Listed) -> None:
    chosen = [path for path in files_of(source) if "\n" not in path.name][:2]
    assert listed([*chosen, chosen[0]], end=b"\n").code == 0
    assert read_report(tmp_path / "out")["files"] == {"in": 2, "written": 2, "quarantined": 0, "not_dicom": 0}


def test_listed_file_that_is_gone_is_quarantined_with_that_reason(source: Path, tmp_path: Path, listed: Listed) -> None:
    assert listed([*files_of(source), source / "gone.dcm"]).code == 3
    assert refused(tmp_path / "key" / "key") == {"gone.dcm": "cannot be read: No such file or directory"}


def test_list_can_be_resumed_and_another_list_is_another_run(source: Path, tmp_path: Path, listed: Listed) -> None:
    paths = files_of(source)
    assert listed(paths).code == 0
    assert listed(paths, "--resume").code == 0
    assert listed(paths[:2], "--resume").code == 2


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        ([], "The list of files is empty"),
        (["out/x/a.dcm"], "lies in the output folder"),
        (["source/00000.dcm", "key/key"], "is among the listed files"),
    ],
)
def test_impossible_list_is_refused(
    source: Path, tmp_path: Path, listed: Listed, paths: list[str], message: str
) -> None:
    end = listed(tmp_path / path for path in paths)
    assert end.code == 2
    assert message in end.errors


def test_list_beside_a_folder_is_refused(source: Path, tmp_path: Path) -> None:
    end = anonymize([source, Path("-")], tmp_path / "out", write_key(tmp_path / "key"))
    assert end.code == 2
    assert "cannot be combined" in end.errors


def test_last_line_for_programs_holds_counts_and_where_to_look(source: Path, tmp_path: Path, listed: Listed) -> None:
    end = listed([*files_of(source), source / "gone.dcm"], "--progress", "json")
    result = json.loads(end.output)["result"]
    report = read_report(tmp_path / "out")
    assert result["files"] == {"in": 5, "written": 4, "quarantined": 1, "not_dicom": 0}
    assert result["actions"] == report["actions"] and result["reasons"] == report["reasons"]
    assert Path(result["quarantine_list"]).is_file()
    assert json.loads(end.errors.splitlines()[-1])["done"] == 5
