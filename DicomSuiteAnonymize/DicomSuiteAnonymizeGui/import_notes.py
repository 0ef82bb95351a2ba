"""How an imported profile differs from the rules that it was made of, rule by rule, until the user has read it."""

from __future__ import annotations

from collections.abc import Sequence

import qt
from slicer.i18n import tr as _

from DicomSuiteAnonymizeLib.profiles.imported_rules import Meaning, Note
from DicomSuiteGui.plain_label import plainLabel

_HEIGHT = 140


class ImportNotes:
    """A headline, the notes below it, and a button that hides both."""

    def __init__(self) -> None:
        self.widget = qt.QWidget()
        layout = qt.QVBoxLayout(self.widget)
        layout.setContentsMargins(0, 0, 0, 0)
        self.label = plainLabel()
        self.tree = qt.QTreeWidget()
        self.tree.setHeaderLabels([_("Rule"), _("What became of it")])
        self.tree.accessibleName = _("Differences from the imported file")
        self.tree.minimumHeight = self.tree.maximumHeight = _HEIGHT
        self.tree.header().setSectionResizeMode(qt.QHeaderView.Stretch)
        self.closeButton = qt.QPushButton(_("I have read it"))
        self.closeButton.connect("clicked()", self.hide)
        for widget in (self.label, self.tree, self.closeButton):
            layout.addWidget(widget)
        self.hide()

    def show(self, notes: Sequence[Note]) -> None:
        """Show all notes, grouped by what they mean."""
        words = _("{count} rules of the file are not what they were; read them before you rely on the profile.")
        self.label.text = words.format(count=len(notes)) if notes else _("All rules of the file were taken over.")
        self.tree.clear()
        for meaning in Meaning:
            self._addGroup(meaning, [note for note in notes if note.meaning is meaning])
        self.tree.visible = bool(notes)
        self.widget.visible = True

    def hide(self) -> None:
        """Show nothing."""
        self.widget.visible = False

    def _addGroup(self, meaning: Meaning, notes: Sequence[Note]) -> None:
        if not notes:
            return
        group = qt.QTreeWidgetItem()
        group.setText(0, _("{word}: {count}").format(word=_meaningWord(meaning), count=len(notes)))
        sign = qt.QStyle.SP_MessageBoxWarning if meaning is Meaning.LOST else qt.QStyle.SP_MessageBoxInformation
        group.setIcon(0, self.widget.style().standardIcon(sign))
        for note in notes:
            item = qt.QTreeWidgetItem()
            for column, text in enumerate((note.rule, note.reason)):
                item.setText(column, text)
                item.setToolTip(column, text)
            group.addChild(item)
        self.tree.addTopLevelItem(group)
        group.setFirstColumnSpanned(True)
        group.setExpanded(True)


def _meaningWord(meaning: Meaning) -> str:
    return {
        Meaning.LOST: _("Not carried over"),
        Meaning.STRICTER: _("Stricter than the original"),
        Meaning.DIFFERENT: _("Different from the original"),
    }[meaning]
