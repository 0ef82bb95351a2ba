"""Every module opens, and says what is missing, where no optional package is installed."""

from typing import Any

import pytest

from application_child import run_in_application
from DicomSuiteLib.optional_packages import OPTIONAL_PACKAGES
from source_files import MODULES, ROOT, TORCH_FILES, Room, installed_sources

HIDDEN = {package.module for package in OPTIONAL_PACKAGES} | {"dask", "pandas", "psutil", "requests"}
FOLDERS = [ROOT / module for module in MODULES]
WITH_WIDGET = [source.module for source in installed_sources() if source.room is Room.MODULE]
FEW_WIDGETS = 10

pytestmark = pytest.mark.stand_in

LOOK_FOR_HIDDEN = """
import importlib.util
try:
    import pydicom, highdicom
except ModuleNotFoundError as error:
    answer([error.name, importlib.util.find_spec("highdicom"), importlib.util.find_spec("pydicom") is not None])
"""
OPEN_EVERYTHING = """
import importlib
for name in {names!r}:
    importlib.import_module(name)
widgets = {{}}
for name in {modules!r}:
    top = moduleWidget(name).parent
    widgets[name] = len([child for child in slicer.util.findChildren(top) if child.inherits("QWidget")])
processEvents(0.2)
panel = slicer.modules.DicomSuiteWidget.panel.installation
panel.checkButton.click()
processEvents()
table = panel.table
answer({{
    "widgets": widgets,
    "present": sorted({hidden!r} & set(sys.modules)),
    "rows": [[table.item(row, column).text() for column in range(3)] for row in range(table.rowCount)],
    "message": panel.message.text,
    "can install": panel.installButton.enabled,
}})
"""


@pytest.fixture(scope="module")
def opened() -> dict[str, Any]:
    """What a process saw that imported every file and opened every module without any optional package."""
    names = [source.import_name for source in installed_sources() if not source.path.name.startswith(TORCH_FILES)]
    code = OPEN_EVERYTHING.format(names=names, modules=WITH_WIDGET, hidden=HIDDEN)
    return run_in_application(code, folders=FOLDERS, hidden=HIDDEN)


def test_hidden_package_is_absent_as_if_it_were_not_installed() -> None:
    found = run_in_application(LOOK_FOR_HIDDEN, folders=[], hidden=["highdicom"])
    assert found == ["highdicom", None, True]


def test_every_file_imports_and_none_needs_what_is_hidden(opened: dict[str, Any]) -> None:
    assert opened["present"] == []


@pytest.mark.parametrize("module", WITH_WIDGET)
def test_module_opens(module: str, opened: dict[str, Any]) -> None:
    assert opened["widgets"][module] > FEW_WIDGETS


def test_home_says_which_packages_are_missing_what_for_they_are_and_what_to_do(opened: dict[str, Any]) -> None:
    assert len(opened["rows"]) == len(OPTIONAL_PACKAGES)
    assert {state for _, state, _ in opened["rows"]} == {"missing"}
    assert all(package and purpose for package, _, purpose in opened["rows"])
    assert "PyTorch" in opened["message"]
    assert opened["can install"]
