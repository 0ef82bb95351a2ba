"""The score of a folder in the panel: from an answer key to a table by category."""

from __future__ import annotations

from pathlib import Path

import pytest

from application import waitUntil
from DicomSuiteAnonymizeGui.score_panel import FAILED, PASSED, UNJUDGED, WHAT, ScorePanel

TIMEOUT_S = 60
TOTALS = {"passed": 3, "failed": 1, "unjudged": 0}
RESULT = {
    "percent": 75.0,
    **TOTALS,
    "files": 2,
    "missing": 0,
    "unknown": 0,
    "actions": [{"action": "text_removed", **TOTALS}],
    "categories": [
        {"category": "names", "action": "text_removed", "passed": 1, "failed": 1, "unjudged": 0},
        {"category": "dates", "action": "text_removed", "passed": 2, "failed": 0, "unjudged": 0},
    ],
    "failures": [
        {
            "file": "a.dcm", "action": "text_removed", "attribute": "(0010,0010)", "category": "names",
            "result": "failed", "reason": "not as the answer key asks",
        },
    ],
}  # fmt: skip


@pytest.fixture
def panel():
    panel = ScorePanel()
    yield panel
    panel.cleanup()


def choose(panel: ScorePanel, folder: Path) -> None:
    for edit, name in (
        (panel.folderEdit, "out"), (panel.answersEdit, "key.csv"), (panel.uidsEdit, "uids.csv"),
        (panel.patientsEdit, "patients.csv"),
    ):  # fmt: skip
        path = folder / name
        path.mkdir(exist_ok=True) if name == "out" else path.touch()
        edit.currentPath = str(path)


def test_button_waits_for_everything_that_is_needed(panel, tmp_path) -> None:
    assert not panel.row.button.enabled and "Choose" in panel.row.button.toolTip
    choose(panel, tmp_path)
    assert panel.row.button.enabled
    panel.uidsEdit.currentPath = ""
    assert not panel.row.button.enabled


def test_headings_of_the_counts_are_not_cut_off(panel) -> None:
    metrics = panel.table.fontMetrics()
    for column in (PASSED, FAILED, UNJUDGED):
        text = panel.table.horizontalHeaderItem(column).text()
        assert metrics.boundingRect(text).width() < panel.table.columnWidth(column), text


def test_table_tells_actions_and_categories_and_marks_what_failed(panel, tmp_path) -> None:
    choose(panel, tmp_path)
    panel._show(RESULT)
    rows = [
        tuple(panel.table.item(row, column).text() for column in (WHAT, PASSED, FAILED))
        for row in range(panel.table.rowCount)
    ]
    assert rows == [("text_removed", "3", "1"), ("names, text_removed", "1", "1"), ("dates, text_removed", "2", "0")]
    assert [panel.table.item(row, WHAT).icon().isNull() for row in range(3)] == [False, False, True]
    assert panel.totalLabel.text.startswith("75.00 %: 3 of 4 checks passed in 2 files")
    assert panel.failures.topLevelItem(0).text(0) == "text_removed (0010,0010)"
    panel.answersEdit.currentPath = str(tmp_path / "uids.csv")
    assert not panel.table.isVisibleTo(panel.widget)  # it was for another key


def test_what_the_command_refuses_is_told(panel, tmp_path) -> None:
    choose(panel, tmp_path)
    panel.row.button.click()
    waitUntil(lambda: not panel.row.isBusy, TIMEOUT_S)
    assert "uids.csv" in panel.row.statusLabel.text


def test_folder_of_the_last_export_is_proposed_but_a_choice_stays(panel, tmp_path) -> None:
    panel.offer(str(tmp_path / "export"))
    assert panel.folderEdit.currentPath == str(tmp_path / "export")
    panel.offer(str(tmp_path / "another"))
    assert panel.folderEdit.currentPath == str(tmp_path / "another")
    panel.folderEdit.currentPath = str(tmp_path / "mine")
    panel.offer(str(tmp_path / "third"))
    assert panel.folderEdit.currentPath == str(tmp_path / "mine")
