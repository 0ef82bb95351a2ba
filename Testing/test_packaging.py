"""The package: complete when installed, importable with its base dependencies only, and built as planned."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from configparser import ConfigParser
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from source_files import TORCH_FILES

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PACKAGES: dict[str, Path] = {
    f"{folder}Lib": ROOT / folder / f"{folder}Lib"
    for folder in PYPROJECT["tool"]["setuptools"]["packages"]["find"]["where"]
}
LIBRARY_FILES = sorted(file for folder in PACKAGES.values() for file in folder.rglob("*.py"))
TEXT_SUFFIXES = {".csv", ".json", ".md", ".py", ".svg", ".toml", ".tsv", ".txt", ".ui", ""}

IMPORT_EVERYTHING = """
import importlib, importlib.abc, sys

class OnlyBase(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        top = name.partition(".")[0]
        own = top in sys.stdlib_module_names or top.startswith("_sysconfigdata")
        if not own and top not in {allowed!r}:
            raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

sys.path.insert(0, {site!r})
sys.meta_path.insert(0, OnlyBase())
for name in {modules!r}:
    module = importlib.import_module(name)
    assert module.__file__.startswith({site!r}), module.__file__
"""

def lines_of(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines()


def module_name(file: Path) -> str:
    package = next(package for package, folder in PACKAGES.items() if file.is_relative_to(folder))
    inner = file.relative_to(PACKAGES[package]).with_suffix("").parts
    return ".".join([package, *(part for part in inner if part != "__init__")])


def run_python(*arguments: str) -> None:
    """Run a child that does not find the checkout on its path."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the files of the wheel; it is built from a copy, so that the checkout stays clean."""
    copy, site = tmp_path_factory.mktemp("sources"), tmp_path_factory.mktemp("site")
    for name in ("pyproject.toml", "README.md", "LICENSE.txt"):
        shutil.copy(ROOT / name, copy)
    for folder in PACKAGES.values():
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(folder, copy / folder.relative_to(ROOT), ignore=ignored)
    build = ["-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation"]
    run_python(*build, "--wheel-dir", str(copy), str(copy))
    (wheel,) = copy.glob("dicomsuite-*.whl")
    zipfile.ZipFile(wheel).extractall(site)
    return site


def test_wheel_holds_every_library_and_data_file_and_nothing_else(installed: Path) -> None:
    expected = {
        f"{package}/{file.relative_to(folder).as_posix()}"
        for package, folder in PACKAGES.items()
        for file in folder.rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    packed = {file.relative_to(installed).as_posix() for file in installed.rglob("*") if file.is_file()}
    assert {name for name in packed if ".dist-info/" not in name} == expected


def test_wheel_installs_the_command(installed: Path) -> None:
    scripts = ConfigParser()
    scripts.read(next(installed.glob("*.dist-info")) / "entry_points.txt", encoding="utf-8")
    assert dict(scripts["console_scripts"]) == {"dicomsuite": "DicomSuiteLib.cli:main"}


def test_wheel_carries_the_licence(installed: Path) -> None:
    assert list(installed.glob("*.dist-info/licenses/LICENSE.txt"))


def test_every_module_imports_with_base_dependencies_only(installed: Path) -> None:
    base = {Requirement(line).name for line in PYPROJECT["project"]["dependencies"]}
    modules = [module_name(file) for file in LIBRARY_FILES if not file.name.startswith(TORCH_FILES)]
    allowed = base | set(PACKAGES)
    run_python("-c", IMPORT_EVERYTHING.format(allowed=allowed, site=str(installed), modules=modules))


def text_files() -> Iterator[Path]:
    """Text files of the repository, without what tools leave behind in hidden folders (.hypothesis)."""
    yield from (file for file in ROOT.iterdir() if is_text(file))
    for folder in (ROOT / ".ci", ROOT / "Resources", ROOT / "Testing", *ROOT.glob("DicomSuite*/")):
        for file in filter(is_text, folder.rglob("*")):
            if not any(part.startswith(".") for part in file.relative_to(folder).parts):
                yield file


def is_text(path: Path) -> bool:
    return path.suffix in TEXT_SUFFIXES and path.is_file()


def test_text_files_end_their_lines_with_a_line_feed() -> None:
    files = list(text_files())
    assert ROOT / ".ci" / "run" in files
    wrong = [str(file.relative_to(ROOT)) for file in files if b"\r" in file.read_bytes()]
    assert not wrong


def readme() -> str:
    return (ROOT / "README.md").read_text(encoding="utf-8")


def test_readme_has_one_command_for_the_demonstration_and_one_for_the_tests() -> None:
    demonstration, tests = (line for line in readme().splitlines() if line.startswith("python3 -m venv "))
    assert "dicomsuite demo OUT" in demonstration
    assert "-c Testing/constraints.txt" in tests
    assert "pytest" in tests


def test_files_that_the_readme_points_to_exist() -> None:
    targets = re.findall(r"\]\((?!https?:|#)([^)#]+)", readme())
    assert targets
    assert [target for target in targets if not (ROOT / target).exists()] == []


def test_everything_the_tests_need_is_pinned() -> None:
    extras = PYPROJECT["project"]["optional-dependencies"]
    needed = [*PYPROJECT["project"]["dependencies"], *extras["test"], *extras["rt"]]
    names = {canonicalize_name(Requirement(line).name) for line in needed} - {"dicomsuite"}
    lines = [line for line in lines_of(ROOT / "Testing" / "constraints.txt") if not line.startswith("#")]
    pinned = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    assert len(pinned) == len(lines)
    assert names <= pinned
