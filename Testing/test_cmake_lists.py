"""CMake packages only what its lists name, so the lists must name exactly what is on disk."""

import json
import re
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
MODULES = sorted(path.parent.name for path in ROOT.glob("DicomSuite*/CMakeLists.txt"))
INDEX_ENTRY = ROOT / "DicomSuite.json"
TOKEN = re.compile(r'#[^\n]*|"((?:[^"\\]|\\.)*)"|([()])|([^\s()#"]+)')


def tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Each CMake token and whether it is a parenthesis; comments are left out."""
    for match in TOKEN.finditer(text):
        quoted, parenthesis, bare = match.groups()
        if not match.group().startswith("#"):
            yield parenthesis or bare or quoted or "", parenthesis is not None


def commands(path: Path) -> list[tuple[str, list[str]]]:
    """The commands of a CMake file with their arguments, `${VARIABLE}` replaced by what `set` gave it."""
    variables: dict[str, list[str]] = {}
    found: list[tuple[str, list[str]]] = []
    stream = tokens(path.read_text(encoding="utf-8"))
    for name, _ in stream:
        assert next(stream, None) == ("(", True), f"{path}: {name} is no command"
        arguments: list[str] = []
        for token, is_parenthesis in stream:
            if is_parenthesis:
                assert token == ")", f"{path}: nested parenthesis in {name}"
                break
            arguments += expanded(token, variables)
        if name == "set":
            variables[arguments[0]] = arguments[1:]
        found.append((name, arguments))
    return found


def expanded(token: str, variables: dict[str, list[str]]) -> list[str]:
    reference = re.fullmatch(r"\$\{(\w+)\}", token)
    if reference:
        return variables.get(reference[1], [token])
    return [re.sub(r"\$\{(\w+)\}", lambda match: ";".join(variables.get(match[1], [match[0]])), token)]


def only(path: Path, command: str) -> list[str]:
    """Arguments of the one call of a command."""
    calls = [arguments for name, arguments in commands(path) if name == command]
    assert len(calls) == 1, f"{path}: {len(calls)} calls of {command}"
    return calls[0]


def scripted_module(module: str) -> dict[str, list[str]]:
    """The values of each keyword of slicerMacroBuildScriptedModule."""
    values: dict[str, list[str]] = {}
    keyword = ""
    for argument in only(ROOT / module / "CMakeLists.txt", "slicerMacroBuildScriptedModule"):
        if argument in ("NAME", "SCRIPTS", "RESOURCES", "WITH_GENERIC_TESTS"):
            keyword = argument
            values[keyword] = []
        else:
            values[keyword].append(argument)
    return values


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


def extension_metadata() -> dict[str, str]:
    """EXTENSION_* as the text that Slicer's build sees."""
    calls = commands(ROOT / "CMakeLists.txt")
    return {values[0]: ";".join(values[1:]) for name, values in calls if name == "set"}


def assert_listed(module: str, keyword: str, expected: list[str]) -> None:
    listed = scripted_module(module)[keyword]
    missing = sorted(set(expected) - set(listed))
    superfluous = sorted(set(listed) - set(expected))
    assert not missing and not superfluous, f"{module}/CMakeLists.txt: add {missing}, take out {superfluous}"
    assert listed == sorted(listed), f"{module}/CMakeLists.txt: {keyword} is not in alphabetical order"
    assert len(listed) == len(set(listed)), f"{module}/CMakeLists.txt: {keyword} names a file twice"


@pytest.mark.parametrize("module", MODULES)
def test_every_script_on_disk_is_listed_and_no_other(module: str) -> None:
    assert_listed(module, "SCRIPTS", [file for file in on_disk(module) if file.endswith(".py")])


@pytest.mark.parametrize("module", MODULES)
def test_every_resource_on_disk_is_listed_and_no_other(module: str) -> None:
    assert_listed(module, "RESOURCES", [file for file in on_disk(module) if not file.endswith(".py")])


@pytest.mark.parametrize("module", MODULES)
def test_module_is_named_after_its_folder(module: str) -> None:
    assert scripted_module(module)["NAME"] == [module]


@pytest.mark.parametrize("module", MODULES)
def test_generic_tests_run_exactly_where_there_is_a_module_to_load(module: str) -> None:
    assert ("WITH_GENERIC_TESTS" in scripted_module(module)) == (ROOT / module / f"{module}.py").exists()


def test_extension_builds_every_module_folder() -> None:
    folders = sorted(path.name for path in ROOT.glob("DicomSuite*") if path.is_dir())
    added = [arguments for name, arguments in commands(ROOT / "CMakeLists.txt") if name == "add_subdirectory"]
    assert sorted(folder for (folder,) in added) == folders == MODULES


def test_resource_file_names_are_unique_across_modules() -> None:
    names = [Path(file).name for module in MODULES for file in on_disk(module) if not file.endswith(".py")]
    assert len(names) == len(set(names))


def test_project_is_named_as_its_index_entry() -> None:
    assert only(ROOT / "CMakeLists.txt", "project") == [INDEX_ENTRY.stem]


def test_extension_metadata_agrees_with_the_index_entry() -> None:
    entry = json.loads(INDEX_ENTRY.read_text(encoding="utf-8"))
    metadata = extension_metadata()
    assert metadata["EXTENSION_CATEGORY"] == entry["category"]
    assert metadata["EXTENSION_HOMEPAGE"] + ".git" == entry["scm_url"]
    assert metadata["EXTENSION_DEPENDS"] == (";".join(entry["build_dependencies"]) or "NA")


@pytest.mark.parametrize("name", ["EXTENSION_CONTRIBUTORS", "EXTENSION_DESCRIPTION"])
def test_extension_text_is_one_cmake_value(name: str) -> None:
    assert extension_metadata()[name]
    assert ";" not in extension_metadata()[name]


def test_extension_pictures_are_files_of_the_repository() -> None:
    entry = json.loads(INDEX_ENTRY.read_text(encoding="utf-8"))
    repository = entry["scm_url"].removesuffix(".git").removeprefix("https://github.com/")
    base = f"https://raw.githubusercontent.com/{repository}/{entry['scm_revision']}/"
    metadata = extension_metadata()
    pictures = [metadata["EXTENSION_ICONURL"], *metadata["EXTENSION_SCREENSHOTURLS"].split()]
    assert len(pictures) >= 2
    for url in pictures:
        assert url.startswith(base)
        assert (ROOT / url.removeprefix(base)).is_file(), url


def test_icon_has_the_size_that_the_extensions_manager_shows() -> None:
    header = (ROOT / "DicomSuite.png").read_bytes()[:24]
    assert header.startswith(b"\x89PNG")
    assert struct.unpack(">II", header[16:]) == (128, 128)
