"""Every text that a user sees can be translated: in the sources as Slicer's own tool collects it, and in .ui files.

Slicer finds the texts of a Python file with regular expressions (Utilities/Scripts/update_translations.py) and those
of a .ui file with Qt's lupdate. QUiLoader translates the latter at run time, in the context of the form's class.
"""

import ast
import string
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path

import pytest

from source_files import MODULES, ROOT, Room, Source, imports, installed_sources, parsed

SOURCES = [source for source in installed_sources() if source.room is not Room.LIBRARY]
LIBRARIES = [source for source in installed_sources() if source.room is Room.LIBRARY]
FORMS = sorted(path for module in MODULES for path in (ROOT / module).glob("Resources/UI/*.ui"))

SHOWN_PROPERTIES = {
    "placeholderText",
    "prefix",
    "specialValueText",
    "statusTip",
    "suffix",
    "text",
    "title",
    "toolTip",
    "whatsThis",
    "windowTitle",
}
SHOWING_CALLS = {
    "addAction",
    "addButton",
    "addItem",
    "addMenu",
    "addRow",
    "addTab",
    "appendPlainText",
    "insertItem",
    "setButtonText",
    "setHeaderLabels",
    "setHorizontalHeaderLabels",
    "setItemText",
    "setPlainText",
    "setTabText",
    "setTabToolTip",
    "setText",
    "setTitle",
    "setToolTip",
    "setVerticalHeaderLabels",
    "setWindowTitle",
    "showMessage",
    "showStatusMessage",
}
SHOWING_CLASSES = {
    "ctkCollapsibleButton",
    "QAction",
    "QCheckBox",
    "QGroupBox",
    "QLabel",
    "QPushButton",
    "QRadioButton",
    "QStandardItem",
    "QTableWidgetItem",
    "QTreeWidgetItem",
}
SHARED_CONTEXT = "qSlicerAbstractCoreModule"
"""Slicer translates the categories of all modules in this context."""

NEVER_TRANSLATED = {
    "defaultNodeName",
    "excludeItemAttributeNamesFilter",
    "excludeNodeAttributeNamesFilter",
    "hideChildNodeTypes",
    "includeItemAttributeNamesFilter",
    "includeNodeAttributeNamesFilter",
    "interactionNodeSingletonTag",
    "levelFilter",
    "nodeTypes",
    "quantity",
    "sceneModelType",
    "settingKey",
    "SlicerParameterName",
    "sliceOrientation",
    "sliceViewName",
}
"""Properties of forms that are text and yet no text for users; a translation would break the widget."""

every_source = pytest.mark.parametrize("source", SOURCES, ids=str)
every_form = pytest.mark.parametrize("form", FORMS, ids=lambda path: path.name)


def calls(tree: ast.AST, name: str) -> list[ast.Call]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name]


def literal(node: ast.expr) -> str | None:
    """The text of a literal, adjacent literals joined; None for anything that is only known at run time."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def place(source: Source, node: ast.expr | ast.stmt) -> str:
    return f"{source}:{node.lineno}: {ast.unparse(node)[:100]}"


def placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]


@every_source
def test_translated_is_one_literal(source: Source) -> None:
    for call in calls(parsed(source), "_"):
        assert len(call.args) == 1 and not call.keywords and literal(call.args[0]), place(source, call)


@every_source
def test_slicers_tool_finds_every_translated_literal(source: Source) -> None:
    """It takes what stands between `_("` and the next `")`, blanks allowed: no trailing comma, no comment."""
    for call in calls(parsed(source), "_"):
        segment = ast.get_source_segment(source.text, call) or ""
        inner = segment.removeprefix("_(").removesuffix(")").strip()
        quote = inner[:1]
        assert quote in ('"', "'") and inner.endswith(quote), place(source, call)
        assert f"{quote})" not in inner, place(source, call)
        assert not [line for line in inner.splitlines() if line.lstrip().startswith("#")], place(source, call)


@every_source
def test_placeholders_are_named_and_filled_by_name(source: Source) -> None:
    filled = {
        id(call.func.value): {keyword.arg for keyword in call.keywords}
        for call in ast.walk(parsed(source))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "format"
    }
    for call in calls(parsed(source), "_"):
        names = placeholders(literal(call.args[0]) or "")
        assert all(name.isidentifier() for name in names), place(source, call)
        if id(call) in filled:
            assert set(names) == filled[id(call)], place(source, call)
        # Without .format at once, the text may be a template that is filled later; it must at least be named.


@every_source
def test_only_categories_share_a_context(source: Source) -> None:
    for call in calls(parsed(source), "translate"):
        assert literal(call.args[0]) == SHARED_CONTEXT, place(source, call)
        assert literal(call.args[1]), place(source, call)


@every_source
def test_every_category_is_translated_in_that_context(source: Source) -> None:
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).endswith("parent.categories"):
            assert isinstance(node.value, ast.List), place(source, node)
            assert all(ast.unparse(item).startswith("translate(") for item in node.value.elts), place(source, node)


@every_source
def test_underscore_means_translation_and_nothing_else(source: Source) -> None:
    tree = parsed(source)
    if calls(tree, "_"):
        assert "slicer.i18n.tr" in imports(tree, file_scope=True)
        stored = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and node.id == "_"]
        assert not [place(source, node) for node in stored if isinstance(node.ctx, ast.Store)]


@pytest.mark.parametrize("source", LIBRARIES, ids=str)
def test_library_translates_nothing_and_so_runs_without_slicer(source: Source) -> None:
    assert not [name for name in imports(parsed(source), file_scope=False) if name.startswith("slicer.i18n")]


def is_words(node: ast.expr) -> bool:
    """Whether a literal, or the fixed part of an f-string, has letters."""
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return any(character.isalpha() for part in parts for character in literal(part) or "")


def shown(tree: ast.AST) -> Iterator[ast.expr]:
    """Values that reach a property, a call or a constructor whose text is on the screen."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            if any(isinstance(target, ast.Attribute) and target.attr in SHOWN_PROPERTIES for target in node.targets):
                yield from pieces(node.value)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in SHOWING_CALLS | SHOWING_CLASSES or name.endswith(("Display", "MessageBox", "messageBox")):
                for argument in node.args:
                    yield from pieces(argument)


def pieces(node: ast.expr) -> Iterator[ast.expr]:
    """What a value may be made of: the branches of a choice, the parts of a list or of a sum."""
    if isinstance(node, ast.IfExp):
        yield from (*pieces(node.body), *pieces(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for value in node.values:
            yield from pieces(value)
    elif isinstance(node, ast.BinOp):
        yield from (*pieces(node.left), *pieces(node.right))
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from pieces(element)
    else:
        yield node


@every_source
def test_no_shown_text_goes_around_the_translation(source: Source) -> None:
    assert not [place(source, value) for value in shown(parsed(source)) if is_words(value)]


def texts(form: Path) -> Iterator[tuple[str, ElementTree.Element]]:
    """Name of the property, and each text that it holds."""
    for node in ElementTree.parse(form).iter("property"):
        for text in node.iter("string"):
            yield node.get("name", ""), text


@every_form
def test_form_is_named_after_its_file_so_that_its_context_is_unique(form: Path) -> None:
    assert ElementTree.parse(form).findtext("class") == form.stem


@every_form
def test_form_lets_translate_what_is_shown_and_nothing_else(form: Path) -> None:
    for name, text in texts(form):
        if text.text and any(map(str.isalpha, text.text)):
            is_translated = text.get("notr") != "true"
            assert is_translated == (name not in NEVER_TRANSLATED), f"{form.name}: {name} = {text.text!r}"


@every_form
def test_list_properties_of_a_form_are_not_translated(form: Path) -> None:
    """A list of node types is a list of class names."""
    for node in ElementTree.parse(form).iter("property"):
        for texts_of_list in node.iter("stringlist"):
            if node.get("name") in NEVER_TRANSLATED:
                assert texts_of_list.get("notr") == "true", f"{form.name}: {node.get('name')}"
