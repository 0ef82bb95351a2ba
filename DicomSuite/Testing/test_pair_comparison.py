"""A and B compared by whichever module: what it subtracts by, what it says already, and what stands against it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest

from application import processEvents, qt, slicer, waitUntil
from DicomSuiteGui.compare_layout import ComparedPlanes
from DicomSuiteGui.difference_map import Difference, differenceNode, differenceOf
from DicomSuiteGui.pair_comparison import PairComparison
from DicomSuiteGui.side_by_side import SideBySide
from DicomSuiteLib.errors import DicomSuiteError
from DicomSuiteLib.volumes import Volume
from scene_panels import add_volume, slice_composite

KNOWN, NEW = "what the panel says already", "what only the difference tells"


class Panel:
    """What places the rows and knows some notes."""

    def __init__(self, subtract=differenceOf, notes: Sequence[str] = ()) -> None:
        self.widget = qt.QWidget()
        self.sideBySide = SideBySide("Side by side", "Shows them", ComparedPlanes.ALL)
        self.pair = PairComparison(qt.QFormLayout(self.widget), self.sideBySide, subtract, lambda: notes)


@pytest.fixture(autouse=True)
def scene() -> Iterator[None]:
    slicer.mrmlScene.Clear(0)
    slice_composite()
    yield
    slicer.mrmlScene.Clear(0)


def subtracted(panel: Panel) -> str:
    """What is said after a difference was asked for."""
    panel.pair.setPair(add_volume("one"), add_volume("two", offset=40))
    panel.pair.differenceButton.click()
    waitUntil(lambda: not panel.pair.isBusy)
    return panel.pair.statusLabel.text


def doubled(first: Volume, second: Volume) -> Difference:
    found = differenceOf(first, second)
    return replace(found, volume=replace(found.volume, voxels=2 * found.volume.voxels, notes=(KNOWN, NEW)))


def refused(first: Volume, second: Volume) -> Difference:
    raise DicomSuiteError("no unit in common")


def test_panel_says_how_to_subtract_and_its_notes_are_not_repeated() -> None:
    panel = Panel(doubled, [KNOWN])
    words = subtracted(panel)
    assert np.all(slicer.util.arrayFromVolume(differenceNode()) == 80)
    assert NEW in words and KNOWN not in words
    panel.pair.cleanup()


def test_limit_moves_the_ends_of_the_colours() -> None:
    panel = Panel()
    subtracted(panel)
    assert panel.pair.limitBox.value == 40
    panel.pair.limitBox.value = 15
    display = differenceNode().GetDisplayNode()
    assert display.GetWindowLevelMax() == -display.GetWindowLevelMin() == 15
    panel.pair.cleanup()


def test_difference_stays_when_another_pair_is_chosen_and_leaves_the_views_with_its_volume() -> None:
    panel, composite = Panel(), slice_composite()
    subtracted(panel)
    shown, other = differenceNode(), add_volume("other")
    panel.pair.setPair(other, None)
    assert composite.GetForegroundVolumeID() == shown.GetID()
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("one"))
    panel.pair.setPair(other, None)
    assert composite.GetForegroundVolumeID() is None and differenceNode() is shown
    panel.pair.cleanup()


def test_refusal_is_said_and_nothing_is_shown() -> None:
    panel = Panel(refused)
    assert subtracted(panel) == "no unit in common"
    assert differenceNode() is None and not panel.pair.endButton.enabled
    panel.pair.cleanup()


def test_what_the_panel_knows_against_comparing_is_told_first() -> None:
    panel = Panel()
    panel.pair.setPair(None, None, "Tick two volumes.")
    for control in (panel.pair.fadeSlider, panel.pair.blinkButton, panel.pair.differenceButton):
        assert not control.enabled and "Tick two volumes." in control.toolTip


def test_difference_is_not_shown_after_the_module_was_left() -> None:
    panel = Panel()
    panel.pair.setPair(add_volume("one"), add_volume("two"))
    panel.pair.differenceButton.click()
    panel.pair.exit()
    processEvents(0.3)
    assert differenceNode() is None and not panel.pair.isBusy
    panel.pair.cleanup()


@pytest.mark.skipif(slicer.app.layoutManager() is not None, reason="there are views")
def test_side_by_side_without_views_is_only_said() -> None:
    panel = Panel()
    nodes = (add_volume("one"), add_volume("two"))
    panel.pair.setPair(*nodes)
    panel.sideBySide.setVolumes(nodes, "")
    assert not panel.sideBySide.showButton.enabled
    panel.pair.showSideBySide()
    assert "without its window" in panel.pair.statusLabel.text
