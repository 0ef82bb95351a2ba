"""The archives for "Install from file...": unpacked as Slicer does it, complete, importable, the same everywhere."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pytest

from application_child import run_in_application
from cmake_lists import read_extension, read_module
from extension_description import Checkout
from package_extension import SLICER_REVISION, Slicer, System, contents, main, write_archive
from source_files import Room, installed_sources

ROOT = Path(__file__).resolve().parents[1]
WINDOWS_FOLDER = r"C:\Users\first.middle.lastname\AppData\Local\slicer.org\3D Slicer 5.12.3\slicer.org\Extensions-34627"
WINDOWS_LONGEST_PATH = 259

IMPORT_LIBRARIES = """
import importlib, sys
sys.path.insert(0, {folder!r})
for name in {names!r}:
    module = importlib.import_module(name)
    assert module.__file__.startswith({folder!r}), module.__file__
assert not {{"qt", "ctk", "PySide6"}} & set(sys.modules)
"""
OPEN_MODULES = """
from pathlib import Path
for name in {modules!r}:
    moduleWidget(name, Path({folder!r}))
processEvents(0.1)
own = [module.__file__ for name, module in sys.modules.items() if name.startswith("DicomSuite")]
answer([len(own), [file for file in own if not file.startswith({folder!r})]])
"""
UNPACK_WITH_SLICER = """
import sys
from slicer import vtkArchive
archive, folder = sys.argv[1:]
names = []
assert vtkArchive.ListArchive(archive, names)
assert vtkArchive.UnZip(archive, folder)
print(*names, sep="\\n")
"""


@dataclass(frozen=True)
class Installed:
    """An extension as it lies in Slicer's folder of extensions."""

    name: str
    folder: Path

    @property
    def modules(self) -> Path:
        """The one folder on Slicer's module path and on Python's."""
        return self.folder / "lib" / "Slicer-5.12" / "qt-scripted-modules"

    @property
    def files(self) -> set[str]:
        """All files, relative to the extension's folder."""
        return {file.relative_to(self.folder).as_posix() for file in self.folder.rglob("*") if file.is_file()}

    @property
    def metadata(self) -> dict[str, str]:
        """The description, read as Slicer reads it: the first word of a line is the key."""
        lines = (self.folder / "share" / "Slicer-5.12" / f"{self.name}.s4ext").read_text(encoding="utf-8").splitlines()
        pairs = [line.partition(" ") for line in lines if line and not line.startswith("#")]
        assert len({key for key, _, _ in pairs}) == len(pairs)
        return {key: value for key, _, value in pairs}


@pytest.fixture(scope="module")
def archives(tmp_path_factory: pytest.TempPathFactory) -> dict[System, Path]:
    """One archive for each system, built from the checkout."""
    output = tmp_path_factory.mktemp("archives")
    return {system: write_archive(ROOT, output, system, Slicer()) for system in System}


@pytest.fixture(scope="module", params=System, ids=lambda system: system.name.lower())
def installed(
    request: pytest.FixtureRequest, archives: dict[System, Path], tmp_path_factory: pytest.TempPathFactory
) -> Installed:
    """Each archive, installed as Slicer's Extensions Manager does it."""
    return install(archives[request.param], request.param, tmp_path_factory.mktemp("extensions"))


def install(archive: Path, system: System, extensions: Path) -> Installed:
    """The name is that of the first .s4ext; the top folder is that of the first entry; macOS looks into a bundle."""
    names = entries(archive)
    name = next(PurePosixPath(entry).stem for entry in names if entry.endswith(".s4ext"))
    if archive.suffix == ".zip":
        zipfile.ZipFile(archive).extractall(extensions / name)
    else:
        with tarfile.open(archive) as file:
            file.extractall(extensions / name, filter="data")
    top = extensions / name / PurePosixPath(names[0]).parts[0]
    if system is System.MACOS:
        top = top / "Slicer.app" / "Contents" / f"Extensions-{SLICER_REVISION}" / name
    return Installed(name, top)


def entries(archive: Path) -> list[str]:
    if archive.suffix == ".zip":
        return zipfile.ZipFile(archive).namelist()
    with tarfile.open(archive) as file:
        return file.getnames()


def listed() -> Iterator[str]:
    for folder in read_extension(ROOT).folders:
        module = read_module(ROOT / folder)
        yield from (*module.scripts, *module.resources)


def run_python(*arguments: str) -> str:
    """Run a child that knows neither the checkout nor the working folder."""
    command = [sys.executable, "-I", "-B", *arguments]
    done = subprocess.run(command, cwd=Path(sys.prefix), capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_holds_what_the_cmake_lists_name_a_description_a_licence_and_nothing_else(installed: Installed) -> None:
    library = installed.modules.relative_to(installed.folder).as_posix()
    share = "share/Slicer-5.12"
    assert installed.files == {
        *(f"{library}/{name}" for name in listed()),
        f"{share}/DicomSuite.s4ext",
        f"{share}/LICENSE.txt",
    }


def test_holds_no_tests_and_no_byte_code(installed: Installed) -> None:
    parts = {part for file in installed.files for part in PurePosixPath(file).parts}
    assert not parts & {"Testing", "__pycache__", "conftest.py"}
    assert not [file for file in installed.files if file.endswith(".pyc") or "/test_" in file]


def test_files_are_those_of_the_checkout(installed: Installed) -> None:
    for folder in read_extension(ROOT).folders:
        module = read_module(ROOT / folder)
        for name in (*module.scripts, *module.resources):
            assert (installed.modules / name).read_bytes() == (ROOT / folder / name).read_bytes()


@pytest.fixture(scope="module")
def on_linux(archives: dict[System, Path], tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """One of the archives, whose files are all the same, where code is to run."""
    return install(archives[System.LINUX], System.LINUX, tmp_path_factory.mktemp("extensions"))


def test_every_library_file_imports_from_the_installed_folder_alone(on_linux: Installed) -> None:
    names = [source.import_name for source in installed_sources() if source.room is Room.LIBRARY]
    run_python("-c", IMPORT_LIBRARIES.format(folder=str(on_linux.modules), names=names))


@pytest.mark.stand_in
def test_every_module_opens_from_the_installed_folder_alone(on_linux: Installed) -> None:
    modules = [source.module for source in installed_sources() if source.room is Room.MODULE]
    code = OPEN_MODULES.format(folder=str(on_linux.modules), modules=modules)
    imported, from_elsewhere = run_in_application(code, folders=[on_linux.modules])
    assert imported >= len(modules)
    assert from_elsewhere == []


def test_command_line_runs_from_the_installed_folder(on_linux: Installed, tmp_path: Path) -> None:
    code = "import sys; sys.path.insert(0, {!r}); from DicomSuiteLib.cli import main; sys.exit(main({!r}))"
    run_python("-c", code.format(str(on_linux.modules), ["demo", str(tmp_path / "out")]))
    assert list((tmp_path / "out").rglob("report.html"))


@pytest.mark.parametrize("system", System)
def test_slicers_own_reader_lists_and_unpacks_the_archive(
    system: System, archives: dict[System, Path], tmp_path: Path
) -> None:
    if importlib.util.find_spec("slicer") is None:
        pytest.skip("slicer-core is not installed")
    archive = archives[system]
    assert run_python("-c", UNPACK_WITH_SLICER, str(archive), str(tmp_path)).split() == entries(archive)
    unpacked = [file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()]
    assert sorted(unpacked) == entries(archive)


def test_description_says_what_the_extensions_manager_shows(installed: Installed) -> None:
    metadata = installed.metadata
    assert metadata["scm"] in ("git", "local")
    assert metadata["scmurl"] == "https://github.com/DicomSuite/SlicerDicomSuite.git"
    assert metadata["homepage"] == "https://github.com/DicomSuite/SlicerDicomSuite"
    assert metadata["enabled"] == "1"
    for key in ("category", "contributors", "description", "iconurl", "screenshoturls", "depends", "keywords"):
        assert metadata[key]


def test_archive_names_say_application_system_and_revision(archives: dict[System, Path]) -> None:
    label = Checkout.of(ROOT).label
    assert [archives[system].name for system in System] == [
        f"34627-linux-amd64-DicomSuite-{label}.tar.gz",
        f"34627-macosx-amd64-DicomSuite-{label}.tar.gz",
        f"34627-win-amd64-DicomSuite-{label}.zip",
    ]


def test_entries_are_sorted_plain_files_below_one_top_folder(archives: dict[System, Path]) -> None:
    for archive in archives.values():
        names = entries(archive)
        assert names == sorted(names)
        assert {PurePosixPath(name).parts[0] for name in names} == {"DicomSuite"}
        assert all(name.isascii() and ".." not in name for name in names)


def test_paths_fit_into_windows(archives: dict[System, Path]) -> None:
    longest = max(entries(archives[System.WINDOWS]), key=len)
    # While it installs, Slicer has the extension's folder once more around the archive's top folder.
    assert len(rf"{WINDOWS_FOLDER}\DicomSuite-XXXXXX\{longest}") <= WINDOWS_LONGEST_PATH


def copy_sources(target: Path) -> Path:
    """What the archives are made of, with the time of the copy and without the repository."""
    for name in ("CMakeLists.txt", "DicomSuite.json", "LICENSE.txt"):
        target.mkdir(exist_ok=True)
        shutil.copyfile(ROOT / name, target / name)
    for folder in read_extension(ROOT).folders:
        ignored = shutil.ignore_patterns("Testing", "__pycache__")
        shutil.copytree(ROOT / folder, target / folder, ignore=ignored, copy_function=shutil.copyfile)
    return target


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Another time zone and another year; the zone is only there to be set on systems that can."""
    set_zone = getattr(time, "tzset", lambda: None)
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")
    monkeypatch.setattr(time, "time", lambda: 2_000_000_000.0)
    set_zone()
    yield
    monkeypatch.undo()
    set_zone()


@pytest.fixture
def from_here(tmp_path: Path) -> dict[System, bytes]:
    """The archives of a copy of the sources, built here and now."""
    sources = copy_sources(tmp_path / "here")
    return {system: write_archive(sources, tmp_path, system, Slicer()).read_bytes() for system in System}


def test_archive_is_the_same_bytes_whoever_builds_it(
    from_here: dict[System, bytes], elsewhere: None, tmp_path: Path
) -> None:
    there = copy_sources(tmp_path / "there")
    for file in there.rglob("*.py"):
        os.utime(file, (1, 1))
        file.chmod(0o600)
    for system, content in from_here.items():
        assert write_archive(there, tmp_path, system, Slicer()).read_bytes() == content


def test_version_and_revision_of_slicer_decide_the_folders(tmp_path: Path) -> None:
    slicer = Slicer("5.14", "40000")
    assert any(path.startswith("lib/Slicer-5.14/") for path in contents(ROOT, Checkout.of(ROOT), slicer))
    archive = write_archive(ROOT, tmp_path, System.MACOS, slicer)
    assert all("/Slicer.app/Contents/Extensions-40000/DicomSuite/" in name for name in entries(archive))


def test_command_writes_one_archive_for_each_system_and_leaves_no_part(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path / "new"), "--slicer-revision", "34621"]) == 0
    written = sorted(path.name for path in (tmp_path / "new").iterdir())
    assert [name.split("-DicomSuite-")[0] for name in written] == [f"34621-{system.value}" for system in System]
    assert [Path(line.split("  ")[1]).name for line in capsys.readouterr().out.splitlines()] == written


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_checkout_is_named_by_its_commit_and_says_when_it_was_changed_since(tmp_path: Path) -> None:
    def git(*arguments: str) -> str:
        identity = ["-c", "user.name=nobody", "-c", "user.email=nobody@example.org"]
        date = {"GIT_COMMITTER_DATE": "2026-02-03T23:30:00-0500", "GIT_AUTHOR_DATE": "2020-01-01T00:00:00Z"}
        command = ["git", "-C", str(tmp_path), *identity, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | date).stdout

    assert Checkout.of(tmp_path).label == "localNA-1980-01-01"
    git("init", "--quiet")
    (tmp_path / "file").write_text("as committed")
    git("add", "file")
    git("commit", "--quiet", "--message=first")
    git("tag", "v1.0")
    commit = git("rev-parse", "--short=7", "HEAD").strip()
    assert Checkout.of(tmp_path).label == f"git{commit}-2026-02-04"
    (tmp_path / "file").write_text("changed")
    assert Checkout.of(tmp_path).revision == f"{commit}-dirty"
