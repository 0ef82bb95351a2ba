"""CMake packages only what its lists name, so the lists must name exactly what is on disk."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from cmake_lists import read_extension, read_module

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path.parent.name for path in ROOT.glob("DicomSuite*/CMakeLists.txt"))


def on_disk(module: str) -> list[str]:
    """Files that belong to the module in the application: all but its tests and what tools leave behind."""
    folder = ROOT / module
    files = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return sorted(
        file.as_posix()
        for file in files
        if file.parts[0] not in ("CMakeLists.txt", "Testing")
        and not any(part == "__pycache__" or part.startswith(".") for part in file.parts)
    )


def assert_listed(module: str, listed: Sequence[str], expected: list[str]) -> None:
    missing = sorted(set(expected) - set(listed))
    superfluous = sorted(set(listed) - set(expected))
    assert not missing and not superfluous, f"{module}/CMakeLists.txt: add {missing}, take out {superfluous}"
    assert list(listed) == sorted(set(listed)), f"{module}/CMakeLists.txt: not in alphabetical order, or twice"


@pytest.mark.parametrize("module", MODULES)
def test_every_script_on_disk_is_listed_and_no_other(module: str) -> None:
    scripts = [file for file in on_disk(module) if file.endswith(".py")]
    assert_listed(module, read_module(ROOT / module).scripts, scripts)


@pytest.mark.parametrize("module", MODULES)
def test_every_resource_on_disk_is_listed_and_no_other(module: str) -> None:
    resources = [file for file in on_disk(module) if not file.endswith(".py")]
    assert_listed(module, read_module(ROOT / module).resources, resources)


@pytest.mark.parametrize("module", MODULES)
def test_module_is_named_after_its_folder(module: str) -> None:
    assert read_module(ROOT / module).name == module


@pytest.mark.parametrize("module", MODULES)
def test_generic_tests_run_exactly_where_there_is_a_module_to_load(module: str) -> None:
    assert read_module(ROOT / module).has_generic_tests == (ROOT / module / f"{module}.py").exists()


def test_extension_builds_every_module_folder() -> None:
    folders = sorted(path.name for path in ROOT.glob("DicomSuite*") if path.is_dir())
    assert sorted(read_extension(ROOT).folders) == folders == MODULES


def test_files_of_all_modules_can_share_one_folder() -> None:
    files = [file for module in MODULES for file in on_disk(module)]
    assert len(files) == len(set(files))


def test_resource_file_names_are_unique_across_modules() -> None:
    names = [Path(file).name for module in MODULES for file in on_disk(module) if not file.endswith(".py")]
    assert len(names) == len(set(names))
