"""What the CMake files say: the extension's metadata, and which files of each module are installed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_TOKEN = re.compile(r'#[^\n]*|"((?:[^"\\]|\\.)*)"|([()])|([^\s()#"]+)')
_REFERENCE = re.compile(r"\$\{(\w+)\}")
_MODULE_KEYWORDS = ("NAME", "SCRIPTS", "RESOURCES", "WITH_GENERIC_TESTS")


class CMakeError(ValueError):
    """A CMake file that says something else than these files are meant to say."""


@dataclass(frozen=True)
class ScriptedModule:
    """The arguments of slicerMacroBuildScriptedModule; files are relative to the module's folder."""

    name: str
    scripts: tuple[str, ...]
    resources: tuple[str, ...]
    has_generic_tests: bool


@dataclass(frozen=True)
class Extension:
    """The top CMake file; the keys of `metadata` are those of EXTENSION_* without this prefix."""

    name: str
    metadata: dict[str, tuple[str, ...]]
    folders: tuple[str, ...]

    def text(self, key: str) -> str:
        """The one value of `key`; empty if it is not set."""
        values = self.metadata.get(key, ())
        if len(values) > 1:
            raise CMakeError(f"EXTENSION_{key} is a list of {len(values)} values instead of one text")
        return "".join(values)


def read_extension(root: Path) -> Extension:
    """Read the CMake file of the extension in `root`."""
    calls = _commands(root / "CMakeLists.txt")
    settings = {arguments[0]: tuple(arguments[1:]) for command, arguments in calls if command == "set"}
    return Extension(
        name=_only(calls, "project")[0],
        metadata={
            name.removeprefix("EXTENSION_"): values
            for name, values in settings.items()
            if name.startswith("EXTENSION_")
        },
        folders=tuple(arguments[0] for command, arguments in calls if command == "add_subdirectory"),
    )


def read_module(folder: Path) -> ScriptedModule:
    """Read the CMake file of a module."""
    values: dict[str, list[str]] = {}
    keyword = ""
    for argument in _only(_commands(folder / "CMakeLists.txt"), "slicerMacroBuildScriptedModule"):
        if argument in _MODULE_KEYWORDS:
            keyword = argument
            values[keyword] = []
        else:
            values[keyword].append(argument)
    return ScriptedModule(
        name="".join(values["NAME"]),
        scripts=tuple(values["SCRIPTS"]),
        resources=tuple(values["RESOURCES"]),
        has_generic_tests="WITH_GENERIC_TESTS" in values,
    )


def _commands(path: Path) -> list[tuple[str, list[str]]]:
    """The commands of a CMake file with their arguments, `${VARIABLE}` replaced by what `set` gave it."""
    variables: dict[str, list[str]] = {}
    found: list[tuple[str, list[str]]] = []
    stream = _tokens(path.read_text(encoding="utf-8"))
    for name, _ in stream:
        if next(stream, None) != ("(", True):
            raise CMakeError(f"{path}: {name} is no command")
        arguments: list[str] = []
        for token, is_parenthesis in stream:
            if is_parenthesis:
                if token == "(":
                    raise CMakeError(f"{path}: nested parenthesis in {name}")
                break
            arguments += _expanded(token, variables)
        if name == "set":
            variables[arguments[0]] = arguments[1:]
        found.append((name, arguments))
    return found


def _tokens(text: str) -> Iterator[tuple[str, bool]]:
    """Each CMake token and whether it is a parenthesis; comments are left out."""
    for match in _TOKEN.finditer(text):
        quoted, parenthesis, bare = match.groups()
        if not match.group().startswith("#"):
            yield parenthesis or bare or quoted or "", parenthesis is not None


def _expanded(token: str, variables: dict[str, list[str]]) -> list[str]:
    reference = _REFERENCE.fullmatch(token)
    if reference:
        return variables.get(reference[1], [token])
    return [_REFERENCE.sub(lambda match: ";".join(variables.get(match[1], [match[0]])), token)]


def _only(calls: list[tuple[str, list[str]]], command: str) -> list[str]:
    """Arguments of the one call of a command."""
    found = [arguments for name, arguments in calls if name == command]
    if len(found) != 1:
        raise CMakeError(f"{len(found)} calls of {command} where there should be one")
    return found[0]
