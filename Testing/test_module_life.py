"""What every module has to survive: being shown and left, scenes that close, nodes that go, being reloaded."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from application import (
    assertNoLeakedObservers,
    enter,
    exit_,
    loadModule,
    moduleWidget,
    processEvents,
    reload,
    slicer,
    waitUntil,
)
from copied_study import copied_study
from home_runs import librariesBack
from panel_places import database_of, private_places
from source_files import MODULES

TIMES = 20


@pytest.fixture(autouse=True)
def places(tmp_path: Path) -> Iterator[None]:
    """A home folder and a database of the test's own, the latter with one study."""
    study = copied_study(tmp_path / "study")
    with private_places(tmp_path), database_of(tmp_path / "database", study.folder):
        yield
        slicer.mrmlScene.Clear(0)


def children() -> set[str]:
    """Processes that this one has started and that are still alive; empty where the system does not list them."""
    found = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children")
    return {pid for pid in found.read_text().split() if is_alive(pid)} if found.exists() else set()


def is_alive(pid: str) -> bool:
    try:
        return bool(Path("/proc", pid, "cmdline").read_bytes())  # empty for a zombie
    except OSError:
        return False


def parameter_nodes() -> list:
    nodes = slicer.mrmlScene.GetNodesByClass("vtkMRMLScriptedModuleNode")
    nodes.UnRegister(None)
    return [nodes.GetItemAsObject(number) for number in range(nodes.GetNumberOfItems())]


@pytest.mark.parametrize("name", MODULES)
def test_module_says_what_it_is(name: str) -> None:
    module = loadModule(name)
    assert module.title and module.categories and module.contributors
    assert module.helpText and module.acknowledgementText
    assert not module.icon.isNull()


@pytest.mark.parametrize("name", MODULES)
def test_module_is_entered_and_left_many_times_and_leaves_nothing_behind(name: str) -> None:
    widget = moduleWidget(name)
    processEvents(0.1)
    exit_(widget)
    before = children()
    with assertNoLeakedObservers():
        for _ in range(TIMES):
            enter(widget)
            processEvents()
            exit_(widget)
    waitUntil(lambda: children() <= before)


@pytest.mark.parametrize("name", MODULES)
def test_scene_is_closed_while_the_module_is_shown_and_while_it_is_not(name: str) -> None:
    widget = moduleWidget(name)
    for shown in (True, False, True):
        (enter if shown else exit_)(widget)
        slicer.mrmlScene.Clear(0)
        processEvents()
    enter(widget)
    assert widget._parameterNode is not None


@pytest.mark.parametrize("name", MODULES)
def test_parameter_node_is_deleted_while_the_module_is_shown(name: str) -> None:
    widget = moduleWidget(name)
    for node in parameter_nodes():
        slicer.mrmlScene.RemoveNode(node)
    processEvents()
    exit_(widget)
    enter(widget)
    assert len(parameter_nodes()) >= 1


@pytest.mark.parametrize("name", MODULES)
def test_module_is_reloaded_while_it_is_shown(name: str) -> None:
    widget = moduleWidget(name)
    before = children()
    with librariesBack(name):
        again = reload(widget)
        assert again is not widget
        processEvents(0.1)
        exit_(again)
        waitUntil(lambda: children() <= before)


@pytest.mark.parametrize("name", MODULES)
def test_module_is_shown_at_startup_before_the_application_has_set_up_its_database(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    widget = moduleWidget(name)
    with librariesBack(name), monkeypatch.context() as patch:
        patch.delattr(slicer, "dicomDatabase")
        again = reload(widget)
        processEvents(0.1)
        exit_(again)


@pytest.mark.parametrize("name", MODULES)
def test_developers_test_of_the_module_passes(name: str) -> None:
    moduleWidget(name)
    slicer.selfTests[name]()
