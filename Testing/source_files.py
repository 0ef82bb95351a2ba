"""The Python files that are installed, the room that each is in, and what they import."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from functools import cache
from pathlib import Path

from cmake_lists import read_extension

ROOT = Path(__file__).resolve().parents[1]
MODULES = read_extension(ROOT).folders
HOME = "DicomSuite"
"""The module whose library and panels the others share."""
TORCH_FILES = "torch_"
"""How the names of files begin that define networks or compute with them: they may import torch at file scope, and
are themselves imported by functions only, so that the module opens where torch is missing."""


class Room(Enum):
    """The kinds of file in a module's folder."""

    MODULE = "the Slicer classes"
    GUI = "panels"
    LIBRARY = "plain Python"


@dataclass(frozen=True)
class Source:
    """A file that is installed; `module` is the folder, `package` what Python imports it as or as part of."""

    path: Path
    module: str
    package: str
    room: Room

    def __str__(self) -> str:
        return self.path.relative_to(ROOT).as_posix()

    @property
    def import_name(self) -> str:
        """The name by which Python imports it from the folder that all modules share."""
        inner = self.path.relative_to(ROOT / self.module).with_suffix("")
        return ".".join(part for part in inner.parts if part != "__init__")

    @property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @property
    def below(self) -> set[str]:
        """Packages of this project that the file may use: its own, its module's library, and what is shared."""
        library = {f"{self.module}Lib", f"{HOME}Lib"}
        if self.room is Room.LIBRARY:
            return library
        return library | {f"{self.module}Gui", f"{HOME}Gui"}


def installed_sources() -> tuple[Source, ...]:
    """Every Python file of every module but its tests; KeyError for one that is in no room."""
    return tuple(source for module in MODULES for source in _sources_of(module))


def _sources_of(module: str) -> Iterator[Source]:
    rooms = {f"{module}.py": Room.MODULE, f"{module}Gui": Room.GUI, f"{module}Lib": Room.LIBRARY}
    for path in sorted((ROOT / module).rglob("*.py")):
        top = path.relative_to(ROOT / module).parts[0]
        if top != "Testing":
            yield Source(path, module, top.removesuffix(".py"), rooms[top])


@cache
def parsed(source: Source) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(source.text, filename=str(source.path))


def imports(tree: ast.AST, *, file_scope: bool) -> Iterator[str]:
    """Full names of the modules imported; relative imports stay in the package and are left out."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif not (file_scope and (is_function(node) or is_for_type_checkers(node))):
            yield from imports(node, file_scope=file_scope)


def tops(names: Iterable[str]) -> set[str]:
    """What stands before the first dot of each name."""
    return {name.partition(".")[0] for name in names}


@cache
def dotted_names(tree: ast.AST) -> frozenset[str]:
    """Every `a.b.c` that is read or called anywhere in the file, and its beginnings."""
    return frozenset(ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute))


def is_function(node: ast.AST) -> bool:
    """Whether the body of the node waits to be called."""
    return isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)


def is_for_type_checkers(node: ast.AST) -> bool:
    """Whether the node is never executed."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
