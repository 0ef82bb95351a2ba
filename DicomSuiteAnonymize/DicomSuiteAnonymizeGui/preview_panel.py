"""What an export would do: counts per action over all files, and the first files before and after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeGui.words import actionWord, attributeName, countedActionWord, resultText
from DicomSuiteAnonymizeLib.preview import FilePreview, from_json
from DicomSuiteAnonymizeLib.steps import Action
from DicomSuiteGui.child_query import ChildQuery
from DicomSuiteGui.table_look import fitColumns
from DicomSuiteLib.child_process import Progress
from DicomSuiteLib.plain_signal import Signal

_TREE_HEIGHT = 192
"""Pixels; what a tree asks for, since a lower one would leave a gap in its tab."""
_INDENT = 10
"""Pixels; three columns have to fit a narrow panel."""


class PreviewPanel:
    """A button and two pages; `requested` is emitted without arguments when the user asks for a preview."""

    def __init__(self) -> None:
        self.requested = Signal()
        self._counting = ChildQuery(self._showCounts, self._showFailure, self._showProgress)
        self._comparing = ChildQuery(self._showFiles, self._showFailure)
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        row = qt.QHBoxLayout()
        self.previewButton = qt.QPushButton(_("Preview"))
        self.previewButton.connect("clicked()", self.requested.emit)
        self.stopButton = qt.QPushButton(_("Stop"))
        self.stopButton.toolTip = _("Stop reading files")
        self.stopButton.connect("clicked()", self._onStop)
        row.addWidget(self.previewButton, 1)
        row.addWidget(self.stopButton)
        self.statusLabel = qt.QLabel()
        self.statusLabel.wordWrap = True
        self.pages = qt.QTabWidget()
        self.countsTree, self.filesTree = qt.QTreeWidget(), qt.QTreeWidget()
        self.countsTree.setHeaderLabels([_("What is done"), _("How often")])
        self.countsTree.rootIsDecorated = False
        self.countsTree.accessibleName = _("What is done in all files")
        self.filesTree.accessibleName = _("First files before and after")
        self.filesTree.setHeaderLabels([_("Attribute"), _("Before"), _("After")])
        for tree in (self.countsTree, self.filesTree):
            tree.uniformRowHeights = True
            tree.minimumHeight = tree.maximumHeight = _TREE_HEIGHT
        fitColumns(self.countsTree)
        self.filesTree.indentation = _INDENT
        self.filesTree.header().stretchLastSection = False
        self.filesTree.header().setSectionResizeMode(qt.QHeaderView.Stretch)
        self.pages.addTab(self.countsTree, _("All files"))
        self.pages.addTab(self.filesTree, _("First files"))
        layout.addLayout(row)
        layout.addWidget(self.statusLabel)
        layout.addWidget(self.pages)
        self.clear()

    def cleanup(self) -> None:
        """Want no answers any more."""
        self._counting.drop()
        self._comparing.drop()

    def setReason(self, reason: str) -> None:
        """Enable the button, or say why there is nothing to preview."""
        self.previewButton.enabled = not reason
        self.previewButton.toolTip = reason or _("Show what an export would do; nothing is written")

    def start(
        self, counting: tuple[str, ...], files: str, comparing: tuple[str, ...], firstFiles: str
    ) -> None:
        """Run both commands; `files` and `firstFiles` go to their standard input."""
        self.clear()
        self.statusLabel.visible = True
        self.statusLabel.text = _("Reading…")
        self._counting.ask(counting, files)
        if firstFiles:
            self._comparing.ask(comparing, firstFiles)
        self.stopButton.visible = True

    def clear(self) -> None:
        """Show nothing: the selection or the rules have changed."""
        self.cleanup()
        self.countsTree.clear()
        self.filesTree.clear()
        self.pages.visible = self.stopButton.visible = self.statusLabel.visible = False

    def _onStop(self) -> None:
        self.clear()
        self.statusLabel.visible = True
        self.statusLabel.text = _("Stopped.")

    def _showProgress(self, progress: Progress) -> None:
        self.statusLabel.text = _("{done} of {total} files").format(done=progress.done, total=progress.total)

    def _showFailure(self, reason: str) -> None:
        self.statusLabel.text = reason
        self.stopButton.visible = self._counting.isBusy

    def _showCounts(self, result: Mapping[str, Any]) -> None:
        files = result["files"]
        self.statusLabel.text = _(
            "Of {count} files {written} would be written, {quarantined} quarantined; {other} are not DICOM."
        ).format(
            count=files["in"], written=files["written"], quarantined=files["quarantined"], other=files["not_dicom"]
        )
        for code, count in result["actions"].items():
            _append(self.countsTree, countedActionWord(code), str(count))
        for reason, count in result["reasons"].items():
            _append(self.countsTree, _("quarantined: {reason}").format(reason=reason), str(count))
        self.stopButton.visible = self._comparing.isBusy
        self.pages.visible = True

    def _showFiles(self, result: Mapping[str, Any]) -> None:
        for number, content in enumerate(result["files"], start=1):
            preview, kept = from_json(content)
            self._showFile(_("File {number}").format(number=number), preview, kept)
        self.stopButton.visible = self._counting.isBusy
        self.pages.visible = True

    def _showFile(self, title: str, preview: FilePreview, kept: frozenset) -> None:
        top = _append(self.filesTree, title, "", preview.refusal)
        warning = self.filesTree.style().standardIcon(qt.QStyle.SP_MessageBoxWarning)
        for one in preview.differences:
            if one.before == one.after and one.path not in kept:
                continue
            item = qt.QTreeWidgetItem()
            texts = (attributeName(one.path), one.before or "", resultText(one))
            for column, text in enumerate(texts):
                item.setText(column, text)
                item.setToolTip(column, text)
            item.setToolTip(0, f"{actionWord(one.action)}  {one.rule}" if one.action is not Action.KEEP else texts[0])
            if one.path in kept:
                item.setIcon(2, warning)
                item.setToolTip(2, _("Still identifies: PS3.15 would have changed it."))
            top.addChild(item)
        top.setExpanded(self.filesTree.topLevelItemCount == 1)


def _append(tree: qt.QTreeWidget, *texts: str) -> qt.QTreeWidgetItem:
    item = qt.QTreeWidgetItem()
    for column, text in enumerate(texts):
        item.setText(column, text)
        item.setToolTip(column, text)
    tree.addTopLevelItem(item)
    return item
