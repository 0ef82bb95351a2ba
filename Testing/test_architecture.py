"""Which way the sources point: rooms, layers, what a file may import, and what it may do while it is imported."""

import ast
import re
import sys

import pytest

from source_files import (
    MODULES,
    TORCH_FILES,
    Room,
    Source,
    dotted_names,
    imports,
    installed_sources,
    is_function,
    parsed,
    tops,
)

SOURCES = installed_sources()
LIBRARIES = [source for source in SOURCES if source.room is Room.LIBRARY]
OWN = {f"{module}{room}" for module in MODULES for room in ("", "Gui", "Lib")}
LONGEST = {Room.MODULE: 250, Room.GUI: 400, Room.LIBRARY: 400}
"""Lines that a file must stay below."""

PLAIN = {*sys.stdlib_module_names, "SimpleITK", "numpy", "pydicom", "scipy", "slicer", "vtk"}
"""What any file may import at file scope; everything else waits until a function needs it."""
APPLICATION = {"ctk", "qt"}
NETWORK = {"ftplib", "http", "requests", "smtplib", "socket", "socketserver", "ssl", "urllib", "xmlrpc"}
INSTALLERS = {"ensurepip", "pip_install"}

SCENE_OF_THE_APPLICATION = {"slicer.app", "slicer.app.applicationLogic"}
"""What DicomSuiteLib/scene.py asks for, so that no other file has to."""

every_file = pytest.mark.parametrize("source", SOURCES, ids=str)
every_library_file = pytest.mark.parametrize("source", LIBRARIES, ids=str)


def is_main_block(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def only_defines(node: ast.stmt) -> bool:
    """Whether a statement gives names to things, or chooses (by platform) between statements that do."""
    if isinstance(node, ast.If):
        return is_main_block(node) or all(only_defines(inner) for inner in (*node.body, *node.orelse))
    if isinstance(node, ast.Expr):
        return isinstance(node.value, ast.Constant)
    definitions = (ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.ClassDef)
    return is_function(node) or isinstance(node, definitions)


@every_file
def test_file_scope_imports_are_the_allowed_ones(source: Source) -> None:
    allowed = PLAIN | source.below
    if source.room is not Room.LIBRARY:
        allowed |= APPLICATION
    imported = imports(parsed(source), file_scope=True)
    if source.path.name.startswith(TORCH_FILES):
        allowed |= {"torch"}
    else:
        assert not [name for name in imported if f".{TORCH_FILES}" in name]
    assert tops(imported) - allowed == set()


@every_file
def test_layers_point_downwards_and_never_into_another_module(source: Source) -> None:
    used = tops(imports(parsed(source), file_scope=False))
    assert used & OWN <= source.below


@every_library_file
def test_library_knows_neither_qt_nor_the_application(source: Source) -> None:
    names = set(imports(parsed(source), file_scope=False)) | dotted_names(parsed(source))
    assert not tops(names) & APPLICATION
    asked = {name for name in names if re.fullmatch(r"slicer\.app(\..*)?", name)}
    assert asked <= (SCENE_OF_THE_APPLICATION if source.path.name == "scene.py" else set())


@every_library_file
def test_library_asks_nothing_and_shows_nothing(source: Source) -> None:
    boxes = r"slicer\.util\.\w*(Display|MessageBox|messageBox)"
    assert not {name for name in dotted_names(parsed(source)) if re.fullmatch(boxes, name)}


@every_file
def test_importing_a_file_runs_no_code(source: Source) -> None:
    for node in parsed(source).body:
        assert only_defines(node), f"line {node.lineno}: {ast.unparse(node)[:80]}"


@every_file
def test_importing_a_file_touches_neither_widgets_nor_scene(source: Source) -> None:
    for node in parsed(source).body:
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value:
            called = [ast.unparse(part.func) for part in ast.walk(node.value) if isinstance(part, ast.Call)]
            assert not tops(called) & {"ctk", "qt", "slicer", "vtk"}, f"line {node.lineno}: {called}"


@every_file
def test_no_file_opens_a_network_connection_or_installs_packages_behind_slicers_back(source: Source) -> None:
    tree = parsed(source)
    names = {part for name in (*imports(tree, file_scope=False), *dotted_names(tree)) for part in name.split(".")}
    assert tops(imports(tree, file_scope=False)) & NETWORK == set()
    assert names & INSTALLERS == set()


@every_file
def test_file_is_short_enough_to_hold_one_idea(source: Source) -> None:
    assert len(source.text.splitlines()) < LONGEST[source.room]


@every_file
def test_no_class_derives_from_a_qt_class(source: Source) -> None:
    """PythonQt calls virtual methods back into Python through wrappers that may already be gone.

    An event filter has to be an object of Qt's; it is one that does nothing else.
    """
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.ClassDef):
            methods = {part.name for part in node.body if is_function(part)}
            is_event_filter = methods == {"__init__", "eventFilter"}
            bases = {ast.unparse(base) for base in node.bases}
            assert not tops(bases - {"qt.QObject"} if is_event_filter else bases) & APPLICATION


@pytest.mark.parametrize("start", [source for source in SOURCES if source.path.name == "__init__.py"], ids=str)
def test_package_re_exports_nothing(start: Source) -> None:
    assert ast.get_docstring(parsed(start))
    assert len(parsed(start).body) == 1


def test_every_folder_of_sources_is_a_package() -> None:
    folders = {source.path.parent for source in SOURCES if source.room is not Room.MODULE}
    assert folders == {source.path.parent for source in SOURCES if source.path.name == "__init__.py"}
