"""Faces in the panel: pictures to approve, and series that are set aside until they are."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from application import qt, waitUntil
from copied_study import copied_study
from DicomSuiteAnonymizeGui.face_table import APPROVAL, FOUND
from DicomSuiteAnonymizeGui.faces_panel import FacesPanel
from DicomSuiteAnonymizeGui.selection import Source
from panel_places import private_places

TIMEOUT_S = 120


@pytest.fixture
def panel(tmp_path: Path):
    option = qt.QCheckBox("Clean")
    option.checked = True
    panel = FacesPanel(option, lambda deliver: deliver(Source(("/no/such/folder",), "", "a folder")))
    panel.option = option
    with private_places(tmp_path):
        yield panel
        panel.cleanup()


def reported(number: int, picture: Path | None) -> dict:
    return {
        "label": f"CT {number}",
        "targets": {"patient": "1", "study": "2", "series": f"3.{number}"},
        "verdict": "head, face found" if picture else "no head",
        "reason": "",
        "quality": 0.8,
        "voxels": 1000 if picture else 0,
        "picture": str(picture) if picture else "",
    }


def found(panel: FacesPanel, folder: Path, faces: int = 2) -> None:
    """Give the panel an answer with so many faces and one series without a head."""
    picture = folder / "before-after.png"
    image = qt.QPixmap(40, 30)
    image.fill(qt.QColor("red"))
    assert image.save(str(picture))
    panel._onFound({"series": [*(reported(number, picture) for number in range(faces)), reported(9, None)]})


def approvals(panel: FacesPanel) -> list[str]:
    table = panel.table.widget
    return [table.item(row, APPROVAL).text() for row in range(table.rowCount)]


def test_what_was_shown_and_is_not_approved_is_set_aside(panel, tmp_path) -> None:
    changes = []
    panel.changed.connect(lambda: changes.append(panel.refused))
    found(panel, tmp_path)
    assert panel.refused == ("3.0", "3.1")
    assert approvals(panel) == ["not yet", "not yet", ""]
    assert panel.picture.isVisibleTo(panel.widget) and "2 series" in panel.countLabel.text
    panel.approveButton.click()  # the first face is selected
    assert panel.refused == ("3.1",) and approvals(panel)[0] == "approved"
    panel.refuseButton.click()
    assert approvals(panel)[0] == "refused" and panel.refused == ("3.0", "3.1")
    panel.approveAllButton.click()
    assert panel.refused == () and changes[-1] == () and not panel.countLabel.isVisibleTo(panel.widget)


def test_series_without_a_head_has_nothing_to_approve(panel, tmp_path) -> None:
    found(panel, tmp_path)
    panel.table.widget.setCurrentCell(2, 0)
    assert not panel.approveButton.enabled and "face" in panel.approveButton.toolTip
    assert not panel.picture.isVisibleTo(panel.widget)
    found(panel, tmp_path, faces=0)
    assert not panel.buttons.isVisibleTo(panel.widget) and panel.refused == ()


def test_nothing_is_said_to_be_set_aside_where_faces_stay(panel, tmp_path) -> None:
    found(panel, tmp_path)
    panel.option.checked = False
    assert not panel.countLabel.isVisibleTo(panel.widget)


def test_series_that_cannot_be_judged_passes_when_the_user_saw_no_face(panel) -> None:
    panel._onFound({"series": [reported(1, None) | {"verdict": "unsure", "reason": "too few slices"}]})
    panel.table.widget.setCurrentCell(0, 0)
    assert "too few slices" in panel.table.widget.item(0, FOUND).toolTip()
    assert "1 series" in panel.countLabel.text and not panel.approveButton.enabled
    panel.absentButton.click()
    assert panel.absent == ("3.1",) and panel.refused == () and approvals(panel) == ["no face"]
    assert not panel.countLabel.isVisibleTo(panel.widget)


def test_other_files_have_to_be_looked_at_again(panel, tmp_path) -> None:
    found(panel, tmp_path)
    panel.approveAllButton.click()
    panel.clear()
    found(panel, tmp_path)
    assert panel.refused == ("3.0", "3.1")


def test_pictures_lie_in_a_private_folder_and_go_with_the_selection(panel) -> None:
    panel.search.button.click()
    folder = panel._folder
    assert folder.is_dir() and stat.S_IMODE(folder.stat().st_mode) & 0o077 == 0
    panel.clear()
    assert not folder.exists() and not panel.search.isBusy


def test_command_tells_that_a_chest_shows_no_head(panel, tmp_path) -> None:
    chest = copied_study(tmp_path / "study").ct_files[0].parent
    panel._gather = lambda deliver: deliver(Source((str(chest),), "", "a folder"))
    panel.search.button.click()
    waitUntil(lambda: not panel.search.isBusy, TIMEOUT_S)
    assert panel.table.widget.item(0, FOUND).text() == "no head", panel.search.statusLabel.text
    assert panel.refused == () and not panel.buttons.isVisibleTo(panel.widget)
    panel.clear()
